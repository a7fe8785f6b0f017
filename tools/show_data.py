"""Writes samples of a data set as images: ``python tools/show_data.py -c config.yml --folder samples``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.commands import run_command

if __name__ == "__main__":
    sys.exit(run_command("show_data"))
