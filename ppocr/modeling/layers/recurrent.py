"""Recurrent layers, one step at a time."""


def step(layers, x, states=None):
    """Returns the output ``[N, C]`` of a stack of recurrent layers for one more step, and their states.

    The steps of its cells are exported as they are; ONNX loses the state of a stack of layers.

    Args:
        layers: ``paddle.nn.LSTM`` or ``GRU`` of one direction, in evaluation mode: there is no dropout between layers.
        x: input of the step, ``[N, C]``.
        states: as given for the step before; None for the first step.
    """
    after = []
    for layer, state in zip(layers, states or [None] * len(layers)):
        x, state = layer.cell(x, state)
        after.append(state)
    return x, after
