"""Learning-rate curves: closed forms that give the rate at a step, counted in optimizer updates from 0.

Every function returns a function of the step alone.  A schedule made of one of them can go on from any step without
knowing how it got there, which is what makes resuming exact.  Lengths are in steps.
"""

import math
from bisect import bisect_right
from typing import Callable

Curve = Callable[[int], float]


def constant(rate: float) -> Curve:
    """A constant rate."""
    return lambda step: rate


def polynomial(start: float, end: float, length: int, power: float = 1.0) -> Curve:
    """From ``start`` to ``end`` as ``(1 - step / length) ** power``; ``end`` from then on."""
    return lambda step: end + (start - end) * (1 - min(step / length, 1.0)) ** power


def cosine(peak: float, low: float, length: float) -> Curve:
    """Half a cosine wave from ``peak`` to ``low`` in ``length`` steps, then up again (SGDR, arXiv:1608.03983)."""
    return lambda step: low + (peak - low) * (1 + math.cos(math.pi * step / length)) / 2


def cyclical_cosine(peak: float, low: float, cycle: int) -> Curve:
    """The cosine from ``peak`` to ``low`` again and again, ``cycle`` steps each (arXiv:2012.12645)."""
    wave = cosine(peak, low, cycle)
    return lambda step: wave(step % cycle)


def two_step_cosine(peak: float, low: float, first: int, second: int) -> Curve:
    """A cosine of length ``first`` up to that step, after it the later part of one of length ``second``."""
    early, late = cosine(peak, low, first), cosine(peak, low, second)
    return lambda step: early(step) if step <= first else late(step)


def step_decay(start: float, step_size: int, gamma: float) -> Curve:
    """``start``, multiplied by ``gamma`` every ``step_size`` steps."""
    return lambda step: start * gamma ** (step // step_size)


def piecewise(boundaries, values) -> Curve:
    """``values[i]`` before ``boundaries[i]``, the last of the values from the last boundary on."""
    return lambda step: values[bisect_right(boundaries, step)]


def one_cycle(points, linear: bool = False) -> Curve:
    """Joins ``(step, rate)`` points by half cosine waves or straight lines; the last rate from then on."""
    pairs = list(zip(points, points[1:]))

    def rate(step):
        for (begin, low), (end, high) in pairs:
            if step <= end and begin < end:
                share = (step - begin) / (end - begin)
                return low + (high - low) * (share if linear else (1 - math.cos(math.pi * share)) / 2)
        return points[-1][1]

    return rate
