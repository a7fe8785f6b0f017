"""Pasting of texts of one detection image into another."""

import cv2
import numpy as np

from ppocr.data.imaug.det_crop import Window
from ppocr.data.imaug.operator import Operator, note_lost_boxes
from ppocr.geometry.warps import map_points, rotation, then, translation, warp
from ppocr.registry import OPERATORS
from ppocr.values import Probability

TRIES = 50


@OPERATORS.register()
class CopyPaste(Operator):
    """Pastes texts of another image, turned by any angle.

    Args:
        objects_paste_ratio: how many texts, as a part of the other image's; at least one.
        limit_paste: only paste where no polygon's box is; a text without a place is left out.

    Takes ``ext_data``, a sequence of samples, out of the sample and uses the first.
    """

    reads = ("image", "polys", "texts", "ignore_tags", "ext_data")
    writes = ("image", "polys", "texts", "ignore_tags")
    random = True
    ext_data_num = 1

    def __init__(self, objects_paste_ratio: Probability = 0.2, limit_paste: bool = True):
        self.objects_paste_ratio = objects_paste_ratio
        self.limit_paste = limit_paste

    def __call__(self, data, rng):
        further = data.pop("ext_data", ())
        if not len(further):
            return data
        other = further[0]
        usable = np.flatnonzero(~np.asarray(other["ignore_tags"], bool))
        wanted = max(1, int(self.objects_paste_ratio * len(other["polys"])))
        image, polys, pasted = None, list(np.asarray(data["polys"], np.float32)), {}
        boxes = _boxes(np.asarray(data["polys"], np.float32))
        for i in rng.permutation(usable)[:wanted].tolist():
            matrix, window, polygon = _turned(other["polys"][i], rng)
            corner = self._place(boxes, window, data["image"].shape, rng)
            if corner is None:
                note_lost_boxes(data, "that_found_no_room_to_be_pasted", 1)
                continue
            image = data["image"].copy() if image is None else image
            _paste(image, other["image"], matrix, window, polygon, corner)
            pasted[i] = polygon + np.float32(corner)
            boxes = np.concatenate([boxes, _boxes(pasted[i][None])])
        if pasted:
            data["image"] = image
            data["polys"] = _stack([*polys, *pasted.values()])
            data["texts"] = [*data["texts"], *(other["texts"][i] for i in pasted)]
            data["ignore_tags"] = np.append(np.asarray(data["ignore_tags"], bool), [False] * len(pasted))
        return data

    def _place(self, boxes, window, shape, rng):
        """Draws the upper left corner [x, y] of a rectangle of the window's size; None if there is no room."""
        size = np.float32([window.width, window.height])
        room = (shape[1] - window.width, shape[0] - window.height)
        if min(room) < 0:
            return None
        corners = rng.integers(0, room, (TRIES, 2), endpoint=True)
        if self.limit_paste:
            starts = corners[:, None].astype(np.float32)
            apart = ((boxes[:, 1] < starts) | (boxes[:, 0] > starts + size)).any(axis=2)
            corners = corners[apart.all(axis=1)]
        return corners[0].tolist() if len(corners) else None


def _boxes(polys):
    """Returns the least and the largest (x, y) of each polygon: N x 2 x 2."""
    return np.stack([polys.min(axis=1), polys.max(axis=1)], axis=1) if len(polys) else np.zeros((0, 2, 2))


def _turned(polygon, rng):
    """Draws an angle; returns matrix, size and polygon of the text in an image of its own."""
    polygon = np.asarray(polygon, np.float32)
    matrix = rotation(rng.uniform(0, 360), polygon.mean(axis=0))
    turned = map_points(polygon, matrix)
    corner = np.floor(turned.min(axis=0))
    width, height = (np.ceil(turned.max(axis=0)) - corner).astype(int).tolist()
    window = Window(0, 0, max(width, 1), max(height, 1))
    return then(matrix, translation(*-corner)), window, turned - corner


def _paste(image, source, matrix, window, polygon, corner):
    """Copies the text into ``image``, whose window at ``corner`` is changed in place."""
    (left, top), size = corner, (window.height, window.width)
    text = warp(source, matrix, window.width, window.height)
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 255)
    cv2.copyTo(text, mask, dst=image[top : top + window.height, left : left + window.width])


def _stack(polygons):
    longest = max(map(len, polygons))
    return np.stack([p if len(p) == longest else p[np.minimum(np.arange(longest), len(p) - 1)] for p in polygons])
