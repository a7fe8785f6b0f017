"""Makes a character dictionary: ``python tools/make_dictionary.py --labels train.txt --out dict.txt``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.commands import run_command

if __name__ == "__main__":
    sys.exit(run_command("make_dictionary"))
