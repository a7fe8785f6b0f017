"""What a part of a run may raise that does not fit the others, and how one line tells of it."""

import re
import traceback
from contextlib import contextmanager

import cv2

from ppocr.errors import ConfigError, UserError

# Every kind of error that code which does not fit its data or its settings ends in.
FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SystemError,
    TypeError,
    ValueError,
    cv2.error,
)
# How Paddle names the kind of an error, before the line that says what was wrong.
_PADDLE = re.compile(r"^\(\w+\) .*", re.MULTILINE)
_LONGEST = 300


class StageError(UserError):
    """A part of the run does not fit the rest, or its data.

    Args:
        path: YAML path of the section that is to blame.
        what: one line for the user.
    """

    def __init__(self, path, what):
        super().__init__(what)
        self.path, self.what = tuple(path), what


@contextmanager
def stage(*path, doing=""):
    """Turns any failure inside into :class:`StageError` of a YAML path; ``doing`` says what was tried."""
    try:
        yield
    except StageError:  # what is inside knows better
        raise
    except FAILURES as error:
        words = f"{'.'.join(map(str, path))}: {doing}: " if doing else f"{'.'.join(map(str, path))}: "
        raise StageError(path, words + describe(error)) from error


@contextmanager
def in_one_line(what: str):
    """Turns any failure inside that is not for users yet into one line that begins with ``what``.

    Raises:
        ConfigError: there is one.
    """
    try:
        yield
    except UserError:
        raise
    except FAILURES as error:
        raise ConfigError(f"{what}: {describe(error, place=True)}") from error


def describe(error, place: bool = False) -> str:
    """Returns one line about an error; a user error's own, else the kind and the line of it that tells most.

    Args:
        error: the error.
        place: name the file and line too where it was raised.
    """
    if isinstance(error, UserError):
        return str(error)
    text = str(error)
    paddle = _PADDLE.search(text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = paddle[0] if paddle else lines[-1] if lines else ""
    text = f"{type(error).__name__}: {told}"[:_LONGEST].rstrip(": ")
    frames = traceback.extract_tb(error.__traceback__) if place else ()
    return f"{text} ({frames[-1].filename}:{frames[-1].lineno})" if frames else text
