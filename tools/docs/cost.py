"""What a network costs, for the model cards: parameters and multiply-accumulate operations (MACs).

MACs are counted on the static graph that Paddle traces of a network, so the network is not run: a loop over the
characters of a text is unrolled to its full length, where a run may end earlier.
"""

import math
from typing import NamedTuple

import paddle


class Traced(NamedTuple):
    """A network as a static graph.

    Attributes:
        program: the graph, a ``paddle.pir`` program.
        outputs: what the network returns, with variables of the graph as tensors.
    """

    program: object
    outputs: object


def count_parameters(model) -> int:
    """Returns the number of weights; running statistics are not counted."""
    return sum(math.prod(parameter.shape) for parameter in model.parameters())


def trace(model, *inputs) -> Traced:
    """Returns the static graph of ``model(*inputs)``; the model stays as it is.

    Args:
        model: a ``paddle.nn.Layer`` in evaluation mode.
        *inputs: tensors, or lists and mappings of tensors; the graph is made for their shapes.
    """
    static_forward = paddle.jit.to_static(model.forward, full_graph=True)
    concrete, _ = static_forward.get_concrete_program(*inputs)
    return Traced(concrete.main_program, concrete.outputs)


def count_macs(program) -> int:
    """Returns the MACs of a static graph: convolutions, recurrent layers and products of matrices.

    Normalisation, activation, pooling and resizing are not counted.

    Raises:
        ValueError: the graph leaves a size open, or has a branch or a loop, so that it does not tell how often a part
            is run.
    """
    return sum(_macs_of(operation) for operation in program.global_block().ops)


def _macs_of(operation):
    if list(operation.blocks()):
        raise ValueError(f"{operation.name()}: the graph does not tell how often this part of it is run")
    count = COUNTS.get(operation.name().removeprefix("pd_op."))
    return count(operation) if count else 0


def _of_convolution(operation):
    """Each output pixel meets the whole kernel once."""
    batch, _, *pixels = _shape(operation.result(0))
    return math.prod((batch, *pixels, *_shape(_operand(operation, "filter"))))


def _of_transposed_convolution(operation):
    """Each input pixel meets the whole kernel once."""
    batch, _, *pixels = _shape(_operand(operation, "x"))
    return math.prod((batch, *pixels, *_shape(_operand(operation, "filter"))))


def _of_product(operation):
    shape = _shape(_operand(operation, "x"))
    transposed = operation.has_attr("transpose_x") and operation.attrs()["transpose_x"]
    return math.prod(_shape(operation.result(0))) * shape[-2 if transposed else -1]


def _of_recurrent_layer(operation):
    """Each step meets all weights once; biases, of one dimension, are no products."""
    *steps, _ = _shape(_operand(operation, "x"))
    weights = _operand(operation, "weight_list").get_defining_op().operands_source()
    return math.prod(steps) * sum(math.prod(_shape(weight)) for weight in weights if len(weight.shape) == 2)


def _operand(operation, name):
    return operation.operand_source(operation.get_input_names().index(name))


def _shape(variable):
    if -1 in variable.shape:
        raise ValueError(f"the graph leaves a size open: {variable}")
    return variable.shape


COUNTS = {
    "conv2d": _of_convolution,
    "depthwise_conv2d": _of_convolution,
    "deformable_conv": _of_convolution,
    "conv2d_transpose": _of_transposed_convolution,
    "depthwise_conv2d_transpose": _of_transposed_convolution,
    "matmul": _of_product,
    "bmm": _of_product,
    "rnn": _of_recurrent_layer,
}
