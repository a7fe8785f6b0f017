"""MultiScaleSampler."""

from collections import Counter

import numpy as np
import pytest

from ppocr.data.multi_scale_sampler import MultiScaleSampler
from ppocr.errors import ConfigError
from ppocr.registry import SAMPLERS

SCALES = [[320, 32], [320, 48], [320, 64]]


class Source:
    """Stands for a data set."""

    def __init__(self, count, ratios=None, seed=0):
        self.count, self.seed = count, seed
        self.ds_width, self.wh_ratio = ratios is not None, ratios

    def __len__(self):
        return self.count


def epoch_of(sampler, epoch=0):
    sampler.set_epoch(epoch)
    return list(sampler)


def sizes(batches):
    return Counter((batch[0][0], batch[0][1], len(batch)) for batch in batches)


def positions(batches):
    return [sample[2] for batch in batches for sample in batch]


def test_batches_have_about_equally_many_pixels():
    sampler = MultiScaleSampler(Source(100), SCALES, first_bs=16, fix_bs=False)
    batches = epoch_of(sampler)
    # 16 * 320*32 pixels: 10.67 and 8 at the other sizes; rounds of 34 cover 100 samples in 3
    assert sizes(batches) == {(320, 32, 16): 3, (320, 48, 10): 3, (320, 64, 8): 3}
    assert len(sampler) == 9 and set(positions(batches)) == set(range(100))


def test_fixed_batch_size_and_rounding():
    batches = epoch_of(MultiScaleSampler(Source(40), [32, 100], first_bs=4, divided_factor=[16, 16]))
    assert sizes(batches) == {(32, 32, 4): 5, (96, 96, 4): 5}


def test_a_batch_never_exceeds_the_data():
    assert sizes(epoch_of(MultiScaleSampler(Source(5), SCALES, first_bs=8, fix_bs=False))) == {
        (320, 32, 5): 1,
        (320, 48, 5): 1,
        (320, 64, 4): 1,
    }


def test_evaluation_gives_each_sample_once():
    sampler = MultiScaleSampler(Source(50), SCALES, first_bs=8, is_training=False)
    batches = epoch_of(sampler)
    assert positions(batches) == list(range(50)) and len(sampler) == len(batches) == 7
    assert {(w, h) for batch in batches for w, h, _, _ in batch} == {(320, 32)}


def test_epoch_and_seed_determine_the_order():
    first, again = (MultiScaleSampler(Source(100), SCALES, first_bs=8) for _ in range(2))
    assert epoch_of(first, 4) == epoch_of(again, 4) != epoch_of(first, 5)
    assert epoch_of(MultiScaleSampler(Source(100, seed=1), SCALES, first_bs=8), 4) != epoch_of(first, 4)


def test_width_follows_aspect_ratio():
    ratios = np.linspace(1, 9, 90)
    sampler = MultiScaleSampler(Source(90, ratios), SCALES, first_bs=16, fix_bs=False, max_w=320)
    for batch in epoch_of(sampler):
        (ratio,) = {sample[3] for sample in batch}
        members = ratios[[sample[2] for sample in batch]]
        assert ratio == pytest.approx(min(members.mean(), 320 / batch[0][1]))
        assert members.max() - members.min() < 2
    assert set(positions(epoch_of(sampler))) == set(range(90))


def test_processes_share_an_epoch():
    shares = [MultiScaleSampler(Source(100), SCALES, first_bs=8, rank=r, world_size=2) for r in range(2)]
    batches = [epoch_of(share) for share in shares]
    assert [[b[0][:2] for b in share] for share in batches][0] == [b[0][:2] for b in batches[1]]
    assert len(batches[0]) == len(batches[1]) == len(shares[0]) == 9  # 48 samples a round
    assert set(positions(batches[0])) | set(positions(batches[1])) == set(range(100))
    evaluation = [
        MultiScaleSampler(Source(9), SCALES, first_bs=4, is_training=False, rank=r, world_size=2) for r in (0, 1)
    ]
    assert [positions(epoch_of(s)) for s in evaluation] == [[0, 1, 2, 3, 8], [4, 5, 6, 7]]
    assert [len(s) for s in evaluation] == [2, 1]


@pytest.mark.parametrize("scales", [[], [[320]], [[4, 32]], [["a", "b"]], [0]])
def test_senseless_scales_are_refused(scales):
    with pytest.raises(ConfigError, match="scales"):
        SAMPLERS.build({"name": "MultiScaleSampler", "scales": scales}, supplied={"data_source": Source(9)})
