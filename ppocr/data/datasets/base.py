"""What all data sets share: keys of samples, operators, replacement of bad samples, further samples on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Optional

import numpy as np
import paddle

from ppocr.data.bad_samples import BadSample, NoGoodSample
from ppocr.data.batch import Sample, SampleFacts
from ppocr.data.imaug import create_operators, run_operators
from ppocr.data.imaug.operator import Rejected
from ppocr.data.randomness import generator
from ppocr.errors import ConfigError, DataError, Dropped, UserError
from ppocr.failures import FAILURES, describe
from ppocr.utils.timing import NullTimer, StepPart
from ppocr.values import Probability

_ATTEMPTS = 50
_NOT_PART_OF_A_SAMPLE = ("notes", "facts", "epoch", "ext_data")


class SampleKey(NamedTuple):
    """What determines a sample, together with the run's seed.

    Attributes:
        epoch: epoch of training; 0 in evaluation.
        index: number of the sample in the whole data set.
        width, height: image size in pixels that a multi-scale sampler wants; None: as the transforms say.
        ratio: width to height that the batch shares, from a sampler that groups by it.
    """

    epoch: int
    index: int
    width: Optional[int] = None
    height: Optional[int] = None
    ratio: Optional[float] = None


@dataclass(eq=False, repr=False)
class OcrDataset(paddle.io.Dataset):
    """Samples that are a function of (seed, epoch, index) alone.

    A subclass defines ``sample_count``, ``load`` and ``label_of``, and may define ``describe``, ``select``, ``draw``
    and ``process``.

    Args:
        transforms: list of operators.
        training: in training bad samples are replaced, in evaluation they are left out.
        base_seed: seed of the run.
        global_config: the ``Global`` section, for operators.
        max_bad_ratio: share of the samples that may be bad within an epoch before training stops.

    Attributes:
        label_store: ``lines`` where label files hold a path, the delimiter and a label on each line, ``database`` where
            labels lie in LMDB databases; None for anything else.
        grouped: whether the data set says which samples may share a batch, so that no sampler may.
        groups: arrays of the indices of samples that may stand in one batch; None: any may.
        gives: keys that a sample has before the first operator.
        gives_late: keys that the data set sets before the last operator for a sampler.
        ext_op_transform_idx: number of leading operators that the further samples of operators like CopyPaste pass.
    """

    label_store = None
    grouped = False
    groups = None
    gives = ("image", "label")
    gives_late = ()
    ext_op_transform_idx = 2

    transforms: list
    training: bool = False
    base_seed: int = 0
    global_config: Optional[dict] = None
    max_bad_ratio: Probability = 0.1

    def __post_init__(self):
        self.seed = self.base_seed
        self.ops = create_operators(self.transforms, self.global_config)
        self.ext_ops = create_operators(self.transforms[: self.ext_op_transform_idx], self.global_config)
        self._ext_wanted = max((getattr(op, "ext_data_num", 0) for op in self.ops), default=0)
        self._first_selection = None
        self._timer = NullTimer()

    def time_with(self, timer):
        """Has a :class:`ppocr.utils.timing.NullTimer`, or what stands for it, told when samples are loaded."""
        self._timer = timer

    def sample_count(self) -> int:
        """Returns the number of samples, whether an epoch uses them or not."""
        raise NotImplementedError

    def load(self, index: int, key: SampleKey, rng) -> dict:
        """Returns the raw sample, with ``label`` and ``image`` (an array, or encoded).

        ``notes`` may be a list of :class:`ppocr.data.imaug.operator.Note`: what of the sample is not used.

        Raises:
            Dropped, DataError: there is none.
        """
        raise NotImplementedError

    def label_of(self, index: int, epoch: int = 0) -> str:
        """Returns the label as it is stored, for evaluation to count a sample that cannot be used."""
        raise NotImplementedError

    def describe(self, index: int) -> str:
        """Returns the name under which a person finds the sample."""
        return f"sample {index}"

    def select(self, epoch: int):
        """Returns the indices that make up an epoch, in order; None stands for all."""
        return None

    def batch_size(self, batch_size_per_card: int) -> int:
        """Returns the samples of a batch of one process, of which a data set in groups may have more."""
        return batch_size_per_card

    def draw(self, rng) -> int:
        """Returns a random index, to replace a bad sample or to be mixed into another."""
        return int(rng.integers(self.sample_count()))

    def process(self, data: dict, key: SampleKey, rng):
        """Returns the sample that the operators make of raw data."""
        return run_operators(data, self.ops, rng)

    def __len__(self):
        return self.sample_count()

    def __getitem__(self, key):
        """Returns a sample; None in evaluation if it cannot be used.

        Args:
            key: a :class:`SampleKey`, or the position in epoch 0.
        """
        if not isinstance(key, SampleKey):
            key = SampleKey(0, self._index_in_first_epoch(key))
        return self.read(key)[0]

    def read(self, key: SampleKey):
        """Returns ``(sample or None, list of BadSample)``.

        Raises:
            NoGoodSample: training found no usable sample in many draws.
            ConfigError: an operator fails.
        """
        events = []
        for attempt in range(_ATTEMPTS if self.training else 1):
            rng = generator(self.seed, key.epoch, "sample", key.index, attempt)
            index = self._replacement(key.index, attempt, rng) if attempt else key.index
            sample = self._attempt(index, key, attempt, rng, events)
            if sample is not None:
                return sample, events
        if self.training:
            raise NoGoodSample([event for event in events if not event.kept])
        return None, events

    def _replacement(self, index, attempt, rng):
        """Returns a random index in place of a bad sample: of its group, as long as that may have good ones."""
        if self.groups is None or attempt > _ATTEMPTS // 2:
            return self.draw(rng)
        return int(rng.choice(self.groups[self._group_numbers[index]]))

    @cached_property
    def _group_numbers(self):
        """The number of the group of each sample."""
        numbers = np.empty(self.sample_count(), np.int32)
        for number, group in enumerate(self.groups):
            numbers[group] = number
        return numbers

    def load_extra(self, key, attempt, number, events):
        """Returns a further random sample after the leading operators; see :class:`ExtraSamples`."""
        bad = []
        for again in range(_ATTEMPTS):
            rng = generator(self.seed, key.epoch, "extra", key.index, attempt, number, again)
            index = self.draw(rng)
            data = self._run(index, key, rng, bad, lambda raw, r=rng: run_operators(raw, self.ext_ops, r))
            if data is not None and _has_quads(data):
                events.extend(bad)
                return data
        raise NoGoodSample(bad) if bad else DataError("no sample with boxes of 4 points to mix in was found")

    def _attempt(self, index, key, attempt, rng, events):
        def process(data):
            if self._ext_wanted:
                data["ext_data"] = ExtraSamples(self, key, attempt, events)
            return self.process(data, key, rng)

        return self._run(index, key, rng, events, process)

    def _run(self, index, key, rng, events, process):
        """Loads and processes one sample; a bad one becomes an event and None."""
        notes, facts = [], {}
        try:
            with self._timer.part(StepPart.READ):
                raw = self.load(index, key, rng)
            notes += raw.get("notes", ())
            data = {**raw, "notes": notes, "facts": facts, "epoch": key.epoch}
            sample = process(data)
        except NoGoodSample:
            raise
        except Rejected:  # an unlucky draw of an operator, nothing wrong with the sample: another is drawn
            return None
        except Dropped as dropped:
            events.append(self._event(index, key, dropped.reason, dropped.detail, expected=dropped.expected))
            return None
        except DataError as error:
            events.append(self._event(index, key, "bad_data", str(error)))
            return None
        except UserError:
            raise
        except FAILURES as error:  # of an operator that does not fit the others or its settings
            raise ConfigError(
                f"{self.describe(index)}: it cannot be prepared: {describe(error, place=True)}"
            ) from error
        events.extend(self._noted(index, key, lost) for lost in notes)
        if isinstance(sample, dict):
            return {name: value for name, value in sample.items() if name not in _NOT_PART_OF_A_SAMPLE}
        return Sample(sample, SampleFacts(index, **facts)) if isinstance(sample, list) else sample

    def _event(self, index, key, reason, detail, **more):
        return BadSample(index, reason, self.describe(index), detail, self.label_of(index, key.epoch), **more)

    def _noted(self, index, key, lost):
        if lost.expected:  # only summed up, never named
            return BadSample(index, lost.reason, "", "", "", kept=True, count=lost.count, expected=True)
        return self._event(index, key, lost.reason, lost.detail, kept=True, count=lost.count)

    def _index_in_first_epoch(self, position):
        position = range(len(self))[position]
        if self._first_selection is None:
            chosen = self.select(0)
            self._first_selection = range(len(self)) if chosen is None else chosen
        return int(self._first_selection[position])


class ExtraSamples(Sequence):
    """Further samples for operators that mix several, each loaded when it is first indexed.

    They have passed the leading operators and are a function of (seed, epoch, index, position).
    """

    def __init__(self, dataset, key, attempt, events):
        self._dataset = dataset
        self._arguments = (key, attempt)
        self._events = events
        self._loaded = {}

    def __len__(self):
        return self._dataset._ext_wanted

    def __getitem__(self, position):
        position = range(len(self))[position]
        if position not in self._loaded:
            self._loaded[position] = self._dataset.load_extra(*self._arguments, position, self._events)
        return self._loaded[position]


def _has_quads(data):
    polys = data.get("polys")
    return polys is None or len(polys) == 0 or len(polys[0]) == 4
