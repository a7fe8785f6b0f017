"""Writes one HTML page about a run: ``python tools/report.py --run output/my_run``."""

import argparse
from pathlib import Path

from ppocr.errors import UserError
from ppocr.report import build_report


def main(arguments=None) -> Path:
    """Evaluates the best weights of a run once more, writes the page and returns its path.

    Args:
        arguments: command-line words; by default those of the process.

    Raises:
        UserError: the folder holds no run, or the page cannot be written.
    """
    args = parse(arguments)
    path = Path(args.out or Path(args.run) / "report.html")
    page = build_report(args.run, args.opt)
    try:
        path.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); name another file with --out") from None
    print(f"{path} ({path.stat().st_size / 2**20:.1f} MiB)")
    return path


def parse(arguments=None):
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, metavar="FOLDER", help="save_model_dir of the run")
    parser.add_argument("--out", metavar="FILE", help="page to write (default: report.html in the folder)")
    parser.add_argument(
        "-o",
        "--opt",
        nargs="+",
        action="extend",
        default=[],
        help="overrides of the run's configuration, such as Global.device=cpu or Eval.dataset.data_dir=DIR",
    )
    parser.add_argument("--traceback", action="store_true", help="show where an error was raised")
    return parser.parse_args(arguments)
