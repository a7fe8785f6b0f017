"""Writes the page of model cards: ``python tools/model_cards.py --out docs/models.md``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.commands import run_command

if __name__ == "__main__":
    sys.exit(run_command("model_cards"))
