"""Enlarging maps."""

import paddle.nn.functional as F


def upsample_nearest(x, factor):
    """Returns a map with every pixel repeated ``factor`` times in both directions."""
    return _upsample(x, factor, "nearest")


def upsample_bilinear(x, factor):
    """Returns a map ``factor`` times as high and wide, with straight lines between the pixels' centres."""
    return _upsample(x, factor, "bilinear")


def _upsample(x, factor, mode):
    if factor == 1:
        return x
    # a size, not a factor: Paddle 3 stores factors in double precision, which no conversion to ONNX reads
    return F.interpolate(x, size=[x.shape[2] * factor, x.shape[3] * factor], mode=mode)
