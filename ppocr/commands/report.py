"""Writes one HTML page about a run, or several side by side: ``python tools/report.py --run output/my_run [...]``."""

import argparse
from pathlib import Path

from ppocr.errors import UserError
from ppocr.report import build_comparison, build_report


def main(arguments=None) -> Path:
    """Evaluates the best weights of each run once more, writes the page and returns its path.

    Args:
        arguments: command-line words; by default those of the process.

    Raises:
        UserError: the folder holds no run, or the page cannot be written.
    """
    args = parse(arguments)
    several = len(args.run) > 1
    path = Path(args.out or ("comparison.html" if several else Path(args.run[0]) / "report.html"))
    page = build_comparison(args.run, args.opt) if several else build_report(args.run[0], args.opt)
    try:
        path.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); name another file with --out") from None
    print(f"{path} ({path.stat().st_size / 2**20:.1f} MiB)")
    return path


def parse(arguments=None):
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    folders = "save_model_dir of the run; of several, to set them side by side"
    parser.add_argument("--run", required=True, nargs="+", metavar="FOLDER", help=folders)
    page = "page to write (default: report.html in the folder; of several runs, comparison.html here)"
    parser.add_argument("--out", metavar="FILE", help=page)
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
