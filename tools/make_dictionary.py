"""Makes a character dictionary: ``python tools/make_dictionary.py --labels train.txt --out dict.txt``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.commands.make_dictionary import main
from ppocr.program import run

if __name__ == "__main__":
    sys.exit(run(main))
