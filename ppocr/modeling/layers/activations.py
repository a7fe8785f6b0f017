"""Activations by the names that tables and arguments of networks give them."""

import paddle.nn.functional as F

ACTIVATIONS = {
    None: lambda x: x,
    "gelu": F.gelu,
    "hardswish": F.hardswish,
    "relu": F.relu,
    "swish": F.swish,
}
