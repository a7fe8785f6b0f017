"""Files of checkpoints that can be read, but do not hold what they should."""

import contextlib
import math
from numbers import Integral, Real

from ppocr.errors import CheckpointError, UserError
from ppocr.failures import FAILURES, describe


@contextlib.contextmanager
def refusing_damage(prefix):
    """Turns errors that the content of a checkpoint causes inside this context into one line.

    Raises:
        CheckpointError: there was such an error.
    """
    try:
        yield
    except UserError:
        raise
    except FAILURES as error:
        raise CheckpointError(f"{prefix}: damaged, its content cannot be restored ({describe(error)})") from error


def count(value) -> int:
    """Returns ``value`` as an integer of at least 0.

    Raises:
        ValueError: it is not one.
    """
    if not isinstance(value, Integral) or value < 0:
        raise ValueError(f"a count is {value!a:.40}")
    return int(value)


def number(value) -> float:
    """Returns ``value`` as a float, which may be NaN.

    Raises:
        ValueError: it is not a number.
    """
    if not isinstance(value, Real):
        raise ValueError(f"a number is {value!a:.40}")
    return float(value)


def like(saved: dict, now: dict) -> dict:
    """Returns a saved ``{name: value}`` state if it has all numbers of the current one.

    Raises:
        ValueError: one is missing, or is not a number.
    """
    for name, value in now.items():
        given = saved.get(name)
        if isinstance(value, Integral):
            count(given)
        elif isinstance(value, Real) and not math.isfinite(number(given)):
            raise ValueError(f"{name} is {given}")
    return saved
