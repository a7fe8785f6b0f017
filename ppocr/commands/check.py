"""Checks everything that a run needs before it starts: ``python tools/check.py -c config.yml -o key=value``."""

import os
import sys

from ppocr import preflight
from ppocr.commands.arguments import ArgsParser
from ppocr.config import load, override
from ppocr.errors import ConfigError
from ppocr.utils.logging import printable, quiet_other_packages


def main(arguments=None) -> int:
    """Prints what the checks find.

    Args:
        arguments: command-line words; by default those of the process.

    Returns:
        The exit code: 2 if the run would fail, else 0.
    """
    args = parse(arguments)
    findings = find(args)
    if args.json:
        print(preflight.to_json(findings))
    else:
        text = "\n".join(filter(None, [preflight.table(findings), f"{args.config}: {preflight.summary(findings)}"]))
        print(printable(text))
    return 2 if any(finding.severity == "error" for finding in findings) else 0


def parse(arguments=None):
    """Reads the command line."""
    parser = ArgsParser(description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="look at N images of each label file (default: all)")
    parser.add_argument("--json", action="store_true", help="print the findings as a JSON list")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="that read labels and images")
    return parser.parse_args(arguments)


def find(args) -> list:
    """Returns the findings for parsed arguments."""
    quiet_other_packages()
    try:
        config = override(load(args.config), args.opt)
    except ConfigError as error:
        return [preflight.from_message(str(error), args.config)]
    progress = sys.stderr.isatty() and not args.json
    context = preflight.Context(
        config, args.config, sample=args.sample, processes=max(args.processes, 1), progress=progress
    )
    return preflight.run(context)
