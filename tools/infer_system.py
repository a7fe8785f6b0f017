"""Reads whole pages: ``python tools/infer_system.py --det PATH --rec PATH --input PATH``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.commands import run_command

if __name__ == "__main__":
    sys.exit(run_command("infer_system"))
