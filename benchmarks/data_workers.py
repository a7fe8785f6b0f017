"""What it costs to have batches read by worker processes, as ratios to copying the arrays of a batch once.

Nothing is read: each worker has a batch of five arrays, as a detector is trained with, and hands it over again and
again.  ``handed over`` is a batch's share of the time in which the trainer takes batches and does nothing else;
``waited for`` is the time that a trainer loses which pauses between two batches, so long that the workers are ready,
and reads each value once.

Usage: ``python benchmarks/data_workers.py [--workers 2] [--batches 40] [--rounds 5] [--size 640]``
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
import paddle  # noqa: E402

from ppocr.data.bad_samples import BadSampleLog  # noqa: E402
from ppocr.data.datasets.base import SampleKey  # noqa: E402
from ppocr.data.loader import BatchLoader, LoaderOptions  # noqa: E402

BATCH = 8


class Ready:
    """Stands for a data set, a sampler and a collate function of one batch that is ready."""

    training = True

    def __init__(self, batches, size):
        rng = np.random.default_rng(0)
        shapes = [(BATCH, 3, size, size)] + [(BATCH, size, size)] * 4
        self._count, self.arrays = batches, [rng.random(shape, np.float32) for shape in shapes]

    def __len__(self):
        return self._count

    def batch_size(self, batch_size_per_card):
        return batch_size_per_card

    def batches(self, epoch, skip=0):
        return iter([[SampleKey(epoch, number)] for number in range(skip, self._count)])

    def read(self, key):
        return [key.index], []

    def __call__(self, batch):
        return self.arrays


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=640)
    args = parser.parse_args()
    paddle.set_device("cpu")
    ready = Ready(args.batches, args.size)
    for shared in (True, False):
        ratios = measure(ready, args, shared)
        handed, waited = (statistics.median(values) for values in zip(*ratios))
        way = "shared memory" if shared else "pipes"
        print(f"{way}: handed over / copy {handed:.2f}, waited for / copy {waited:.2f}")


def measure(ready, args, shared):
    """Returns both ratios of each round; a round that is not counted has started the workers."""
    options = LoaderOptions(1, num_workers=args.workers, use_shared_memory=shared)
    loader = BatchLoader(ready, ready, ready, options, BadSampleLog(len(ready), True, None), "cpu")
    found = []
    for _ in range(args.rounds + 1):
        copy = statistics.median(seconds(lambda: [array.copy() for array in ready.arrays]) for _ in range(9))
        handed = seconds(lambda: [None for _ in loader]) / args.batches
        found.append((handed / copy, waited(loader, 4 * copy) / copy))
    loader.close()
    return found[1:]


def waited(loader, pause):
    """Returns the median time of taking a batch and reading its values."""
    batches, times = iter(loader), []
    for _ in range(len(loader)):
        time.sleep(pause)
        times.append(seconds(lambda: [float(array.max()) for array in next(batches)]))
    assert next(batches, None) is None
    return statistics.median(times)


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
