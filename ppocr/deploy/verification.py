"""Whether exported files give what the trained model gives, sample by sample."""

import logging
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Optional

import numpy as np

from ppocr.data.datasets.simple import SimpleDataSet
from ppocr.data.raw_samples import Stored, decoded_images, raw_dataset, stored_samples
from ppocr.engine.stepper import MixedPrecision
from ppocr.errors import ConfigError, DataError
from ppocr.inference.images import find_images
from ppocr.inference.outputs import flattened
from ppocr.inference.predictor import LiveNetwork, Predictor
from ppocr.inference.preprocessing import Preprocessing
from ppocr.postprocess.base import to_numpy
from ppocr.wording import counted

logger = logging.getLogger("ppocr")
LIMITS = {"paddle": 1e-4, "onnx": 1e-3}  # of the difference between two outputs


@dataclass
class Samples:
    """Which images to compare on.

    Attributes:
        data: a folder of images, or a label file, whose paths start at ``Eval.dataset.data_dir`` (without one, at the
            folder of the file); None stands for the ``Eval`` section.
        count: how many of them, from the first on.
        metric: evaluate the exported files on all of them, too.
    """

    data: Optional[str] = None
    count: int = 20
    metric: bool = True


@dataclass
class Comparison:
    """One exported file against its model.

    Attributes:
        folder: where the file lies.
        backend: ``paddle`` or ``onnx``.
        samples: how many were compared.
        largest: largest absolute difference between two values of the outputs.
        differing: names of the samples whose text, boxes or class differ.
    """

    folder: str
    backend: str
    samples: int = 0
    largest: float = 0.0
    differing: list = field(default_factory=list)

    @property
    def problem(self) -> Optional[str]:
        """What is wrong, in one line; None if nothing is."""
        limit = LIMITS[self.backend]
        if self.differing:
            named = ", ".join(self.differing[:3]) + (", ..." if len(self.differing) > 3 else "")
            return (
                f"{self.folder} ({self.backend}): another result for {counted(len(self.differing), 'sample')}: {named}"
            )
        if not self.largest <= limit:
            return f"{self.folder} ({self.backend}): outputs differ by {self.largest:.1e}, more than {limit:.0e}"
        return None

    def add(self, name, outputs, expected, result, expected_result):
        """Takes one sample into account."""
        self.samples += 1
        self.largest = float(np.maximum(self.largest, difference(outputs, expected)))
        if not same(result, expected_result, LIMITS[self.backend]):
            self.differing.append(name)


def compare(network, exported: list, config, samples: Samples) -> list:
    """Runs a network and the files that it was exported to over the same images; says how many cannot be read.

    Args:
        network: the network.
        exported: :class:`ppocr.inference.exported.ExportedModel` of each file.
        config: the resolved configuration.
        samples: which images.

    Returns:
        A :class:`Comparison` for each file.

    Raises:
        DataError: there is no image.
    """
    preprocess = Preprocessing(exported[0].config["PreProcess"]["transform_ops"], inputs=tuple(exported[0].inputs))
    post_process = exported[0].build_post_process()
    live = _RecordingPredictor(LiveNetwork(network, MixedPrecision()), preprocess, post_process)
    others = [_RecordingPredictor(one, preprocess, post_process) for one in exported]
    comparisons = [Comparison(str(one.folder), one.backend) for one in exported]
    left_out = []
    readable = decoded_images(stored(config, samples.data), preprocess.open, left_out)
    for sample, image in islice(readable, samples.count):
        expected = live(image)
        for comparison, other in zip(comparisons, others):
            outputs, result = other(image)
            comparison.add(sample.name, outputs, expected[0], result, expected[1])
    first = "; {}: {}".format(*left_out[0]) if left_out else ""
    if not comparisons[0].samples:
        raise DataError(f"{samples.data or 'Eval'}: holds no image to compare the exported model on{first}")
    if left_out:
        logger.warning("%s left out of the comparison%s", counted(len(left_out), "sample"), first)
    return comparisons


class _RecordingPredictor:
    """A predictor that gives an image's outputs beside its result."""

    def __init__(self, network, preprocess, post_process):
        self._network, self._outputs = network, None
        self._predictor = Predictor(preprocess, self._run, post_process)

    def __call__(self, image):
        (result,) = self._predictor([image])
        return self._outputs, result

    def _run(self, batch):
        self._outputs = self._network(batch)
        return self._outputs


def stored(config, data):
    """Returns an iterator over the :class:`ppocr.data.raw_samples.Stored` to compare on.

    Args:
        config: a resolved configuration.
        data: see :class:`Samples`.

    Raises:
        ConfigError: there is no such file, or no ``Eval`` section.
        DataError: label files cannot be used.
    """
    if data is None:
        return stored_samples(raw_dataset(config, "Eval"))
    if Path(data).is_dir():
        return (Stored(str(path), "", path.read_bytes) for path in find_images(data))
    if not Path(data).exists():
        raise ConfigError(f"--verify {data}: no such label file or folder")
    section = (config.get("Eval") or {}).get("dataset") or {}
    folder = section.get("data_dir") or str(Path(data).parent)
    return stored_samples(SimpleDataSet(folder, [data], [], delimiter=section.get("delimiter") or "\t"))


def difference(outputs, expected) -> float:
    """Returns the largest absolute difference between two outputs; infinity where they have other shapes.

    A decoder in Python may stop at the end of the longest text, so that only the steps that both have are compared.
    """
    largest = 0.0
    for one, other in zip(map(to_numpy, flattened(outputs)), map(to_numpy, flattened(expected))):
        if one.ndim > 1 and other.ndim > 1:
            steps = min(one.shape[1], other.shape[1])
            one, other = one[:, :steps], other[:, :steps]
        if one.shape != other.shape:
            return float("inf")
        apart = np.abs(one.astype(np.float64) - other).max(initial=0.0)
        largest = np.maximum(largest, apart)  # keeps what is no number
    return float(largest)


def same(one, other, tolerance: float) -> bool:
    """Tells whether two results say the same: numbers with a fraction may differ by ``tolerance``, nothing else may."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key], tolerance) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(a, b, tolerance) for a, b in zip(one, other))
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape or one.dtype.kind != "f":
        return np.array_equal(one, other)
    return np.allclose(one, other, rtol=0, atol=tolerance, equal_nan=True)
