"""Enlarging maps."""

import paddle.nn.functional as F


def upsample_nearest(x, factor):
    """Returns a map with every pixel repeated ``factor`` times in both directions."""
    if factor == 1:
        return x
    # a size, not a factor: Paddle 3 stores factors in double precision, which no conversion to ONNX reads
    return F.interpolate(x, size=[x.shape[2] * factor, x.shape[3] * factor], mode="nearest")
