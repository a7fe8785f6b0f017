"""The inference tool of a task, and what it shares with the one for whole pages: command line, loading, end."""

from ppocr.commands.arguments import ArgsParser
from ppocr.drawing.samples import BLACK, text_sheet
from ppocr.drawing.text import TextRenderer
from ppocr.errors import ConfigError
from ppocr.inference.images import ImageFiles
from ppocr.inference.in_use import ADVICE
from ppocr.inference.loading import from_config, from_exported
from ppocr.inference.results import ImageFolder, ResultFiles, refuse_inputs, write_image
from ppocr.tasks import asking, known_task
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


def inputs(files, *others) -> list:
    """Returns all files that results must not be written over: the images, and others where they are named."""
    return [*files.paths, *filter(None, others)]


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


def infer(task_name: str, description, arguments=None):
    """Runs the tool of a task: a result for every image that ``--input`` or ``Global.infer_img`` names.

    Results go to ``Global.save_res_path``, by default ./output/TASK/predicts_TASK.txt.

    Args:
        task_name: of a :class:`ppocr.tasks.base.Task`, which says what result files hold and how results are drawn.
        description: what ``--help`` begins with.
        arguments: command-line words; by default those of the process.

    Raises:
        UserError: see :func:`load` and :func:`image_files`; or no image can be read.
    """
    task = known_task(task_name)
    words = parser(description, task.batch_size)
    drawing_of = _Pages if task.draws_pages else _Sheet
    drawing_of.add_arguments(words)
    args = words.parse_args(arguments)
    loaded = load(args, task.model_type)
    task = loaded.predictor.task  # of the model, one of those that share a model type
    files = image_files(args, loaded.options)
    path = loaded.options.save_res_path or f"./output/{task_name}/predicts_{task_name}.txt"
    with ResultFiles(path, inputs(files, args.config)) as results:
        drawing = drawing_of(task, args, results.path, files.paths)
        for one in files.read(loaded.predictor):
            with asking(task, one.path):
                results.write(one, task.row(one.result))
                words = str(task.summary(one.result))
                drawn = drawing.add(one, words)
            loaded.logger.info("%s: %s%s", one.path, words, f", {drawn}" if drawn else "")
    finish(files, results, loaded.logger)
    say_wider(loaded, "image", loaded.logger)
    drawing.finish(loaded.logger)


class _Pages:
    """Draws each result on its image, in a folder beside the result files."""

    def __init__(self, task, args, results_path, paths):
        self._task = task
        self._folder = ImageFolder(results_path.parent / f"{task.name}_results", paths)

    @staticmethod
    def add_arguments(words):
        """Pages are always drawn."""

    def add(self, one, words):
        """Returns where an image was drawn."""
        return self._folder.write(one.path, self._task.draw(one.image, one.result))

    def finish(self, logger):
        """Everything has been written."""


class _Sheet:
    """Draws the first results beside their images, on a sheet beside the result files, if that is asked for."""

    def __init__(self, task, args, results_path, paths):
        self._path = results_path.with_suffix(".png")
        self._lettering = TextRenderer(args.font) if args.draw else None
        self._shown = []
        if args.draw:
            refuse_inputs([self._path], paths)

    @staticmethod
    def add_arguments(words):
        """Adds the options of a sheet to a parser."""
        add_font_argument(words)
        words.add_argument("--draw", action="store_true", help=f"draw a sheet of the first {_ON_A_SHEET} images")

    def add(self, one, words):
        """Keeps an image for the sheet, with its result in a few words."""
        if self._lettering and len(self._shown) < _ON_A_SHEET:
            self._shown.append((one.image, [(words, BLACK)]))

    def finish(self, logger):
        """Writes the sheet."""
        if self._shown:
            logger.info("drawn: %s", write_image(self._path, text_sheet(self._shown, self._lettering)))
