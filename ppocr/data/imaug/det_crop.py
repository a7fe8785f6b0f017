"""Random crops of detection images that cut no text."""

from typing import Annotated, NamedTuple, Union

import numpy as np

from ppocr.data.imaug.operator import Operator, note_lost_boxes
from ppocr.geometry.warps import IDENTITY, map_points, scaling, then, translation, warp
from ppocr.registry import OPERATORS
from ppocr.values import Fraction, Name, Probability, PyramidSide, Range, Side, Size, SomeNames

Tries = Annotated[int, Range(1, 100_000)]
CUT_OFF = "cut_off"


class Window(NamedTuple):
    """A rectangle of an image, in pixels."""

    left: int
    top: int
    width: int
    height: int


def free_stretches(lows, highs, length: int):
    """Returns where a line of ``length`` pixels is not covered by the intervals [low, high).

    Returns:
        Starts and ends (exclusive) of the free stretches, in order.
    """
    order = np.argsort(lows, kind="stable")
    starts = np.append(np.clip(lows[order], 0, length), length)
    covered = np.maximum.accumulate(np.append(0, np.clip(highs[order], 0, length)))
    free = starts > covered
    return covered[free], starts[free]


def draw_edges(starts, ends, tries: int, rng):
    """Draws pairs of cutting places in free stretches.

    With up to two stretches each place is any free pixel.  With more, each place is in any stretch but the last, all
    stretches being as likely: as PaddleOCR has it.

    Returns:
        The smaller and the larger place of each of ``tries`` pairs.
    """
    lengths = ends - starts
    if len(starts) > 2:
        chosen = rng.integers(len(starts) - 1, size=(tries, 2))
        places = starts[chosen] + (rng.random((tries, 2)) * lengths[chosen]).astype(np.int64)
    else:
        places = rng.integers(lengths.sum(), size=(tries, 2))
        places += np.where(places < lengths[0], starts[0], starts[-1] - lengths[0])
    return places.min(axis=1), places.max(axis=1)


def draw_free_edges(lows, highs, length: int, tries: int, rng):
    """Draws pairs of cutting places on a line of ``length`` pixels, all free pixels being as likely.

    What is cut off beyond an end, up to a tenth of the length, counts as a cut at the end (Zhou et al., EAST, 2017).

    Returns:
        The smaller and the larger place of each of ``tries`` pairs; the ends where no pixel is free.
    """
    margin = length // 10
    starts, ends = free_stretches(lows + margin, highs + margin, length + 2 * margin)
    if not len(starts):
        return np.zeros(tries, int), np.full(tries, length)
    free = np.concatenate([np.arange(start, end) for start, end in zip(starts, ends)])
    places = np.clip(rng.choice(free, (tries, 2)) - margin, 0, length)
    return places.min(axis=1), places.max(axis=1)


def draw_free_windows(polys, width: int, height: int, tries: int, rng) -> list:
    """Draws ``tries`` rectangles whose edges run between the polygons (N x K x 2), see :func:`draw_free_edges`."""
    corners = np.rint(polys).astype(np.int64)
    lows, highs = corners.min(axis=1), corners.max(axis=1)
    left, right = draw_free_edges(lows[:, 0], highs[:, 0], width, tries, rng)
    top, bottom = draw_free_edges(lows[:, 1], highs[:, 1], height, tries, rng)
    return [Window(*map(int, edges)) for edges in zip(left, top, right - left, bottom - top)]


def draw_window(polys, width: int, height: int, min_side_ratio: float, max_tries: int, rng) -> Window:
    """Draws a rectangle that cuts none of the polygons and holds at least one; all of the image if none is found.

    Args:
        polys: N x K x 2.
        min_side_ratio: least width and height, as parts of the image's.
        max_tries: how many rectangles are drawn.
    """
    everything = Window(0, 0, width, height)
    if not len(polys):
        return everything
    corners = np.rint(polys).astype(np.int64)
    lows, highs = corners.min(axis=1), corners.max(axis=1)
    x_stretches = free_stretches(lows[:, 0], highs[:, 0], width)
    y_stretches = free_stretches(lows[:, 1], highs[:, 1], height)
    if not len(x_stretches[0]) or not len(y_stretches[0]):
        return everything
    left, right = draw_edges(*x_stretches, max_tries, rng)
    top, bottom = draw_edges(*y_stretches, max_tries, rng)
    large = (right - left >= max(min_side_ratio * width, 1)) & (bottom - top >= max(min_side_ratio * height, 1))
    low, high = polys.min(axis=1), polys.max(axis=1)
    for i in np.flatnonzero(large):
        window = Window(int(left[i]), int(top[i]), int(right[i] - left[i]), int(bottom[i] - top[i]))
        if touching(low, high, window).any():
            return window
    return everything


def contained(low, high, window: Window) -> np.ndarray:
    """Tells which boxes, given by their least and largest x and y (N x 2 each), are wholly in the window."""
    start = np.array([window.left, window.top])
    return ((low >= start) & (high <= start + (window.width, window.height))).all(axis=1)


def whole_within(window, polys, ignored, data) -> np.ndarray:
    """Returns which polygons (N x K x 2) are wholly in a window, and notes in ``data`` how many that count are not."""
    inside = contained(polys.min(axis=1), polys.max(axis=1), window)
    note_lost_boxes(data, CUT_OFF, ~inside & ~ignored)
    return inside


def touching(low, high, window: Window) -> np.ndarray:
    """Tells which boxes, given by their least and largest x and y (N x 2 each), are not outside of the window."""
    start = np.array([window.left, window.top])
    end = start + (window.width, window.height)
    return ((high >= start) & (low <= end)).all(axis=1)


def keep_texts(data, keep):
    """Drops the texts and ignore tags of polygons that are not kept (N ``bool``)."""
    ignored = np.asarray(data["ignore_tags"], bool)
    note_lost_boxes(data, CUT_OFF, ~keep & ~ignored)
    data["ignore_tags"] = ignored[keep]
    data["texts"] = [text for text, kept in zip(data["texts"], keep) if kept]
    return data


@OPERATORS.register()
class EastRandomCropData(Operator):
    """Crops a random rectangle between the texts and brings it to a fixed size.

    The rectangle's edges run where no text is that counts (Zhou et al., EAST, 2017).  Polygons outside of it go.

    Args:
        size: (width, height) of the result.
        max_tries: how many rectangles are drawn; if none holds a text, the whole image is taken.
        min_crop_side_ratio: least width and height of the rectangle, as parts of the image's.
        keep_ratio: keep the proportions and fill with zeros to the right and below; otherwise the image is stretched,
            but the polygons still keep theirs, as PaddleOCR has it: leave it true.
    """

    reads = ("image", "polys", "texts", "ignore_tags")
    writes = ("image", "polys", "texts", "ignore_tags")
    random = True

    def __init__(
        self,
        size: tuple[PyramidSide, PyramidSide] = (640, 640),
        max_tries: Tries = 10,
        min_crop_side_ratio: Fraction = 0.1,
        keep_ratio: bool = True,
    ):
        self.width, self.height = size
        self.max_tries = max_tries
        self.min_crop_side_ratio = min_crop_side_ratio
        self.keep_ratio = keep_ratio

    def draw(self, data, width: int, height: int, rng) -> Window:
        """Draws the rectangle for an image of that size with the sample's polygons."""
        counted = data["polys"][~np.asarray(data["ignore_tags"], bool)]
        return draw_window(counted, width, height, self.min_crop_side_ratio, self.max_tries, rng)

    def _fit(self, window, keep_ratio):
        """Returns matrix, width and height of the filled part of the result."""
        width, height = self.width, self.height
        if keep_ratio:
            scale = min(width / window.width, height / window.height)
            width, height = max(int(window.width * scale), 1), max(int(window.height * scale), 1)
        to_origin = translation(-window.left, -window.top)
        return then(to_origin, scaling(width / window.width, height / window.height)), width, height

    def cut(self, image, matrix, window: Window) -> np.ndarray:
        """Returns the rectangle of an image that ``matrix`` has mapped, at the fixed size."""
        fit, width, height = self._fit(window, self.keep_ratio)
        matrix = then(matrix, fit)
        if (width, height) == (self.width, self.height):
            return warp(image, matrix, width, height)
        canvas = np.empty((self.height, self.width, *image.shape[2:]), image.dtype)
        canvas[height:] = 0
        canvas[:height, width:] = 0
        warp(image, matrix, width, height, out=canvas[:height, :width])
        return canvas

    def keep_polygons(self, data, window: Window):
        """Drops the polygons outside of the rectangle and maps the others into the result."""
        polys = data["polys"]
        inside = touching(polys.min(axis=1), polys.max(axis=1), window)
        data["polys"] = map_points(polys[inside], self._fit(window, keep_ratio=True)[0])
        return keep_texts(data, inside)

    def __call__(self, data, rng):
        image = data["image"]
        data["polys"] = np.asarray(data["polys"], np.float32)
        window = self.draw(data, image.shape[1], image.shape[0], rng)
        data["image"] = self.cut(image, IDENTITY, window)
        return self.keep_polygons(data, window)


@OPERATORS.register()
class RandomCrop(EastRandomCropData):
    """Crops a random stretch that cuts no text, not even one to be ignored, and brings it to a fixed size.

    Unlike in ``EastRandomCropData`` a crop is as wide as the image or as high, and begins and ends anywhere outside
    of the polygons' boxes.

    Args:
        size, max_tries, min_crop_side_ratio, keep_ratio: see there.
    """

    def draw(self, data, width, height, rng):
        polys = data["polys"]
        everything = Window(0, 0, width, height)
        if not len(polys):
            return everything
        axes = rng.integers(2, size=self.max_tries)
        whole = np.array([width, height])[axes]
        lengths = rng.integers(np.clip(self.min_crop_side_ratio * whole, 1, whole).astype(int), whole + 1)
        starts = rng.integers(whole - lengths + 1)
        low, high = polys.min(axis=1), polys.max(axis=1)
        for axis, start, length in zip(axes.tolist(), starts.tolist(), lengths.tolist()):
            window = Window(0, start, width, length) if axis else Window(start, 0, length, height)
            inside = contained(low, high, window)
            if inside.any() and np.array_equal(inside, touching(low, high, window)):
                return window
        return everything


def draw_corner(text_map, size, p: float, rng):
    """Draws the top and the left of a rectangle of ``size`` (height, width), or of what of it fits into the map.

    With probability ``1 - p`` it starts between the ends of the text, if the map (H x W) shows any.
    """
    last = np.maximum(np.array(text_map.shape) - size, 0)
    ys, xs = (np.flatnonzero(np.any(text_map, axis=axis)) for axis in (1, 0))
    if not len(ys) or rng.random() < p:
        return tuple(rng.integers(last + 1).tolist())
    low = np.clip(np.array([ys[0], xs[0]]) - size, 0, last)
    high = np.clip(np.array([ys[-1], xs[-1]]) - size, 0, last)
    return tuple(rng.integers(low, high + 1).tolist())


@OPERATORS.register()
class RandomCropImgMask(Operator):
    """Crops the same random rectangle out of an image and of its maps.

    Args:
        size: (height, width) of the rectangle, or one number for both.
        main_key: the map that says where text is: with probability ``1 - p`` the rectangle is drawn so that it starts
            between the ends of the text, if there is any.
        crop_keys: what is cropped; H x W, H x W x C or N x H x W each.
        p: probability of a rectangle anywhere.
    """

    optional = ("polys", "ignore_tags")
    random = True

    def __init__(self, size: Union[Side, Size], main_key: Name, crop_keys: SomeNames, p: Probability = 3 / 8):
        self.height, self.width = (size, size) if isinstance(size, int) else size
        self.main_key = main_key
        self.crop_keys = list(crop_keys)
        self.reads = tuple(dict.fromkeys(("image", main_key, *crop_keys)))
        self.writes = tuple(crop_keys)
        self.p = p

    def __call__(self, data, rng):
        height, width = data["image"].shape[:2]
        crop_height, crop_width = min(height, self.height), min(width, self.width)
        if (crop_height, crop_width) == (height, width):
            return data
        top, left = draw_corner(data[self.main_key], (self.height, self.width), self.p, rng)
        self._note_lost(data, Window(left, top, crop_width, crop_height))
        for key in self.crop_keys:
            layers = () if data[key].shape[:2] == (height, width) else (slice(None),)
            data[key] = data[key][(*layers, slice(top, top + crop_height), slice(left, left + crop_width))]
        return data

    @staticmethod
    def _note_lost(data, window):
        if len(data.get("polys", ())):
            polys, ignored = np.asarray(data["polys"]), np.asarray(data["ignore_tags"], bool)
            seen = touching(polys.min(axis=1), polys.max(axis=1), window)
            note_lost_boxes(data, CUT_OFF, ~seen & ~ignored)
