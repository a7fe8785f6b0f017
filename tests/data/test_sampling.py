"""Order of samples and shares of processes."""

import numpy as np
import pytest

from ppocr.data.randomness import generator, shuffled
from ppocr.data.sampling import EpochSampler, share_of, share_size


class Source:
    """Stands for a data set, with an epoch's selection if given."""

    seed = 7

    def __init__(self, count, selection=None):
        self.count, self.selection = count, selection

    def __len__(self):
        return self.count

    def select(self, epoch):
        return None if self.selection is None else np.array(self.selection, np.int32)


def indices(batches):
    return [[key.index for key in batch] for batch in batches]


def test_streams_of_random_numbers_differ_by_everything():
    draws = {
        tuple(generator(*key).integers(1 << 30, size=3))
        for key in [(1, 0, "a"), (2, 0, "a"), (1, 1, "a"), (1, 0, "b"), (1, 0, "a", 1), (1, 0, "a", 1, 1)]
    }
    assert len(draws) == 6
    assert generator(1, 2, "a", 3).random() == generator(1, 2, "a", 3).random()


def test_order_is_a_permutation_of_four_bytes_each():
    order = shuffled(1000, generator(0, 0, "order"))
    assert order.nbytes == 4000 and sorted(order) == list(range(1000)) and order.tolist() != list(range(1000))


@pytest.mark.parametrize("count", [1, 7, 8, 9])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_shares(count, world_size):
    order = np.arange(count)
    even = [share_of(order, rank, world_size, True) for rank in range(world_size)]
    assert len({len(share) for share in even}) == 1 and set(np.concatenate(even)) == set(range(count))
    exact = [share_of(order, rank, world_size, False) for rank in range(world_size)]
    assert sorted(np.concatenate(exact)) == list(range(count))
    for rank in range(world_size):
        assert share_size(count, rank, world_size, True) == len(even[rank])
        assert share_size(count, rank, world_size, False) == len(exact[rank])


def test_plain_order_and_last_batch():
    keep = EpochSampler(Source(7), 3, shuffle=False, drop_last=False, training=True)
    drop = EpochSampler(Source(7), 3, shuffle=False, drop_last=True, training=True)
    assert indices(keep.batches(0)) == [[0, 1, 2], [3, 4, 5], [6]] and len(keep) == 3
    assert indices(drop.batches(0)) == [[0, 1, 2], [3, 4, 5]] and len(drop) == 2


def test_shuffled_order_depends_on_the_epoch_and_skips():
    sampler = EpochSampler(Source(20), 3, shuffle=True, drop_last=False, training=True)
    epoch = indices(sampler.batches(2))
    assert sorted(sum(epoch, [])) == list(range(20))
    assert indices(sampler.batches(2)) == epoch != indices(sampler.batches(3))
    assert indices(sampler.batches(2, skip=4)) == epoch[4:]
    assert {key.epoch for batch in sampler.batches(2) for key in batch} == {2}


def test_only_selected_samples_are_given():
    sampler = EpochSampler(Source(3, [4, 10, 11]), 2, shuffle=True, drop_last=False, training=True)
    assert sorted(sum(indices(sampler.batches(0)), [])) == [4, 10, 11]
    plain = EpochSampler(Source(3, [4, 10, 11]), 2, shuffle=False, drop_last=False, training=False)
    assert indices(plain.batches(0)) == [[4, 10], [11]]


def test_processes_of_training_get_equally_many_batches():
    samplers = [EpochSampler(Source(9), 2, True, False, True, rank, 2) for rank in range(2)]
    batches = [indices(sampler.batches(1)) for sampler in samplers]
    assert [len(b) for b in batches] == [len(s) for s in samplers] == [3, 3]
    assert set(sum(batches[0] + batches[1], [])) == set(range(9))
