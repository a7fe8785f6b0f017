"""Images and labels of formulas: UniMERNet (https://arxiv.org/abs/2404.15254) and PP-FormulaNet."""

from dataclasses import dataclass

import cv2
import numpy as np

from ppocr.data.imaug.decode import DecodeImage
from ppocr.data.imaug.operator import Operator, tell
from ppocr.data.imaug.rec_label import note_missing
from ppocr.errors import Dropped
from ppocr.formats.labels import SubwordLabels
from ppocr.registry import OPERATORS
from ppocr.text.subword import BpeCodec
from ppocr.values import LabelTokens, Size

INK = 200  # grey values below are ink, after stretching from 0 to 255
MEAN, SPREAD = 0.7931, 0.1738  # of images of formulas
GRID = 16  # pixels of which sides of an image are multiples
SMALLEST = 0.75  # share of the size to which random resizing goes down


def ink_box(image):
    """Returns the slices of rows and columns that hold ink; all of the image where there is none.

    Args:
        image: uint8 (H, W, 3).
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    low, high = grey.min(), grey.max()
    if low == high:
        return slice(None), slice(None)
    ink = (grey - low) / (high - low) * 255 < INK
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def fitted(shape, size):
    """Returns height and width of an image that fills a frame as far as it can.

    Args:
        shape: height and width of the image.
        size: those of the frame.
    """
    factor = min(size[0] / shape[0], size[1] / shape[1])
    return tuple(max(1, min(side, round(length * factor))) for length, side in zip(shape, size))


@OPERATORS.register()
class UniMERNetImgDecode(Operator):
    """Decodes an image, cuts off its margins, and brings it to one size, in the middle of a black frame.

    Args:
        input_size: height and width.
        random_padding: put it anywhere in the frame.
        random_resize: shrink it at random by up to a quarter.
        random_crop: leave a part of the margins, at random.

    Sets ``image``, uint8 (H, W, 3), and ``filename``, the path of the file where there is one.
    """

    reads = ("image",)
    writes = ("image", "filename")
    optional = ("img_path",)

    def __init__(
        self,
        input_size: Size,
        random_padding: bool = False,
        random_resize: bool = False,
        random_crop: bool = False,
    ):
        self.input_size = tuple(input_size)
        self.random_padding, self.random_resize, self.random_crop = random_padding, random_resize, random_crop
        self.random = random_padding or random_resize or random_crop
        self._decode = DecodeImage()

    def __call__(self, data, rng=None):
        image = self._opened(data["image"])
        image = image[self._cut(ink_box(image), image.shape, rng)]
        height, width = fitted(image.shape[:2], self.input_size)
        if self.random_resize:
            share = rng.uniform(SMALLEST, 1)
            height, width = (max(1, round(side * share)) for side in (height, width))
        data["image"] = self._framed(cv2.resize(image, (width, height), interpolation=_filter(image, height)), rng)
        data["filename"] = data.get("img_path") or ""
        return data

    def _opened(self, image):
        """Returns an image (H, W, 3), red first, of a file's bytes, or of pixels in use, blue first."""
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if isinstance(image, np.ndarray) else self._decode.in_mode(image)

    def _cut(self, box, shape, rng):
        """Returns the part of an image that is kept, which holds its ink."""
        if not self.random_crop:
            return box
        spans = [span.indices(length)[:2] for span, length in zip(box, shape)]
        return tuple(
            slice(rng.integers(0, start + 1), rng.integers(stop, length + 1))
            for (start, stop), length in zip(spans, shape)
        )

    def _framed(self, image, rng):
        frame = np.zeros((*self.input_size, 3), np.uint8)
        free = [side - length for side, length in zip(self.input_size, image.shape)]
        top, left = (rng.integers(0, rest + 1) if self.random_padding else rest // 2 for rest in free)
        frame[top : top + image.shape[0], left : left + image.shape[1]] = image
        return frame


def _filter(image, height):
    return cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR


def normalised_grey(image):
    """Returns a uint8 (H, W, 3) image in grey, normalised: float32 (H, W, 3) with three equal channels."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.repeat(((grey / 255 - MEAN) / SPREAD)[..., None], 3, axis=2)


@OPERATORS.register()
class UniMERNetTestTransform(Operator):
    """Makes an image grey and normalises it."""

    reads = ("image",)
    writes = ("image",)

    def __call__(self, data):
        data["image"] = normalised_grey(data["image"])
        return data


@OPERATORS.register()
class UniMERNetTrainTransform(Operator):
    """Changes an image as print, scanners and cameras do, makes it grey and normalises it.

    Strokes become thicker or thinner, the image turns by up to one degree, loses focus, gets noise, other light, and
    the traces of JPEG, each with a probability of its own.
    """

    reads = ("image",)
    writes = ("image",)
    random = True

    def __call__(self, data, rng):
        image = data["image"]
        for change, prob in CHANGES:
            if rng.random() < prob:
                image = change(image, rng)
        data["image"] = normalised_grey(image)
        return data


def _strokes(image, rng):
    change = cv2.erode if rng.random() < 0.5 else cv2.dilate
    return change(image, np.ones(rng.integers(1, 4, size=2), np.uint8))


def turn(image, rng, least=0.95):
    """Turns an image by up to one degree and shrinks it, at most to ``least``."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-1, 1), rng.uniform(least, 1))
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _blur(image, rng):
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1))


def noise(image, rng):
    """Adds grey noise."""
    noisy = image + rng.normal(0, rng.uniform(2, 10), image.shape[:2])[..., None]
    return noisy.clip(0, 255).astype(np.uint8)


def light(image, rng):
    """Changes contrast and brightness."""
    return cv2.convertScaleAbs(image, alpha=rng.uniform(0.8, 1.2), beta=rng.uniform(0, 25))


def jpeg(image, rng):
    """Gives an image the traces of compression."""
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(80, 96))])
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR)


CHANGES = ((_strokes, 0.2), (turn, 0.3), (_blur, 0.2), (noise, 0.2), (light, 0.2), (jpeg, 0.3))


@OPERATORS.register()
class LatexImageFormat(Operator):
    """Gives the first channel of an image, ``(1, H, W)``, with sides filled up to multiples of 16 by ones."""

    reads = ("image",)
    writes = ("image",)
    grid = GRID

    def __call__(self, data):
        image = data["image"]
        more = [(0, -side % self.grid) for side in image.shape[:2]]
        data["image"] = np.pad(image[:, :, 0], more, constant_values=1)[None]
        return data


@OPERATORS.register()
class UniMERNetImageFormat(LatexImageFormat):
    """:class:`LatexImageFormat` with multiples of 32."""

    grid = 2 * GRID


@dataclass(eq=False, repr=False)
class SubwordLabelEncode(Operator):
    """Turns a formula into its sub-words between start and end.

    Args:
        rec_char_dict_path: ``tokenizer.json``, or the folder in which it lies.
        max_seq_len: the most sub-words of a label, start and end included.

    Sets ``label`` and ``attention_mask``, int64 of the same length; a longer formula drops the sample (``too_long``).
    Characters that no sub-word writes are noted; a sample with none but these is dropped (``unknown_characters``).

    Raises:
        DataError: the tokenizer cannot be read.
    """

    reads = ("label",)
    writes = ("label", "attention_mask")
    marks = BpeCodec  # the class of the codec
    label_limit = "max_seq_len"

    rec_char_dict_path: str
    max_seq_len: LabelTokens

    def __post_init__(self):
        self.codec = self.marks(self.rec_char_dict_path)

    def labels(self):
        """See :class:`ppocr.data.imaug.operator.Operator`."""
        return SubwordLabels(self.codec, self.max_seq_len)

    def __call__(self, data):
        text = data["label"]
        classes, _, missing = self.codec.encode(text)
        tell(data, text=text)
        note_missing(data, "".join(missing), classes)
        marked = self.codec.marked(classes)
        if len(marked) > self.max_seq_len:
            raise Dropped("too_long", f"{len(marked)} sub-words, more than {self.max_seq_len}: {text!r:.60}")
        data["label"] = np.array(marked, np.int64)
        data["attention_mask"] = np.ones(len(marked), np.int64)
        return data


@OPERATORS.register()
class UniMERNetLabelEncode(SubwordLabelEncode):
    """:class:`SubwordLabelEncode` with the marks of mBART."""
