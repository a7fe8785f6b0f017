"""Writes the page of model cards: ``python tools/model_cards.py --out docs/models.md``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.commands.model_cards import main
from ppocr.program import run

if __name__ == "__main__":
    sys.exit(run(main))
