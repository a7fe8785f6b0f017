"""Exact matches, edit distance and BLEU of formulas, against values computed by hand."""

import math

import pytest

from ppocr.metrics import build_metric


def metric(**keys):
    return build_metric({"name": "LaTeXOCRMetric", **keys})


def test_bleu_is_the_geometric_mean_of_matches_times_the_penalty_of_brevity():
    values = metric(cal_bleu_score=True)(["a b c d x"], ["a b c d e f"])
    # of n-grams of 1 to 4 words 4 of 5, 3 of 4, 2 of 3 and 1 of 2 are true; 5 words were read of 6
    expected = (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25 * math.exp(1 - 6 / 5)
    assert values["bleu_score"] == pytest.approx(expected)
    assert metric(cal_bleu_score=True)(["a b c d"], ["a b c d"])["bleu_score"] == 1.0


def test_a_repeated_word_matches_as_often_as_it_is_there():
    values = metric(cal_bleu_score=True)
    values(["a a a a"], ["a a b c"])
    assert (values.totals["matched_1"], values.totals["grams_1"]) == (2, 4)


def test_what_could_not_be_read_is_wrong():
    counted = metric()
    counted(["ab"], ["ab"])
    counted.add_unreadable(["x"])
    values = counted.get_metric()
    assert values["exp_rate"] == values["edit distance"] == values["exp_rate<=3 "] == 0.5


def test_an_epoch_starts_anew_where_it_is_asked_for():
    counted = metric()
    counted(["a"], ["b"])
    counted(["a"], ["a"], epoch_reset=True)
    assert counted.get_metric()["exp_rate"] == 1.0


def test_less_distance_is_better():
    assert metric().higher_is_better and not metric(main_indicator="edit distance").higher_is_better
    with pytest.raises(ValueError, match="'bleu_score' needs cal_bleu_score: true"):
        metric(main_indicator="bleu_score")
