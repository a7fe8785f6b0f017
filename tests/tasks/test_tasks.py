"""What each task says of itself."""

import pytest

from ppocr.data.imaug import create_operators
from ppocr.formats.labels import BoxLabels, ClassLabels, Labels, TextLabels
from ppocr.tasks import TASKS, task_of


def test_tasks_are_found_by_the_model_type():
    assert {name: task_of(name).name for name in TASKS.names()} == {"cls": "cls", "det": "det", "rec": "rec"}
    assert task_of("sr").name == task_of(None).name == ""


def labels_of(task, *operators):
    return task_of(task).labels_for(create_operators([{"DecodeImage": None}, *operators], {"max_text_length": 8}))


@pytest.mark.parametrize("task", ["det", "rec", "cls", "sr"])
def test_labels_that_no_operator_reads_may_be_anything(task):
    labels = labels_of(task)
    assert type(labels) is Labels and not (labels.are_boxes or labels.are_lines or labels.are_classes)


def test_labels_of_detectors():
    assert labels_of("det", {"DetLabelEncode": {"keep_empty": False}}) == BoxLabels(
        frozenset({"*", "###"}), False, False
    )
    flat = labels_of("det", {"CTLabelEncode": None})
    assert flat.flat and flat.keep_empty and "###" in flat.ignored


def test_labels_of_recognisers_fit_the_encoder_with_the_least_room():
    one, both = labels_of("rec", {"CTCLabelEncode": None}), labels_of("rec", {"MultiLabelEncode": None})
    assert one.longest == 8 and one.ctc and one.lower and {"a", "7"} < one.characters
    assert both.longest == 6 and both.ctc
    assert not labels_of("rec", {"NRTRLabelEncode": None}).ctc


def test_labels_of_classifiers():
    assert labels_of("cls", {"ClsLabelEncode": {"label_list": ["0", "180"]}}) == ClassLabels(frozenset({"0", "180"}))


def test_the_size_of_a_label():
    boxes = '[{"transcription": "a", "points": [[0, 0], [9, 0], [9, 9], [0, 9]]}]'
    assert TextLabels.size_of("abc") == 3 and BoxLabels.size_of(boxes) == 1
    assert not ClassLabels.measured and not Labels.measured


@pytest.mark.parametrize("task, free", [("det", (2, 3)), ("rec", (3,)), ("cls", ()), ("kie", ())])
def test_sizes_that_images_may_have(task, free):
    assert task_of(task).free_axes == free
