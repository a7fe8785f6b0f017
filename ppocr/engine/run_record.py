"""What a run notes of itself in ``run.json``: what it was made with, how far it got, how it ended."""

import math
import signal
import time
from datetime import datetime

import paddle

from ppocr.checkpoint.state import TrainState
from ppocr.checkpoint.transfer import strip_suffix
from ppocr.distributed import processes
from ppocr.engine.folder import goes_on_in
from ppocr.engine.setup import machine_facts
from ppocr.failures import describe
from ppocr.utils.best_effort import BestEffort
from ppocr.utils.run_file import FILE, read_sessions, write_sessions


class RunRecord:
    """Notes a session of a run in ``run.json``, behind those before; a context that notes when and how it ends.

    A record that cannot be written ends no run.

    Args:
        folder: of the run; None: nothing is written.
        state: where the run stands; looked at whenever something is noted.
        facts: what is known at the start.
        earlier: sessions that this one goes on from.
    """

    def __init__(self, folder=None, state=None, facts=None, earlier=()):
        self._folder, self._state, self._best_effort = folder, state or TrainState(), BestEffort()
        self._session = {"started": _now(), "first_step": self._state.global_step, **(facts or {})}
        self._sessions = [*earlier, self._session]
        self._begin = time.monotonic()

    def note(self, **facts):
        """Notes how far the run is, and ``facts`` besides."""
        if self._folder is None:
            return
        with self._best_effort(FILE):
            hours = round((time.monotonic() - self._begin) / 3600, 4)
            self._session.update(_reached(self._state), hours=hours, noted=_now(), **facts)
            write_sessions(self._folder, self._sessions)

    def __enter__(self):
        self.note(end=None)
        return self

    def __exit__(self, kind, error, traceback):
        self.note(end=_ending(error, self._state))


def open_record(options, device: str, schedule) -> RunRecord:
    """Returns the record of a run that is built, and begins or goes on; only the first process writes.

    Args:
        options: :class:`ppocr.options.GlobalOptions`.
        device: name of the device.
        schedule: :class:`ppocr.engine.train_schedule.TrainSchedule`, at where the run stands.
    """
    if processes.rank():
        return RunRecord()
    start, folder = options.checkpoints and strip_suffix(options.checkpoints), options.save_model_dir
    facts = {
        **machine_facts(device, options.seed),
        "processes": paddle.distributed.get_world_size(),
        "from": start or None,
        "epochs": schedule.epoch_num,
        "steps_per_epoch": schedule.steps_per_epoch,
        "last_step": schedule.state.global_step + schedule.remaining(),
        "evaluations": schedule.evaluations(),
    }
    return RunRecord(folder, schedule.state, facts, _sessions_before(folder) if goes_on_in(folder, start) else ())


def _reached(state):
    best = {key: value if math.isfinite(value) else None for key, value in state.best.items()}
    return {"epoch": state.epoch, "step": state.global_step, "best": best}


def _sessions_before(folder):
    try:
        return read_sessions(folder)
    except (OSError, ValueError):  # of a version that wrote none, or damaged: what was known is lost
        return []


def _ending(error, state):
    if error is None:
        return "stopped early" if state.stopped else "finished"
    if isinstance(error, SystemExit):
        return f"interrupted by {_signal_of(error.code)}"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else f"failed: {describe(error)}"


def _signal_of(code):
    """Returns the name of the signal that an exit code stands for."""
    return next((number.name for number in signal.Signals if number + 128 == code), f"exit code {code}")


def _now():
    return datetime.now().astimezone().isoformat(timespec="seconds")
