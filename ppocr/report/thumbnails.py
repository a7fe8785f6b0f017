"""Images of samples, small enough for a page."""

import base64

import cv2
import numpy as np

from ppocr.data.cache import ImageSource
from ppocr.data.imaug.decode import DecodeImage
from ppocr.data.randomness import generator
from ppocr.drawing.html import Html, tag
from ppocr.errors import DataError, Dropped

ROOM = 10 << 20  # characters that the images of a page may take up together
_QUALITY = 82  # of JPEG


def load_image(dataset, key):
    """Returns the image of a sample as the data set stores it, uint8 BGR ``(H, W, 3)``; None if it cannot be read.

    Args:
        dataset: an :class:`ppocr.data.datasets.base.OcrDataset`.
        key: a :class:`ppocr.data.datasets.base.SampleKey`.
    """
    try:
        rng = generator(dataset.seed, key.epoch, "sample", key.index, 0)
        image = dataset.load(key.index, key, rng).get("image")
        if isinstance(image, ImageSource):
            image = image.read()
        if isinstance(image, (bytes, bytearray, memoryview)):
            image = DecodeImage(img_mode="BGR")({"image": image})["image"]
    except (Dropped, DataError):
        return None
    return image if isinstance(image, np.ndarray) else None


class Thumbnails:
    """Makes images part of the page, until the room for them is used up.

    Args:
        dataset: where the images come from.
        room: characters that all may take up together.
    """

    def __init__(self, dataset, room: int = ROOM):
        self._dataset, self._room = dataset, room

    def load(self, key):
        """Returns the image of a sample, or None; see :func:`load_image`."""
        return None if key is None or self._room <= 0 else load_image(self._dataset, key)

    def name(self, key) -> str:
        """Returns the name under which a person finds a sample."""
        return "" if key is None else self._dataset.describe(key.index)

    def address(self, image, size) -> str:
        """Returns an image as an address that holds it, or an empty text where there is no room left for it.

        Args:
            image: uint8 ``(H, W, 3)`` or ``(H, W)``.
            size: (width, height) in pixels that it must fit into; it is never enlarged.
        """
        height, width = image.shape[:2]
        scale = min(size[0] / width, size[1] / height, 1.0)
        if scale < 1:
            wanted = max(round(width * scale), 1), max(round(height * scale), 1)
            image = cv2.resize(image, wanted, interpolation=cv2.INTER_AREA)
        encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
        address = "data:image/jpeg;base64," + base64.b64encode(encoded).decode("ascii")
        return address if self.spend(len(address)) else ""

    def spend(self, length: int) -> bool:
        """Takes room for what belongs to an image; tells whether there was enough, else there is none from now on."""
        enough = length <= self._room
        self._room = self._room - length if enough else 0
        return enough

    def element(self, key, size) -> Html:
        """Returns the image of a sample as an element; see :meth:`element_of`."""
        return self.element_of(self.load(key), size)

    def element_of(self, image, size) -> Html:
        """Returns an image, or None, as an element, or words where there is none; see :meth:`address`."""
        address = "" if image is None else self.address(image, size)
        if not address:
            return tag("span", "no image", class_="faint")
        return tag("img", src=address, alt="", loading="lazy")
