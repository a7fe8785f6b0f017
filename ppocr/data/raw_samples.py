"""Samples as they are stored: before any operator."""

import numpy as np

from ppocr.data import build_dataloader
from ppocr.data.datasets.base import SampleKey
from ppocr.data.imaug.decode import DecodeImage
from ppocr.data.imaug.operator import Dropped
from ppocr.errors import DataError


def raw_dataset(config, mode: str):
    """Returns the data set of a section, without its operators and its cache, which keeps what operators give.

    Args:
        config: a resolved configuration.
        mode: name of the section.

    Raises:
        UserError: see :func:`ppocr.data.build_dataloader`.
    """
    section = config[mode]
    kept = {key: value for key, value in section["dataset"].items() if not key.startswith("cache")}
    section = {**section, "dataset": {**kept, "transforms": []}}
    return build_dataloader({**config, mode: section}, mode, None, None).dataset


def raw_samples(dataset, decode=None):
    """Yields (name, uint8 BGR picture, label) of the samples of a data set's first epoch.

    What cannot be read is left out.

    Args:
        dataset: see :func:`raw_dataset`.
        decode: ``decode(bytes) -> picture``; by default that of ``DecodeImage``.
    """
    decode = decode or DecodeImage(img_mode="BGR").decode
    chosen = dataset.select(0)
    for index in range(len(dataset)) if chosen is None else map(int, chosen):
        try:
            image = dataset.load(index, SampleKey(0, index), np.random.default_rng(0))["image"]
            picture = image if isinstance(image, np.ndarray) else decode(image)
        except (Dropped, DataError):
            continue
        yield dataset.describe(index), picture, dataset.label_of(index)
