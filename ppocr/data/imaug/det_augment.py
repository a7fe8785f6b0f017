"""Flip, rotation and scaling of detection images together with their polygons."""

from dataclasses import dataclass
from typing import Annotated, Literal, Optional, Union

from ppocr.data.imaug.det_crop import EastRandomCropData
from ppocr.data.imaug.operator import Operator
from ppocr.geometry.warps import IDENTITY, fitted, map_points, rotation, scaling, then, translation, warp
from ppocr.registry import OPERATORS, Nested, bind_arguments
from ppocr.values import Probability, Range, Rising, Zoom

Turn = Annotated[float, Range(-360, 360)]  # degrees

DEFAULT_AUGMENTERS = (
    {"type": "Fliplr", "args": {"p": 0.5}},
    {"type": "Affine", "args": {"rotate": [-10, 10]}},
    {"type": "Resize", "args": {"size": [0.5, 3]}},
)


def _span(values):
    low, high = (values, values) if isinstance(values, (int, float)) else values
    return float(low), float(high)


class Flip:
    """Mirrors with probability ``p``.

    Args:
        p: probability.
        vertical: top to bottom instead of left to right.
    """

    def __init__(self, p: Probability = 0.5, vertical: bool = False):
        self.p = p
        self.vertical = vertical

    def __call__(self, width, height, rng):
        if rng.random() >= self.p:
            return IDENTITY, width, height
        if self.vertical:
            return then(scaling(1, -1), translation(0, height)), width, height
        return then(scaling(-1, 1), translation(width, 0)), width, height


class Affine:
    """Turns about the centre.

    Args:
        rotate: degrees, or the range to draw them from.
        p: probability.
        fit_output: the image grows such that nothing is cut off; otherwise its size stays.
    """

    def __init__(
        self,
        rotate: Union[Turn, Annotated[tuple[Turn, Turn], Rising()]] = 0.0,
        p: Probability = 1.0,
        fit_output: bool = False,
    ):
        self.rotate = _span(rotate)
        self.p = p
        self.fit_output = fit_output

    def __call__(self, width, height, rng):
        if self.p < 1 and rng.random() >= self.p:
            return IDENTITY, width, height
        matrix = rotation(rng.uniform(*self.rotate), (width / 2, height / 2))
        return fitted(matrix, width, height) if self.fit_output else (matrix, width, height)


class Resize:
    """Scales both sides by the same factor.

    Args:
        size: factor, or the range to draw it from.
    """

    def __init__(self, size: Union[Zoom, Annotated[tuple[Zoom, Zoom], Rising()]] = 1.0):
        self.size = _span(size)

    def __call__(self, width, height, rng):
        factor = rng.uniform(*self.size)
        new_width, new_height = max(int(width * factor), 1), max(int(height * factor), 1)
        return scaling(new_width / width, new_height / height), new_width, new_height


def flip_upside_down(p: Probability = 0.5):
    """Returns a :class:`Flip` top to bottom."""
    return Flip(p, vertical=True)


_AUGMENTERS = {"Fliplr": Flip, "Flipud": flip_upside_down, "Affine": Affine, "Resize": Resize}


@dataclass(frozen=True)
class Augmenter:
    """An entry of ``augmenter_args``.

    Attributes:
        type: what it does.
        args: keys of that.
    """

    type: Literal["Fliplr", "Flipud", "Affine", "Resize"]
    args: Optional[dict] = None

    def build(self):
        """Returns the :class:`Flip`, :class:`Affine` or :class:`Resize`."""
        return bind_arguments(_AUGMENTERS[self.type], self.args or {}, self.type).build("augmenter_args")

    @staticmethod
    def nested_components(arguments):
        """Yields what the entry names."""
        if "type" in arguments:
            yield Nested(_AUGMENTERS[arguments["type"]], ("args",), arguments.get("args") or {})


@OPERATORS.register()
class IaaAugment(Operator):
    """Flips, turns and scales an image and its polygons, all in one warp.

    Args:
        augmenter_args: list of ``{"type": name, "args": {...}}`` with the types ``Fliplr`` and ``Flipud`` (``p``),
            ``Affine`` (``rotate``: degrees or a range; ``p``; ``fit_output``) and ``Resize`` (``size``: a factor or a
            range); by default ``Fliplr`` 0.5, ``Affine`` +-10 degrees, ``Resize`` 0.5 to 3.
    """

    reads = ("image", "polys")
    writes = ("image", "polys")
    random = True

    def __init__(self, augmenter_args: Optional[list[dict]] = None):
        entries = [bind_arguments(Augmenter, entry, "an augmenter") for entry in augmenter_args or DEFAULT_AUGMENTERS]
        self.augmenters = [entry.build("augmenter_args").build() for entry in entries]

    @staticmethod
    def nested_components(arguments):
        """Yields the entries."""
        for i, entry in enumerate(arguments.get("augmenter_args") or ()):
            yield Nested(Augmenter, ("augmenter_args", i), entry)

    def draw(self, width: int, height: int, rng):
        """Returns matrix, width and height of one random augmentation."""
        matrix = IDENTITY
        for augmenter in self.augmenters:
            step, width, height = augmenter(width, height, rng)
            matrix = then(matrix, step)
        return matrix, width, height

    def __call__(self, data, rng):
        height, width = data["image"].shape[:2]
        matrix, width, height = self.draw(width, height, rng)
        data["image"] = warp(data["image"], matrix, width, height)
        data["polys"] = map_points(data["polys"], matrix)
        return data

    def fused_with(self, following):
        """Joins an ``EastRandomCropData`` or ``RandomCrop`` that follows: only the crop is ever computed."""
        return AugmentAndCrop(self, following) if isinstance(following, EastRandomCropData) else None


class AugmentAndCrop(Operator):
    """``IaaAugment`` and a random crop in one warp.

    Args:
        augment: the first of the two.
        crop: the second.
    """

    reads = ("image", "polys", "texts", "ignore_tags")
    writes = ("image", "polys", "texts", "ignore_tags")
    random = True

    def __init__(self, augment: IaaAugment, crop: EastRandomCropData):
        self.augment = augment
        self.crop = crop

    def __call__(self, data, rng):
        image = data["image"]
        matrix, width, height = self.augment.draw(image.shape[1], image.shape[0], rng)
        data["polys"] = map_points(data["polys"], matrix)
        window = self.crop.draw(data, width, height, rng)
        data["image"] = self.crop.cut(image, matrix, window)
        return self.crop.keep_polygons(data, window)
