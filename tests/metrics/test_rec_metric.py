"""Tests of RecMetric, ClsMetric and build_metric."""

import pytest

from ppocr.errors import ConfigError
from ppocr.metrics import build_metric
from ppocr.registry import ANY, METRICS

EPSILON = 1e-5


def batch(*pairs):
    """Results and labels of (text, label) pairs."""
    return [(text, 0.9) for text, _ in pairs], [(label, 1.0) for _, label in pairs]


def test_a_class_that_is_no_metric_is_refused(monkeypatch):
    class Own:
        main_indicator = "acc"

    METRICS.names()  # loads those of the framework
    monkeypatch.setitem(METRICS._entries, (ANY, "Own"), Own)
    with pytest.raises(ConfigError, match="^Own must be derived from ppocr.metrics.base.Metric"):
        build_metric({"name": "Own"})


def test_accuracy_and_edit_distance():
    metric = build_metric({"name": "RecMetric"})
    assert metric.main_indicator == "acc" and metric.higher_is_better
    # distances over the longer length: 0, 3/7, 1
    values = metric(batch(("abc", "abc"), ("kitten", "sitting"), ("", "x")))
    assert values["acc"] == pytest.approx(1 / (3 + EPSILON))
    assert values["norm_edit_dis"] == pytest.approx(1 - (3 / 7 + 1) / (3 + EPSILON))
    metric.update(batch(("中文", "中文")), None)
    assert metric.get_metric()["acc"] == pytest.approx(2 / (4 + EPSILON))
    assert metric.get_metric() == {"acc": 0.0, "norm_edit_dis": 1.0}


@pytest.mark.parametrize(
    "options, text, label, right",
    [
        ({}, "a b", "ab", True),
        ({"ignore_space": False}, "a b", "ab", False),
        ({}, "Hello!", "hello", False),
        ({"is_filter": True}, "Hello!", "hello", True),
        ({"is_filter": True}, "中", "", True),
        ({}, "", "", True),
    ],
)
def test_what_is_compared(options, text, label, right):
    values = build_metric({"name": "RecMetric", **options})(batch((text, label)))
    assert values["acc"] == pytest.approx(int(right), abs=2 * EPSILON)


def test_results_may_carry_more_than_a_confidence():
    assert build_metric({"name": "RecMetric"})(([("a", 0.9, "words")], [("a", 1.0)]))["acc"] > 0.99


def test_unreadable_texts_are_wrong():
    metric = build_metric({"name": "RecMetric"})
    metric(batch(("abc", "abc")))
    metric.add_unreadable(["def", ""])
    values = metric.get_metric()
    assert values["acc"] == pytest.approx(1 / (3 + EPSILON))
    assert values["norm_edit_dis"] == pytest.approx(1 - 2 / (3 + EPSILON))


@pytest.mark.parametrize(
    "pairs, acc",
    [
        ([("天地", "黄河"), ("", "长江"), ("x", "山")], 0),
        ([("", "-"), ("ab", "ab")], 1),
        ([("黄河", "黄河"), ("ab", "ac")], 1 / 2),
        ([("x", "黄河"), ("ab", "ac")], 0),
    ],
)
def test_a_label_that_the_filter_empties_counts_only_when_it_is_read_to_the_letter(pairs, acc):
    metric = build_metric({"name": "RecMetric", "is_filter": True})
    assert metric(batch(*pairs))["acc"] == pytest.approx(acc, abs=2 * EPSILON)


def test_what_is_not_compared_is_said():
    metric = build_metric({"name": "RecMetric"})
    metric(batch(("ab", "a b"), ("a", "a")))
    metric.add_unreadable(["c d", "e"])
    assert metric.remarks() == ["2 of 4 labels hold spaces, which are not compared (ignore_space)"]
    metric.get_metric()
    assert metric.remarks() == []
    metric = build_metric({"name": "RecMetric", "ignore_space": False, "is_filter": True})
    metric(batch(("ab", "a b"), ("", "-")))
    metric.add_unreadable(["中"])
    assert metric.remarks() == ["2 of 3 labels hold no ASCII letter or digit and do not count (is_filter)"]
    assert metric.get_metric()["acc"] == pytest.approx(1, abs=2 * EPSILON)


def test_classes():
    metric = build_metric({"name": "ClsMetric"})
    assert metric(batch(("0", "0"), ("180", "0"), ("0", "0"))) == {"acc": pytest.approx(2 / (3 + EPSILON))}
    metric.update(batch(("0", "0")), None)
    metric.add_unreadable(["0"])
    assert metric.get_metric() == {"acc": pytest.approx(3 / (5 + EPSILON))}
    assert metric.get_metric() == {"acc": 0.0}


def test_unknown_indicator_is_refused():
    with pytest.raises(ConfigError, match="did you mean 'acc'"):
        build_metric({"name": "RecMetric", "main_indicator": "accu"})
