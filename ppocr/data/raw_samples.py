"""Samples as they are stored: before any operator."""

from functools import partial
from typing import Callable, NamedTuple

import numpy as np

from ppocr.data import build_dataloader
from ppocr.data.datasets.base import SampleKey
from ppocr.errors import ConfigError, DataError, Dropped


class Stored(NamedTuple):
    """A sample that has not been read yet.

    Attributes:
        name: under which a person finds it.
        label: as it is stored.
        read: without arguments, gives the bytes of an image file or a uint8 BGR image; raises ``Dropped``,
            ``DataError`` or ``OSError`` where there is none.
    """

    name: str
    label: str
    read: Callable


def raw_dataset(config, mode: str):
    """Returns the data set of a section, without its operators and its cache, which keeps what operators give.

    Args:
        config: a resolved configuration.
        mode: name of the section.

    Raises:
        UserError: see :func:`ppocr.data.build_dataloader`.
    """
    section = config.get(mode)
    if not isinstance(section, dict) or not isinstance(section.get("dataset"), dict):
        raise ConfigError(f"section {mode} is missing, or has no dataset")
    kept = {key: value for key, value in section["dataset"].items() if not key.startswith("cache")}
    alone = {"dataset": {**kept, "transforms": []}, "loader": {"batch_size_per_card": 1}}
    return build_dataloader({**config, mode: alone}, mode, None, None).dataset


def stored_samples(dataset):
    """Yields a :class:`Stored` for each sample of the first epoch of a data set without operators."""
    chosen = dataset.select(0)
    for index in range(len(dataset)) if chosen is None else map(int, chosen):
        yield Stored(dataset.describe(index), dataset.label_of(index), partial(_image, dataset, index))


def _image(dataset, index):
    return dataset.load(index, SampleKey(0, index), np.random.default_rng(0))["image"]


def decoded_images(samples, decode, left_out: list):
    """Yields (sample, uint8 BGR image).

    Args:
        samples: iterable of :class:`Stored`.
        decode: ``decode(bytes) -> image``.
        left_out: gets (name, error) of what cannot be read.
    """
    for sample in samples:
        try:
            content = sample.read()
            image = content if isinstance(content, np.ndarray) else decode(content)
        except (Dropped, DataError, OSError) as error:
            left_out.append((sample.name, error))
            continue
        yield sample, image
