"""What lies in the folder of a run: configuration, logged numbers, what it has written down of itself."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Optional

from ppocr import config as configuration
from ppocr.checkpoint.files import checkpoints_in
from ppocr.engine.train_schedule import each_of_epochs
from ppocr.errors import ConfigError, UserError
from ppocr.utils.metrics_file import FILE, Clock, read_clock, read_series, read_starts
from ppocr.utils.run_file import FILE as RECORD
from ppocr.utils.run_file import read_sessions
from ppocr.wording import counted

WEIGHTS = ("best_accuracy", "latest")
_APART = 3600  # seconds between the record of a session and its log, which begin one after the other
_OF_ANOTHER_KIND = (ValueError, TypeError, AttributeError, LookupError)


@dataclass
class Base:
    """What a configuration starts from; ``title`` says which file that is."""

    title: str
    config: dict


@dataclass
class RunFolder:
    """A folder that ``tools/train.py`` has filled.

    Attributes:
        folder: where it is.
        config: ``config.yml``, or None.
        base: ``base.yml``, or None.
        series: ``{(split, key): {step: value}}``, see :func:`ppocr.utils.metrics_file.read_series`.
        clock: when the run was where, and where it was resumed.
        facts: what ``run.json`` says: ``{title: text}``.
        missing: what is not there or cannot be shown, one sentence each.
        kept_step: the step of ``best_accuracy``, or None.
    """

    folder: Path
    config: Optional[dict] = None
    base: Optional[Base] = None
    series: dict = field(default_factory=dict)
    clock: Clock = Clock({}, [])
    facts: dict = field(default_factory=dict)
    missing: list = field(default_factory=list)
    kept_step: Optional[int] = None

    def weights(self) -> Optional[str]:
        """Returns the prefix of the best weights, or else of the latest; None where there are none."""
        found = (self.folder / name for name in WEIGHTS if (self.folder / f"{name}.pdparams").exists())
        return next(map(str, found), None)


def read_run(folder) -> RunFolder:
    """Reads a folder; what is missing in it is noted.

    Args:
        folder: ``Global.save_model_dir``.

    Raises:
        UserError: there is no such folder, or it holds nothing of a run.
    """
    run = RunFolder(Path(folder))
    if not run.folder.is_dir():
        raise UserError(f"{folder}: no such folder; name the save_model_dir of a run")
    run.series, run.clock = read_series(run.folder), read_clock(run.folder)
    run.config = _read_config(run)
    if run.config is None and not run.series:
        raise UserError(f"{folder}: holds neither config.yml nor {FILE}; name the save_model_dir of a run")
    run.base = _read_base(run.folder / "base.yml")
    run.facts = _read_facts(run)
    steps = {prefix.name: step for step, prefix in checkpoints_in(run.folder) if step < math.inf}
    run.kept_step = steps.get(WEIGHTS[0])
    if not run.series:
        run.missing.append(f"{FILE} is missing or holds no number, so there are no curves.")
    return run


def _read_config(run):
    path = run.folder / "config.yml"
    if not path.exists():
        run.missing.append("config.yml is missing, so neither configuration nor data nor samples can be shown.")
        return None
    try:
        return configuration.load(path)
    except ConfigError as error:
        run.missing.append(f"The configuration cannot be read: {error}.")
        return None


def _read_base(path):
    """Reads what a configuration starts from; the first line says which file that was."""
    try:
        config = configuration.load(path)
        title = path.read_text(encoding="utf-8").partition("\n")[0]
    except (ConfigError, OSError):
        return None
    return Base(title.lstrip("# ").replace("base of ", "", 1), config)


def _read_facts(run):
    """Returns what ``run.json`` says, as texts; empty where there is none."""
    try:
        sessions = read_sessions(run.folder)
        if _is_of_another_run(sessions, read_starts(run.folder)):
            run.missing.append(
                f"No session in {RECORD} began when one in {FILE} did: one of the two may be of another run."
            )
        return describe_sessions(sessions)
    except FileNotFoundError:
        why = f"There is no {RECORD}, as of runs of earlier versions"
    except (OSError, ValueError):
        why = f"{RECORD} cannot be read"
    run.missing.append(f"{why}: versions, device, command, and which training data was not used are not known.")
    return {}


def _is_of_another_run(sessions, starts) -> bool:
    """Tells whether none of the sessions began at about one of the times at which the log says that one did."""
    begun = [time for time in map(_begun, sessions) if time is not None]
    return bool(begun and starts) and min(abs(time - start) for time in begun for start in starts) > _APART


def _begun(session):
    try:
        return datetime.fromisoformat(session["started"]).timestamp()
    except _OF_ANOTHER_KIND:
        return None


def describe_sessions(sessions) -> dict:
    """Returns what a run knows of itself, ``{title: text}``: of its last session, and the course of each one.

    Of one that holds something of another kind it is said that it cannot be read.

    Raises:
        ValueError: none can be read.
    """
    told = [_told(session) for session in sessions]
    known = [one for one in told if one is not None]
    if not known:
        raise ValueError(f"{RECORD} holds no session that can be read")
    facts = dict(known[-1][0])
    train_data = facts.pop("training data", None)
    for number, one in enumerate(told, 1):
        facts["session" if len(told) == 1 else f"session {number}"] = "cannot be read" if one is None else one[1]
    return facts if train_data is None else {**facts, "training data": train_data}


def _told(session):
    """Returns what there is to say of a session, and its course; None where something in it is of another kind."""
    try:
        return _facts_of(session), _course(session)
    except _OF_ANOTHER_KIND:
        return None


def _facts_of(session):
    versions = [f"{name} {version}" for name, version in session["versions"].items()]
    processes = counted(session["processes"], "process")
    trained = [f"device {session['device']}", session["card"], processes, f"seed {session['seed']}"]
    steps = counted(session["steps_per_epoch"], "step")
    facts = {
        "made with": ", ".join([*versions, str(session["platform"])]),
        "trained with": ", ".join([*filter(None, trained), f"OMP_NUM_THREADS {session['threads']}"]),
        "planned": f"{steps} in {each_of_epochs(session['epochs'])}, up to step {session['last_step']}",
        "command": str(session["command"]),
    }
    return {**facts, "training data": str(session["train_data"])} if "train_data" in session else facts


def _course(session):
    begun = f"; went on from {session['from']}" if session["from"] else ""
    end = session["end"] or "its end was not noted: it was killed, or goes on"
    steps = f"steps {session['first_step']} to {session['step']}"
    return f"{session['started']}, {steps} in {session['hours']:.2f} hours{begun}; {end}"
