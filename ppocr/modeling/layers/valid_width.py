"""Which columns of a map are image, where lines of different widths were padded to one."""

import paddle


def lowest(dtype):
    """Returns what is added to attention scores of a dtype so that no weight is left; float16 ends at 65504."""
    return -3e4 if dtype == paddle.float16 else -1e9


def valid_columns(ratio, width):
    """Returns how many columns of a map are image, not padding, ``[N]`` int64.

    Args:
        ratio: share of the width that is image, ``[N]``.
        width: columns of the map.
    """
    return (ratio.flatten().astype("float32") * width).ceil().clip(1, width).astype("int64")


def padding_mask(x, ratio):
    """Returns what is added to attention scores over the columns of a map: 0 for image, else lowest, ``[N, W]``.

    Args:
        x: the map ``[N, C, H, W]``.
        ratio: share of the width that is image, ``[N]``.
    """
    width = x.shape[3]
    outside = paddle.arange(width).unsqueeze(0) >= valid_columns(ratio, width).unsqueeze(1)
    return outside.astype(x.dtype) * lowest(x.dtype)


def places_mask(x, ratio):
    """Returns the same for all places of a map, row by row: ``[N, 1, 1, H * W]``, as scores of heads take it."""
    rows = padding_mask(x, ratio).unsqueeze(1).expand([-1, x.shape[2], -1])
    return rows.flatten(1).unsqueeze([1, 2])
