"""What every data operator is made of: its declaration, the way it drops a sample, and notes about losses."""

from typing import NamedTuple, Optional

import numpy as np

from ppocr.errors import Dropped
from ppocr.formats.labels import Labels

READ_BOXES = "boxes"  # the reason under which boxes are counted that nothing has been left out of yet


class Rejected(Dropped):
    """A random draw that came to nothing: the sample is good, only this time another one takes its place.

    Args:
        detail: what was drawn.
    """

    def __init__(self, detail: str = ""):
        super().__init__("unlucky_draw", detail)

    def __reduce__(self):
        return type(self), (self.detail,)


class Operator:
    """One step of a sample's way from the file to the batch.

    A subclass defines ``__call__(data)``, or ``__call__(data, rng)`` with a ``numpy.random.Generator`` where
    ``random`` is true.  It returns the sample (the same dictionary, changed) and leaves the arrays that it was given
    as they are.

    Attributes:
        reads: keys of the sample that it needs.
        writes: keys that it sets.
        optional: keys that it looks at where they are there, to count what is lost.
        random: whether it draws random numbers.
        in_use: whether it is run, too, where an image alone is read, without a label.
        codec: of an encoder of texts, :class:`ppocr.text.codec.Codec`; None for everything else.
    """

    reads: tuple = ()
    writes: tuple = ()
    optional: tuple = ()
    random: bool = False
    in_use: bool = True
    codec = None

    def labels(self) -> Optional[Labels]:
        """Returns what the labels of a data set must be for this operator to learn from them; None where it reads none.

        The checks before a run look at label files with it.
        """
        return None

    def fused_with(self, following):
        """Returns one operator that does the work of this one and the following one, or None."""
        return None

    def __repr__(self):
        return type(self).__name__


class Note(NamedTuple):
    """What a sample lost, though it is used.

    Attributes:
        reason: in few words; ``boxes_...`` where ``count`` is a number of boxes.
        detail: what exactly, for a list that a person reads.
        count: how much of it.
        expected: augmentation or a setting does it: only summed up, nobody is to mend the sample.
    """

    reason: str
    detail: str = ""
    count: int = 1
    expected: bool = False


def note_read_boxes(data: dict, counting) -> None:
    """Notes how many boxes of a label are to count (N ``bool``), which the lost ones are compared with."""
    note(data, READ_BOXES, count=int(np.sum(counting)), expected=True)


def note_lost_boxes(data: dict, how: str, lost) -> None:
    """Notes how many boxes (``bool`` each, or their number) augmentation or a limit of sizes leaves out."""
    note(data, f"boxes_{how}", count=int(np.sum(lost)), expected=True)


def note(data: dict, reason: str, detail: str = "", count: int = 1, expected: bool = False) -> None:
    """Records that a sample survived but lost something, where the sample carries a list ``notes``; see :class:`Note`.

    Nothing is recorded for a count of 0.
    """
    if count and "notes" in data:
        data["notes"].append(Note(reason, detail, int(count), expected))


def tell(data: dict, **facts) -> None:
    """Says what is known of a sample besides its fields, where the sample carries a dictionary ``facts``.

    Args:
        data: the sample.
        **facts: attributes of :class:`ppocr.data.batch.SampleFacts`.
    """
    if "facts" in data:
        data["facts"].update(facts)
