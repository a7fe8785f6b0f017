"""Curves and histograms as inline SVG; colours and type come from the page's style sheet."""

import json
import math
from typing import NamedTuple

import numpy as np

from ppocr.drawing.html import Html, number, tag

WIDTH, HEIGHT = 460, 230
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 12, 26
_MOST_POINTS = 400  # of a curve; more cannot be told apart
_MOST_DOTS = 60
_LOGARITHMIC_FROM = 50  # largest to smallest value
_MOST_BARS = 40
_COLOURS, _DASHES = 6, 3


class Line(NamedTuple):
    """A curve.

    Attributes:
        label: its name.
        points: ``{step: value}``.
        dots: whether each point is marked.
        hours: ``{step: hours of work until then}`` of its run, for the other horizontal axis; empty where not known.
    """

    label: str
    points: dict
    dots: bool = False
    hours: dict = {}  # noqa: RUF012 (never changed)


class Axis:
    """Takes values to pixels, linearly or logarithmically, and knows round values to label.

    Args:
        low, high: least and largest value; equal ones get some room.
        start, end: pixels.
        logarithmic: needs values above 0.
    """

    def __init__(self, low, high, start, end, logarithmic=False):
        if low == high:
            low, high = (low / 2, high * 2) if logarithmic else (low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2)
        self._function = math.log10 if logarithmic else float
        self._low, self._high = self._function(low), self._function(high)
        self._start, self._end = start, end
        self.ticks = log_ticks(low, high) if logarithmic else round_ticks(low, high)

    def __call__(self, value) -> float:
        share = (self._function(value) - self._low) / (self._high - self._low)
        return round(self._start + share * (self._end - self._start), 1)


def round_ticks(low: float, high: float, most: int = 5) -> list:
    """Returns up to ``most`` + 1 multiples of 1, 2 or 5 times a power of ten between two values."""
    step = _round_step(low, high, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def round_limits(low: float, high: float) -> tuple:
    """Returns the nearest values to label below and above two values; the values themselves where they are equal."""
    if low == high:
        return low, high
    for _ in range(2):  # the wider range may ask for a larger step, once
        step = _round_step(low, high, most=5)
        low, high = step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9)
    return float(f"{low:.12g}"), float(f"{high:.12g}")


def _round_step(low, high, most):
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def log_ticks(low: float, high: float) -> list:
    """Returns up to ten powers of ten between two values; with fewer than three, 2 and 5 times them as well."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    tens = [10.0**power for power in powers if low <= 10.0**power <= high]
    if len(tens) > 2:
        return tens[:: -(-len(tens) // 10)]
    return [factor * 10.0**power for power in powers for factor in (1, 2, 5) if low <= factor * 10.0**power <= high]


def thinned(points: dict, most: int = _MOST_POINTS) -> list:
    """Returns at most ``most`` ``(step, value)`` pairs: of each stretch the least and the largest, to keep peaks."""
    pairs = list(points.items())
    if len(pairs) <= most:
        return pairs
    kept = []
    for stretch in np.array_split(np.arange(len(pairs)), most // 2):
        values = [pairs[i][1] for i in stretch]
        kept += sorted({stretch[int(np.argmin(values))], stretch[int(np.argmax(values))]})
    return [pairs[i] for i in kept]


def line_chart(title: str, lines: list, last_step: float, limits=None, marks=None, over="step") -> Html:
    """Returns a figure with curves over the steps of a run, a legend, and what the last values are.

    The figure holds its numbers, so that the page's script can draw it anew: over hours, a part of it, smoothed.

    Args:
        title: heading.
        lines: list of :class:`Line`, none of them empty.
        last_step: where the horizontal axis ends; it begins at 0.  With a float, also ticks between whole numbers
            are labelled.
        limits: (least, largest) value of the vertical axis; by default that of the curves.
        marks: ``{step: words}`` of upright lines.
        over: what the horizontal axis counts.
    """
    values = [value for line in lines for value in line.points.values()]
    low, high = limits or (min(values), max(values))
    logarithmic = limits is None and low > 0 and high / low > _LOGARITHMIC_FROM
    x = Axis(0, max(last_step, 1), LEFT, WIDTH - RIGHT)
    words_of_ticks = number if isinstance(last_step, float) else _whole
    y = Axis(*((low, high) if logarithmic else round_limits(low, high)), HEIGHT - BOTTOM, TOP, logarithmic)
    looks = [f"colour-{i % _COLOURS} dash-{i // _COLOURS % _DASHES}" for i in range(len(lines))]
    drawn = [_curve(line, x, y, look, over) for line, look in zip(lines, looks)]
    legend = [
        tag("li", line.label, " ", tag("b", number(_last(line.points))), class_=look)
        for line, look in zip(lines, looks)
    ]
    scale = tag("small", " logarithmic", class_="faint") if logarithmic else None
    caption = tag("figcaption", tag("h3", title, scale), tag("ul", legend, class_="legend"))
    words = ", ".join(f"{line.label} ends at {number(_last(line.points))}" for line in lines)
    chart = _svg(f"{title} over the {over}s: {words}", _grid(x, y, words_of_ticks), _marks(marks or {}, x), drawn)
    data = {"lines": [_numbers(line) for line in lines], "last": last_step, "limits": limits, "log": logarithmic}
    return tag("figure", caption, chart, class_="chart", data_chart=json.dumps(data, separators=(",", ":")))


def _numbers(line):
    """The numbers of a curve for the page's script: ``[[step, value, hours or null], ...]``."""
    points = [[step, float(f"{value:.6g}"), _rounded(line.hours.get(step))] for step, value in thinned(line.points)]
    return {"dots": line.dots, "points": points}


def _whole(tick):
    """What an axis of counts says at a tick: nothing between whole numbers."""
    return short_count(int(tick)) if tick == int(tick) else ""


def _rounded(hours):
    return None if hours is None else round(hours, 4)


def _marks(marks, x):
    ends = {"y1": TOP, "y2": HEIGHT - BOTTOM}
    lines = [tag("line", tag("title", words), x1=x(at), x2=x(at), data_step=at, **ends) for at, words in marks.items()]
    return tag("g", lines, class_="marked")


def _last(points):
    return points[max(points)]


def _curve(line, x, y, look, over):
    """A curve; where it has few points each is marked and says its value."""
    pairs = thinned(line.points)
    path = " ".join(f"{x(step)},{y(value)}" for step, value in pairs)
    parts = [tag("polyline", points=path)] if len(pairs) > 1 else []
    if len(pairs) == 1 or line.dots and len(pairs) <= _MOST_DOTS:
        parts += [
            tag("circle", tag("title", f"{over} {number(step)}: {number(value)}"), cx=x(step), cy=y(value), r=3)
            for step, value in pairs
        ]
    return tag("g", parts, class_=f"curve {look}")


def _grid(x, y, words_of_ticks):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for tick in y.ticks:
        at = y(tick)
        parts.append(tag("line", x1=LEFT, x2=right, y1=at, y2=at))
        parts.append(tag("text", number(tick), x=LEFT - 7, y=at + 4, text_anchor="end"))
    for tick in x.ticks:
        parts.append(tag("text", words_of_ticks(tick), x=x(tick), y=bottom + 18, text_anchor="middle"))
    return tag("g", parts, class_="grid")


def short_count(count: int) -> str:
    """Returns a count for the axis: ``500``, ``12k``, ``1.5M``."""
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if abs(count) >= 10 * size or (abs(count) >= size and count % (size // 10) == 0):
            return f"{count / size:g}{letter}"
    return str(count)


def _svg(label, *children):
    return tag("svg", *children, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=label)


class Bin(NamedTuple):
    """Values from ``low`` to ``high`` (not included, unless the bin is a single whole number)."""

    low: float
    high: float
    count: int

    def __str__(self):
        return number(self.low) if self.low == self.high else f"{number(self.low)} to {number(self.high)}"


def bins(values) -> list:
    """Returns the :class:`Bin` list of a histogram: one for each whole number where these are few, else equal ones."""
    values = np.asarray(values, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    if (values == np.round(values)).all() and high - low < _MOST_BARS:
        counts = np.bincount((values - low).astype(int))
        return [Bin(low + i, low + i, int(count)) for i, count in enumerate(counts)]
    counts, edges = np.histogram(values, bins=_MOST_BARS // 2)
    return [Bin(float(edges[i]), float(edges[i + 1]), int(count)) for i, count in enumerate(counts)]


def histogram(title: str, values) -> Html:
    """Returns a figure with a histogram of numbers and what is typical of them."""
    bars = bins(values)
    single = bars[0].low == bars[0].high
    low, high = (bars[0].low - 0.5, bars[-1].high + 0.5) if single else (bars[0].low, bars[-1].high)
    x = Axis(low, high, LEFT, WIDTH - RIGHT)
    y = Axis(*round_limits(0, max(item.count for item in bars)), HEIGHT - BOTTOM, TOP)
    width = (WIDTH - RIGHT - LEFT) / len(bars)
    drawn = [_bar(item, LEFT + i * width, width, y) for i, item in enumerate(bars)]
    middle = f"from {number(min(values))} to {number(max(values))}, median {number(float(np.median(values)))}"
    caption = tag("figcaption", tag("h3", title), tag("p", middle, class_="legend"))
    chart = _svg(f"{title}: {middle}", _grid(x, y, _whole), tag("g", drawn, class_="bars"))
    return tag("figure", caption, chart, class_="chart")


def _bar(item, left, width, y):
    top, gap = y(item.count), min(2.0, 0.15 * width)
    title = tag("title", f"{item}: {item.count}")
    return tag(
        "rect", title, x=round(left + gap / 2, 1), y=top, width=round(width - gap, 1), height=round(y(0) - top, 1)
    )
