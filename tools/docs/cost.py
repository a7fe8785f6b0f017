"""What a network costs: parameters and multiply-accumulate operations (MACs), for the model cards.

Layers are watched through Paddle's hooks.  Products that are written as an operator or a function have none: their
functions are replaced while a network runs, which is why this stands with the tools and is no part of the package.
"""

import contextlib
import math
from unittest import mock

import paddle
from paddle import nn

CONVOLUTIONS = (nn.Conv1D, nn.Conv2D, nn.Conv2DTranspose, paddle.vision.ops.DeformConv2D)
RECURRENT = (nn.LSTM, nn.GRU, nn.SimpleRNN, nn.LSTMCell, nn.GRUCell, nn.SimpleRNNCell)


def count_parameters(model) -> int:
    """Returns the number of weights; running statistics are not counted."""
    return sum(math.prod(parameter.shape) for parameter in model.parameters())


def count_macs(model, call) -> int:
    """Returns the MACs of one call: convolutions, linear and recurrent layers, and products of matrices.

    Normalisation, activation, pooling and resizing are not counted.

    Args:
        model: the layer whose sublayers are watched.
        call: ``call()`` runs it once, without gradients.
    """
    total = []
    hooks = [
        layer.register_forward_post_hook(lambda *args: total.append(_macs_of(*args)))
        for layer in model.sublayers(include_self=True)
        if isinstance(layer, (*CONVOLUTIONS, *RECURRENT, nn.Linear))
    ]
    try:
        with paddle.no_grad(), _products_watched(total):
            call()
    finally:
        for hook in hooks:
            hook.remove()
    return sum(total)


def _macs_of(layer, inputs, output):
    if isinstance(layer, RECURRENT):
        steps = math.prod(inputs[0].shape[:-1])
        return steps * sum(math.prod(p.shape) for p in layer.parameters() if len(p.shape) == 2)
    weight = math.prod(layer.weight.shape)
    if isinstance(layer, nn.Linear):
        return weight * math.prod(output.shape[:-1])
    # Each output pixel of a convolution, and each input pixel of a transposed one, meets the whole kernel once.
    pixels = inputs[0].shape if isinstance(layer, nn.Conv2DTranspose) else output.shape
    return weight * pixels[0] * math.prod(pixels[2:])


@contextlib.contextmanager
def _products_watched(total):
    """Notes the MACs of every product of two matrices that is written as an operator or a function."""

    def watched(product):
        def call(x, y, transpose_x=False, *args, **kwargs):
            result = product(x, y, transpose_x, *args, **kwargs)
            total.append(math.prod(result.shape) * x.shape[-2 if transpose_x or kwargs.get("transpose_x") else -1])
            return result

        return call

    def watched_batches(x, y, *args, **kwargs):
        result = bmm(x, y, *args, **kwargs)
        total.append(math.prod(result.shape) * x.shape[-1])
        return result

    bmm = paddle.bmm
    with contextlib.ExitStack() as stack:
        for owner, name in ((paddle, "matmul"), (paddle.Tensor, "matmul"), (paddle.Tensor, "__matmul__")):
            stack.enter_context(mock.patch.object(owner, name, watched(getattr(owner, name))))
        for owner in (paddle, paddle.Tensor):
            stack.enter_context(mock.patch.object(owner, "bmm", watched_batches))
        yield
