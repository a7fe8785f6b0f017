"""Training through Paddle's static graph (``Global.to_static``)."""

import contextlib

import paddle

from ppocr.data.batch import IMAGE
from ppocr.errors import ConfigError


def use_static_graph(model, image_shape=None):
    """Has Paddle translate a model's ``forward`` into a graph when it is first called; parameters keep their names.

    Args:
        model: the model, changed in place.
        image_shape: (channels, height, width) of the images, -1 for what changes from batch to batch; None: each shape
            that comes along has a graph of its own.  Only for models that are fed images alone.

    Raises:
        ConfigError: the shape is none, or the model says that it has no such graph.
    """
    obstacle = getattr(model, "static_obstacle", None)
    if obstacle:
        raise ConfigError(f"Global.to_static: {obstacle}")
    spec = None
    if image_shape is not None and getattr(model, "inputs", IMAGE) == IMAGE and not getattr(model, "feed", ()):
        if len(image_shape) != 3 or not all(isinstance(side, int) for side in image_shape):
            raise ConfigError(f"Global.d2s_train_image_shape: must be [channels, height, width], not {image_shape}")
        spec = [paddle.static.InputSpec([None, *(side if side > 0 else None for side in image_shape)], "float32")]
    paddle.jit.to_static(model, input_spec=spec, full_graph=True)


@contextlib.contextmanager
def without_static_graph():
    """Has models run as they are written: a graph keeps the mode of layers that it was translated with."""
    paddle.jit.enable_to_static(False)
    try:
        yield
    finally:
        paddle.jit.enable_to_static(True)
