"""Random generators that depend on nothing but the run's seed, the epoch and what is drawn."""

import zlib

import numpy as np


def generator(seed: int, epoch: int, purpose: str, *numbers: int) -> np.random.Generator:
    """Returns the generator for one purpose: the same arguments give the same draws, on any process of any run.

    Args:
        seed: the run's seed; a negative one counts as its absolute value.
        epoch: epoch, from 0.
        purpose: a word that keeps the streams of different purposes apart.
        *numbers: what tells apart the draws of one purpose in one epoch, such as a sample's index; from 0.
    """
    return np.random.default_rng((abs(int(seed)), int(epoch), zlib.crc32(purpose.encode()), *map(int, numbers)))


def shuffled(count: int, rng: np.random.Generator) -> np.ndarray:
    """Returns 0 .. count-1 in random order: int32, 4 bytes each (int64 from 2**31 on)."""
    order = np.arange(count, dtype=np.int32 if count < 2**31 else np.int64)
    rng.shuffle(order)
    return order
