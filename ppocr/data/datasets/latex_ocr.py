"""LaTeXOCRDataSet: images of formulas, those of one size in one batch."""

import operator
import os
from dataclasses import dataclass
from functools import partial

import numpy as np

from ppocr.checkpoint import safe_pickle
from ppocr.data.batch import Fields
from ppocr.data.datasets.simple import image_name, image_of, line_name, line_notes, line_parts
from ppocr.data.datasets.stored import StoredDataset
from ppocr.data.imaug.decode import DecodeImage
from ppocr.data.imaug.formula import GRID
from ppocr.data.imaug.formula_latexocr import DIMENSIONS, LatexOCRLabelEncode, misordered, size_between
from ppocr.data.label_index import LabelIndex
from ppocr.errors import CheckpointError, DataError, Dropped
from ppocr.formats.lines import LabelLine, meant_image
from ppocr.registry import DATASETS
from ppocr.values import BatchSize, LabelTokens, Name, Size

PICKLE = b"\x80"  # first byte of one, from protocol 2 on


@dataclass(eq=False, repr=False)
class FormulaFiles:
    """The keys that a data set of formulas needs.

    Args:
        data_dir: folder of the images.
        data: the pickle that LaTeX-OCR makes of its images, ``{(width, height): [(formula, name of the image), ...]}``,
            or a label file, UTF-8, with the image's path, a tab and the formula on each line.
        max_seq_len: the most sub-words of a label, start and end included.
        rec_char_dict_path: ``tokenizer.json``, or the folder in which it lies.
    """

    data_dir: Name
    data: Name
    max_seq_len: LabelTokens
    rec_char_dict_path: Name


@DATASETS.register()
@dataclass(eq=False, repr=False)
class LaTeXOCRDataSet(StoredDataset, FormulaFiles):  # the keys of the base that stands last come first
    """Images of formulas; those that are equally large once their sides are multiples of 16 share batches.

    The label has become ``label`` and ``attention_mask``, see :class:`LatexOCRLabelEncode`, before the operators run.

    Args:
        min_dimensions, max_dimensions: width and height of the smallest and the largest image, as ``MinMaxResize`` has
            them, which brings others to these.
        batch_size_per_pair: samples of one size in a batch, times ``loader.batch_size_per_card``.
        keep_smaller_batches: whether what is left of a size makes a batch in training; in evaluation it always does.

    Raises:
        DataError: a file or a folder is missing, or the file holds something else.
        ConfigError: the cache cannot be had.
    """

    gives = ("image", "label", "attention_mask", "img_path")
    grouped = True
    label_limit = "max_seq_len"
    image_limit = "max_dimensions"

    min_dimensions: Size = DIMENSIONS["min_dimensions"]
    max_dimensions: Size = DIMENSIONS["max_dimensions"]
    batch_size_per_pair: BatchSize = 1
    keep_smaller_batches: bool = True

    def __post_init__(self):
        super().__post_init__()
        self._encode = LatexOCRLabelEncode(self.rec_char_dict_path, self.max_seq_len)
        if not os.path.isdir(self.data_dir):
            raise DataError(f"data_dir {self.data_dir!r} is not a folder; it holds the images that 'data' names")
        self._formulas = (PickledFormulas if _is_pickle(self.data) else FormulaLines)(self.data)
        size_of = (self.decode or DecodeImage()).size_of
        self.groups = _grouped(map(self._frame, self._formulas.sizes(self.data_dir, size_of)))

    @staticmethod
    def check_arguments(min_dimensions, max_dimensions, transforms, cache, cache_dir):
        """Yields sizes in the wrong order or others than those of ``MinMaxResize``, and settings of a lacking cache."""
        yield from misordered(min_dimensions, max_dimensions)
        for settings in _resizes(transforms):
            for key, own in (("min_dimensions", min_dimensions), ("max_dimensions", max_dimensions)):
                if tuple(settings.get(key, DIMENSIONS[key])) != tuple(own):
                    yield key, f"'{key}' must be that of MinMaxResize, to whose sizes images are brought"
        yield from StoredDataset.check_arguments(cache, cache_dir)

    def sample_count(self):
        """See :class:`OcrDataset`."""
        return len(self._formulas)

    def batch_size(self, batch_size_per_card):
        """See :class:`OcrDataset`."""
        return batch_size_per_card * self.batch_size_per_pair

    def load(self, index, key, rng):
        """Returns ``img_path``, ``label`` and ``image``."""
        line = self._formulas.parts(index)
        path, hint = os.path.join(self.data_dir, line.path), partial(meant_image, line.path, self.data_dir)
        image = self.lazy_image(partial(image_name, path, hint), partial(image_of, path, hint))
        return {"img_path": path, "label": line.label, "image": image, "notes": line_notes(line)}

    def process(self, data, key, rng):
        """Returns the sample; what its label became stands at the end where ``KeepKeys`` does not name it."""
        data = self._encode(dict(data))
        sample = super().process(data, key, rng)
        if isinstance(sample, dict):
            return sample
        more = [name for name in self._encode.writes if name not in sample.names]
        return Fields([*sample, *(data[name] for name in more)], (*sample.names, *more))

    def label_of(self, index, epoch=0):
        """Returns the formula; an empty text where its line holds none."""
        try:
            return self._formulas.parts(index).label
        except Dropped:
            return ""

    def describe(self, index):
        """Returns the name of the image, and where it stands."""
        return self._formulas.name(index)

    def _frame(self, size):
        """Returns width and height of an image of this size as the model reads it."""
        frame, _ = size_between(size, self.min_dimensions, self.max_dimensions)
        return tuple(side + -side % GRID for side in frame)


def _resizes(transforms):
    """Yields the settings of each ``MinMaxResize`` of a list of operators, which may be anything."""
    for item in transforms if isinstance(transforms, list) else ():
        settings = item.get("MinMaxResize", False) if isinstance(item, dict) else False
        if settings is None or isinstance(settings, dict):
            yield settings or {}


def _grouped(frames):
    """Returns for each size the indices of the images that have it."""
    groups = {}
    for index, frame in enumerate(frames):
        groups.setdefault(frame, []).append(index)
    return [np.array(group, np.int32) for group in groups.values()]


def _is_pickle(path):
    try:
        with open(path, "rb") as file:
            return file.read(1) == PICKLE
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; 'data' names a pickle of LaTeX-OCR or a label file") from error


class PickledFormulas:
    """Formulas of a pickle.

    Args:
        path: of the pickle.

    Raises:
        DataError: it holds something else.
    """

    def __init__(self, path):
        try:
            content = safe_pickle.load(path)
        except CheckpointError as error:
            raise DataError(str(error)) from None
        try:
            rows = [(_checked_size(size), _checked_row(row)) for size, rows in content.items() for row in rows]
        except (AttributeError, TypeError, ValueError) as error:
            what = "{(width, height): [(formula, name of the image), ...]}"
            raise DataError(f"{path}: the pickle does not hold {what} ({error!s:.100})") from None
        if not rows:
            raise DataError(f"{path}: the pickle holds no formula")
        self._sizes, self._rows = zip(*rows)

    def __len__(self):
        return len(self._rows)

    def sizes(self, folder, size_of):
        """Returns width and height of each image.

        Args:
            folder: of the images.
            size_of: gives width and height of the image in a file, None where there is none.
        """
        return self._sizes

    def parts(self, index):
        """Returns image and formula as a :class:`ppocr.formats.lines.LabelLine`."""
        formula, name = self._rows[index]
        return LabelLine(name, formula, [])

    def name(self, index):
        """Returns the name under which a person finds the formula."""
        return self.parts(index).path


class FormulaLines:
    """Formulas of a label file, see :class:`PickledFormulas`; a line that holds none is dropped when it is read."""

    def __init__(self, path):
        self._lines = LabelIndex([path])

    def __len__(self):
        return len(self._lines)

    def sizes(self, folder, size_of):
        """Yields width and height of each image; (1, 1) for one that cannot be read, which reading it will tell."""
        for index in range(len(self)):
            try:
                yield size_of(os.path.join(folder, self.parts(index).path)) or (1, 1)
            except Dropped:
                yield 1, 1

    def parts(self, index):
        """Returns the parts of a line; see :func:`ppocr.data.datasets.simple.line_parts`."""
        return line_parts(self._lines, index, may_set=False)

    def name(self, index):
        """Returns the name under which a person finds the formula."""
        return line_name(self._lines, index)


def _checked_size(size):
    """Returns width and height of images, for which a pickle may hold anything."""
    width, height = map(operator.index, size)
    if min(width, height) < 1:
        raise ValueError(f"a size of {width} x {height}")
    return width, height


def _checked_row(row):
    """Returns formula and name of an image; no text is made of another value, which may hold itself many times."""
    if not isinstance(row, (list, tuple)):
        raise TypeError(f"a {type(row).__name__} instead of formula and image")
    formula, name = row
    if not isinstance(formula, str) or not isinstance(name, str):
        raise TypeError(f"a {type(formula).__name__} and a {type(name).__name__} instead of two texts")
    (formula + name).encode()  # half of a surrogate pair is no text
    return formula, name
