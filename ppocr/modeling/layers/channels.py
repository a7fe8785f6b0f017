"""Rules for numbers of channels."""


def make_divisible(value, divisor=8):
    """Returns the multiple of ``divisor`` nearest to ``value``, at least ``divisor`` and at least 0.9 ``value``.

    Source: the channel rule of MobileNetV2 (https://arxiv.org/abs/1801.04381).
    """
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * value else rounded + divisor


def undivided(widths, heads, key):
    """Yields a problem for each stage whose width cannot be shared out evenly among its heads or groups."""
    for width, count in zip(widths, heads):
        if width % count:
            yield key, f"'{key}': {width} must be a multiple of its {count} heads"


def as_rgb(images):
    """Returns images ``[N, 3, H, W]``; a single channel is repeated."""
    return images.expand([-1, 3, -1, -1]) if images.shape[1] == 1 else images
