"""What lies in the folder of a run: configuration, logged numbers, what the log says about it."""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from ppocr import config as configuration
from ppocr.checkpoint.files import checkpoints_in
from ppocr.errors import ConfigError, UserError
from ppocr.utils.metrics_file import FILE, Clock, read_clock, read_series

WEIGHTS = ("best_accuracy", "latest")
_LINE = re.compile(r"\[(?P<time>[^\]]+)\] ppocr \w+: (?P<text>.*)")
_FACTS = {
    "made with": re.compile(r"(ppocr .*)"),
    "trained with": re.compile(r"train with (.*)"),
    "command": re.compile(r"command: (.*)"),
    "training data": re.compile(r"data: (.*)"),
}


@dataclass
class Base:
    """What a configuration starts from; ``title`` says which file that is."""

    title: str
    config: dict


@dataclass
class Run:
    """A folder that ``tools/train.py`` has filled.

    Attributes:
        folder: where it is.
        config: ``config.yml``, or None.
        base: ``base.yml``, or None.
        series: ``{(split, key): {step: value}}``, see :func:`ppocr.utils.metrics_file.read_series`.
        clock: when the run was where, and where it was resumed.
        facts: what ``train.log`` says: ``{title: text}``.
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


def read_run(folder) -> Run:
    """Reads a folder; what is missing in it is noted.

    Args:
        folder: ``Global.save_model_dir``.

    Raises:
        UserError: there is no such folder, or it holds nothing of a run.
    """
    run = Run(Path(folder))
    if not run.folder.is_dir():
        raise UserError(f"{folder}: no such folder; name the save_model_dir of a run")
    run.series, run.clock = read_series(run.folder), read_clock(run.folder)
    run.config = _read_config(run)
    if run.config is None and not run.series:
        raise UserError(f"{folder}: holds neither config.yml nor {FILE}; name the save_model_dir of a run")
    run.base = _read_base(run.folder / "base.yml")
    run.facts = read_facts(run.folder / "train.log")
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


def read_facts(path) -> dict:
    """Returns what a ``train.log`` says about the run, of several attempts the last; empty where there is no log."""
    found, times = {}, []
    if not path.exists():
        return found
    with open(path, encoding="utf-8", errors="replace") as file:
        for match in filter(None, map(_LINE.match, file)):
            times = [*times[:1], match["time"]]
            for title, pattern in _FACTS.items():
                fact = pattern.fullmatch(match["text"])
                if fact:
                    found[title] = fact[1]
    if times:
        found["logged"] = f"{times[0]} to {times[-1]}"
    return found
