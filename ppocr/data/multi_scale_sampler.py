"""MultiScaleSampler: batches of changing image size."""

from typing import Annotated, Optional, Union

import numpy as np

from ppocr.data.randomness import generator, shuffled
from ppocr.errors import ConfigError
from ppocr.registry import SAMPLERS
from ppocr.values import BatchSize, Length, Range, Side, Size


@SAMPLERS.register()
class MultiScaleSampler:
    """Draws one of several image sizes for each batch (multi-scale sampler of MobileViT, arXiv 2110.02178).

    In training an epoch has equally many batches of each size, in random order; samples repeat to fill the last round.
    In evaluation all batches have the first size, each sample is given once, and the processes deal out the batches.

    Args:
        data_source: the data set; with ``ds_width`` true it offers ``wh_ratio``, an array of aspect ratios by position.
        scales: sizes as ``[width, height]``, or as one number for both.
        first_bs: batch size at the first size.
        fix_bs: use that batch size for all sizes; otherwise a batch of any size has about as many pixels.
        divided_factor: widths and heights are rounded down to multiples of these, in training.
        is_training: see above.
        max_w: widest image in pixels where the width follows from the aspect ratio.
        seed: seed of the order; by default the data set's.
        rank, world_size: this process and the number of them.

    Yields:
        Lists of ``[width, height, position, ratio]``; ratio is the batch's aspect ratio with ``ds_width``, else None.
    """

    def __init__(
        self,
        data_source,
        scales: Annotated[list[Union[Side, Size]], Length(1)],
        first_bs: BatchSize = 128,
        fix_bs: bool = True,
        divided_factor: Size = (8, 16),
        is_training: bool = True,
        max_w: Annotated[float, Range(1, 10_000)] = 480.0,
        seed: Optional[int] = None,
        rank: int = 0,
        world_size: int = 1,
    ):
        self._count = len(data_source)
        self._training = is_training
        self._max_w = max_w
        self._seed = (getattr(data_source, "seed", None) if seed is None else seed) or 0
        self._ratios = data_source.wh_ratio if getattr(data_source, "ds_width", False) else None
        self._rank, self._world_size = rank, world_size
        self._epoch = 0
        if self._count < 1:
            raise ConfigError("MultiScaleSampler: the data set has no samples")
        self._scales = _batch_scales(scales, first_bs, fix_bs, divided_factor)[: None if is_training else 1]
        self._scales = [(w, h, min(size, self._count)) for w, h, size in self._scales]

    @staticmethod
    def check_arguments(scales, divided_factor):
        """Yields sizes that would be rounded down to nothing."""
        for scale in scales:
            if any(side < by for side, by in zip(_pair(scale), divided_factor)):
                yield "scales", f"'scales': {scale} has a side below 'divided_factor' {list(divided_factor)}"

    def set_epoch(self, epoch: int):
        """Chooses the epoch that the next iteration gives."""
        self._epoch = epoch

    def __len__(self):
        batches = len(self._rounds())
        return batches if self._training else len(range(self._rank, batches, self._world_size))

    def __iter__(self):
        scales = self._rounds()
        if self._training:
            rng = generator(self._seed, self._epoch, "scales")
            needed = sum(size for _, _, size in scales) * self._world_size
            order = np.resize(shuffled(self._count, rng), needed)[self._rank :: self._world_size]
            batches = self._cut(scales, order)
            rng.shuffle(batches)
        else:
            batches = self._cut(scales, np.arange(self._count))[self._rank :: self._world_size]
        for width, height, positions in batches:
            ratio = self._ratio(positions, height)
            yield [[width, height, int(position), ratio] for position in positions]

    def _rounds(self):
        """Returns the sizes of the batches of an epoch, round by round: in training those of each process."""
        in_round = sum(size for _, _, size in self._scales)
        sharing = self._world_size if self._training else 1
        return self._scales * -(-self._count // (in_round * sharing))

    def _cut(self, scales, order):
        """Returns ``(width, height, positions)`` of each batch; those of similar aspect ratio stand together."""
        if self._ratios is not None:
            order = order[np.argsort(self._ratios[order], kind="stable")]
        batches, start = [], 0
        for width, height, size in scales:
            batches.append((width, height, order[start : start + size]))
            start += size
        return batches

    def _ratio(self, positions, height):
        if self._ratios is None:
            return None
        return min(float(self._ratios[positions].mean()), self._max_w / height)


def _pair(scale):
    return (scale, scale) if isinstance(scale, (int, float)) else tuple(scale)


def _batch_scales(scales, first_bs, fix_bs, divided_factor):
    """Returns ``(width, height, batch size)`` of each scale."""
    pairs = [_pair(scale) for scale in scales]
    rounded = [tuple(int(side // by * by) for side, by in zip(pair, divided_factor)) for pair in pairs]
    pixels = pairs[0][0] * pairs[0][1] * first_bs
    return [(w, h, first_bs if fix_bs else max(1, int(pixels / (w * h)))) for w, h in rounded]
