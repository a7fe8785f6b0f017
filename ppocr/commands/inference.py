"""What the inference tools of a single model share: their command line, and what they load and write."""

from ppocr.commands.arguments import ArgsParser
from ppocr.drawing.samples import BLACK, text_sheet
from ppocr.drawing.text import TextRenderer
from ppocr.errors import ConfigError
from ppocr.inference.images import ImageFiles
from ppocr.inference.in_use import ADVICE
from ppocr.inference.loading import from_config, from_exported
from ppocr.inference.results import ResultFiles, shown_score, to_json, write_image
from ppocr.inference.system import text_and_score
from ppocr.wording import counted_are

_ON_A_SHEET = 100


def parser(description, batch_size: int):
    """Returns the parser of a tool.

    Args:
        description: what ``--help`` begins with.
        batch_size: default of ``--batch_size``.
    """
    result = ArgsParser(description, config_required=False)
    result.add_argument("--model_dir", metavar="FOLDER", help="an exported model, in place of -c")
    result.add_argument("--backend", choices=("paddle", "onnx"), help="of an exported model; default: what is there")
    add_image_arguments(result, batch_size)
    return result


def add_image_arguments(result, batch_size: int):
    """Adds what every inference tool has to a parser."""
    result.add_argument(
        "--input", nargs="+", metavar="PATH", help="images, folders, patterns; default: Global.infer_img"
    )
    result.add_argument("--batch_size", type=int, default=batch_size, help="default: %(default)s")


def add_font_argument(result):
    """Adds the font of drawn text to a parser."""
    result.add_argument("--font", metavar="FILE", help="font for drawn text; default: what comes with Python packages")


def load(args, model_type: str):
    """Returns the :class:`ppocr.inference.loading.Loaded` of parsed arguments.

    Raises:
        UserError: neither configuration nor model is named, they cannot be used, or are of another type.
    """
    if bool(args.config) == bool(args.model_dir):
        raise ConfigError("name either a configuration (-c config.yml) or an exported model (--model_dir FOLDER)")
    check_batch_size(args.batch_size)
    if args.model_dir:
        return from_exported(args.model_dir, args.opt, args.batch_size, model_type, args.backend)
    if args.backend:
        raise ConfigError(f"--backend {args.backend}: is for exported models (--model_dir FOLDER)")
    return from_config(args.config, args.opt, args.batch_size, model_type)


def check_batch_size(batch_size: int):
    """Refuses a ``--batch_size`` below 1.

    Raises:
        ConfigError: it is.
    """
    if batch_size < 1:
        raise ConfigError(f"--batch_size: must be at least 1, not {batch_size}")


def image_files(args, options) -> ImageFiles:
    """Returns the images that ``--input`` or ``Global.infer_img`` names.

    Raises:
        UserError: there are none.
    """
    sources = args.input or [options.infer_img]
    if not all(sources):
        raise ConfigError("Global.infer_img: name an image or a folder, or give --input PATH ...")
    return ImageFiles(sources)


def finish(files, results, logger):
    """Says what could not be read and where the results are.

    Raises:
        DataError: nothing could be read.
    """
    files.report(logger)
    count = len(files.paths) - len(files.unreadable)
    logger.info("%d of %d images read: %s, %s", count, len(files.paths), results.path, results.json_path)


def say_wider(loaded, what: str, logger):
    """Says how much of ``what`` (image or line) was prepared otherwise than in the evaluation that chose the model."""
    if loaded.differs and loaded.predictor.wider:
        logger.info(
            "%s wider than image_shape and read so, unlike in the evaluation that chose the model; "
            "tools/eval.py gives the metric of both (%s)",
            counted_are(loaded.predictor.wider, what),
            ADVICE,
        )


def name_images(description, model_type: str, key: str, default_path: str, arguments=None):
    """Runs a tool that gives each image a text or a class.

    Args:
        description: what ``--help`` begins with.
        model_type: that the configuration must have.
        key: name of the result in JSON lines.
        default_path: of the results where ``Global.save_res_path`` names none.
        arguments: command-line words; by default those of the process.

    Raises:
        UserError: see :func:`load` and :func:`image_files`; or no image can be read.
    """
    words = parser(description, batch_size=32)
    add_font_argument(words)
    words.add_argument("--draw", action="store_true", help=f"draw a sheet of the first {_ON_A_SHEET} images")
    args = words.parse_args(arguments)
    loaded = load(args, model_type)
    files = image_files(args, loaded.options)
    lettering = TextRenderer(args.font) if args.draw else None
    shown = []
    with ResultFiles(loaded.options.save_res_path or default_path) as results:
        for reading in files.read(loaded.predictor):
            columns, row = describe(reading.result, key)
            results.write(reading, columns, row)
            said = " ".join(columns)
            loaded.logger.info("%s: %s", reading.path, said)
            if args.draw and len(shown) < _ON_A_SHEET:
                shown.append((reading.image, [(said, BLACK)]))
    finish(files, results, loaded.logger)
    say_wider(loaded, "image", loaded.logger)
    if shown:
        path = write_image(results.path.with_suffix(".png"), text_sheet(shown, lettering))
        loaded.logger.info("drawn: %s", path)


def describe(result, key: str):
    """Returns the columns of a text line and the mapping of a JSON line for a text or class with its confidence.

    Several networks give one column, ``{network: {"label": ..., "score": ...}}``, and a mapping for each.
    """
    if isinstance(result, dict):
        pairs = {network: text_and_score(pair) for network, pair in result.items()}
        column = {network: {"label": text, "score": shown_score(score)} for network, (text, score) in pairs.items()}
        return [to_json(column)], {network: describe(pair, key)[1] for network, pair in pairs.items()}
    text, score = text_and_score(result)
    score = shown_score(score)
    return [str(text), str(score)], {key: text, "score": score}
