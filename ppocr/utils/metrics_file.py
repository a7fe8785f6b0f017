"""``metrics.jsonl``: what a run has logged, read back as curves."""

import math
from pathlib import Path
from typing import NamedTuple

from ppocr import json_text

FILE = "metrics.jsonl"


def read_series(folder) -> dict:
    """Reads the numbers that a run has logged.

    A row ``start`` says from which step a run began or went on: what had been written for later steps is void.  Numbers
    that are not finite, and a line that was cut off when the process was killed, are left out.

    Args:
        folder: ``Global.save_model_dir``.

    Returns:
        ``{(split, key): {step: value}}``, the steps in rising order; empty where there is no file.
    """
    series = {}
    for row in _rows(Path(folder) / FILE):
        split, step = row.pop("split"), row.pop("step")
        row.pop("time", None)
        if split == "start":
            series = {name: {s: v for s, v in points.items() if s <= step} for name, points in series.items()}
        for key, value in row.items():
            if _is_number(value):
                series.setdefault((split, key), {})[step] = value
    return {name: dict(sorted(points.items())) for name, points in series.items() if points}


class Clock(NamedTuple):
    """When a run was where.

    Attributes:
        hours: ``{step: hours of work until then}``, the steps in rising order, without the time between an interruption
            and the resumption; empty where no times were logged.
        resumed: the steps after which the run was resumed.
    """

    hours: dict
    resumed: list


def read_clock(folder) -> Clock:
    """Reads when a run was where; see :func:`read_series`."""
    hours, resumed, last, worked = {}, [], None, 0.0
    for row in _rows(Path(folder) / FILE):
        step, time = row["step"], row.get("time")
        if row["split"] == "start":
            hours = {s: h for s, h in hours.items() if s <= step}
            resumed = [s for s in resumed if s < step] + [step] * (step > 0)
            last, worked = time, max(hours.values(), default=0.0)
        elif time is not None and last is not None:
            worked += max(time - last, 0) / 3600
            last = time
            hours[step] = worked
    return Clock(dict(sorted(hours.items())), resumed)


def read_starts(folder) -> list:
    """Returns when a run was begun or gone on with, in seconds since 1970; see :func:`read_series`."""
    return [row["time"] for row in _rows(Path(folder) / FILE) if row["split"] == "start" and "time" in row]


def _rows(path):
    """Yields the rows of a file; what is none, as in a damaged file, is left out."""
    if not path.is_file():
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                row = json_text.parse(line)
            except ValueError:
                continue
            if isinstance(row, dict) and isinstance(row.get("split"), str) and _is_number(row.get("step")):
                yield {key: value for key, value in row.items() if key != "time" or _is_number(value)}


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < math.inf  # NaN is not
