"""Which values a key takes: annotations that say it, and the fitting of a value to one.

A parameter states its range where it stands, ``beta1: Annotated[float, Range(0, below=1)]``, or by one of the names
below, ``p: Probability``.  Lists state what they hold, ``list[Positive]``, and how much of it,
``Annotated[list[Positive], Length(3)]``; a list whose positions differ is a tuple, ``tuple[Channels, Side, Side]``.
"""

import difflib
import math
import numbers
import typing
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional, Union

from ppocr.errors import ConfigError

_LONGEST = 80  # characters of a value in a message


@dataclass(frozen=True)
class Range:
    """The numbers that fit.

    Attributes:
        least, most: bounds that belong to the range.
        above, below: bounds that do not.
        step: distance between the numbers that fit, counted from ``least``.
    """

    least: Optional[float] = None
    most: Optional[float] = None
    above: Optional[float] = None
    below: Optional[float] = None
    step: Optional[int] = None

    def fits(self, value) -> bool:
        """Tells whether a number, which is finite, lies in the range."""
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
            and (self.step is None or (value - self.least) % self.step == 0)
        )

    def __str__(self):
        if self.least is not None and self.most is not None:
            words = [(f"from {_plain(self.least)} to {{}}", self.most)]
        else:
            words = [
                ("from {}", self.least),
                ("above {}", self.above),
                ("up to {}", self.most),
                ("below {}", self.below),
            ]
        words.append(("in steps of {}", self.step))
        return ", ".join(text.format(_plain(bound)) for text, bound in words if bound is not None)


@dataclass(frozen=True)
class Length:
    """How many values a list or a mapping holds, or how many characters a text has.

    Attributes:
        least, most: bounds that belong to the range; without ``most`` there is no upper one.
    """

    least: int = 0
    most: Optional[int] = None

    def fits(self, value) -> bool:
        """Tells whether a container or a text is long enough and not too long."""
        return self.least <= len(value) and (self.most is None or len(value) <= self.most)

    def __str__(self):
        if self.most is None:
            return "that is not empty" if self.least == 1 else f"of at least {self.least}"
        return f"of {self.least}" if self.least == self.most else f"of {self.least} to {self.most}"


@dataclass(frozen=True)
class Distinct:
    """Values of a list that are all different."""

    def fits(self, value) -> bool:
        """Tells whether no value occurs twice."""
        return len({str(one) for one in value}) == len(value)

    def __str__(self):
        return "without repetition"


@dataclass(frozen=True)
class Rising:
    """Numbers of a list none of which is below the one before it, such as ``[least, most]``."""

    def fits(self, value) -> bool:
        """Tells whether the numbers never fall."""
        return all(first <= second for first, second in zip(value, value[1:]))

    def __str__(self):
        return "in rising order"


# Numbers
Probability = Annotated[float, Range(0, 1)]
Fraction = Annotated[float, Range(above=0, most=1)]  # a share that is not nothing
Positive = Annotated[float, Range(above=0, most=1e9)]
NonNegative = Annotated[float, Range(0, 1e9)]
Decay = Annotated[float, Range(0, below=1)]  # of a moving average: how much of it stays
Dropout = Annotated[float, Range(0, below=1)]
Penalty = Annotated[float, Range(0, 100)]  # weight decay
Rate = Annotated[float, Range(0, 1_000)]  # of learning
Weight = Annotated[float, Range(0, 1e6)]  # of a term in a sum
Epsilon = Annotated[float, Range(above=0, most=1)]  # keeps divisions finite
Angle = Annotated[float, Range(0, 360)]  # in degrees
Count = Annotated[int, Range(1, 1_000_000_000)]
Index = Annotated[int, Range(0, 1_000_000_000)]  # also a number of things that may be none
BatchSize = Annotated[int, Range(1, 65_536)]
Gigabytes = Annotated[float, Range(above=0, most=1_000_000)]
# Layers
Width = Annotated[int, Range(1, 16_384)]  # channels, features
Depth = Annotated[int, Range(1, 100)]  # layers in a row
Maps = tuple[Width, Width, Width, Width]  # channels at 1/4, 1/8, 1/16 and 1/32 of the image
Heads = Annotated[int, Range(1, 64)]  # of attention
BoxNumbers = Annotated[int, Range(4, 8, step=4)]  # numbers of a box: two corners, or four
Kernel = Annotated[int, Range(1, 31, step=2)]  # odd, so that a convolution can keep the size
Stride = Annotated[int, Range(1, 4)]
Pool = Annotated[int, Range(1, 16)]
Scale = Annotated[float, Range(0.1, 4)]  # factor of the published numbers of channels
Share = Annotated[float, Range(0, 100)]  # factor of the learning rate
Ratio = Annotated[float, Range(0.25, 16)]  # hidden width to that of the layer
Classes = Annotated[int, Range(1, 1_000_000)]
# Images, in pixels
Channels = Annotated[int, Range(1, 4)]
Side = Annotated[int, Range(1, 10_000)]
Pixels = Annotated[int, Range(0, 10_000)]
Size = tuple[Side, Side]
LineSide = Annotated[int, Range(8, 10_000)]  # of a text line
LineShape = tuple[Channels, LineSide, LineSide]
MapSide = Annotated[int, Range(8, 10_000, step=4)]  # of an image whose maps are a quarter of its size
PyramidSide = Annotated[int, Range(32, 10_000, step=32)]  # that can be halved five times
Colour = Annotated[float, Range(0, 255)]
Zoom = Annotated[float, Range(0.01, 100)]  # factor of the size
Mean = Annotated[float, Range(-1_000, 1_000)]  # that pixel values are moved by
Spread = Annotated[float, Range(1e-6, 1_000)]  # that they are divided by
# Texts
Name = Annotated[str, Length(1)]
Names = list[Name]
SomeNames = Annotated[Names, Length(1)]
Files = SomeNames
Labels = Annotated[list[Union[Name, Index]], Length(1), Distinct()]
TextLength = Annotated[int, Range(1, 1_000)]
Tokens = Annotated[int, Range(1, 100_000)]  # sub-words
LabelTokens = Annotated[int, Range(2, 100_000)]  # sub-words of a label, start and end included
ReadingSet = Literal["totaltext", "partvgg"]  # on which pages are read from end to end: with curved texts, or straight


class Misfit(ConfigError):
    """A value that does not fit.

    Attributes:
        path: keys and positions that lead from the value to what does not fit inside it.
    """

    def __init__(self, message, path=()):
        super().__init__(message)
        self.path = tuple(path)


def did_you_mean(word, known):
    """Returns ``" (did you mean 'x'?)"`` for the nearest of ``known``, or an empty string."""
    near = difflib.get_close_matches(str(word), [str(k) for k in known], n=1, cutoff=0.6)
    return f" (did you mean '{near[0]}'?)" if near else ""


def shown(value) -> str:
    """Returns a value as a message quotes it, cut if it is long."""
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def coerce(value, hint):
    """Returns ``value`` as the annotation ``hint`` wants it: whole floats become int, ``"1e-6"`` becomes float.

    Raises:
        Misfit: the value does not fit.
    """
    kind, limits = split(hint)
    origin = typing.get_origin(kind) or kind
    if origin is Union:
        return _coerce_union(value, kind)
    if origin is Literal:
        return _coerce_literal(value, typing.get_args(kind))
    if origin in _CONTAINERS:
        fitted = _coerce_container(value, kind, origin, hint)
    elif origin in _SCALARS:
        fitted = _coerce_scalar(value, origin, hint)
    else:
        fitted = value
    if not all(limit.fits(fitted) for limit in limits):
        raise _misfit(value, hint)
    return fitted


def accepts_none(hint) -> bool:
    """Tells whether None fits an annotation; no annotation takes anything."""
    return hint in (None, Any, type(None)) or type(None) in typing.get_args(hint)


def split(hint) -> tuple:
    """Returns the type of an annotation and its limits (:class:`Range` and the like)."""
    if typing.get_origin(hint) is not Annotated:
        return hint, ()
    kind, *limits = typing.get_args(hint)
    return kind, tuple(limit for limit in limits if hasattr(limit, "fits"))


def describe(hint) -> str:
    """Returns an annotation in words, such as ``a whole number from 1 to 10``."""
    kind, limits = split(hint)
    origin = typing.get_origin(kind) or kind
    if origin is Union:
        return " or ".join(describe(option) for option in typing.get_args(kind) if option is not type(None))
    if origin is Literal:
        options = typing.get_args(kind)
        return f"one of {', '.join(map(str, options))}" if len(options) > 1 else str(options[0])
    words = " ".join([_WORDS.get(origin, "a value"), *map(str, limits)])
    items = typing.get_args(kind)
    if origin is tuple and items:
        return " ".join([f"a list of {len(items)}", *map(str, limits)])
    return (
        f"{words}, each {describe(items[0])}" if origin is list and items and split(items[0])[0] is not Any else words
    )


_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    tuple: "a list",
    dict: "a mapping",
}
_SCALARS = (bool, int, float, str)
_CONTAINERS = {list: (list, tuple), tuple: (list, tuple), dict: (dict,)}


def _misfit(value, hint):
    return Misfit(f"must be {describe(hint)}, not {shown(value)}")


def _coerce_union(value, union):
    options = typing.get_args(union)
    if value is None and type(None) in options:
        return None
    errors = []
    for option in options:
        if option is type(None):
            continue
        try:
            return coerce(value, option)
        except Misfit as error:
            errors.append(error.with_traceback(None))  # which would keep all callers' variables alive with it
    inside = [error for error in errors if error.path]  # it is of that kind, but for a value in it
    raise errors[0] if len(errors) == 1 else inside[0] if inside else _misfit(value, union)


def _coerce_literal(value, options):
    for option in options:
        if value == option and isinstance(value, bool) == isinstance(option, bool):
            return option
    known = ", ".join(map(str, options))
    raise Misfit(f"must be one of {known}, not {shown(value)}{did_you_mean(value, options)}")


def _coerce_container(value, kind, origin, hint):
    """Returns a list, tuple or mapping with each value in it fitted; what holds nothing special stays as it is."""
    items = typing.get_args(kind)
    if not isinstance(value, _CONTAINERS[origin]) or (origin is tuple and items and len(items) != len(value)):
        raise _misfit(value, hint)
    if not items:
        return value
    if origin is dict:
        return {key: _coerce_inside(inner, items[1], key) for key, inner in value.items()}
    hints = items if origin is tuple else items * len(value)
    return type(value)(_coerce_inside(inner, one, i) for i, (inner, one) in enumerate(zip(value, hints)))


def _coerce_inside(value, hint, position):
    try:
        return coerce(value, hint)
    except Misfit as error:
        raise Misfit(str(error), (position, *error.path)) from None


def _coerce_scalar(value, kind, hint):
    if kind in (bool, str):
        if isinstance(value, kind):
            return value
    elif kind is int and isinstance(value, numbers.Real) and not isinstance(value, bool):
        if isinstance(value, numbers.Integral) or float(value).is_integer():
            return int(value)
    elif kind is float and isinstance(value, (numbers.Real, str)) and not isinstance(value, bool):
        number = _number(value)
        if math.isfinite(number):
            return number if isinstance(value, str) else value
    raise _misfit(value, hint)


def _number(value) -> float:
    """Returns a value as a float; NaN where it is none."""
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _plain(number) -> str:
    """Returns a bound as people write it: 1,000,000 and 0.5."""
    return f"{int(number):,}" if float(number).is_integer() and abs(number) < 1e15 else f"{number:g}"
