"""What a run notes of itself, through failures and resumes."""

import json
import math
import os

import pytest

from ppocr.checkpoint.state import TrainState
from ppocr.engine import run_record
from ppocr.engine.run_record import RunRecord, open_record
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.errors import UserError
from ppocr.options import GlobalOptions
from ppocr.utils.run_file import read_sessions


def state_at(step, **more):
    return TrainState(1, step, step, **more)


def test_it_notes_how_far_the_run_is_and_how_it_ended(tmp_path):
    state = state_at(0)
    with RunRecord(tmp_path, state, {"seed": 3}) as record:
        (session,) = read_sessions(tmp_path)
        assert (session["first_step"], session["step"], session["seed"], session["end"]) == (0, 0, 3, None)
        state.global_step, state.best = 7, {"acc": 0.5, "loss": math.nan}
        record.note(train_data="all of it")
        (session,) = read_sessions(tmp_path)
        assert (session["step"], session["train_data"], session["end"]) == (7, "all of it", None)
    (session,) = read_sessions(tmp_path)
    assert session["end"] == "finished" and session["hours"] >= 0 and session["best"] == {"acc": 0.5, "loss": None}
    assert os.listdir(tmp_path) == ["run.json"]
    json.loads((tmp_path / "run.json").read_text(), parse_constant=pytest.fail)  # NaN is no JSON


@pytest.mark.parametrize(
    "error, end",
    [
        (SystemExit(143), "interrupted by SIGTERM"),
        (SystemExit(130), "interrupted by SIGINT"),
        (SystemExit(5), "interrupted by exit code 5"),
        (KeyboardInterrupt(), "interrupted"),
        (UserError("the disk is full"), "failed: the disk is full"),
        (ValueError("bad"), "failed: ValueError: bad"),
    ],
)
def test_a_run_that_does_not_end_well_says_how_and_where(tmp_path, error, end):
    state = state_at(0)
    with pytest.raises(type(error)), RunRecord(tmp_path, state):
        state.global_step = 4
        raise error
    (session,) = read_sessions(tmp_path)
    assert (session["end"], session["step"]) == (end, 4)


def test_early_stopping_is_told_from_the_end_of_the_schedule(tmp_path):
    with RunRecord(tmp_path, state_at(9, stopped=True)):
        pass
    assert read_sessions(tmp_path)[0]["end"] == "stopped early"


def test_a_record_that_cannot_be_written_ends_no_run(tmp_path, ppocr_caplog):
    with RunRecord(tmp_path / "gone", state_at(1)) as record:
        record.note()
    assert ppocr_caplog.text.count("run.json: cannot be written") == 1


def opened(folder, step=0, **options):
    options = GlobalOptions(save_model_dir=str(folder), **options)
    return open_record(options, "cpu", TrainSchedule(3, 10, total_steps=30, eval_interval=10, state=state_at(step)))


def test_a_run_that_goes_on_in_its_folder_keeps_the_sessions_before(tmp_path):
    with opened(tmp_path):
        pass
    with opened(tmp_path, 20, checkpoints=f"{tmp_path}/latest.pdparams"):
        pass
    first, second = read_sessions(tmp_path)
    assert (first["from"], first["first_step"], first["last_step"], first["evaluations"]) == (None, 0, 30, 3)
    assert (second["from"], second["first_step"]) == (f"{tmp_path}/latest", 20)
    assert (second["epochs"], second["steps_per_epoch"], second["processes"], second["device"]) == (3, 10, 1, "cpu")
    assert {"ppocr", "paddle", "numpy", "python"} == set(second["versions"]) and second["command"]


@pytest.mark.parametrize("options", [{}, {"checkpoints": "elsewhere/latest"}])
def test_a_run_of_its_own_begins_a_new_record(tmp_path, options):
    for _ in range(2):
        with opened(tmp_path, **options):
            pass
    assert len(read_sessions(tmp_path)) == 1


def test_a_damaged_record_does_not_keep_a_run_from_going_on(tmp_path):
    (tmp_path / "run.json").write_text("{")
    with opened(tmp_path, checkpoints=f"{tmp_path}/latest"):
        pass
    assert len(read_sessions(tmp_path)) == 1


def test_the_other_processes_write_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(run_record.processes, "rank", lambda: 1)
    with opened(tmp_path):
        pass
    assert not os.listdir(tmp_path)
