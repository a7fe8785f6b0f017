"""The one call of a model and the one call of a loss, which training, evaluation, inference and export share."""

import numpy as np
import paddle

from ppocr.checkpoint.optimizer_state import HALF
from ppocr.data.batch import IMAGE, fields_of, pick
from ppocr.errors import ConfigError, DataError


def call_model(model, batch):
    """Calls a model with what it declares to read: ``model(input)``, or ``model(input, data={name: field})``.

    Args:
        model: a layer; ``inputs`` names what it reads, ``("image",)`` by default (of several it gets a list), ``feed``
            what it is fed besides.
        batch: a :class:`ppocr.data.batch.Batch`, or a plain list of inputs and feed in the published order.  In
            training it has all of it, otherwise what is not there is not in ``data``.

    Raises:
        DataError: the images of the batch have different sizes, or it lacks a field.
    """
    inner = getattr(model, "_layers", model)
    inputs, feed = inputs_of(model), getattr(inner, "feed", ())
    values = fields_of(batch, inputs, inputs=())
    x = list(values) if len(inputs) > 1 else _of_one_size(*values)
    if not feed:
        return model(x)
    data = pick(batch, feed, inputs)
    if len(data) < len(feed) and getattr(inner, "training", False):
        fields_of(batch, feed, inputs)  # says what is missing
    return model(x, data=data)


def inputs_of(model) -> tuple:
    """Returns the names of the fields that a model reads, besides what it is fed."""
    return getattr(getattr(model, "_layers", model), "inputs", IMAGE)


def call_loss(loss, predictions, batch) -> dict:
    """Returns the losses of a batch.

    Args:
        loss: ``loss(predictions, batch) -> dict`` with the key ``loss``.
        predictions: float32, of the model.
        batch: see :func:`call_model`.

    Raises:
        ConfigError: it gives something else.
    """
    losses = loss(predictions, batch)
    if not isinstance(losses, dict):
        gives = f"a {type(losses).__name__}"
    elif not isinstance(losses.get("loss"), paddle.Tensor):
        gives = "{" + ", ".join(f"{key}: {type(value).__name__}" for key, value in losses.items()) + "}"
    else:
        return losses
    name = getattr(loss, "__name__", type(loss).__name__)
    raise ConfigError(f"{name} must give a mapping with the tensor 'loss', on which the model trains, not {gives}")


def _of_one_size(images):
    if isinstance(images, list):
        sizes = sorted({"x".join(map(str, np.shape(image))) for image in images})
        raise DataError(
            f"the images of a batch have different sizes ({', '.join(sizes[:3])}): resize them to one, or set "
            "loader.batch_size_per_card to 1 or loader.collate_fn to PadCollator"
        )
    return images


def to_float32(predictions):
    """Returns predictions with every floating tensor in float32; containers are copied, nothing is changed in place."""
    if isinstance(predictions, dict):
        return {key: to_float32(value) for key, value in predictions.items()}
    if isinstance(predictions, (list, tuple)):
        return type(predictions)([to_float32(value) for value in predictions])
    if isinstance(predictions, paddle.Tensor) and predictions.dtype in HALF:
        return predictions.astype("float32")
    return predictions
