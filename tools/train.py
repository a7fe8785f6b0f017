"""Trains a model: ``python tools/train.py -c config.yml -o key=value``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ppocr.commands import run_command


def main(arguments=None):
    """Trains as the words of the command line say; see :func:`ppocr.commands.train.main`."""
    from ppocr.commands import train  # imports Paddle, whose first words run_command keeps quiet

    train.main(arguments)


if __name__ == "__main__":
    sys.exit(run_command("train"))
