"""What each task says of itself."""

import numpy as np
import pytest

from ppocr.errors import ConfigError
from ppocr.formats.labels import BoxLabels, ClassLabels, Labels, TextLabels
from ppocr.metrics import build_metric
from ppocr.postprocess import build_post_process
from ppocr.postprocess.ctc_label_decode import CTCLabelDecode
from ppocr.registry import TASKS
from ppocr.tasks import task_for, task_of
from ppocr.tasks.results import Boxes, Formula, ImageClass, Text


def test_tasks_are_found_by_the_model_type():
    assert {name: task_of(name).model_type for name in TASKS.names()} == {
        "cls": "cls", "det": "det", "e2e": "e2e", "formula": "rec", "rec": "rec", "sr": "sr", "table": "table",
    }  # fmt: skip
    assert task_of("other").name == task_of(None).name == ""


def test_what_is_no_task_is_refused(monkeypatch):
    class Other:
        pass

    monkeypatch.setitem(TASKS._entries, ("*", "other"), Other)
    with pytest.raises(ConfigError, match="task 'other': Other must be derived from ppocr.tasks.Task"):
        task_of("other")


def test_the_size_of_a_label():
    boxes = '[{"transcription": "a", "points": [[0, 0], [9, 0], [9, 9], [0, 9]]}]'
    assert TextLabels.size_of("abc") == 3 and BoxLabels.size_of(boxes) == 1
    assert not ClassLabels.measured and not Labels.measured


@pytest.mark.parametrize(
    "task, free", [("det", [None, 3, None, None]), ("e2e", [None, 3, None, None]), ("rec", [None, 3, 48, None])]
)
def test_sizes_that_images_may_have(task, free):
    assert task_of(task).input_shape("image", (1, 3, 48, 320)) == free
    assert task_of(task).input_shape("mask", (1, 8)) == task_of("other").input_shape("image", (1, 8)) == [None, 8]
    assert task_of("cls").input_shape("image", (1, 3, 48, 320)) == [None, 3, 48, 320]


def test_typed_results():
    assert task_of("rec").result(("a", 0.5, ["word boxes"])) == Text("a", 0.5)
    assert task_of("cls").result(("180", 1)) == ImageClass("180", 1.0)
    assert task_of("rec").result(("a",)) == task_of("rec").result(["a", None]) == Text("a", None)
    assert task_of("cls").result((3,)) == ImageClass(3)
    assert task_of("det").result({"points": [], "scores": [0.5]}) == Boxes([], [0.5])
    assert task_of("formula").result("x^{2}") == Formula("x^{2}")
    assert task_of("other").result("as it is") == "as it is"


@pytest.mark.parametrize(
    ("task", "raw", "message"),
    [
        ("det", ("a text", 0.9), "finds no boxes"),
        ("det", {"Student": {"points": []}}, "finds no boxes"),
        ("e2e", {"points": []}, "finds no boxes with texts"),
        ("formula", ("a", 0.9), "reads no formulas"),
        ("rec", {"points": []}, "reads no text"),
        ("rec", {"Student": ("a", 0.9)}, "reads no text"),
        ("cls", np.zeros(4), "knows no classes"),
        ("rec", (), "reads no text"),
        ("rec", (["a"],), "reads no text"),
        ("rec", ("a", "b"), "reads no text"),
    ],
)
def test_results_of_another_task_are_refused(task, raw, message):
    with pytest.raises(ConfigError, match=message):
        task_of(task).result(raw)


def test_rows_of_result_files():
    assert task_of("rec").row(Text("a", 0.123456)) == (["a", "0.12346"], {"text": "a", "score": 0.12346})
    assert task_of("rec").row(Text("a")) == (["a", ""], {"text": "a", "score": None})
    assert task_of("rec").summary(Text("a")) == "a "
    assert task_of("cls").row(ImageClass(3, 1)) == (["3", "1.0"], {"label": 3, "score": 1.0})
    (column,), row = task_of("det").row(Boxes(np.arange(8).reshape(1, 4, 2), [0.5]))
    assert column[0]["transcription"] == "" and row["boxes"][0]["score"] == 0.5
    assert row["boxes"][0]["points"].tolist() == column[0]["points"].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_readings_without_a_confidence_are_compared_and_drawn():
    found, truths = [("a",), ("b", None), ("c", 0.5)], [("a",), ("x",), ("c",)]
    for task, metric in (("rec", build_metric({"name": "RecMetric"})), ("cls", None)):
        samples = task_of(task).compare((found, truths), None, metric, [0, 1, 2], None)
        assert [sample.confidence for sample in samples] == [None, None, 0.5]
    images = np.zeros((3, 3, 32, 64), np.float32)
    drawn = [(image, ([one], [truth]), None) for image, one, truth in zip(images, found, truths)]
    sheet = task_of("rec").draw_samples(drawn, None)
    assert sheet.shape[0] == 3 * 56
    sheets = [task_of("rec").draw_samples([(images[0], ([one], [("a",)]), None)], None) for one in (("a", 0.5), ("a",))]
    scored, without = (np.flatnonzero((sheet[:24] < 255).any(axis=(0, 2))).max() for sheet in sheets)
    assert scored > without + 30  # "(0.50)" stands behind the text


@pytest.mark.parametrize(
    "metric, task", [("RecMetric", "rec"), ("ClsMetric", "cls"), ("DetMetric", "det"), ("E2EMetric", "e2e")]
)
def test_metrics_and_decoders_say_their_task(metric, task):
    decoders = {"rec": "CTCLabelDecode", "cls": "ClsPostProcess", "det": "DBPostProcess", "e2e": "PGPostProcess"}
    assert build_metric({"name": metric}).task == build_post_process({"name": decoders[task]}).task == task


def test_the_task_of_a_configuration_is_that_of_its_decoder(monkeypatch):
    config = {"Architecture": {"model_type": "rec"}, "PostProcess": {"name": "CTCLabelDecode"}}
    assert task_for(config).name == "rec" and task_for({**config, "PostProcess": {"name": "None"}}).name == "rec"
    assert task_for({"Architecture": {"model_type": "det"}, "PostProcess": {"name": "Unknown"}}).name == "det"
    assert task_for({}).name == ""
    monkeypatch.setattr(CTCLabelDecode, "task", "cls")
    assert task_for(config).name == "cls"
