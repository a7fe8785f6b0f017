"""Order of samples and shares of processes."""

import numpy as np
import pytest

from ppocr.data.randomness import generator, shuffled
from ppocr.data.sampling import EpochSampler, share_of


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
    shares = [share_of(order, rank, world_size) for rank in range(world_size)]
    assert len({len(share) for share in shares}) == 1 and set(np.concatenate(shares)) == set(range(count))


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("count", [1, 7, 8, 9])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_processes_of_an_evaluation_deal_out_the_batches_of_a_single_one(count, world_size, drop_last):
    def sampler(*share):
        return EpochSampler(Source(count), 2, False, drop_last, False, *share)

    shares = [indices(sampler(rank, world_size).batches(0)) for rank in range(world_size)]
    assert [len(share) for share in shares] == [len(sampler(rank, world_size)) for rank in range(world_size)]
    dealt = [share[turn] for turn in range(count) for share in shares if turn < len(share)]
    assert dealt == indices(sampler().batches(0))


@pytest.mark.parametrize("world_size", [2, 3])
def test_a_step_of_all_processes_is_one_of_a_single_process_with_their_batch(world_size):
    shares = [
        indices(EpochSampler(Source(24), 2, True, False, True, rank, world_size).batches(1))
        for rank in range(world_size)
    ]
    single = indices(EpochSampler(Source(24), 2 * world_size, True, False, True).batches(1))
    assert [sorted(sum(step, [])) for step in zip(*shares)] == [sorted(step) for step in single]


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


@pytest.mark.parametrize(
    "drop_last, training, world_size, unfilled",
    [
        (True, True, 1, 1),
        (True, True, 2, 1),
        (True, True, 4, 1),
        (False, True, 1, 0),
        (True, False, 1, 0),
    ],
)
def test_samples_that_fill_no_batch(drop_last, training, world_size, unfilled):
    sampler = EpochSampler(Source(9), 2, True, drop_last, training, 0, world_size)
    assert sampler.unfilled == unfilled
