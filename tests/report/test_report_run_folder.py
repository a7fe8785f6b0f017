import json

import pytest

from ppocr import config as configuration
from ppocr.checkpoint.files import write_checkpoint
from ppocr.engine.preparation import write_config
from ppocr.errors import UserError
from ppocr.report.curve_sections import Best, curves_section
from ppocr.report.run_folder import read_run
from ppocr.report.settings import ABSENT, Difference, differences, flatten
from ppocr.utils.metrics_file import Clock, read_clock, read_series
from ppocr.utils.run_file import read_sessions, write_sessions


def write_rows(folder, *rows):
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_resumed_run_replaces_what_came_after_its_start(tmp_path):
    rows = [{"split": "train", "step": step, "loss": float(step)} for step in (10, 20, 30)]
    again = [{"split": "start", "step": 20}, {"split": "train", "step": 30, "loss": 7.0, "note": "x", "flag": True}]
    write_rows(tmp_path, {"split": "start", "step": 0}, *rows, *again)
    assert read_series(tmp_path) == {("train", "loss"): {10: 10.0, 20: 20.0, 30: 7.0}}


def test_what_is_not_finite_or_was_cut_off_is_left_out(tmp_path):
    lines = ['{"split": "train", "step": 1, "loss": null}', '{"split": "train", "step": 2, "loss": 2}', "[1]", '{"spl']
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines))
    assert read_series(tmp_path) == {("train", "loss"): {2: 2}}
    assert read_series(tmp_path / "none") == {}


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"split": "train", "step": "x", "loss": 1}',
        '{"split": [], "step": 3, "loss": 1}',
        '{"split": "train", "step": NaN, "loss": 1}',
        '{"split": "train", "step": 3, "time": "x", "acc": [1]}',
        '{"split": "start", "step": null}',
    ],
)
def test_a_damaged_line_is_left_out(tmp_path, line):
    rows = ['{"split": "start", "step": 0, "time": 0}', '{"split": "train", "step": 2, "loss": 2, "time": 3600}']
    (tmp_path / "metrics.jsonl").write_text("\n".join([rows[0], line, rows[1]]))
    assert read_series(tmp_path) == {("train", "loss"): {2: 2}}
    assert read_clock(tmp_path).hours == {2: 1.0}


def test_a_folder_in_place_of_the_numbers_holds_none(tmp_path):
    (tmp_path / "metrics.jsonl").mkdir()
    assert read_series(tmp_path) == {}


def test_the_clock_stands_still_while_a_run_is_interrupted(tmp_path):
    """Killed after step 30 with a checkpoint of step 20; the work after it is done again."""
    times = {10: 3600, 20: 7200, 30: 10800}
    rows = [{"split": "train", "step": step, "time": time} for step, time in times.items()]
    again = [{"split": "start", "step": 20, "time": 90000}, {"split": "eval", "step": 30, "time": 91800}]
    write_rows(tmp_path, {"split": "start", "step": 0, "time": 0}, *rows, *again)
    assert read_clock(tmp_path) == ({10: 1.0, 20: 2.0, 30: 2.5}, [20])
    write_rows(tmp_path, {"split": "start", "step": 0}, {"split": "train", "step": 10})  # before times were logged
    assert read_clock(tmp_path) == ({}, [])


def test_interruptions_are_marked_and_hours_are_there(tmp_path):
    series = {("train", "loss"): {10: 2.0, 20: 1.0, 30: 0.5}}
    section = curves_section(series, Best(series), Clock({10: 1.0, 20: 2.0, 30: 2.5}, [20]))
    page = "".join(section.body)
    assert "resumed after step 20" in section.body[0] and "interrupted, and resumed after step 20</title>" in page
    assert "[[10,2.0,1.0],[20,1.0,2.0],[30,0.5,2.5]]" in page.replace("&quot;", '"')
    assert "hours of work" in page
    without = "".join(curves_section(series, Best(series)).body)
    assert "hours of work" not in without and "resumed" not in without


def test_a_logarithmic_axis_says_so():
    series = {("train", "loss"): {10: 100.0, 20: 1.0}, ("train", "lr"): {10: 1.0, 20: 0.5}}
    charts = "".join(curves_section(series, Best(series)).body).split("</figure>")
    assert [" logarithmic" in chart for chart in charts[:2]] == [True, False]


def test_the_best_evaluation_by_the_main_metric():
    series = {("eval", "epoch"): {1: 1}, ("eval", "acc"): {10: 0.5, 20: 0.9, 30: 0.7}, ("eval", "fps"): {10: 5.0}}
    best = Best(series, "acc")
    assert (best.step, best.value, best.last_step, best.last_value) == (20, 0.9, 30, 0.7)
    assert Best(series, "acc", higher_is_better=False).step == 10
    assert Best(series).indicator == "acc" and Best({}).value is None


def test_the_best_is_what_the_run_kept_where_a_guard_refused_a_better_one():
    series = {("eval", "acc"): {10: 0.5, 20: 0.9, 30: 0.7}}
    best = Best(series, "acc", kept_step=30)
    assert (best.step, best.value, best.refused, best.refused_value) == (30, 0.7, 20, 0.9)
    assert Best(series, "acc", kept_step=20).refused is None
    assert Best(series, "acc", kept_step=99).step == 20  # evaluated, but the process ended before the log


def test_losses_of_guard_sets_are_no_metrics():
    series = {("eval", key): {10: 0.5} for key in ("acc", "loss", "fps", "other_acc", "other_loss", "other_fps")}
    best = Best(series)
    assert best.metrics == ["acc", "other_acc"]
    chart = curves_section({("train", "loss"): {10: 1.0}, **series}, best).body[2]
    loss, accuracy = chart.split("</figure>")[:2]
    assert "other_loss" in loss and "other_loss" not in accuracy and "other_acc" in accuracy
    assert "other_loss" not in "".join(chart.split("</figure>")[2:])


def test_the_step_of_the_best_weights_is_read(tmp_path, write_log):
    write_log(tmp_path)
    assert read_run(tmp_path).kept_step is None
    write_checkpoint(tmp_path / "latest", {".pdparams": {}}, {"global_step": 60})
    write_checkpoint(tmp_path / "best_accuracy", {".pdparams": {}}, {"global_step": 20})
    assert read_run(tmp_path).kept_step == 20


def test_what_the_run_noted_of_itself_is_told_of_its_last_session_and_the_course_of_each(tmp_path, write_log):
    write_log(tmp_path)
    (first,) = read_sessions(tmp_path)
    assert read_run(tmp_path).facts == {
        "made with": "ppocr 0.1.0 (commit abc), paddle 3, Linux",
        "trained with": "device cpu, 1 process, seed 1, OMP_NUM_THREADS 1",
        "planned": "60 steps in 1 epoch, up to step 60",
        "command": "tools/train.py -c <b>.yml",
        "session": "2026-01-02T03:04:00+00:00, steps 0 to 60 in 0.60 hours; finished",
        "training data": "2 unreadable image (x.png)",
    }
    on_gpu = {"device": "gpu:0", "card": "Card, 1 MiB", "processes": 2, "command": "b", "from": "run/latest"}
    write_sessions(tmp_path, [first, {**first, **on_gpu, "first_step": 60, "step": 90, "end": None}])
    facts = read_run(tmp_path).facts
    assert facts["trained with"] == "device gpu:0, Card, 1 MiB, 2 processes, seed 1, OMP_NUM_THREADS 1"
    assert facts["command"] == "b" and facts["session 1"].endswith("; finished")
    assert "steps 60 to 90 in 0.60 hours; went on from run/latest; its end was not noted" in facts["session 2"]


@pytest.mark.parametrize("odd", [1, {}, {"versions": [1]}])
def test_a_session_that_cannot_be_read_hides_no_other(tmp_path, write_log, odd):
    write_log(tmp_path)
    (first,) = read_sessions(tmp_path)
    for sessions in ([odd, {**first, "command": "later"}], [{**first, "command": "later"}, odd]):
        write_sessions(tmp_path, sessions)
        run = read_run(tmp_path)
        assert run.facts["command"] == "later" and run.facts["training data"] and not run.missing[1:]
        courses = {run.facts["session 1"], run.facts["session 2"]}
        assert "cannot be read" in courses and any(one.endswith("; finished") for one in courses)


@pytest.mark.parametrize("started, other", [("2026-01-02T03:04:00+00:00", False), ("2026-03-04T05:06:00+00:00", True)])
def test_a_record_of_another_run_is_said(tmp_path, write_log, started, other):
    write_log(tmp_path)
    (first,) = read_sessions(tmp_path)
    write_sessions(tmp_path, [{**first, "started": "at noon"}, {**first, "started": started}])
    run = read_run(tmp_path)
    said = "No session in run.json began when one in metrics.jsonl did: one of the two may be of another run."
    assert (said in run.missing) == other and run.facts["command"]


def test_a_run_of_before_there_were_records_is_shown_without(tmp_path, write_log):
    write_log(tmp_path)
    (tmp_path / "run.json").unlink()
    (tmp_path / "train.log").write_text("[2026/01/03 00:00:00] ppocr INFO: command: tools/train.py -c b.yml\n")
    run = read_run(tmp_path)
    assert run.facts == {} and run.series
    assert run.missing[-1].startswith("There is no run.json, as of runs of earlier versions: versions, device, command")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b'{"sessions": []}',
        b'{"sessions": [1]}',
        b'{"sessions": [{}]}',
        b'{"sessions": [{"versions": [1]}]}',
    ],
)
def test_a_damaged_record_is_said(tmp_path, write_log, content):
    write_log(tmp_path)
    (tmp_path / "run.json").write_bytes(content)
    run = read_run(tmp_path)
    assert run.facts == {} and "run.json cannot be read: versions, " in run.missing[-1]


def test_a_configuration_becomes_values_by_path():
    config = {"a": {"b": 1, "c": {}}, "ops": [{"Decode": None}, {"Resize": {"size": [1, 2]}}], "d": [3, 4]}
    assert flatten(config) == {
        "a.b": 1,
        "a.c": {},
        "ops.0.Decode": None,
        "ops.1.Resize.size": [1, 2],
        "d": [3, 4],
    }


def test_differences_say_what_changed_came_and_went():
    base = {"a": 1, "b": {"c": 2, "d": 3}}
    assert differences(base, {"a": 1, "b": {"c": 5, "e": None}}) == [
        Difference("b.c", 2, 5),
        Difference("b.e", ABSENT, None),
        Difference("b.d", 3, ABSENT),
    ]
    assert differences(base, base) == []


def test_a_run_keeps_what_its_file_starts_from(tmp_path):
    (tmp_path / "a.yml").write_text("Global: {epoch_num: 1, seed: 2}\n")
    (tmp_path / "b.yml").write_text("_BASE_: a.yml\nGlobal: {epoch_num: 5}\n")
    assert configuration.load_base(tmp_path / "b.yml") == {"Global": {"epoch_num": 1, "seed": 2}}
    assert configuration.load_base(tmp_path / "a.yml") == configuration.load(tmp_path / "a.yml")

    config = configuration.override(configuration.load(tmp_path / "b.yml"), ["Global.seed=3"])
    folder = tmp_path / "run"
    folder.mkdir()
    for path in (tmp_path / "b.yml", folder / "config.yml"):  # begun, then resumed from its own file
        write_config(folder, config, path)
        run = read_run(folder)
        assert run.base.title == str(tmp_path / "b.yml") and run.base.config == {"Global": {"epoch_num": 1, "seed": 2}}
        assert differences(run.base.config, run.config) == [
            Difference("Global.epoch_num", 1, 5),
            Difference("Global.seed", 2, 3),
        ]


def test_a_folder_that_is_none_and_one_without_a_run(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        read_run(tmp_path / "none")
    with pytest.raises(UserError, match=r"holds neither config.yml nor metrics.jsonl"):
        read_run(tmp_path)


def test_what_is_missing_is_noted(tmp_path, write_log):
    write_log(tmp_path)
    (tmp_path / "config.yml").write_text("Global: [1\n")
    run = read_run(tmp_path)
    assert run.config is None and run.base is None and run.weights() is None
    assert "not YAML" in run.missing[0]
    (tmp_path / "config.yml").write_text("Global: {}\n")
    (tmp_path / "metrics.jsonl").unlink()
    (tmp_path / "latest.pdparams").touch()
    run = read_run(tmp_path)
    assert run.missing == ["metrics.jsonl is missing or holds no number, so there are no curves."]
    assert run.weights() == str(tmp_path / "latest")


def test_a_configuration_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(UserError, match="gone: cannot be written .No such file or directory"):
        write_config(tmp_path / "gone", {"Global": {}}, None)
