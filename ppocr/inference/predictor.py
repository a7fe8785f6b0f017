"""Pre-processing, model and post-processing in one: images in, results out."""

from typing import Optional

import numpy as np
import paddle

from ppocr.data.batch import Batch, with_fields
from ppocr.data.collate_fn import collate_field
from ppocr.engine.forward import call_model, to_float32
from ppocr.errors import ConfigError
from ppocr.failures import in_one_line
from ppocr.inference.preprocessing import fields_in_use
from ppocr.tasks import Task, asking


class Predictor:
    """Reads images with a model.

    A batch holds images that have one shape after pre-processing, so that nothing is padded to fit its neighbours:
    a result depends on its image alone, whatever else is read with it.

    Args:
        preprocess: :class:`ppocr.inference.preprocessing.Preprocessing`.
        network: ``network(batch) -> predictions``; the batch is a :class:`ppocr.data.batch.Batch` of arrays.
        post_process: :class:`ppocr.postprocess.base.PostProcess`, which turns predictions into results.
        batch_size: most images of a batch.
        task: :class:`ppocr.tasks.base.Task`, which knows the type of the results; by default they stay as they are.
        source: file that describes the model, which messages name.

    Attributes:
        networks: names of the networks for each of which there is a result; empty for a single one.
        task: as given.
    """

    def __init__(self, preprocess, network, post_process, batch_size: int = 8, task: Optional[Task] = None, source=""):
        self.batch_size, self.networks = batch_size, post_process.networks
        self._preprocess, self._network, self._post_process = preprocess, network, post_process
        self.task = task or Task()
        self._where = f"{source}: " if source else ""

    def __call__(self, images) -> list:
        """Returns the result of each image, in their order; see :meth:`predict`.

        Args:
            images: uint8 BGR arrays ``(H, W, 3)`` of any size.

        Raises:
            Dropped: an image has a form that the model cannot take.
        """
        return self.predict([self._prepared(image) for image in images])

    @property
    def wider(self) -> int:
        """How many images were made wider than an evaluation makes them."""
        return self._preprocess.wider

    def open(self, content: bytes):
        """Returns the image in a file's bytes, uint8 BGR ``(H, W, 3)``, and as :meth:`predict` takes it.

        Raises:
            Dropped, DataError: it is no image, or one that the model cannot take.
        """
        image = self._preprocess.open(content)
        return image, self._prepared(image)

    def _prepared(self, image):
        with in_one_line(f"{self._where}the transforms fail on an image of shape {image.shape}"):
            return self._preprocess(image)

    def predict(self, samples) -> list:
        """Runs the model.

        Args:
            samples: images as ``preprocess`` gives them.

        Returns:
            The typed result of each, see :mod:`ppocr.tasks.results`; of several networks ``{network: result}``.

        Raises:
            ConfigError: the results are those of another task.
        """
        results = [None] * len(samples)
        for places in _same_shapes([_shapes(sample) for sample in samples], self.batch_size):
            chosen = [samples[place] for place in places]
            batch = {key: collate_field([sample[key] for sample in chosen]) for key in chosen[0]}
            for place, result in zip(places, self._read(batch)):
                results[place] = result
        return results

    def _read(self, fields):
        batch = Batch(fields.values(), names=fields)
        shapes = ", ".join(f"{name} of shape {np.shape(field)}" for name, field in fields.items())
        with in_one_line(f"{self._where}the model fails on {shapes}"):
            predictions = self._network(batch)
        with in_one_line(f"{self._where}{type(self._post_process).__name__} fails on what the model gives"):
            results = self._post_process.results(predictions, batch)
        return list(map(self._typed, results))

    def _typed(self, raw):
        with asking(self.task, "a result of the post-processing"):
            if self.networks:
                return {network: self._result(raw[network]) for network in self.networks}
            return self._result(raw)

    def _result(self, raw):
        typed = self.task.result(raw)
        if typed is None:
            raise ConfigError(f"task {self.task.name!r}: {type(self.task).__name__}.result gives None")
        return typed


class LiveNetwork:
    """A model in this process: ``network(batch) -> predictions``, float32.

    Args:
        model: is put into evaluation mode.
        amp: :class:`ppocr.engine.stepper.MixedPrecision`, on or off.
    """

    def __init__(self, model, amp):
        model.eval()
        self._model, self._amp, self._reads = model, amp, fields_in_use(model)

    def __call__(self, batch):
        tensors = [
            paddle.to_tensor(field) if name in self._reads and not isinstance(field, list) else field
            for name, field in zip(batch.names, batch)
        ]
        with paddle.no_grad(), self._amp.autocast():
            predictions = call_model(self._model, with_fields(batch, tensors))
        return to_float32(predictions)


def _shapes(sample) -> tuple:
    return tuple(np.shape(field) for field in sample.values())


def _same_shapes(shapes, most: int):
    """Yields lists of at most ``most`` places whose shapes are the same."""
    groups = {}
    for place, shape in enumerate(shapes):
        groups.setdefault(shape, []).append(place)
    for places in groups.values():
        yield from (places[start : start + most] for start in range(0, len(places), most))
