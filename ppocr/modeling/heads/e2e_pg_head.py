"""PGNet: centre lines of texts, the ways to the borders and along the text, and the characters at each point."""

from typing import Optional

import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.conv_norm_act import ConvNormAct
from ppocr.registry import HEADS
from ppocr.text.codecs import PgCodec
from ppocr.text.dictionary import character_list
from ppocr.values import Classes

GEOMETRY = ((64, 1), (64, 3), (128, 1))  # channels and kernel of the convolutions before a map
CHARACTERS = ((128, 1), (128, 3), (256, 1), (256, 3), (256, 1))


@HEADS.register()
class PGHead(nn.Layer):
    """Probability of a centre line, the ways to the borders and to the next character, scores of every character.

    Source: PGNet: Real-time Arbitrarily-Shaped Text Spotting with Point Gathering Network
    (https://arxiv.org/abs/2104.05458), section 3.1.

    Args:
        in_channels: channels of the features.
        out_channels: number of classes, the blank included; follows from the dictionary of the run where there is one.
        character_dict_path: dictionary that says the number of classes where ``out_channels`` is not given; null means
            digits and lower-case letters.

    Raises:
        DataError: the dictionary cannot be used.
    """

    def __init__(
        self, in_channels: int, out_channels: Optional[Classes] = None, character_dict_path: Optional[str] = None
    ):
        super().__init__()
        classes = out_channels or PgCodec(character_list(character_dict_path)).num_classes
        self._score = self._make_map("conv_f_score", "conv1", in_channels, GEOMETRY, 1)
        self._border = self._make_map("conv_f_boder", "conv2", in_channels, GEOMETRY, 4)
        self._char = self._make_map("conv_f_char", "conv3", in_channels, CHARACTERS, classes)
        self._direction = self._make_map("conv_f_direc", "conv4", in_channels, GEOMETRY, 2)
        self.vocabulary_parameters = {"conv3.weight": (0, 0)}

    def _make_map(self, prefix, last, in_channels, convs, channels):
        """Adds the layers of one map and returns them in their order."""
        layers = []
        for i, (width, kernel) in enumerate(convs, start=1):
            layers.append(self.add_sublayer(f"{prefix}{i}", ConvNormAct(in_channels, width, kernel, act="relu")))
            in_channels = width
        return [*layers, self.add_sublayer(last, nn.Conv2D(in_channels, channels, 3, padding=1, bias_attr=False))]

    def forward(self, x):
        """Maps ``[N, in_channels, H / 4, W / 4]`` to a dict of maps of this size, ways in pixels of it.

        ``f_score`` (1 channel, float32, values in (0, 1)), ``f_border`` (4: way to the upper border, y and x, and to
        the lower one), ``f_char`` (logits of every class, the blank last), ``f_direction`` (2: way to the next
        character, x and y).
        """
        return {
            "f_score": F.sigmoid(_run(x, self._score).astype("float32")),
            "f_border": _run(x, self._border),
            "f_char": _run(x, self._char),
            "f_direction": _run(x, self._direction),
        }


def _run(x, layers):
    for layer in layers:
        x = layer(x)
    return x
