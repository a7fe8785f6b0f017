"""Batches of images through a model."""

import cv2
import numpy as np
import paddle
import pytest

from ppocr.commands.arguments import preprocess
from ppocr.data import build_dataloader
from ppocr.engine.evaluator import as_arrays
from ppocr.engine.forward import call_model, to_float32
from ppocr.engine.trained_model import load_trained
from ppocr.inference.loading import from_config
from ppocr.inference.predictor import Predictor
from ppocr.inference.preprocessing import Preprocessing
from ppocr.options import global_options
from ppocr.postprocess import build_post_process
from ppocr.postprocess.base import PostProcess
from ppocr.tasks import task_of
from ppocr.tasks.results import Text

LABELS = {"rec": "ab1", "cls": "180", "det": '[{"transcription": "a", "points": [[2, 2], [40, 2], [40, 20], [2, 20]]}]'}


class Shown(PostProcess):
    """Gives numbers as texts."""

    def __call__(self, means):
        return [f"{mean:.3f}" for mean in means]


def blank(width, value=0):
    return np.full((32, width, 3), value, np.uint8)


def test_results_come_in_order_and_batches_hold_one_shape():
    seen = []

    def network(batch):
        seen.append(batch[0].shape)
        return batch[0].mean(axis=(1, 2, 3))

    lines = Preprocessing([{"RecResizeImg": {"image_shape": [3, 32, 32]}}], growing=True)
    predictor = Predictor(lines, network, Shown(), batch_size=2)
    widths, values = [32, 64, 20, 64, 32], [0, 255, 255, 0, 51]
    results = predictor([blank(width, value) for width, value in zip(widths, values)])
    assert sorted(seen) == [(1, 3, 32, 32), (2, 3, 32, 32), (2, 3, 32, 64)]
    # white fills 20 of 32 columns of the third, the rest is the grey of the padding
    assert results == ["-1.000", "1.000", "0.625", "-1.000", "-0.600"]
    assert predictor([]) == []


def test_detectors_get_the_shapes_and_give_boxes_of_the_image():
    pages = Preprocessing([{"DetResizeForTest": {"image_shape": [64, 64]}}, {"ToCHWImage": None}])

    def network(batch):
        maps = np.zeros((len(batch[0]), 1, 64, 64), np.float32)
        maps[:, :, 20:30, 10:50] = 0.9
        return {"maps": maps}

    post_process = build_post_process({"name": "DBPostProcess", "unclip_ratio": 1.5, "return_scores": True})
    small, large = Predictor(pages, network, post_process, task=task_of("det"))(
        [np.zeros((64, 64, 3), np.uint8), np.zeros((128, 192, 3), np.uint8)]
    )
    assert small.scores == large.scores == pytest.approx([0.9])
    assert np.allclose(large.points, small.points * [3, 2], atol=3)
    assert small.points.shape == (1, 4, 2)


def test_results_of_several_networks_are_sorted_by_image():
    post_process = build_post_process({"name": "DistillationCTCLabelDecode", "model_name": ["Student", "Teacher"]})
    sure, unsure = (0.9 * np.eye(37, dtype=np.float32)[[place]] for place in (11, 12))
    scores = {"Student": np.stack([sure, unsure]), "Teacher": np.stack([unsure, sure])}
    lines = Preprocessing([{"ToCHWImage": None}])
    predictor = Predictor(lines, lambda batch: scores, post_process, task=task_of("rec"))
    first, second = predictor([blank(32), blank(32)])
    assert predictor.networks == ("Student", "Teacher")
    assert first == {"Student": Text("a", pytest.approx(0.9)), "Teacher": Text("b", pytest.approx(0.9))}
    assert second == {"Student": first["Teacher"], "Teacher": first["Student"]}


def evaluated(path):
    """What evaluation makes of the ``Eval`` section of a trained folder."""
    arguments = ["-c", str(path / "config.yml"), "-o", f"Global.checkpoints={path}/best_accuracy"]
    config, device, logger, _ = preprocess(arguments=arguments)
    model, amp = load_trained(config, global_options(config), device, logger, "evaluate")
    model.eval()
    post_process, results = build_post_process(config["PostProcess"], config["Global"]), []
    for batch in build_dataloader(config, "Eval", device, logger):
        with paddle.no_grad(), amp.autocast():
            predictions = to_float32(call_model(model, batch))
        made = post_process.process(predictions, as_arrays(batch))
        results += made[0] if isinstance(made, tuple) else made
    return results


@pytest.mark.parametrize("task", ["rec", "cls", "det"])
def test_an_image_gets_the_result_that_evaluation_gives_it(task, trained, word, tmp_path):
    images = [word("ab1", 60), word("xyz9", 90), word("q", 40)]
    names = [f"{i}.png" for i in range(len(images))]
    for name, image in zip(names, images):
        cv2.imwrite(str(tmp_path / name), image)
    (tmp_path / "label.txt").write_text("".join(f"{name}\t{LABELS[task]}\n" for name in names))
    size = ["Eval.loader.batch_size_per_card=1"] if task == "det" else []
    folder = trained(task, *size)
    expected = evaluated(folder)
    loaded = from_config(folder / "config.yml", [f"Global.checkpoints={folder}/best_accuracy"], 2, task)
    found = loaded.predictor(images)
    assert len(found) == len(expected) == 3
    for one, other in zip(found, expected):
        if task == "det":
            assert len(one.points) and np.array_equal(one.points, other["points"])
            assert len(one.scores) == len(one.points)
        else:
            assert [*vars(one).values()] == [other[0], pytest.approx(other[1], abs=1e-6)]


def test_a_text_does_not_depend_on_what_is_read_with_it(trained, word):
    folder = trained("rec")
    loaded = from_config(folder / "config.yml", [f"Global.checkpoints={folder}/best_accuracy"], 8, "rec")
    images = [word("ab1", width) for width in (40, 64, 200, 90, 64)]
    together = loaded.predictor(images)
    for image, result in zip(images, together):
        (alone,) = loaded.predictor([image])
        assert alone.text == result.text and alone.score == pytest.approx(result.score, abs=1e-6)
