"""``metrics.jsonl``: what a run has logged, read back as curves."""

import json
import math
from pathlib import Path

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
        if split == "start":
            series = {name: {s: v for s, v in points.items() if s <= step} for name, points in series.items()}
        for key, value in row.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
                series.setdefault((split, key), {})[step] = value
    return {name: dict(sorted(points.items())) for name, points in series.items() if points}


def _rows(path):
    if not path.exists():
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and {"split", "step"} <= row.keys():
                yield row
