"""Files of checkpoints that can be read, but do not hold what they should."""

import contextlib
import math
from numbers import Integral, Real

from ppocr.errors import CheckpointError, UserError
from ppocr.failures import FAILURES, describe


@contextlib.contextmanager
def refusing_damage(prefix):
    """Turns whatever the content of a checkpoint makes go wrong inside into one line.

    Raises:
        CheckpointError: something has gone wrong.
    """
    try:
        yield
    except UserError:
        raise
    except FAILURES as error:
        raise CheckpointError(f"{prefix}: damaged, its content cannot be restored ({describe(error)})") from error


def count(value) -> int:
    """Returns a whole number of at least 0.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, Integral) or value < 0:
        raise ValueError(f"a count is {value!a:.40}")
    return int(value)


def number(value) -> float:
    """Returns a number, which may be NaN.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, Real):
        raise ValueError(f"a number is {value!a:.40}")
    return float(value)


def like(saved: dict, now: dict) -> dict:
    """Returns a saved state of numbers by name, which must hold those that it holds now.

    Raises:
        ValueError: a number is missing, or none.
    """
    for name, value in now.items():
        given = saved.get(name)
        if isinstance(value, Integral):
            count(given)
        elif isinstance(value, Real) and not math.isfinite(number(given)):
            raise ValueError(f"{name} is {given}")
    return saved
