"""Maps as tokens and back: tokens are ``[N, T, C]``, T being height times width, row by row; and where they are."""

import numpy as np


def to_map(tokens, height, width=-1):
    """Returns tokens as the map of ``height`` rows that they form, ``[N, T, C]`` to ``[N, C, height, T / height]``.

    ``width``, where it is known beforehand, makes it known to an exported model.
    """
    _, _, channels = tokens.shape
    return tokens.transpose([0, 2, 1]).reshape([0, channels, height, width])


def to_tokens(x):
    """Returns a map as tokens, ``[N, C, H, W]`` to ``[N, H * W, C]``."""
    return x.flatten(2).transpose([0, 2, 1])


def sinusoids(places, width):
    """Returns sines and cosines of places in turn, float32 ``[places, width]``.

    Source: Attention Is All You Need (https://arxiv.org/abs/1706.03762), section 3.5.
    """
    angles = np.arange(places)[:, None] * 10000.0 ** (-np.arange(0, width, 2) / width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(places, width).astype(np.float32)
