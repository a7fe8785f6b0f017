"""BatchLoader: batches in a reproducible order, with an account of what could not be read."""

import contextlib
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Optional, Union

import cv2

from ppocr.data import device_feed, shared_memory, workers
from ppocr.data.batch import Batch
from ppocr.data.batch_packing import BatchReader, FatalDataError, batch_bytes, unpack, with_tensors
from ppocr.distributed.watchdog import register_stack_dump
from ppocr.errors import DataError
from ppocr.values import BatchSize, Name, Range
from ppocr.wording import counted_are


@dataclass(frozen=True)
class LoaderOptions:
    """The keys of a ``loader`` section.

    Attributes:
        batch_size_per_card: samples of one process in one batch.
        shuffle: whether the order is random; by default in training only.
        drop_last: leave out a last batch that is not full, in training.
        num_workers: processes that read; 0 reads in the main process.
        use_shared_memory: pass batches through shared memory rather than through pipes.
        collate_fn: name of a collate function, or a mapping with ``name`` and its keys; by default ``ListCollator``.
        prefetch_factor: batches that each worker reads ahead.
    """

    batch_size_per_card: BatchSize
    shuffle: Optional[bool] = None
    drop_last: bool = False
    num_workers: Annotated[int, Range(0, 256)] = 0
    use_shared_memory: bool = True
    collate_fn: Union[Name, dict, None] = None
    prefetch_factor: Annotated[int, Range(1, 100)] = 2


class BatchLoader:
    """Iterates over the batches of one epoch: each a :class:`Batch` of tensors for arrays, lists for the rest.

    Worker processes stay from one epoch of training to the next, until :meth:`close`.

    Args:
        dataset: an ``OcrDataset``.
        sampler: has ``len()`` and ``batches(epoch, skip)``.
        collate: collate function.
        options: :class:`LoaderOptions`.
        report: a ``BadSampleLog``.
        place: paddle place, its name, or None for the current one.
        logger: for warnings.
        world_size: number of processes that share this machine's memory.

    Attributes:
        batch_size: samples of a batch that is full.
        reader: gives the batches of this data set, packed; see :class:`ppocr.data.batch_packing.BatchReader`.
        last_keys: the :class:`SampleKey` of each sample of the last batch, in their order.
        stack_file: file that workers write their stacks to when a run hangs; None: standard error.

    Raises:
        DataError: an epoch would have no batch.
    """

    def __init__(self, dataset, sampler, collate, options, report, place=None, logger=None, world_size=1):
        self.dataset = dataset
        self.report = report
        self.options = options
        self.batch_size = dataset.batch_size(options.batch_size_per_card)
        self._sampler = sampler
        self.reader = BatchReader(dataset, collate)
        self._place = place
        self._logger = logger
        self._world_size = world_size
        self._epoch = 0
        self._skip = 0
        self._shared_memory = None
        self._workers = None
        self.stack_file = None
        self.last_keys = []
        if not len(sampler) and (dataset.training or world_size == 1):
            size, few = options.batch_size_per_card, "fewer than one batch" if options.drop_last else "none"
            raise DataError(
                f"{counted_are(len(dataset), 'sample')} {few} of {size} per card; set loader.drop_last to false"
            )

    def __len__(self):
        return len(self._sampler)

    def set_epoch(self, epoch: int, skip_batches: int = 0):
        """Chooses the epoch of the next iteration; evaluation sees epoch 0 always.

        Args:
            epoch: epoch, from 0.
            skip_batches: batches at the epoch's start that the next iteration leaves out without reading them.
        """
        self._epoch = epoch if self.dataset.training else 0
        self._skip = skip_batches

    def __iter__(self):
        """Yields the batches; one of which no sample could be used is left out in evaluation.

        Raises:
            DataError: too many samples are unusable, in training.
            UserError: a worker process was killed.
        """
        skip, self._skip = self._skip, 0
        asked = deque()  # a thread may take the keys: see device_feed
        keys = _noted(self._sampler.batches(self._epoch, skip), asked)
        self.report.start_epoch()
        packed_batches = self._from_workers(keys) if self.options.num_workers else (self.reader[k] for k in keys)
        with contextlib.closing(packed_batches):
            for packed in packed_batches:
                batch_keys = asked.popleft()
                batch, left_out = self._receive(packed)
                if batch is not None:
                    self.last_keys = [key for key in batch_keys if key.index not in left_out]
                    yield Batch(batch, self.last_keys, batch.facts, batch.names)

    def close(self):
        """Ends the worker processes; the next iteration starts new ones."""
        if self._workers is not None:
            self._workers.close()

    def names(self, sample_keys) -> list:
        """Returns the names under which a person finds samples."""
        return [self.dataset.describe(key.index) for key in sample_keys]

    def read_again(self, sample_keys):
        """Returns the batch of these keys once more, as it was: a sample depends on nothing but its key and the seed.

        Raises:
            DataError: it can no longer be read.
        """
        return unpack(self.reader[sample_keys], self._place)[0]

    def first_batch(self):
        """Reads until anything of a batch of an evaluation can be used, in this process; counts nothing.

        Returns:
            that batch, or None if there is none; the :class:`ppocr.data.bad_samples.BadSample` up to there.

        Raises:
            DataError: reading came to an end in an error.
        """
        found = []
        for keys in self._sampler.batches(0):
            batch, events = unpack(self.reader[keys], self._place)
            found += events
            if batch is not None:
                return batch, found
        return None, found

    def _receive(self, packed):
        """Returns a batch, and the indices of the samples that are missing from it."""
        try:
            batch, events = unpack(packed, self._place)
        except FatalDataError as error:
            self.report.add(error.events)
            raise DataError(str(error)) from None
        self.report.add(events)
        self.report.check()
        replaced = self.dataset.training
        return batch, set() if replaced else {event.index for event in events if not event.kept}

    def _from_workers(self, keys):
        """Yields what worker processes read; those of training then wait for its next epoch."""
        if self._workers is None or not self._workers.idle:
            self._workers = self._start_workers()
        pool = self._workers
        try:
            yield from device_feed.feed(map(with_tensors, pool.read(keys)), self._place)
        finally:
            if not (self.dataset.training and pool.idle):
                pool.close()

    def _start_workers(self):
        options, start = self.options, partial(_start_worker, self.reader, self.stack_file)
        shared = self._use_shared_memory()
        return workers.WorkerPool(self.reader, options.num_workers, options.prefetch_factor, shared, start)

    def _use_shared_memory(self):
        """Tells whether shared memory is wanted and large enough for what the workers read ahead."""
        if self._shared_memory is None:
            self._shared_memory = self.options.use_shared_memory and self._shared_memory_suffices()
        return self._shared_memory

    def _shared_memory_suffices(self):
        if not shared_memory.FOLDER.is_dir():
            return False
        in_flight = (self.options.num_workers * self.options.prefetch_factor + 2) * self._world_size
        keys = next(self._sampler.batches(0), [])
        needed = batch_bytes(self.reader[keys[:1]]) * len(keys) * in_flight
        free = shared_memory.free_bytes()
        if needed <= free:
            return True
        if self._logger is not None:
            self._logger.warning(
                "%s has %d MiB free, %d MiB are needed: going on without shared memory",
                shared_memory.FOLDER,
                free >> 20,
                needed >> 20,
            )
        return False


def _noted(batches, asked):
    for keys in batches:
        asked.append(keys)
        yield keys


def _start_worker(reader, stack_file, number):
    reader.worker = number
    register_stack_dump(stack_file)
    cv2.setNumThreads(0)  # worker processes are the parallelism; OpenCV's own threads do not survive a fork
