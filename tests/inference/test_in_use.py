"""Lines that are wider in use than in the evaluation: every tool says so, with both numbers."""

import cv2
import numpy as np
import pytest

from ppocr.commands import eval as eval_tool
from ppocr.commands import infer_rec
from ppocr.config import load, override
from ppocr.deploy.exporting import export
from ppocr.deploy.verification import Samples
from ppocr.engine.preparation import resolve
from ppocr.inference.description import write
from ppocr.inference.exported import read_config
from ppocr.inference.in_use import differs_in_use, section_in_use
from ppocr.inference.loading import from_config, from_exported
from ppocr.modeling.architectures import build_model
from ppocr.tasks.rec import Recognition

WIDTHS = (40, 64, 90, 150, 230)
RESIZE = "Eval.dataset.transforms.2.RecResizeImg"


@pytest.fixture
def site(trained, word, tmp_path):
    """A run whose model, as it is used, reads what the labels say of five words; three are wider than image_shape."""
    (tmp_path / "dict.txt").write_text("\n".join("0123456789abcdefghijklmnopqrstuvwxyz"))
    folder = trained("rec", f"Global.character_dict_path={tmp_path}/dict.txt")
    for width in WIDTHS:
        cv2.imwrite(str(tmp_path / f"{width}.png"), word("abcde", width))
    predictor = from_config(folder / "config.yml", weights(folder), 8, "rec").predictor
    texts = [read.text for read in predictor([cv2.imread(str(tmp_path / f"{width}.png")) for width in WIDTHS])]
    lines = [f"{width}.png\t{text}\n" for width, text in zip(WIDTHS, texts)]
    (tmp_path / "label.txt").write_text("".join(lines), encoding="utf-8")
    return folder


def weights(folder):
    return [f"Global.checkpoints={folder}/best_accuracy", "Global.device=cpu"]


def evaluate(folder, *overrides):
    return eval_tool.main(["-c", str(folder / "config.yml"), "-o", *weights(folder), *overrides])


def test_an_evaluation_gives_both_numbers_and_says_why(site, capsys):
    metrics = evaluate(site)
    assert metrics["in_use_acc"] == pytest.approx(1, abs=1e-4) and metrics["acc"] < 0.9
    assert metrics["in_use_norm_edit_dis"] == pytest.approx(1, abs=1e-4)
    said = capsys.readouterr().out
    assert "note: 3 of 5 images are wider than image_shape; in use they are read wider than in this evaluation" in said
    assert f"in_use_acc: {metrics['in_use_acc']}" in said


def test_each_way_of_having_one_number_gives_that_number(site, capsys):
    squeezed = evaluate(site)["acc"]
    grown = evaluate(site, f"{RESIZE}.eval_mode=true", "Eval.loader.batch_size_per_card=5")
    assert grown["acc"] == pytest.approx(1, abs=1e-4) and "in_use_acc" not in grown
    fixed = evaluate(site, f"{RESIZE}.infer_mode=false")
    assert fixed["acc"] == squeezed and "in_use_acc" not in fixed
    assert evaluate(site, "Global.infer_mode=true")["acc"] == pytest.approx(1, abs=1e-4)


def test_reading_says_that_lines_were_read_wider(site, tmp_path, capsys):
    def read(*overrides):
        options = [*weights(site), f"Global.save_res_path={tmp_path}/results.txt", *overrides]
        images = [str(tmp_path / f"{width}.png") for width in WIDTHS]
        infer_rec.main(["-c", str(site / "config.yml"), "-o", *options, "--input", *images])
        return "3 images are wider than image_shape and read so" in capsys.readouterr().out

    assert read() and not read(f"{RESIZE}.infer_mode=false") and not read(f"{RESIZE}.eval_mode=true")


def test_verification_gives_the_metric_of_the_exported_model_on_the_whole_set(site, tmp_path):
    config = resolve(override(load(site / "config.yml"), ["Global.device=cpu"]))
    made = export(config, site / "best_accuracy", tmp_path / "inference", verify=Samples(count=1))
    (measured,) = made.measured
    assert (measured.samples, measured.wider) == (5, 3) and not made.problems
    evaluated = evaluate(site)
    assert measured.metrics == {"acc": evaluated["in_use_acc"], "norm_edit_dis": evaluated["in_use_norm_edit_dis"]}
    assert measured.evaluated == {name: evaluated[name] for name in ("acc", "norm_edit_dis")}
    assert str(measured).startswith(f"{tmp_path}/inference: acc 1.0000, norm_edit_dis 1.0000 on 5 samples, prepared as")
    assert "since 3 images are wider than image_shape" in str(measured)

    exported = from_exported(tmp_path / "inference", ["Global.device=cpu"], 8, "rec")
    read = [one.text for one in exported.predictor([cv2.imread(str(tmp_path / f"{w}.png")) for w in WIDTHS])]
    assert read == [line.rstrip("\n").split("\t")[1] for line in (tmp_path / "label.txt").open(encoding="utf-8")]

    fixed = override(load(site / "config.yml"), ["Global.device=cpu", f"{RESIZE}.infer_mode=false"])
    made = export(resolve(fixed), site / "best_accuracy", tmp_path / "fixed", verify=Samples(count=1))
    assert made.measured[0].metrics == measured.evaluated and not made.measured[0].wider


def test_a_label_file_is_measured_and_what_has_no_labels_is_not(site, tmp_path, ppocr_caplog):
    config = resolve(override(load(site / "config.yml"), ["Global.device=cpu"]))

    def measured(data, name):
        return export(config, site / "best_accuracy", tmp_path / name, verify=Samples(str(data), 1)).measured

    (tmp_path / "two.txt").write_text("40.png\tx\n64.png\tx\n")
    (one,) = measured(tmp_path / "two.txt", "a")
    assert one.samples == 2 and one.metrics["acc"] == 0
    assert measured(tmp_path, "b") == []
    (tmp_path / "none.txt").write_text("40.png\t?\n")
    assert measured(tmp_path / "none.txt", "c") == [] and "no metric can be given" in ppocr_caplog.text


def test_a_model_of_one_size_and_one_without_dictionary_do_not_grow(trained):
    config = load(trained("rec", "Global.character_dict_path=null") / "config.yml")
    model = build_model(resolve(config)["Architecture"])
    assert not differs_in_use(config, model)
    config["Global"]["character_dict_path"] = "ppocr/utils/en_dict.txt"
    assert differs_in_use(config, model)
    model.fixed_size = True
    assert not differs_in_use(config, model)


def test_a_task_of_images_of_one_width_does_not_grow_whatever_its_dictionary(trained, monkeypatch):
    config = load(trained("rec", "Global.character_dict_path=ppocr/utils/en_dict.txt") / "config.yml")
    model = build_model(resolve(config)["Architecture"])
    assert differs_in_use(config, model)
    monkeypatch.setattr(Recognition, "free_axes", ())
    assert not differs_in_use(config, model)
    monkeypatch.undo()
    model.inputs = ("features",)
    assert not differs_in_use(config, model)


@pytest.mark.parametrize("width, read", [(None, 640), (64, 64)])
def test_an_exported_model_that_does_not_say_how_lines_are_read_grows_with_its_input(trained, tmp_path, width, read):
    folder = trained("rec")
    config = resolve(override(load(folder / "config.yml"), ["Global.device=cpu"]))
    export(config, folder / "best_accuracy", tmp_path)
    description = read_config(tmp_path)
    for entry in description["PreProcess"]["transform_ops"]:
        for settings in entry.values():
            (settings or {}).pop("infer_mode", None)
    description["Network"]["input"][-1] = width
    write(description, tmp_path / "inference.yml")
    predictor = from_exported(tmp_path, ["Global.device=cpu"], 1, "rec").predictor
    _, fields = predictor.open(cv2.imencode(".png", np.full([32, 640, 3], 200, np.uint8))[1].tobytes())
    assert fields["image"].shape == (3, 32, read) and len(predictor.predict([fields])) == 1


def test_a_batch_of_formulas_has_one_image_in_use():
    config = load("configs/rec/LaTeX_OCR_rec.yaml")
    section = section_in_use(config)
    assert section["dataset"]["batch_size_per_pair"] == section["loader"]["batch_size_per_card"] == 1
