"""Finds text: ``tools/infer_det.py -c config.yml -o Global.checkpoints=output/best_accuracy --input PATH``.

Writes ``path<TAB>JSON list of {"transcription": "", "points": [[x, y], ...]}`` lines to ``Global.save_res_path``
(./output/det/predicts_det.txt), JSON lines beside, and the images with their boxes to the folder det_results there.
"""

import numpy as np

from ppocr.commands import inference as command
from ppocr.drawing.boxes import with_boxes
from ppocr.inference.results import ImageFolder, ResultFiles, shown_score, to_json
from ppocr.inference.system import check_boxes
from ppocr.wording import counted

_RESULTS = "./output/det/predicts_det.txt"


def main(arguments=None):
    """Finds the text in every image that ``--input`` or ``Global.infer_img`` names.

    Raises:
        UserError: the model cannot be used, or no image can be read.
    """
    args = command.parser(__doc__, batch_size=4).parse_args(arguments)
    loaded = command.load(args, "det")
    files = command.image_files(args, loaded.options)
    with ResultFiles(loaded.options.save_res_path or _RESULTS) as results:
        drawn = ImageFolder(results.path.parent / "det_results", files.paths)
        for reading in files.read(loaded.predictor):
            networks = by_network(reading.result)
            results.write(reading, *describe(networks))
            boxes = [points for result in networks.values() for points in result["points"]]
            path = drawn.write(reading.path, with_boxes(reading.image, boxes))
            loaded.logger.info("%s: %s, %s", reading.path, counted(len(boxes), "box"), path)
    command.finish(files, results, loaded.logger)


def by_network(result) -> dict:
    """Returns ``{network: boxes}`` of a detector's result; a single network has the name ``""``."""
    networks = {"": result} if not isinstance(result, dict) or "points" in result else result
    for boxes in networks.values():
        check_boxes(boxes)
    return networks


def describe(networks):
    """Returns the column of a text line and the mapping of a JSON line; by network where there are several."""
    column = {name: [{"transcription": "", "points": p} for p in _points(boxes)] for name, boxes in networks.items()}
    row = {name: _with_scores(boxes) for name, boxes in networks.items()}
    if "" in networks:
        column, row = column[""], row[""]
    return [to_json(column)], {"boxes": row}


def _points(boxes):
    return [np.asarray(points) for points in boxes["points"]]


def _with_scores(boxes):
    if "scores" not in boxes:
        return [{"points": points} for points in _points(boxes)]
    return [{"points": points, "score": shown_score(score)} for points, score in zip(_points(boxes), boxes["scores"])]
