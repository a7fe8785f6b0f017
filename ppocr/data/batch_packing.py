"""How a batch and what is to be told about it travel from where it is read to the loader."""

from typing import Any, NamedTuple, Optional

import numpy as np
import paddle
from paddle.utils import dlpack

from ppocr.data.bad_samples import BadSample, NoGoodSample
from ppocr.data.batch import Batch, Sample, names_of
from ppocr.errors import DataError, UserError
from ppocr.utils.timing import NullTimer, StepPart

# What Paddle's shared-memory tensors hold as it is; it takes uint16 for bfloat16.
_TENSOR_KINDS = ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")


class _Slot(NamedTuple):
    """Stands in a batch for the array of that number."""

    number: int


class PackedBatch:
    """Everything of a batch but its arrays; Paddle passes an object of a type that it does not know as it is.

    Attributes:
        fields: the collated batch, a list with slots for arrays; None where no sample was usable.
        events: list of ``BadSample``.
        error: text of an error that ends the iteration, or None.
        facts: the :class:`ppocr.data.batch.SampleFacts` of each sample; empty where there are none.
        names: of the fields; empty where they are not known.
    """

    def __init__(self, fields: Any, events: list, error: Optional[str] = None, facts: tuple = (), names: tuple = ()):
        self.fields = fields
        self.events = events
        self.error = error
        self.facts = facts
        self.names = names


class BatchReader:
    """Reads and collates whole batches: ``reader[list of SampleKey]`` is ``[parcel, array, ...]``.

    Args:
        dataset: an ``OcrDataset``.
        collate: a collate function; where it has a method ``select``, the samples that it leaves out are reported.

    Attributes:
        worker: number of the worker process that this is; None in the main process.
    """

    def __init__(self, dataset, collate):
        self.worker = None
        self._dataset = dataset
        self.collate = collate
        self._timer = NullTimer()

    def time_with(self, timer):
        """Has a :class:`ppocr.utils.timing.NullTimer`, or what stands for it, told when samples are collated."""
        self._timer = timer

    def __len__(self):
        return len(self._dataset)

    def __getitem__(self, keys):
        events = []
        try:
            samples = self._select(*self._read(keys, events), events)
            facts = tuple(sample.facts for sample in samples if isinstance(sample, Sample))
            return pack(self._collate(samples) if samples else None, events, facts=facts)
        except NoGoodSample as error:
            return pack(None, events + error.events, str(error))
        except UserError as error:
            return pack(None, events, str(error))

    def _collate(self, samples):
        """Returns a batch that knows its names: those that the function gives, or those of the samples."""
        with self._timer.part(StepPart.COLLATE):
            batch = self.collate(samples)
        if isinstance(batch, dict):
            return batch
        names = getattr(self.collate, "gives", None) or names_of(samples[0])
        return Batch(batch, names=names if len(names) == len(batch) else ())

    def _read(self, keys, events):
        samples, found = [], []
        for key in keys:
            sample, bad = self._dataset.read(key)
            events.extend(bad)
            if sample is not None:
                samples.append(sample)
                found.append(key)
        return samples, found

    def _select(self, samples, keys, events):
        select = getattr(self.collate, "select", None)
        if select is None or not samples:
            return samples
        chosen = set(select(samples))
        for position, key in enumerate(keys):
            if position not in chosen:
                where, label = self._dataset.describe(key.index), self._dataset.label_of(key.index, key.epoch)
                detail = "does not fit into the batch"
                events.append(BadSample(key.index, "too_large", where, detail, label, self._dataset.training))
        return [sample for position, sample in enumerate(samples) if position in chosen]


def pack(batch, events, error=None, facts=()):
    """Returns ``[parcel, array, ...]``, with at least one array: Paddle takes a batch without one for the end."""
    arrays = []
    if isinstance(batch, dict):
        batch = Batch(batch.values(), names=batch)
    fields = None if batch is None else [_to_slot(value, arrays) for value in batch]
    parcel = PackedBatch(fields, events, error, facts, names_of(batch))
    return [parcel, *(arrays or [np.zeros(1, np.uint8)])]


def unpack(packed, place=None):
    """Returns ``(batch, events)``: a :class:`ppocr.data.batch.Batch`, or None; its arrays have become tensors.

    Args:
        packed: what :func:`pack` made, its arrays possibly tensors by now.
        place: where arrays go that are no tensors yet.

    Raises:
        DataError: reading came to an end in an error; its ``events`` are what led to it.
    """
    parcel, *tensors = packed
    if parcel.error is not None:
        raise FatalDataError(parcel.error, parcel.events)
    if parcel.fields is None:
        return None, parcel.events
    fields = [_from_slot(value, tensors, place) for value in parcel.fields]
    return Batch(fields, (), parcel.facts, parcel.names), parcel.events


class FatalDataError(DataError):
    """An error that a reading process met; ``events`` are the bad samples of its last batch."""

    def __init__(self, text, events):
        super().__init__(text)
        self.events = events


def batch_bytes(packed) -> int:
    """Returns the size of a packed batch's arrays."""
    return sum(array.nbytes for array in packed[1:])


def with_tensors(packed):
    """Returns ``[parcel, tensor, ...]``: tensors on the CPU, in the memory of the arrays where Paddle can do so."""
    parcel, *arrays = packed
    return [parcel, *map(_shared_tensor, arrays)]


def _shared_tensor(array):
    if array.dtype == bool:  # has no place in DLPack as Paddle 2 knows it
        return paddle.to_tensor(array, place=paddle.CPUPlace())
    return dlpack.from_dlpack(array.__dlpack__())


def _to_slot(value, arrays):
    if isinstance(value, np.ndarray) and value.size and value.dtype.name in _TENSOR_KINDS:
        arrays.append(np.ascontiguousarray(value))
        return _Slot(len(arrays) - 1)
    return value


def _from_slot(value, tensors, place):
    if isinstance(value, _Slot):
        value = tensors[value.number]
    if isinstance(value, np.ndarray) and value.dtype.name in _TENSOR_KINDS:
        return paddle.to_tensor(value, place=place)
    return value
