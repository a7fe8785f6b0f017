"""Tests of DistillationMetric."""

import pickle

import numpy as np
import pytest

from ppocr.config import check
from ppocr.errors import ConfigError
from ppocr.metrics import build_metric


def recognition(key="Student", **options):
    return build_metric({"name": "DistillationMetric", "base_metric_name": "RecMetric", "key": key, **options})


def results(student, teacher, label):
    return {"Student": ([(student, 0.9)], [(label, 1.0)]), "Teacher": ([(teacher, 0.9)], [(label, 1.0)])}


def test_one_network_has_the_plain_names():
    metric = recognition(main_indicator="acc")
    assert metric.main_indicator == "acc" and metric.higher_is_better and metric.on_training_batches
    metric.update(results("abc", "x", "abc"), ["image", "label"])
    metric.update(results("ab", "abc", "abc"), None)
    values = metric.get_metric()
    assert set(values) == {"acc", "norm_edit_dis", "Teacher_acc", "Teacher_norm_edit_dis"}
    assert [values[name] for name in ("acc", "Teacher_acc")] == pytest.approx([0.5, 0.5], abs=1e-5)
    assert values["norm_edit_dis"] == pytest.approx(1 - 1 / 6, abs=1e-5)
    metric.update(results("abc", "abc", "abc"), None)
    assert metric.get_metric()["acc"] == pytest.approx(1, abs=1e-4)


def test_the_result_and_the_metric_of_the_main_network():
    both, metric = results("a", "b", "a"), recognition(ignore_space=False)
    assert metric.main_result(both) is both["Student"]
    assert metric.single.normalise("a b") == "a b" and metric.single.single is metric.single
    assert metric.single.main_result(both["Student"]) is both["Student"]


def test_reset_forgets_everything():
    metric = recognition()
    metric.update(results("a", "b", "a"), None)
    metric.reset()
    assert metric.get_metric() == {}


def test_unreadable_samples_are_wrong_for_every_network():
    metric = recognition()
    metric.update(results("a", "a", "a"), None)
    metric.add_unreadable(["b"])
    values = metric.get_metric()
    assert [values[name] for name in ("acc", "Teacher_acc")] == pytest.approx([0.5, 0.5], abs=1e-5)


def test_the_records_of_several_processes_become_one():
    """One of them could read nothing, so that it knows no network."""
    parts = [recognition() for _ in range(3)]
    parts[0].update(results("a", "b", "a"), None)
    parts[2].update(results("c", "c", "c"), None)
    records = pickle.loads(pickle.dumps([part.records for part in parts]))
    merged = []
    for part in parts:
        part.merge(records)
        part.add_unreadable(["x", "y"])
        merged.append(part.get_metric())
    assert merged[0] == merged[1] == merged[2]
    assert [merged[0][name] for name in ("acc", "Teacher_acc")] == pytest.approx([2 / 4, 1 / 4], abs=1e-5)


@pytest.mark.parametrize("key", ["Pupil", None])
def test_the_main_network_must_be_there_when_the_best_model_is_chosen(key):
    metric = recognition(key)
    with pytest.raises(ConfigError, match=f"must be one of PostProcess.model_name, Student, Teacher, not {key!r}"):
        metric.update(results("a", "b", "a"), None)
    metric(results("a", "b", "a"), None)
    assert set(metric.get_metric()) == {f"{n}_{v}" for n in ("Student", "Teacher") for v in ("acc", "norm_edit_dis")}


def test_arguments_reach_the_metric_of_each_network():
    metric = recognition(is_filter=True, ignore_space=False, main_indicator="norm_edit_dis")
    assert metric.main_indicator == "norm_edit_dis"
    metric.update(results("A B!", "a b", "ab"), None)
    assert metric.get_metric()["acc"] == pytest.approx(1, abs=1e-4)
    strict = recognition(ignore_space=False)
    strict.update(results("a b", "a b", "ab"), None)
    assert strict.get_metric()["acc"] == 0


def test_detectors():
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10]])
    config = {"name": "DistillationMetric", "base_metric_name": "DetMetric", "key": "Student"}
    metric = build_metric(config)
    assert metric.main_indicator == "hmean" and not metric.on_training_batches
    batch = [None, None, [[square, square + 40]], [[False, False]]]
    found = {"Student": [{"points": [square, square + 40]}], "Teacher": [{"points": [square]}]}
    metric.update(found, batch)
    metric.add_unreadable(['[{"transcription": "a", "points": []}]'])
    values = metric.get_metric()
    assert (values["precision"], values["recall"]) == pytest.approx((1, 2 / 3))
    assert (values["Teacher_precision"], values["Teacher_recall"]) == pytest.approx((1, 1 / 3))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"base_metric_name": "RekMetric"}, "did you mean 'RecMetric'"),
        ({"base_metric_name": "DetMetric", "is_filter": True}, "has no key 'is_filter'"),
        ({"base_metric_name": "RecMetric", "main_indicator": "hmean"}, "must be one of acc, norm_edit_dis"),
    ],
)
def test_mistakes_are_found_before_anything_is_built(options, message):
    with pytest.raises(ConfigError, match=message):
        build_metric({"name": "DistillationMetric", "key": "Student", **options})
    problems = check({"Metric": {"name": "DistillationMetric", "key": "Student", **options}}).problems
    assert any(message in str(problem) for problem in problems if problem.path[:1] == ("Metric",))
