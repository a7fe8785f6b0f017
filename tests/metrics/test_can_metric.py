"""Right formulas and right symbols, against values computed by hand."""

import numpy as np
import pytest

from ppocr.metrics import build_metric


def metric(**keys):
    return build_metric({"name": "CANMetric", **keys})


def scores(*rows):
    return np.eye(10, dtype="float32")[list(rows)]


LABEL, MASK = np.array([[2, 3, 4, 0], [5, 0, 0, 0]]), np.array([[1, 1, 1, 1], [1, 1, 0, 0]])


def test_the_formulas_of_a_batch_weigh_the_same_in_the_documented_call():
    values = metric()(scores([2, 4, 0, 0], [5, 0, 7, 7]), [LABEL, MASK])
    assert values == {"exp_rate": 0.5, "word_rate": (3 / 4 + 1) / 2}  # 2, 4 and the end; what follows an end is none


def test_symbols_behind_an_end_mark_or_beyond_the_true_length_are_not_compared():
    assert metric()(scores([0, 2, 3, 4]), [LABEL[:1], MASK[:1]])["word_rate"] == 1 / 4
    assert metric()(scores([5, 3, 0, 0]), [LABEL[1:], MASK[1:]])["word_rate"] == 1 / 2


def test_totals_go_on_until_they_are_reset():
    counted = metric()
    counted(scores([2, 3, 4, 0], [5, 0, 0, 0]), [LABEL, MASK])
    assert counted.get_metric() == counted.get_metric() == {"exp_rate": 1.0, "word_rate": 1.0}
    counted(scores([7, 7, 7, 7], [7, 7, 7, 7]), [LABEL, MASK])
    assert counted.get_metric() == {"exp_rate": 0.5, "word_rate": 0.5}
    counted(scores([7, 7, 7, 7], [7, 7, 7, 7]), [LABEL, MASK], epoch_reset=True)
    assert counted.get_metric() == {"exp_rate": 0.0, "word_rate": 0.0}


def test_an_evaluation_is_the_same_however_its_samples_are_dealt_out():
    read, true = ["a b", "a", "", "x y"], ["a b", "a b c", "", "x y z w"]
    whole = metric()
    whole.update((read, true), None)
    parts = [metric(), metric()]
    for part, chosen in zip(parts, (slice(0, 1), slice(1, 4))):
        part.update((read[chosen], true[chosen]), None)
    parts[0].merge([part.records for part in parts])
    # with the end marks 3 of 3, 2 of 4 (a and the end), 1 of 1 and 3 of 5 symbols
    assert parts[0].compute() == whole.compute() == {"exp_rate": 2 / 4, "word_rate": 9 / 13}


def test_what_could_not_be_read_is_wrong():
    counted = metric(main_indicator="word_rate")
    counted.update((["x"], ["x"]), None)
    counted.add_unreadable(["a b c"])
    assert counted.compute() == {"exp_rate": 0.5, "word_rate": 2 / 6}
    counted.reset()
    assert counted.compute() == {"exp_rate": 0.0, "word_rate": 0.0}


def test_an_unknown_indicator_is_refused():
    with pytest.raises(ValueError, match="main_indicator"):
        metric(main_indicator="acc")
