"""What SDMGR learns from: pages as graphs of their boxes."""

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator, note
from ppocr.errors import DataError, Dropped
from ppocr.formats.boxes import FARTHEST
from ppocr.formats.entities import EntityLabels, class_number, class_numbers, read_entities
from ppocr.geometry.quads import clockwise_from_top_left
from ppocr.registry import OPERATORS
from ppocr.text.dictionary import load_dictionary
from ppocr.values import Name, Positive, Size

CORNERS = 4
ROOM = 300  # boxes of a page, and characters of a text
EDGE_NUMBERS = 5


@OPERATORS.register()
class KieLabelEncode(Operator):
    """Turns the boxes of a page into nodes and edges of a graph, padded to 300 boxes of 300 characters.

    Sets ``points`` (300 x 4, ``float32``: x and y of two corners), ``relations`` (300 x 300 x 5, ``float32``: how far
    each other box is to the right and below, in units of ``norm`` pixels, width by height of the box itself, and height
    and width of the other one by its height), ``texts`` (300 x 300, ``int64``: numbers of characters, -1 behind the
    end; what the dictionary lacks is left out), ``labels`` (300 x 301, ``int64``: the class of a box, and whether it
    belongs to each other one, -1 for itself) and ``tag`` (``int64``: the number of boxes, and of characters of the
    longest text).  Boxes and characters for which there is no room are counted, as are unknown characters.

    Source: SDMGR (https://arxiv.org/abs/2103.14470).

    Args:
        character_dict_path: dictionary; its characters are numbered from 1.
        class_path: file of the classes, one a line.
        norm: pixels of a unit of distance.
        directed: an edge needs a first box of class 1.

    Raises:
        DataError: a file cannot be used; or the label is no list of boxes with known classes.
    """

    reads = ("label",)
    writes = ("points", "relations", "texts", "labels", "tag")

    def __init__(
        self,
        character_dict_path: Name,
        class_path: Name,
        norm: Positive = 10,
        directed: bool = False,
    ):
        self.norm, self.directed = norm, directed
        self.index = {character: number for number, character in enumerate(load_dictionary(character_dict_path), 1)}
        self.numbers = class_numbers(class_path)

    def labels(self):
        """See :class:`ppocr.data.imaug.operator.Operator`."""
        return EntityLabels(characters=frozenset(self.index), numbers=tuple(self.numbers.items()))

    def __call__(self, data):
        page = read_entities(data["label"])
        count = min(len(page.classes), ROOM)
        if not count:
            raise Dropped("no_boxes", "the label has no boxes")
        note(data, "boxes_beyond_the_first_300", count=len(page.classes) - count)
        corners = _corners(page.boxes)[:count]
        texts = [self._encode(text, data) for text in page.boxes.texts[:count]]
        labels = self._labels(page.classes[:count], page.groups[:count])
        data["points"] = _padded(corners, (ROOM, 4), np.float32)
        data["relations"] = _padded(relations(corners, self.norm), (ROOM, ROOM, EDGE_NUMBERS), np.float32)
        data["texts"] = np.full((ROOM, ROOM), -1, np.int64)
        for row, text in zip(data["texts"], texts):
            row[: len(text)] = text
        data["labels"] = _padded(labels, (ROOM, ROOM + 1), np.int64)
        data["tag"] = np.array([count, max(map(len, texts))], np.int64)
        return data

    def _encode(self, text, data):
        known = [self.index[character] for character in text if character in self.index]
        unknown = "".join(sorted({character for character in text if character not in self.index}))
        note(data, "unknown_characters", unknown, len(unknown) > 0)
        note(data, "characters_beyond_the_first_300", text[:40], max(len(known) - ROOM, 0))
        return known[:ROOM]

    def _labels(self, classes, groups):
        numbers = [class_number(name, self.numbers) for name in classes]
        if None in numbers:
            box = numbers.index(None)
            raise DataError(f"box {box + 1}: {classes[box]!r} is no class of class_path (label or key_cls)")
        nodes = np.array(numbers)[:, None]
        edges = np.array([[one == other for other in groups] for one in groups]).astype(np.int64)
        if self.directed:
            edges = edges * (nodes == 1)
        np.fill_diagonal(edges, -1)
        return np.concatenate([nodes, edges], axis=1)


def _corners(boxes):
    """Returns x and y of the first and the third corner ``[B, 4]``; of what is no quadrangle, of its bounds."""
    if not (np.abs(boxes.polys) <= FARTHEST).all():  # neither is NaN
        raise DataError("a coordinate of a box is no number, or beyond any image")
    corners = np.concatenate([boxes.polys.min(axis=1), boxes.polys.max(axis=1)], axis=1)
    quads = boxes.counts == CORNERS
    if quads.any():
        corners[quads] = clockwise_from_top_left(boxes.polys[quads, :CORNERS])[:, [0, 2]].reshape([-1, 4])
    return np.trunc(corners)


def relations(corners, norm) -> np.ndarray:
    """Returns how boxes lie to each other, see :class:`KieLabelEncode`.

    Args:
        corners: x and y of two corners ``[B, 4]``, in pixels.
        norm: pixels of a unit of distance.

    Returns:
        ``[B, B, 5]``.
    """
    left, top, right, bottom = np.asarray(corners, np.float64).T
    width, height = right - left + 1, np.maximum(bottom - top + 1, 1)
    across, down = (left[None] - left[:, None]) / norm, (top[None] - top[:, None]) / norm
    taller, wider = height[None] / height[:, None], width[None] / height[:, None]
    shape = np.broadcast_to((width / height)[:, None], taller.shape)
    return np.stack([across, down, shape, taller, wider], axis=-1)


def _padded(values, shape, dtype):
    whole = np.zeros(shape, dtype)
    whole[tuple(slice(size) for size in values.shape)] = values
    return whole


@OPERATORS.register()
class KieResize(Operator):
    """Resizes a page so that it fits ``img_scale`` whichever way it lies, and puts it into a square of its longer side.

    Boxes move along; they end at the border of the image as it was, as the published models were trained.  Sets
    ``ori_image`` and ``ori_boxes``, what was there before, and ``shape`` (``int64``: height and width without padding).

    Args:
        img_scale: longer and shorter side, in pixels.
    """

    reads = ("image", "points")
    writes = ("image", "points", "ori_image", "ori_boxes", "shape")

    def __init__(self, img_scale: Size):
        self.longer, self.shorter = max(img_scale), min(img_scale)

    def __call__(self, data):
        image, points = data["image"], data["points"]
        data["ori_image"], data["ori_boxes"] = image, points
        height, width = image.shape[:2]
        scale = min(self.longer / max(height, width), self.shorter / min(height, width))
        sides = max(int(height * scale + 0.5), 1), max(int(width * scale + 0.5), 1)
        square = np.zeros((self.longer, self.longer, *image.shape[2:]), np.float32)
        square[: sides[0], : sides[1]] = cv2.resize(image, sides[::-1])
        factors = np.array([sides[1] / width, sides[0] / height] * 2, np.float32)
        moved = np.asarray(points, np.float32) * factors
        data["points"] = np.clip(moved, 0, np.array([width, height] * 2, np.float32))
        data["image"], data["shape"] = square, np.array(sides, np.int64)
        return data
