"""What is wrong with the data: counted by cause, named, and bounded in training."""

from collections import Counter
from typing import NamedTuple, Optional

from ppocr.data.imaug.operator import READ_BOXES
from ppocr.errors import DataError
from ppocr.wording import counted

_SMALL_SETS_MAY_LOSE = 10
MAX_BAD_RATIO = 0.1
_MORE = "..."
UNKNOWN_CHARACTERS = "unknown_characters"  # the reason of samples whose text the dictionary cannot write


def may_lose(samples: int, max_bad_ratio: Optional[float] = None) -> int:
    """Returns how many samples of a training set may be bad within one epoch; None stands for the usual ratio."""
    ratio = MAX_BAD_RATIO if max_bad_ratio is None else max_bad_ratio
    return max(_SMALL_SETS_MAY_LOSE, int(ratio * samples))


class BadSample(NamedTuple):
    """One sample that could not be used, or that lost something.

    Attributes:
        index: number of the sample in its data set.
        reason: a short word such as ``unreadable_image``, ``bad_label``, ``too_long``, ``unknown_characters``.
        where: file, or file and line, as a person looks for it.
        detail: what exactly is wrong.
        label: the sample's label as it stands in the label file.
        kept: True where the sample is used all the same.
        count: how many parts of it are lost, of the kind that the reason names (``boxes_...``).
        expected: augmentation or a setting does it and the sample is not at fault: counted, but neither warned of nor
            counted against ``max_bad_ratio``.
    """

    index: int
    reason: str
    where: str
    detail: str
    label: str
    kept: bool = False
    count: int = 1
    expected: bool = False

    def __str__(self):
        return f"{self.where}: {self.detail}" if self.detail else self.where


class Counted(NamedTuple):
    """What a :class:`BadSampleLog` has counted; see there."""

    counts: Counter
    kept: Counter
    expected: Counter
    examples: dict


class NoGoodSample(DataError):
    """No usable sample was found in many draws; ``events`` are the :class:`BadSample` of these draws."""

    def __init__(self, events):
        causes = _causes(Counter(event.reason for event in events), _examples(events, 2), kept=False)
        super().__init__(
            f"{len(events)} samples drawn in a row cannot be used: {causes}; "
            "check data_dir, label_file_list, delimiter and the character dictionary"
        )
        self.events = events


class BadSampleLog:
    """Collects bad samples of one loader.

    Args:
        samples: number of samples of an epoch, of this process alone in training.
        training: whether too many bad samples end the run.
        max_bad_ratio: share of the samples that may be bad within one epoch of training; 10 samples always may.
        logger: gets one warning for each new bad sample, ``max_warnings`` at most.
        examples: bad samples that are named for each cause.

    Attributes:
        counts: ``{reason: number of different samples}`` of the samples that were not used.
        kept: ``{reason: number of lost parts}`` of different samples that lost something and were used.
        expected: ``{reason: number}`` of the parts that augmentation and size limits left out, over all epochs.
        unfilled: number of the samples that each epoch leaves out since they fill no batch.
    """

    def __init__(self, samples, training, logger, max_bad_ratio=MAX_BAD_RATIO, examples=3, max_warnings=20):
        self.counts = Counter()
        self.kept = Counter()
        self.expected = Counter()
        self.examples = {}
        self.unfilled = 0
        self._samples = samples
        self._limit = may_lose(samples, max_bad_ratio) if training else None
        self._logger = logger
        self._named = examples
        self._warnings_left = max_warnings
        self._seen = set()
        self._bad_this_epoch = {}
        self._fresh = []

    def start_epoch(self):
        """Starts the count against the limit anew: random augmentation may drop any sample now and then."""
        self._bad_this_epoch = {}

    def add(self, events):
        """Takes the :class:`BadSample` of one batch."""
        for event in events:
            if event.kept and event.expected:
                self.expected[event.reason] += event.count
        self._bad_this_epoch.update((e.index, e) for e in events if not e.kept and not e.expected)
        if self._limit is None:
            self._fresh += events
        self.count_new(events)

    def leave_out(self, reason, count, hint):
        """Counts samples that a setting keeps out of every epoch, and warns of them.

        Args:
            reason: what they are, as that of a :class:`BadSample`.
            count: their number; of 0 nothing is said.
            hint: what to do about it.
        """
        if count:
            self.expected[reason] += count
            if self._logger is not None:
                self._logger.warning("no epoch reads %d %s: %s", count, _words(reason, count), hint)

    def count_new(self, events):
        """Counts and names the samples that are not known yet; they may be those of another process."""
        for event in events:
            name = (event.reason, event.kept, event.index)
            if name not in self._seen and not (event.kept and event.expected):
                self._seen.add(name)
                self._add_new(event)

    @property
    def counted(self) -> "Counted":
        """All that was counted, to be sent to another process."""
        return Counted(self.counts, self.kept, self.expected, self.examples)

    def take_in(self, parts):
        """Replaces what was counted by the sum of all processes of a training run, each of which counts its own share.

        Args:
            parts: :class:`Counted` of each process.
        """
        self.counts, self.kept, self.expected = (sum(counters, Counter()) for counters in list(zip(*parts))[:3])
        self.examples = {}
        for part in parts:
            for key, names in part.examples.items():
                _add_names(self.examples.setdefault(key, []), names, self._named)

    def check(self):
        """Ends training that loses too much.

        Raises:
            DataError: more samples of this epoch are bad than may be.
        """
        bad = self._bad_this_epoch
        if self._limit is None or len(bad) <= self._limit:
            return
        causes = _causes(Counter(event.reason for event in bad.values()), self.examples, kept=False)
        raise DataError(
            f"{len(bad)} of {self._samples} training samples cannot be used (at most {self._limit} may): {causes}; "
            "mend the label file or raise Train.dataset.max_bad_ratio"
        )

    def take_events(self) -> list:
        """Returns the :class:`BadSample` of an evaluation since the last call; in training they are not kept."""
        events, self._fresh = self._fresh, []
        return events

    def summary(self) -> str:
        """Returns one line with causes, counts and names; empty if nothing was wrong."""
        parts = []
        if self.counts:
            parts.append(f"samples not used: {_causes(self.counts, self.examples, kept=False)}")
        if self.kept:
            parts.append(f"samples used in part: {_causes(self.kept, self.examples, kept=True)}")
        return "; ".join(parts)

    def account(self) -> str:
        """Returns one line about all that was read, whether something was wrong or not."""
        parts = [self.summary() or "every sample that was read was used"]
        lost = self.left_out()
        if lost:
            read = f"of {self.expected[READ_BOXES]} boxes that were read, " if self.expected[READ_BOXES] else ""
            parts.append(f"{read}augmentation and size limits left out {_listed(lost)}")
        if self.unfilled:
            parts.append(f"in each epoch {counted(self.unfilled, 'sample')} did not fill a batch")
        return "; ".join(parts)

    def left_out(self) -> dict:
        """Returns ``{reason: number}`` of what augmentation and size limits left out."""
        return {reason: count for reason, count in self.expected.most_common() if reason != READ_BOXES}

    def no_box_left(self) -> str:
        """Returns what was left out, in words, if boxes were read and none of them remains; else an empty text."""
        read, lost = self.expected[READ_BOXES], self.left_out()
        return f"of {read} boxes, {_listed(lost)}" if 0 < read <= sum(lost.values()) else ""

    def _add_new(self, event):
        (self.kept if event.kept else self.counts)[event.reason] += event.count
        _name(self.examples, event, self._named)
        if event.expected or self._logger is None or not self._warnings_left:
            return
        self._warnings_left -= 1
        more = "" if self._warnings_left else " (further ones are only counted)"
        state = "used in part" if event.kept else "not used"
        self._logger.warning("sample %s, %s: %s%s", state, _words(event.reason), event, more)


def _examples(events, most):
    found = {}
    for event in events:
        _name(found, event, most)
    return found


def _name(examples, event, most):
    """Adds an event to ``{(reason, kept): names}``; dots stand for those beyond ``most``."""
    _add_names(examples.setdefault((event.reason, event.kept), []), [str(event)], most)


def _add_names(named, names, most):
    """Adds names to a list; dots at its end stand for those beyond ``most``."""
    for name in names:
        end = len(named) - (named[-1:] == [_MORE])
        if end < most and name not in named and name != _MORE:
            named.insert(end, name)
        elif end == len(named):
            named.append(_MORE)


def _causes(counts, examples, kept):
    """Returns causes with counts and names.

    Args:
        counts: ``{reason: count}``.
        examples: ``{(reason, kept): names}``.
        kept: whether the samples were used all the same.
    """
    parts = []
    for reason, count in counts.most_common():
        named = ", ".join(examples.get((reason, kept), [_MORE]))
        parts.append(f"{count} {_words(reason, count)} ({named})")
    return "; ".join(parts)


def _listed(counts):
    return ", ".join(f"{count} {_words(reason, count)}" for reason, count in counts.items())


def _words(reason, count=2):
    words = reason.replace("_", " ")
    return words.replace("boxes", "box", 1).replace("samples", "sample", 1) if count == 1 else words
