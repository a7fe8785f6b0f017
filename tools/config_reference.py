"""Writes the configuration reference: ``python tools/config_reference.py --out docs/reference``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.commands.config_reference import main
from ppocr.program import run

if __name__ == "__main__":
    sys.exit(run(main))
