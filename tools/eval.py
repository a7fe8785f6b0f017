"""Evaluates a checkpoint: ``python tools/eval.py -c config.yml -o Global.checkpoints=output/best_accuracy``."""

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
# Paddle's own, which tell a user nothing: no compiler cache; batch normalisation keeps its statistics.
warnings.filterwarnings("ignore", message="No ccache found|When training, we now always track")

from ppocr.commands.eval import main
from ppocr.program import run

if __name__ == "__main__":
    sys.exit(run(main))
