"""Exports a trained model: ``python tools/export_model.py -c config.yml -o Global.checkpoints=output/best_accuracy``.

Writes ``inference.json`` (``inference.pdmodel`` with Paddle 2), ``inference.pdiparams`` and ``inference.yml`` to
``Global.save_inference_dir``; a model of several networks gets a folder for each. All of it happens on the CPU.
"""

from ppocr.commands.arguments import ArgsParser
from ppocr.config import load, override
from ppocr.deploy.exporting import export, name_of
from ppocr.deploy.verification import LIMITS, Samples
from ppocr.engine.preparation import prepare
from ppocr.errors import ConfigError, ExportError
from ppocr.options import global_options
from ppocr.wording import counted

DEFAULT_FOLDER = "./output/inference"
ROW = "{:<40} {:<7} {:>7} {:>18} {:>6} {:>12}"


def main(arguments=None):
    """Exports what the command line asks for and says what was made.

    Args:
        arguments: command-line words; by default those of the process.

    Returns:
        :class:`ppocr.deploy.exporting.Export`

    Raises:
        UserError: the model cannot be exported.
        ExportError: an exported file does not give what the model gives.
    """
    args = parse(arguments)
    if args.samples < 1:
        raise ConfigError(f"--samples {args.samples}: must be at least 1")
    config, logger = prepare_export(override(load(args.config), args.opt), args.config)
    options = global_options(config)
    samples = None if args.verify is None else Samples(args.verify or None, args.samples, not args.no_metric)
    folder = options.save_inference_dir or DEFAULT_FOLDER
    made = export(config, None, folder, args.onnx, samples, model_name=name_of(args.config))
    if made.fused:
        logger.info("%s fused into single convolutions", counted(made.fused, "layer"))
    for folder in made.folders.values():
        logger.info("%s: %s", folder, ", ".join(sorted(path.name for path in folder.glob("inference.*"))))
    if made.comparisons:
        print("\n".join([table(made.comparisons), *map(str, made.measured)]))
    if made.problems:
        raise ExportError("; ".join(made.problems))
    return made


def prepare_export(merged, path):
    """Returns the resolved configuration and the logger of an export, which takes the CPU whatever training takes.

    Args:
        merged: the configuration with its overrides.
        path: the file it comes from; None if it was made in Python.

    Raises:
        UserError: the configuration has problems.
    """
    config, _, logger, _ = prepare(override(merged, {"Global.device": "cpu"}), path)
    return config, logger


def parse(arguments=None):
    """Reads the command line."""
    parser = ArgsParser(description=__doc__)
    parser.add_argument("--onnx", action="store_true", help="write inference.onnx too (needs paddle2onnx)")
    parser.add_argument(
        "--verify",
        nargs="?",
        const="",
        metavar="DATA",
        help="compare the files with the model on a folder of images or a label file (default: the Eval section) and "
        "give the metric of the Paddle files on all of it",
    )
    parser.add_argument("--no_metric", action="store_true", help="compare only")
    parser.add_argument("--samples", type=int, default=20, metavar="N", help="images to compare (default: 20)")
    return parser.parse_args(arguments)


def table(comparisons) -> str:
    """Returns a table of :class:`ppocr.deploy.verification.Comparison`."""
    rows = [ROW.format("folder", "file", "samples", "largest difference", "limit", "same results")]
    for one in comparisons:
        agreed = f"{one.samples - len(one.differing)} of {one.samples}"
        rows.append(
            ROW.format(one.folder, one.backend, one.samples, f"{one.largest:.1e}", f"{LIMITS[one.backend]:.0e}", agreed)
        )
    return "\n".join(rows)
