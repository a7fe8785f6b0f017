"""Which samples make up the batches of an epoch, for each process of a distributed run."""

import numpy as np

from ppocr.data.datasets.base import SampleKey
from ppocr.data.randomness import generator, shuffled
from ppocr.errors import DataError


def share_of(order, rank: int, world_size: int):
    """Returns what one process takes of ``order`` in training.

    All processes get the same number of samples, some from the start once more where needed.  Step n of all processes
    together covers what step n of a single one with a batch as large as theirs would.

    Args:
        order: array of samples.
        rank: number of the process.
        world_size: number of processes.
    """
    if len(order) % world_size:
        order = np.resize(order, -(-len(order) // world_size) * world_size)
    return order[rank::world_size]


def epoch_order(dataset, epoch: int, shuffle: bool):
    """Returns the indices of the samples of an epoch in the order in which they are read."""
    rng = generator(dataset.seed, epoch, "order")
    chosen = dataset.select(epoch)
    if chosen is None:
        return shuffled(len(dataset), rng) if shuffle else np.arange(len(dataset), dtype=np.int32)
    if shuffle:
        rng.shuffle(chosen)
    return chosen


class EpochSampler:
    """Batches of one size, in an order that (seed, epoch) determines.

    In training the processes share the samples.  In evaluation they deal out the batches: each sample is given once, in
    the company that it has in a single process, so that no result depends on the number of processes.

    Args:
        dataset: an ``OcrDataset``.
        batch_size: samples of one process in one batch.
        shuffle: whether the order is random.
        drop_last: leave out a last batch that is not full, in training.
        training: see above.
        rank, world_size: this process and the number of them.
    """

    def __init__(self, dataset, batch_size, shuffle, drop_last, training, rank=0, world_size=1):
        self._dataset = dataset
        self._batch_size = batch_size
        self._shuffle = shuffle
        self._drop_last = drop_last and training
        self._training = training
        self._rank, self._world_size = rank, world_size

    @property
    def unfilled(self) -> int:
        """Number of the samples that an epoch leaves out behind the full batches of all processes."""
        return max(0, len(self._dataset) - len(self) * self._batch_size * self._world_size) if self._drop_last else 0

    def __len__(self):
        return len(self._numbers())

    def batches(self, epoch: int, skip: int = 0):
        """Yields the batches of an epoch from number ``skip`` on, as lists of ``SampleKey``."""
        order = epoch_order(self._dataset, epoch, self._shuffle)
        if self._training:
            order = share_of(order, self._rank, self._world_size)
        for number in self._numbers()[skip:]:
            start = number * self._batch_size
            yield [SampleKey(epoch, index) for index in order[start : start + self._batch_size].tolist()]

    def _numbers(self):
        """Returns the numbers of this process's batches in the order that they are cut from."""
        samples = len(self._dataset)
        if self._training:
            return range(self._batches_of(-(-samples // self._world_size)))
        return range(self._rank, self._batches_of(samples), self._world_size)

    def _batches_of(self, samples):
        return samples // self._batch_size if self._drop_last else -(-samples // self._batch_size)


class GroupSampler:
    """Batches of samples of one group each, in an order that (seed, epoch) determines.

    The processes share the batches, in evaluation without giving any of them twice.

    Args:
        dataset: an ``OcrDataset`` with ``groups``.
        batch_size: samples of one batch.
        shuffle: whether the order, and the company that samples have, is random.
        drop_last: leave out what is left of a group, in training.
        training: see above.
        rank, world_size: this process and the number of them.

    Attributes:
        unread: number of the samples that no epoch reads, since their group is smaller than a batch.
        unfilled: number of the samples that an epoch leaves out behind the full batches of their groups.

    Raises:
        DataError: there is no batch.
    """

    def __init__(self, dataset, batch_size, shuffle, drop_last, training, rank=0, world_size=1):
        self._dataset, self._batch_size = dataset, batch_size
        self._shuffle, self._drop_last, self._training = shuffle, drop_last and training, training
        self._rank, self._world_size = rank, world_size
        self._count = sum(len(self._starts(group)) for group in dataset.groups)
        if not self._count:
            most = max(map(len, dataset.groups))
            raise DataError(
                f"no size of images has {batch_size} samples for a batch, the most is {most}: lower "
                "batch_size_per_pair, or set keep_smaller_batches to true"
            )
        self.unread = sum(len(group) for group in dataset.groups if not self._starts(group))
        self.unfilled = sum(len(g) % batch_size for g in dataset.groups if self._starts(g)) if self._drop_last else 0

    def __len__(self):
        return len(self._mine(np.arange(self._count)))

    def batches(self, epoch: int, skip: int = 0):
        """Yields the batches of an epoch from number ``skip`` on, as lists of ``SampleKey``."""
        rng = generator(self._dataset.seed, epoch, "order")
        cut = []
        for group in self._dataset.groups:
            order = rng.permutation(group) if self._shuffle else group
            cut += [order[start : start + self._batch_size] for start in self._starts(group)]
        numbers = shuffled(self._count, rng) if self._shuffle else np.arange(self._count)
        for number in self._mine(numbers)[skip:]:
            yield [SampleKey(epoch, index) for index in cut[number].tolist()]

    def _starts(self, group):
        """Returns where the batches of a group begin."""
        return range(0, len(group) - (self._batch_size - 1 if self._drop_last else 0), self._batch_size)

    def _mine(self, numbers):
        """Returns what this process takes of the numbers of all batches."""
        if self._training:
            return share_of(numbers, self._rank, self._world_size)
        return numbers[self._rank :: self._world_size]


class ScaledSampler:
    """Turns the batches of a sampler that names positions and sizes into batches of ``SampleKey``.

    Args:
        dataset: an ``OcrDataset``.
        sampler: has ``set_epoch`` and yields batches of ``(width, height, position, ratio)``.
    """

    def __init__(self, dataset, sampler):
        self._dataset = dataset
        self._sampler = sampler

    def __len__(self):
        return len(self._sampler)

    def batches(self, epoch: int, skip: int = 0):
        """Yields the batches of an epoch from number ``skip`` on, as lists of ``SampleKey``."""
        self._sampler.set_epoch(epoch)
        chosen = self._dataset.select(epoch)
        for number, batch in enumerate(self._sampler):
            if number >= skip:
                yield [
                    SampleKey(epoch, int(position if chosen is None else chosen[position]), int(width), int(height), r)
                    for width, height, position, r in batch
                ]
