"""Labels of text detection: polygons, texts and which of them to ignore."""

from collections import Counter

import numpy as np

from ppocr.data.imaug.operator import Operator, note, note_read_boxes
from ppocr.errors import Dropped
from ppocr.formats.boxes import IGNORED_FAULTS, IGNORED_TEXTS, outside, read_boxes, sound_outlines
from ppocr.formats.labels import BoxLabels
from ppocr.registry import OPERATORS

OUTSIDE, MOSTLY_OUTSIDE = "outside_of_the_image", "mostly_outside_of_the_image"


def sound_boxes(data, ignored_texts, keep_empty: bool, flat: bool = False):
    """Reads the label of a sample, and notes how many of the boxes that should count cannot.

    Args:
        data: the sample; with an image in it (H x W x C), boxes are compared with its size.
        ignored_texts: texts of boxes that are not to count.
        keep_empty: whether an empty list is a label.
        flat: see :func:`ppocr.formats.boxes.read_boxes`.

    Returns:
        The texts, :class:`ppocr.formats.boxes.Outlines`, and bool per box: whether it is to be ignored.

    Raises:
        DataError: the label is no such list.
        Dropped: it is an empty one (``no_text``), and these are not kept.
    """
    boxes = read_boxes(data["label"], flat)
    if not boxes.texts and not keep_empty:
        raise Dropped("no_text", "the label is an empty list", expected=True)
    outlines = sound_outlines(boxes.polys, boxes.counts)
    ignored = np.array([text in ignored_texts for text in boxes.texts], bool)
    faults, size = outlines.faults, _image_size(data)
    if size is not None:
        sound = faults == ""
        for beyond, fault in zip(outside(outlines, *size), (OUTSIDE, MOSTLY_OUTSIDE)):
            faults = np.where(beyond & sound, fault, faults)
    note_read_boxes(data, ~ignored)
    if any(faults):
        for fault, count in Counter(faults[~ignored & (faults != "")]).items():
            note(data, f"boxes_{fault}", f"{count} of {len(faults)}", count)
        ignored |= np.isin(faults, IGNORED_FAULTS)
    return boxes.texts, outlines, ignored


def _image_size(data):
    """Returns width and height of the sample's image; None before it is decoded."""
    image = data.get("image")
    if isinstance(image, np.ndarray) and image.ndim == 3 and image.shape[2] in (1, 3):
        return image.shape[1::-1]
    return None


@OPERATORS.register()
class DetLabelEncode(Operator):
    """Reads ``[{"transcription": text, "points": [[x, y], ...]}, ...]``.

    Args:
        keep_empty: an empty list is the label of an image without text, which trains and is judged like any other;
            false leaves such images out.

    Sets ``polys`` (N x K x 2 ``float32``, pixels), ``texts`` and ``ignore_tags`` (N ``bool``: the texts ``*`` and
    ``###``; polygons with a coordinate that is not finite or beyond 100,000, which become a point; polygons of more
    than four points that cross themselves, which become their convex hull).  Four corners whose sides cross are put in
    order.  Boxes that can teach nothing are counted; if the image is decoded already, those outside of it as well,
    wholly or for the most part.

    Raises:
        DataError: the label is no such list, or a polygon has more than 1,000 points.
    """

    reads = ("label",)
    writes = ("polys", "texts", "ignore_tags")
    optional = ("image",)

    def __init__(self, keep_empty: bool = True):
        self.keep_empty = keep_empty

    def labels(self):
        """See :class:`ppocr.data.imaug.operator.Operator`."""
        return BoxLabels(frozenset(IGNORED_TEXTS), keep_empty=self.keep_empty)

    def __call__(self, data):
        texts, outlines, ignored = sound_boxes(data, IGNORED_TEXTS, self.keep_empty)
        data.update(polys=outlines.polys.astype(np.float32), texts=texts, ignore_tags=ignored)
        return data
