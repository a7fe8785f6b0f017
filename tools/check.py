"""Checks everything that a run needs before it starts: ``python tools/check.py -c config.yml -o key=value``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.commands import run_command

if __name__ == "__main__":
    sys.exit(run_command("check"))
