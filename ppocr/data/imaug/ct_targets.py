"""Labels and targets of the CentripetalText detector.

Sheng et al., CentripetalText: An Efficient Text Instance Representation for Scene Text Detection, 2021.
"""

from typing import Annotated

import cv2
import numpy as np

from ppocr.data.imaug.det_crop import CUT_OFF
from ppocr.data.imaug.det_label import sound_boxes
from ppocr.data.imaug.operator import Operator, note_lost_boxes
from ppocr.data.imaug.pse_targets import shrink
from ppocr.data.imaug.resize_det import check_size
from ppocr.formats.labels import BoxLabels
from ppocr.registry import OPERATORS
from ppocr.values import PyramidSide, Range

STRIDE = 32
SCALES = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
UNREADABLE = ("###", "???")
MOST_TEXTS = 255  # the maps of instances are uint8
SHIFT_UNIT = 0.1  # shifts are given in tens of pixels
SQUARE = np.ones((3, 3), np.uint8)
MARGIN = 2  # pixels around a kernel: it is eroded twice
AT_ONCE = 1 << 20  # distances that are computed together


@OPERATORS.register()
class CTLabelEncode(Operator):
    """Reads ``[{"transcription": text, "points": [[x, y], ...] or [x, y, x, y, ...]}, ...]``.

    Args:
        keep_empty: see ``DetLabelEncode``.

    Sets ``polys`` (a list of K x 2 arrays, pixels) and ``texts``.  What ``DetLabelEncode`` ignores for its coordinates
    or its outline gets the text ``###``; corners are put in order and boxes counted as there.

    Raises:
        DataError: the label is no such list, or a polygon has more than 1,000 points.
    """

    reads = ("label",)
    writes = ("polys", "texts")
    optional = ("image",)

    def __init__(self, keep_empty: bool = True):
        self.keep_empty = keep_empty

    def labels(self):
        """See :class:`ppocr.data.imaug.operator.Operator`."""
        return BoxLabels(frozenset(UNREADABLE), flat=True, keep_empty=self.keep_empty)

    def __call__(self, data):
        texts, outlines, ignored = sound_boxes(data, UNREADABLE, self.keep_empty, flat=True)
        polys = outlines.polys.astype(np.int64) if _whole(outlines.polys) else outlines.polys
        data["polys"] = [polygon[:count] for polygon, count in zip(polys, outlines.counts)]
        data["texts"] = [
            UNREADABLE[0] if lost and text not in UNREADABLE else text for text, lost in zip(texts, ignored)
        ]
        return data


def _whole(values) -> bool:
    return not (values % 1).any()


def scale_aligned(image, short_size: float) -> np.ndarray:
    """Resizes an image: the shorter side becomes ``short_size``, then each side goes up to a multiple of 32."""
    scale = short_size / min(image.shape[:2])
    height, width = (-(-int(side * scale + 0.5) // STRIDE) * STRIDE for side in image.shape[:2])
    check_size(image, height, width)
    return cv2.resize(image, (width, height))


@OPERATORS.register()
class ScaleAlignedShort(Operator):
    """Resizes an image for evaluation, see :func:`scale_aligned`.

    Args:
        short_size: the shorter side, in pixels.

    Sets ``shape``: height, width and channels before and after, six whole numbers.
    """

    reads = ("image",)
    writes = ("image", "shape")

    def __init__(self, short_size: PyramidSide = 640):
        self.short_size = short_size

    def __call__(self, data):
        before = data["image"].shape
        data["image"] = scale_aligned(data["image"], self.short_size)
        data["shape"] = np.array([*before, *data["image"].shape])
        return data


@OPERATORS.register()
class RandomScale(Operator):
    """Resizes an image to 0.7, 0.8, ... or 1.3 times ``short_size``, see :func:`scale_aligned`.

    Args:
        short_size: the shorter side, in pixels.

    Sets ``scale_factor``: by how much the width and the height have grown.
    """

    reads = ("image",)
    writes = ("image", "scale_factor")
    random = True

    def __init__(self, short_size: PyramidSide = 640):
        self.short_size = short_size

    def __call__(self, data, rng):
        height, width = data["image"].shape[:2]
        image = scale_aligned(data["image"], self.short_size * rng.choice(SCALES))
        data["image"] = image
        data["scale_factor"] = (image.shape[1] / width, image.shape[0] / height)
        return data


@OPERATORS.register()
class MakeShrink(Operator):
    """Draws texts and their kernels; ``image`` becomes a list of the image and six maps (H x W, ``uint8``).

    The maps: number of the text (from 1), training mask (0 in texts around their kernels, and in all of an unreadable
    text, ``###`` or ``???``), number of the kernel, kernels, number of the kernel on a rim just inside of it, training
    mask of the shifts (0 in unreadable texts).

    Args:
        kernel_scale: by which ratio a kernel is shrunk, see :func:`ppocr.data.imaug.pse_targets.shrink`.
    """

    reads = ("image", "polys", "texts", "scale_factor")
    writes = ("image",)

    def __init__(self, kernel_scale: Annotated[float, Range(above=0, below=1)] = 0.7):
        self.kernel_scale = kernel_scale

    def __call__(self, data):
        size = data["image"].shape[:2]
        instance, kernel_instance, inner = np.zeros((3, *size), np.uint8)
        mask, distance_mask = np.ones((2, *size), np.uint8)
        for number, (polygon, text) in enumerate(zip(data["polys"], data["texts"]), 1):
            polygon = (np.asarray(polygon) * data["scale_factor"]).astype(np.int32)
            cv2.fillPoly(mask, [polygon], 0)
            unreadable = text in UNREADABLE or number > MOST_TEXTS
            if unreadable:
                cv2.fillPoly(distance_mask, [polygon], 0)
            if number > MOST_TEXTS:
                continue
            cv2.fillPoly(instance, [polygon], number)
            part, kernel, rim = drawn_kernel(shrink(polygon, self.kernel_scale), size)
            kernel_instance[part][kernel] = number
            inner[part][rim] = number
            mask[part][kernel] = not unreadable
        kernels = (kernel_instance > 0).astype(np.uint8)
        data["image"] = [data["image"], instance, mask, kernel_instance, kernels, inner, distance_mask]
        note_lost_boxes(data, f"beyond_the_first_{MOST_TEXTS}", max(len(data["polys"]) - MOST_TEXTS, 0))
        return data


def drawn_kernel(polygon, size):
    """Returns where a kernel lies in an image of a size, as slices, with its pixels and its inner rim, ``bool``."""
    x, y, width, height = cv2.boundingRect(polygon)
    left, right = np.clip([x - MARGIN, x + width + MARGIN], 0, size[1]).tolist()
    top, bottom = np.clip([y - MARGIN, y + height + MARGIN], 0, size[0]).tolist()
    part, kernel = np.s_[top:bottom, left:right], np.zeros((bottom - top, right - left), np.uint8)
    if not kernel.size:
        return part, kernel > 0, kernel > 0
    cv2.fillPoly(kernel, [polygon], 1, offset=(-left, -top))
    once = cv2.erode(kernel, SQUARE)
    return part, kernel > 0, once > cv2.erode(once, SQUARE)


@OPERATORS.register()
class MakeCentripetalShift(Operator):
    """Gives the list of :class:`MakeShrink` back as an image and maps, with the shifts towards the kernels.

    Sets ``image`` (H x W x C), ``gt_kernel``, ``training_mask``, ``gt_instance``, ``gt_kernel_instance``,
    ``training_mask_distance`` (H x W, ``int64``) and ``gt_distance`` (2 x H x W ``float32``): the way, x and y in tens
    of pixels, from each pixel of a text outside of its kernel to the nearest one on the kernel's inner rim.  A text
    whose kernel has no rim does not count.
    """

    reads = ("image",)
    writes = (
        "image",
        "gt_kernel",
        "training_mask",
        "gt_instance",
        "gt_kernel_instance",
        "training_mask_distance",
        "gt_distance",
    )
    optional = ("texts",)

    def __call__(self, data):
        image, instance, mask, kernel_instance, kernels, inner, distance_mask = data["image"]
        mask, distance_mask = mask.copy(), distance_mask.copy()
        shifts = np.zeros((2, *instance.shape), np.float32)
        numbers = np.unique(instance[instance > 0])
        self._note_cut_off(data, numbers)
        rims, around = pixels_by_number(inner), pixels_by_number(np.where(kernel_instance == 0, instance, 0))
        for number in numbers.tolist():
            if number not in rims:
                here = instance == number
                mask[here] = 0
                distance_mask[here] = 0
                note_lost_boxes(data, "without_a_kernel", 1)
            elif number in around:
                points = around[number]
                ys, xs = points.T
                shifts[:, ys, xs] = shifts_to_nearest(points, rims[number]).T[::-1] * SHIFT_UNIT
        maps = (kernels, mask, instance, kernel_instance, distance_mask)
        data.update({key: map_.astype(np.int64) for key, map_ in zip(self.writes[1:], maps)})
        data.update(image=image, gt_distance=shifts)
        return data

    @staticmethod
    def _note_cut_off(data, numbers):
        """Compares the texts that are seen with those that were drawn."""
        readable = [text not in UNREADABLE for text in data.get("texts", ())][:MOST_TEXTS]
        seen = np.isin(np.arange(1, len(readable) + 1), numbers)
        note_lost_boxes(data, CUT_OFF, ~seen & np.array(readable, bool))


def pixels_by_number(numbers) -> dict:
    """Returns ``{number: its pixels, N x 2 as (y, x), row by row}`` of a map in which 0 means none."""
    pixels = np.argwhere(numbers)
    of_pixels = numbers[tuple(pixels.T)]
    found, starts = np.unique(np.sort(of_pixels), return_index=True)
    in_order = pixels[np.argsort(of_pixels, kind="stable")]
    return dict(zip(found.tolist(), np.split(in_order, starts[1:])))


def shifts_to_nearest(points, targets) -> np.ndarray:
    """Returns, for each of M points, the way to the nearest of N targets (whole numbers, M x 2 and N x 2)."""
    points, ends = points.astype(np.float64), targets.astype(np.float64)  # exact, and multiplied fast
    squares = (ends**2).sum(axis=1)
    rows = max(AT_ONCE // len(targets), 1)
    nearest = [
        np.argmin(squares - 2 * points[start : start + rows] @ ends.T, axis=1) for start in range(0, len(points), rows)
    ]
    return ends[np.concatenate([np.zeros(0, int), *nearest])] - points
