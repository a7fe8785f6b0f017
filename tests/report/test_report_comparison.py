"""Runs side by side."""

import dataclasses
import html
import re

import pytest

from ppocr.commands import report
from ppocr.data.datasets.base import SampleKey
from ppocr.report.comparison import _by_name, names_of
from ppocr.report.samples import Evaluated
from ppocr.tasks.compared import TextSample
from ppocr.tasks.rec import Recognition
from ppocr.wording import counted


def titles(page):
    return [part.split("</h2>")[0] for part in page.split("<h2>")[1:]]


def written(folders, tmp_path):
    path = report.main(["--run", *map(str, folders), "--out", str(tmp_path / "page.html")])
    return path.read_text(encoding="utf-8")


def test_recognisers(two_runs, tmp_path):
    page = written(two_runs("rec"), tmp_path)
    assert titles(page) == ["Overview", "Curves", "Differences of the configurations", "Samples"]
    assert "<title>Runs a &lt;run&gt;, second</title>" in page
    assert page.count("acc 0.75 at step 40") == 2
    differences = page.split("Differences of the configurations</h2>")[1].split("</section>")[0]
    assert differences.count("<tr>") == 2 and "Global.seed" in differences and "<code>7</code>" in differences
    assert "6 samples that every run was evaluated on." in page and "Read differently" not in page
    loss = page.split("loss, training</h3>")[1].split("</figure>")[0]
    assert loss.count("<polyline") == 2 and "second" in loss
    titled = (("loss, training", "null"), ("acc, evaluation", "[0,1]"), ("norm_edit_dis, evaluation", "[0,1]"))
    for title, limits in titled:  # metrics are shares of 1
        assert f'"limits":{limits}' in html.unescape(page.split(f"{title}</h3>")[0].rsplit("<figure", 1)[1])


def test_samples_that_one_run_reads_right(differing_runs, tmp_path):
    page = written(differing_runs, tmp_path)
    assert "Right in one run and wrong in another: 1." in page
    card = page.split("Read differently</h3>")[1]
    assert card.count('<div class="image">') == 1 and card.count('class="good"') == 1


def test_a_reading_without_a_character_is_a_gap_as_wide_as_the_truth(differing_runs, tmp_path):
    card = written(differing_runs, tmp_path).split("Read differently</h3>")[1]
    truth, first, second = (part.split("</p>")[0] for part in card.split('class="line"')[1:])
    width = len(html.unescape(re.search('class="text"><span>([^<]+)<', truth)[1]))
    assert f'<span class="gap" style="--n:{width};--w:0">' in first and "gap" not in truth + second


def test_detectors(two_runs, tmp_path):
    page = written(two_runs("det"), tmp_path)
    assert titles(page)[-1] == "hmean by page" and "2 samples that every run was evaluated on." in page


def changed_truths(monkeypatch, changed):
    """Has the second of two runs say that some of its samples, chosen by number, have another truth."""
    evaluate = report.build_comparison.__globals__["evaluate"]

    def with_others(config, path, weights):
        found = evaluate(config, path, weights)
        if "second" in str(path):
            for number in changed:
                sample = found.samples[number]
                truth = {"truths": sample.truths + 1} if hasattr(sample, "truths") else {"truth": "another"}
                found.samples[number] = dataclasses.replace(sample, **truth)
        return found

    monkeypatch.setitem(report.build_comparison.__globals__, "evaluate", with_others)


@pytest.mark.parametrize("task, all_of_them", [("det", 2), ("rec", 6)])
def test_samples_of_another_truth_are_set_aside(task, all_of_them, two_runs, tmp_path, monkeypatch):
    runs = two_runs(task)
    changed_truths(monkeypatch, [0])
    page = written(runs, tmp_path)
    assert f"{counted(all_of_them - 1, 'sample')} that every run was evaluated on. 1 sample of the same name" in page
    changed_truths(monkeypatch, range(all_of_them))
    section = written(runs, tmp_path).split("Samples</h2>")[1]
    assert "none was given to all of these runs with the same truth. " in section and "<table" not in section


@pytest.mark.parametrize("name", ["compare", "comparison_section"])
def test_a_task_that_fails_leaves_curves_and_settings(two_runs, tmp_path, monkeypatch, name):
    def fail(self, *args):
        raise KeyError("a mistake")

    monkeypatch.setattr(Recognition, name, fail)
    page = written(two_runs("rec"), tmp_path)
    assert titles(page) == ["Overview", "Curves", "Differences of the configurations", "Samples"]
    section = page.split("Samples</h2>")[1]
    assert "No sample is shown: " in section and "(Recognition) fails on the samples" in section


def test_one_run_that_fails_leaves_the_other(two_runs, tmp_path, monkeypatch):
    runs, evaluate = two_runs("rec"), report.build_comparison.__globals__["evaluate"]

    def fails_on_second(config, path, weights):
        if "second" in str(path):
            raise AttributeError("a mistake")
        return evaluate(config, path, weights)

    monkeypatch.setitem(report.build_comparison.__globals__, "evaluate", fails_on_second)
    page = written(runs, tmp_path)
    assert "No sample can be shown: AttributeError: a mistake" in page.split("What is missing</h3>")[1]
    assert "No sample is shown: second could not be evaluated" in page and page.count("acc 0.75 at step 40") == 2


def test_samples_of_a_name_that_comes_twice_are_told_apart():
    class Named:
        describe = staticmethod("ab".__getitem__)

    samples = [TextSample(SampleKey(0, index), str(number), "", None, 0.0) for number, index in enumerate((0, 1, 0))]
    samples.append(TextSample(None, "", "", None, 0.0))
    found = _by_name(Evaluated(None, "", {}, Named, samples=samples))
    assert {key: sample.truth for key, sample in found.items()} == {("a", 0): "0", ("b", 0): "1", ("a", 1): "2"}


def test_runs_of_different_tasks_and_one_without_weights(make_run, write_log, tmp_path):
    first, second = make_run("rec"), tmp_path / "b"
    second.mkdir()
    write_log(second)
    page = written((first, second), tmp_path)
    assert titles(page) == ["Overview", "Curves", "Samples"] and "config.yml is missing" in page
    assert "No sample is shown: b could not be evaluated, see What is missing." in page


def test_an_unfinished_run_is_named(two_runs, tmp_path):
    first, second = two_runs("rec")
    (second / "best_accuracy.pdparams").unlink()
    page = written((first, second), tmp_path)
    assert "No sample is shown: second could not be evaluated" in page and "There are no weights" in page


def test_names_tell_folders_apart():
    assert names_of(["out/a", "out/b/"]) == ["a", "b"]
    assert names_of(["x/run", "y/run"]) == ["x/run", "y/run"]
    assert [name[-8:] for name in names_of(["x/run", "x/run"])] == ["/run (1)", "/run (2)"]
