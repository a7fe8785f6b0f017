"""What training samples with centre lines of texts share: where an image stands, its centre lines and their borders.

Wang et al., A Single-Shot Arbitrarily-Shaped Text Detector based on Context Attended Multi-Task Learning, 2019.
"""

import math

import cv2
import numpy as np

from ppocr.data.imaug.color import adjust_brightness
from ppocr.data.imaug.db_maps import clean_polygons
from ppocr.data.imaug.east_targets import STRIDE
from ppocr.data.imaug.normalize import planes_from_table
from ppocr.data.imaug.operator import Rejected
from ppocr.data.imaug.text_ribbon import Ribbon, line_length, pixels_of, resample
from ppocr.errors import Dropped
from ppocr.geometry.warps import scaling, then, translation, warp

CENTER_HEIGHT = 0.3  # of a centre line, as a part of the text's
MOST_CUT = 0.45  # of the length, at either end
SCALES = (0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0, 1.0, 1.0, 1.0, 1.0)
PROPORTIONS = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
LEAST_FILLED = 0.5
IGNORED_WEIGHT = 0.15
CHANGE_PROBABILITY = 0.05  # of blur and of another brightness
UNFIT = "outside_of_min_and_max_text_size"


def check_text_sizes(min_text_size, max_text_size):
    """Yields sizes that leave no text; the ``check_arguments`` of operators with these keys."""
    if min_text_size >= max_text_size:
        yield "min_text_size", f"'min_text_size' {min_text_size} is not below 'max_text_size' {max_text_size}"


def sound_texts(data, image):
    """Returns the polygons of at least a pixel, whether each is ignored, and the places of these among all.

    Args:
        data: has ``polys`` and ``ignore_tags``.
        image: in whose pixels they are.

    Raises:
        Dropped: there are polygons, of which none counts.
    """
    polys, ignored, areas = clean_polygons(data, image.shape[:2])
    there = np.flatnonzero(areas >= 1)
    if len(areas) and ignored[there].all():
        raise Dropped("no_text", "no polygon of at least a pixel counts")
    return polys[there], ignored[there], there


def place(image, window, size, tables, rng, resizes: bool = True, may_be_narrow: bool = False):
    """Cuts a rectangle out of an image, changes its proportions and size, and puts it somewhere on black.

    Args:
        image: H x W x 3 ``uint8``.
        window: :class:`ppocr.data.imaug.det_crop.Window`.
        size: height and width of the result.
        tables: see :func:`ppocr.data.imaug.normalize.planes_from_table`.
        rng: draws proportions, scale, place, blur and brightness.
        resizes: fill the result, or a part of it by a random scale; otherwise only what is too large becomes smaller.
        may_be_narrow: take what fills less than half of the height or width, too.

    Returns:
        3 x height x width ``float32``, normalized, and the matrix from the image to maps of a quarter of that size.

    Raises:
        Rejected: the rectangle would fill too little.
    """
    matrix, width, height = _draw_matrix(window, np.array(size[::-1]), rng, resizes, may_be_narrow)
    cropped = _change(warp(image, matrix, width, height), rng)
    left, top = (int(rng.integers(room + 1)) for room in (size[1] - width, size[0] - height))
    planes = np.zeros((3, *size), np.float32)
    planes[:, top : top + height, left : left + width] = planes_from_table(cropped, tables)
    return planes, then(then(matrix, translation(left, top)), scaling(1 / STRIDE, 1 / STRIDE))


def _draw_matrix(window, space, rng, resizes, may_be_narrow):
    """Returns the matrix from the image to the crop, and the crop's width and height."""
    stretch = math.sqrt(rng.choice(PROPORTIONS)) ** rng.choice((-1, 1))
    sizes = np.array([window.width * stretch, window.height / stretch])
    fit = (space / sizes).min()
    scales = np.array(SCALES)[np.array(SCALES) * fit * (sizes / space).min() >= LEAST_FILLED]
    if not len(scales):
        if not may_be_narrow:
            raise Rejected("the crop would fill less than half of the height or width")
        scales = np.ones(1)
    sizes *= fit * rng.choice(scales) if resizes else min(fit, 1.0)
    sizes = np.maximum(sizes, 1).astype(int)
    scaled = scaling(sizes[0] / window.width, sizes[1] / window.height)
    return then(translation(-window.left, -window.top), scaled), *sizes.tolist()


def _change(image, rng):
    blurred, brightened = (rng.random(2) < CHANGE_PROBABILITY).tolist()
    if blurred:
        size = 2 * int(rng.integers(1, 3)) + 1
        image = cv2.GaussianBlur(image, (size, size), 0)
    return adjust_brightness(image, rng.uniform(0.9, 1.1)) if brightened else image


def center_part(ribbon: Ribbon, ends: float) -> Ribbon:
    """Returns the ribbon without its ends, at either one ``ends`` times the height there."""
    length = max(line_length(ribbon.center), 1e-6)
    head, tail = np.minimum(ribbon.end_widths() * ends / length, MOST_CUT)
    count = len(ribbon.top)
    return Ribbon(*(resample(line, count, head, 1 - tail) for line in ribbon))


def draw_borders(border, numbers, ribbon: Ribbon, number: int) -> None:
    """Draws the centre line of a text.

    Args:
        border: 5 x H x W: gets, in the centre line, the way to the upper border, y and x, to the lower border, y and x,
            and one over their distance.
        numbers: H x W: gets the number of the text there.
        ribbon: the text without its ends.
        number: of the text.
    """
    narrow = np.rint(ribbon.narrowed(CENTER_HEIGHT).boxes()).astype(np.int32)
    for box, outline in zip(ribbon.boxes(), narrow):
        ys, xs = pixels_of(outline, numbers.shape)
        pixels = np.stack([xs, ys], axis=1)
        upper, lower = borders_at(pixels, box)
        numbers[ys, xs] = number
        border[:2, ys, xs] = (upper - pixels).T[::-1]
        border[2:4, ys, xs] = (lower - pixels).T[::-1]
        border[4, ys, xs] = 1 / np.maximum(np.hypot(*(upper - lower).T), 1)


def borders_at(points, box):
    """Returns the points of a box's upper and lower edge between which each of some points lies.

    Args:
        points: M x 2.
        box: 4 x 2: the upper edge from left to right, the lower one from right to left.

    The line between both divides the edges in the same ratio t: ``cross(p - upper(t), lower(t) - upper(t)) = 0``.
    """
    start, upper_end, lower_end, lower_start = box
    upper, lower, down = upper_end - start, lower_end - lower_start, lower_start - start
    way = points - start
    a = -_cross(upper, lower - upper)
    b = _cross(way, lower - upper) - _cross(upper, down)
    c = _cross(way, down)
    root = np.sqrt(np.maximum(b * b - 4 * a * c, 0))
    # the form that stays finite where a is 0; of both roots this is the one that goes over into -c / b
    t = np.clip(2 * c / _away_from_zero(-b + np.where(b < 0, root, -root)), 0, 1)[:, None]
    return start + t * upper, lower_start + t * lower


def _cross(first, second):
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]


def _away_from_zero(values):
    return np.where(np.abs(values) < 1e-9, 1e-9, values)
