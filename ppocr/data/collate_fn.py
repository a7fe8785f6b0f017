"""Collate functions: how the samples of a batch become arrays."""

from itertools import zip_longest
from typing import Optional

import numpy as np

from ppocr.data.batch import IMAGE, fields_of, find_images, names_of
from ppocr.errors import DataError
from ppocr.registry import COLLATE_FNS
from ppocr.text.subword import PADDING, LatexOcrCodec
from ppocr.values import Index

FORMULA_FIELDS = ("image", "label", "attention_mask")
_FORMULA_PAPER = 1  # about the normalised white of images of formulas
_DY_MASK_AREA = 1600 * 320  # pixels of the largest padded formula image


def collate_field(values):
    """Returns one field of a batch: arrays of one shape and numbers become one array, the rest stays a list.

    Python and NumPy floats become float32, whole numbers int64; arrays keep their dtype.
    """
    first = values[0]
    if isinstance(first, np.ndarray):
        same = all(isinstance(v, np.ndarray) and v.shape == first.shape for v in values)
        return np.stack(values) if same and first.dtype != object else list(values)
    if isinstance(first, (bool, np.bool_)):
        return np.array(values)
    if all(isinstance(v, (int, np.integer)) for v in values):
        return np.array(values, dtype=np.int64)
    if all(isinstance(v, (int, float, np.number)) for v in values):
        return np.array(values, dtype=np.float32)
    return list(values)


@COLLATE_FNS.register()
class ListCollator:
    """Collates samples that are lists field by field; this is what a loader does by default.

    Returns:
        A list with one entry for each field, see :func:`collate_field`.
    """

    def __call__(self, batch):
        return [collate_field(values) for values in zip(*batch)]


@COLLATE_FNS.register()
class DictCollator:
    """Collates samples field by field into a dictionary; a loader makes a batch of it that has its keys for names.

    Samples are dictionaries with the same keys, or what ``KeepKeys`` gives.
    """

    def __call__(self, batch):
        first, *_ = batch
        return {key: collate_field([sample[key] for sample in batch]) for key in names_of(first) or first}


@COLLATE_FNS.register()
class SSLRotateCollate:
    """Joins samples that are themselves stacks: the four rotations of an image and their four labels.

    Returns:
        ``[images (4B, C, H, W), labels (4B,)]``.
    """

    def __call__(self, batch):
        return [np.concatenate(values) for values in zip(*batch)]


@COLLATE_FNS.register()
class PadCollator:
    """Pads images of different size with zeros at the right and at the bottom, so that they make one batch.

    The shape vector ``(source height, source width, ratio_h, ratio_w)`` of a padded image is replaced by that of a
    source that would fill the padded image, so that a detector's boxes keep their place in the true source.

    Args:
        image_at: position of the image, float32 ``(C, H, W)``, in a sample that has no field ``image``.
        shape_at: position of the shape vector in a sample that has no field ``image``; null if there is none.
    """

    def __init__(self, image_at: Index = 0, shape_at: Optional[Index] = 1):
        self.image_at = image_at
        self.shape_at = shape_at

    def __call__(self, batch):
        first, *_ = batch
        image_at, shape_at = self._places(names_of(first))
        fields = [list(values) for values in zip(*batch)]
        images = fields[image_at]
        size = tuple(max(image.shape[axis] for image in images) for axis in (1, 2))
        if shape_at is not None:
            shapes = fields[shape_at]
            fields[shape_at] = [_padded_source(s, image, size) for s, image in zip(shapes, images)]
        fields[image_at] = [pad_to(image, size) for image in images]
        return [collate_field(values) for values in fields]

    def _places(self, names):
        image_at = find_images(names)
        if image_at is None:
            return self.image_at, self.shape_at
        return image_at, names.index("shape") if "shape" in names else None


def pad_to(image, size):
    """Returns a ``(C, H, W)`` image with zeros added at the bottom and at the right up to ``size`` (height, width)."""
    if image.shape[1:] == size:
        return image
    padded = np.zeros((image.shape[0], *size), image.dtype)
    padded[:, : image.shape[1], : image.shape[2]] = image
    return padded


def _padded_source(shape, image, size):
    if np.shape(shape) != (4,):
        raise DataError(f"PadCollator: the shape entry must be (height, width, ratio_h, ratio_w), not {shape!r}")
    if image.shape[1:] == size:
        return shape
    shape = np.array(shape)
    shape[:2] = np.asarray(size) / shape[2:]
    return shape


@COLLATE_FNS.register()
class UniMERNetCollator:
    """Batches images of formulas and their sub-words of different sizes; what is added is white, padding and no text.

    Samples are (image ``(C, H, W)``, label, attention mask, more fields or none), or know the names of their fields; in
    use they have only what is there.

    Returns:
        The fields of the samples, in their order: images ``(B, C, H, W)``, labels and attention masks
        ``(B, T) int64``, and what there is else.
    """

    padding = PADDING

    def __call__(self, batch):
        first, *_ = batch
        names = names_of(first) or FORMULA_FIELDS[: len(first)]
        fills = {"image": _FORMULA_PAPER, "images": _FORMULA_PAPER, "label": self.padding, "attention_mask": 0}
        fields = zip_longest(names, zip(*batch))
        return [
            _padded_to_largest(values, fills[name]) if name in fills else collate_field(values)
            for name, values in fields
        ]


@COLLATE_FNS.register()
class LaTeXOCRCollator(UniMERNetCollator):
    """:class:`UniMERNetCollator` with the marks of LaTeX-OCR, for samples of ``LaTeXOCRDataSet``.

    Returns:
        ``[images (B, C, H, W), labels (B, T) int64, attention masks (B, T) int64]``.
    """

    padding = LatexOcrCodec.padding
    gives = FORMULA_FIELDS

    def __call__(self, batch):
        samples = [fields_of(sample, self.gives, inputs=()) for sample in batch]
        return super().__call__(samples)


def _padded_to_largest(arrays, fill):
    """Returns arrays as one, each filled up behind its entries to the largest size along each axis."""
    sizes = np.max([array.shape for array in arrays], axis=0)
    result = np.full((len(arrays), *sizes), fill, arrays[0].dtype)
    for place, array in zip(result, arrays):
        place[tuple(map(slice, array.shape))] = array
    return result


@COLLATE_FNS.register()
class DyMaskCollator:
    """Batches formula images and token lists of different sizes, with masks of what is real (CAN, arXiv 2207.11463).

    Returns:
        ``[images (B, C, H, W), image masks (B, 1, H, W) float32, labels (B, T) int64, label masks (B, T) int64]``.
    """

    reads = ("image", "label")
    gives = ("image", "image_mask", "label", "label_mask")

    def select(self, batch):
        """Returns the positions of the samples that fit: too large ones, once padded, would not fit in memory."""
        height, width, chosen = 0, 0, []
        for position, sample in enumerate(batch):
            (image,) = fields_of(sample, IMAGE, inputs=())
            h, w = image.shape[1:]
            if h * width <= _DY_MASK_AREA and w * height <= _DY_MASK_AREA:
                height, width = max(height, h), max(width, w)
                chosen.append(position)
        return chosen

    def __call__(self, batch):
        items = [batch[position] for position in self.select(batch)]
        images, labels = zip(*(fields_of(item, self.reads, inputs=()) for item in items))
        size = tuple(max(image.shape[axis] for image in images) for axis in (1, 2))
        length = max(len(label) for label in labels)
        masks = [pad_to(np.ones((1, *image.shape[1:]), np.float32), size) for image in images]
        tokens, real = np.zeros((2, len(items), length), np.int64)
        for row, label in enumerate(labels):
            tokens[row, : len(label)] = label
            real[row, : len(label)] = 1
        return [np.stack([pad_to(image, size) for image in images]), np.stack(masks), tokens, real]
