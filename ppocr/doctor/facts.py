"""What of a run its speed depends on."""

import inspect
import math
import os
from dataclasses import dataclass
from typing import Optional

from ppocr.data.cache import free_memory
from ppocr.data.datasets.base import SampleKey
from ppocr.data.imaug import run_operators
from ppocr.data.randomness import generator
from ppocr.doctor import parts
from ppocr.errors import DataError, Dropped

_IMAGES = 8  # that are decoded to learn their size


@dataclass(frozen=True)
class Facts:
    """What the configuration, the data and the machine say.

    Attributes:
        config: name of the configuration file.
        device: name of the device.
        cores: processor cores of the machine.
        workers: ``Train.loader.num_workers``.
        batch_size: samples of a batch.
        samples: samples of an epoch.
        cache: ``Train.dataset.cache``, ``off`` if it is not set; None where the data set has no such key.
        image: mean pixels of an image as it is decoded; None where nothing is decoded.
        input: pixels of an image as the model gets it; None where batches hold no stack of images.
        memory: bytes of memory that are free; None where the system does not say.
        amp: mixed precision is used.
        metric_interval: ``Global.calc_epoch_interval``.
        check_finite: ``step``, ``log`` or ``off``.
        print_interval: ``Global.print_batch_step``.
    """

    config: str
    device: str
    cores: int
    workers: int
    batch_size: int
    samples: int
    cache: Optional[str] = None
    image: Optional[float] = None
    input: Optional[float] = None
    memory: Optional[int] = None
    amp: bool = False
    metric_interval: int = 1
    check_finite: str = "step"
    print_interval: int = 10

    @property
    def on_cpu(self) -> bool:
        """Whether model and workers share the processor."""
        return self.device == "cpu"

    @property
    def free_cores(self) -> int:
        """Cores that workers may fill: on a CPU the model keeps one busy."""
        return self.cores - 1 if self.on_cpu else self.cores


def collect(config, name: str, options, device: str, loader, guard) -> Facts:
    """Returns the facts of a run.

    Args:
        config: the resolved configuration.
        name: of its file.
        options: :class:`ppocr.options.GlobalOptions`.
        device: name of the device.
        loader: the :class:`ppocr.data.loader.BatchLoader` of training.
        guard: the run's :class:`ppocr.engine.health.FiniteGuard`.
    """
    return Facts(
        config=name,
        device=device,
        cores=os.cpu_count() or 1,
        workers=loader.options.num_workers,
        batch_size=loader.batch_size,
        samples=len(loader.dataset),
        cache=_cache(config["Train"]["dataset"], type(loader.dataset)),
        image=_decoded(loader.dataset),
        memory=free_memory(),
        amp=options.use_amp,
        metric_interval=options.calc_epoch_interval,
        check_finite=guard.mode,
        print_interval=options.print_batch_step,
    )


def _cache(given, dataset_class):
    known = "cache" in inspect.signature(dataset_class).parameters
    return str(given.get("cache") or "off") if known else None


def _decoded(dataset):
    """Returns the mean pixels of a few images as they are decoded, None where nothing is decoded."""
    if not dataset.ops or parts.operator(dataset.ops[0]) != parts.DECODE:
        return None
    count = dataset.sample_count()
    images = [_image(dataset, index) for index in range(0, count, math.ceil(count / _IMAGES))]
    pixels = [image.size / 3 for image in images if image is not None]
    return sum(pixels) / len(pixels) if pixels else None


def _image(dataset, index):
    """Returns an image as the first operator gives it, None if it cannot be read."""
    rng = generator(dataset.seed, 0, "size", index)
    try:
        return run_operators(dataset.load(index, SampleKey(0, index), rng), dataset.ops[:1], rng)["image"]
    except (Dropped, DataError):
        return None
