"""Reads whole pages with a detector, a recogniser and, if wanted, a direction classifier.

``python tools/infer_system.py --det PATH --rec PATH [--cls PATH] --input PATH``

A PATH of a part is a configuration, the folder of a training run, or an exported model.  A configuration's weights are
those given with --det_weights and so on, else best_accuracy beside it, else those that it names.  An override with -o
that begins with det., rec. or cls. is for that part (det.PostProcess.box_thresh=0.5), any other for all of them.

Writes ``path<TAB>JSON list of {"transcription", "points", "score"}`` lines to ``Global.save_res_path``
(./output/system/system_results.txt), JSON lines beside, and the pages next to what was read to the folder
system_results there.
"""

from ppocr.commands import inference as command
from ppocr.commands.arguments import OptionsParser
from ppocr.config import override
from ppocr.drawing.boxes import read_page
from ppocr.drawing.text import TextRenderer
from ppocr.errors import ConfigError
from ppocr.failures import in_one_line
from ppocr.inference.images import ImageResult
from ppocr.inference.loading import from_path
from ppocr.inference.results import ImageFolder, ResultFiles
from ppocr.inference.system import TextSystem
from ppocr.options import global_options
from ppocr.tasks.results import shown_score
from ppocr.utils.logging import get_logger
from ppocr.wording import counted

_PARTS = {"det": "detector", "rec": "recogniser", "cls": "direction classifier"}
_RESULTS = "./output/system/system_results.txt"


def main(arguments=None):
    """Reads every page that ``--input`` or ``Global.infer_img`` names.

    Raises:
        UserError: a model cannot be used, or no page can be read.
    """
    args = parse(arguments)
    command.check_batch_size(args.batch_size)
    overrides = split_overrides(args.opt)
    options = global_options(override({}, overrides[""]))
    files = command.image_files(args, options)
    parts = {name: load_part(name, args, overrides) for name in _PARTS if getattr(args, name)}
    predictors = {name: part.predictor for name, part in parts.items()}
    detect, recognise = predictors["det"], predictors["rec"]
    system = TextSystem(detect, recognise, predictors.get("cls"), args.drop_score, args.cls_thresh)
    lettering, logger = TextRenderer(args.font), get_logger()

    def read(content):
        page, sample = detect.open(content)
        with in_one_line("what these models give does not make a page"):
            return page, system.read(page, detect.predict([sample])[0])

    named = command.inputs(files, *(getattr(args, name) for name in _PARTS))
    with ResultFiles(options.save_res_path or _RESULTS, named) as results:
        drawn = ImageFolder(results.path.parent / "system_results", files.paths)
        for path, (page, lines) in files.each(read):
            results.write(ImageResult(path, page, lines), describe(lines))
            target = drawn.write(path, read_page(page, lines, lettering))
            logger.info("%s: %s, %s", path, counted(len(lines), "text"), target)
    command.finish(files, results, logger)
    command.say_wider(parts["rec"], "line", logger)


def parse(arguments=None):
    """Reads the command line."""
    parser = OptionsParser(__doc__)
    for name, title in _PARTS.items():
        parser.add_argument(f"--{name}", metavar="PATH", required=name != "cls", help=f"the {title}")
        parser.add_argument(f"--{name}_weights", metavar="PATH", help=f"checkpoint of the {title}")
    parser.add_argument("--backend", choices=("paddle", "onnx"), help="of exported models; default: what is there")
    parser.add_argument(
        "--drop_score", type=float, default=0.5, help="least confidence of a text; default: %(default)s"
    )
    parser.add_argument(
        "--cls_thresh", type=float, default=0.9, help="confidence above which a text is turned; default: %(default)s"
    )
    command.add_image_arguments(parser, batch_size=32)
    command.add_font_argument(parser)
    return parser.parse_args(arguments)


def split_overrides(assignments) -> dict:
    """Returns ``{part: overrides}`` with the parts' names taken off; those for all of them stand under ``""``."""
    result = {name: [] for name in ("", *_PARTS)}
    for assignment in assignments:
        part, dot, rest = assignment.partition(".")
        if dot and part in _PARTS:
            result[part].append(rest)
        else:
            result[""].append(assignment)
    return result


def load_part(name: str, args, overrides):
    """Returns one part, a :class:`ppocr.inference.loading.Loaded`.

    Raises:
        UserError: it cannot be loaded, or consists of several networks.
    """
    own = overrides[""] + overrides[name]
    path, weights = getattr(args, name), getattr(args, f"{name}_weights")
    loaded = from_path(path, own, args.batch_size, name, weights, args.backend)
    if loaded.predictor.networks:
        networks = ", ".join(loaded.predictor.networks)
        raise ConfigError(f"--{name} {path}: several networks ({networks}); export it and name the folder of one")
    return loaded


def describe(lines):
    """Returns the column of a line of text and the mapping of a JSON line."""
    column = [{"transcription": line.text, "points": line.points, "score": shown_score(line.score)} for line in lines]
    boxes = [None if line.box_score is None else shown_score(line.box_score) for line in lines]
    row = [{**item, "box_score": score} for item, score in zip(column, boxes)]
    return [column], {"lines": row}
