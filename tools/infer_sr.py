"""Enlarges images of text: ``python tools/infer_sr.py -c config.yml -o Global.checkpoints=PREFIX --input PATH``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.commands import run_command

if __name__ == "__main__":
    sys.exit(run_command("infer_sr"))
