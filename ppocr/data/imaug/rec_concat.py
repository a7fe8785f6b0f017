"""Joining of several text lines into one."""

from typing import Annotated, Optional

import cv2
import numpy as np

from ppocr.data.imaug.operator import Operator
from ppocr.registry import OPERATORS
from ppocr.text.direction import TextDirection, to_logical, to_visual
from ppocr.values import Channels, LineSide, Probability, Range, TextLength


@OPERATORS.register()
class RecConAug(Operator):
    """Puts further text lines to the right of a sample's, as long as text and image do not get too long.

    Args:
        prob: probability.
        image_shape: (height, width, channels): the joined lines get this height and at most this width.
        max_text_length: most characters of the joined text.
        ext_data_num: number of further lines that are tried.
        text_direction: ``ltr``: labels hold texts as they stand on the image, from left to right; otherwise as they are
            read, so that of lines that are written from right to left the one that is added is read first.

    Takes ``ext_data``, a sequence of samples, out of the sample; it is read only where lines are joined.
    """

    reads = ("image", "label", "ext_data")
    writes = ("image", "label")
    random = True

    def __init__(
        self,
        prob: Probability = 0.5,
        image_shape: tuple[LineSide, LineSide, Channels] = (32, 320, 3),
        max_text_length: TextLength = 25,
        ext_data_num: Annotated[int, Range(0, 100)] = 1,
        text_direction: Optional[TextDirection] = None,
    ):
        self.prob = prob
        self.height = image_shape[0]
        self.max_proportions = image_shape[1] / image_shape[0]
        self.max_text_length = max_text_length
        self.ext_data_num = ext_data_num
        self.as_read = text_direction != "ltr"

    def __call__(self, data, rng):
        further = data.pop("ext_data", ())
        if rng.random() >= self.prob:
            return data
        images, texts = [data["image"]], [data["label"]]
        ratio = _proportions(data["image"])
        for i in range(min(self.ext_data_num, len(further))):
            other = further[i]
            ratio += _proportions(other["image"])
            if sum(map(len, texts)) + len(other["label"]) > self.max_text_length or ratio > self.max_proportions:
                break
            images.append(other["image"])
            texts.append(other["label"])
        if len(images) > 1:
            data["image"] = np.concatenate([self._at_height(image) for image in images], axis=1)
            data["label"] = to_logical("".join(map(to_visual, texts))) if self.as_read else "".join(texts)
        return data

    def _at_height(self, image):
        width = max(round(self.height * _proportions(image)), 1)
        return cv2.resize(image, (width, self.height))


def _proportions(image):
    return image.shape[1] / image.shape[0]
