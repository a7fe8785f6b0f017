"""Pre-processing, model and post-processing in one: images in, results out."""

import paddle

from ppocr.data.batch import Batch, with_fields
from ppocr.data.collate_fn import collate_field
from ppocr.engine.stepper import call_model, to_float32


class Predictor:
    """Reads images with a model.

    A batch holds images that have one shape after pre-processing, so that nothing is padded to fit its neighbours:
    a result depends on its image alone, whatever else is read with it.

    Args:
        preprocess: :class:`ppocr.inference.preprocessing.Preprocessing`.
        network: ``network(batch) -> predictions``; the batch is a :class:`ppocr.data.batch.Batch` of arrays.
        post_process: turns predictions into results; with the images' shapes where pre-processing gives them
            (``shape``), as it does for detectors.
        batch_size: most images of a batch.
    """

    def __init__(self, preprocess, network, post_process, batch_size: int = 8):
        self.batch_size = batch_size
        self._preprocess, self._network, self._post_process = preprocess, network, post_process

    def __call__(self, images) -> list:
        """Returns the result of each image, in their order; see :meth:`predict`.

        Args:
            images: uint8 BGR arrays ``(H, W, 3)`` of any size.

        Raises:
            Dropped: an image has a form that the model cannot take.
        """
        return self.predict([self._preprocess(image) for image in images])

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
        return image, self._preprocess(image)

    def predict(self, samples) -> list:
        """Runs the model.

        Args:
            samples: images as ``preprocess`` gives them.

        Returns:
            What the post-processing gives for each: (text, confidence) or (class, confidence), or a dict with
            ``points`` and, where it knows them, ``scores``.  Several networks give a dict of these.
        """
        results = [None] * len(samples)
        for places in _same_shapes([sample["image"].shape for sample in samples], self.batch_size):
            chosen = [samples[place] for place in places]
            batch = {key: collate_field([sample[key] for sample in chosen]) for key in chosen[0]}
            for place, result in zip(places, self._read(batch)):
                results[place] = result
        return results

    def _read(self, batch):
        predictions = self._network(Batch(batch.values(), names=batch))
        shapes = [batch["shape"]] if "shape" in batch else []
        results = self._post_process(predictions, *shapes)
        if not isinstance(results, dict):
            return results
        return [dict(zip(results, row)) for row in zip(*results.values())]


class LiveNetwork:
    """A model in this process: ``network(batch) -> predictions``, float32.

    Args:
        model: is put into evaluation mode.
        amp: :class:`ppocr.engine.stepper.MixedPrecision`, on or off.
    """

    def __init__(self, model, amp):
        model.eval()
        self._model, self._amp = model, amp

    def __call__(self, batch):
        tensors = [field if isinstance(field, list) else paddle.to_tensor(field) for field in batch]
        with paddle.no_grad(), self._amp.autocast():
            predictions = call_model(self._model, with_fields(batch, tensors))
        return to_float32(predictions)


def _same_shapes(shapes, most: int):
    """Yields lists of at most ``most`` places that have one shape."""
    groups = {}
    for place, shape in enumerate(shapes):
        groups.setdefault(shape, []).append(place)
    for places in groups.values():
        yield from (places[start : start + most] for start in range(0, len(places), most))
