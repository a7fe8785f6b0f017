"""ABINet: a recogniser whose language model corrects what its vision model reads, several times."""

import math
from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.channels import undivided
from ppocr.modeling.layers.transformer_block import PositionalEncoding, TransformerBlock
from ppocr.registry import HEADS
from ppocr.values import Classes, Depth, Dropout, Heads, Range, TextLength, Width

END = 0  # class of the end mark
SHRINK = 4  # of the image to its map, in height and width
KEY_WIDTH = 64
LANGUAGE_LAYERS = 4
ImageSide = Annotated[int, Range(SHRINK, 10_000, step=SHRINK)]
SHORTEST = 2  # places that the language model sees at least, for each place sees all others but itself


def _conv(in_channels, out_channels, stride=1):
    conv = nn.Conv2D(in_channels, out_channels, 3, stride=stride, padding=1)
    return [conv, nn.BatchNorm2D(out_channels), nn.ReLU()]


class PositionAttention(nn.Layer):
    """For each place of the text the part of a map that it stands on; the keys come from a small U-Net."""

    def __init__(self, width, places):
        super().__init__()
        strides = ((1, 2), 2, 2, 2)
        channels = (width, KEY_WIDTH, KEY_WIDTH, KEY_WIDTH)
        self.k_encoder = nn.LayerList(
            [nn.Sequential(*_conv(count, KEY_WIDTH, stride)) for count, stride in zip(channels, strides)]
        )
        # a map is enlarged before each of them, which checkpoints count as a layer
        self.k_decoder = nn.LayerList(
            [
                nn.Sequential(*((str(i), layer) for i, layer in enumerate(_conv(KEY_WIDTH, count), start=1)))
                for count in reversed(channels)
            ]
        )
        self.pos_encoder = PositionalEncoding(width, 0.0, places)
        self.project = nn.Linear(width, width)
        self._shape = [1, places, width]

    def forward(self, x):
        """Maps ``[N, C, H, W]`` to vectors ``[N, places, C]``."""
        maps, key = [], x
        for layer in self.k_encoder:
            key = layer(key)
            maps.append(key)
        for layer, beside in zip(self.k_decoder, [*maps[-2::-1], None]):
            like = x if beside is None else beside
            key = layer(F.interpolate(key, size=like.shape[2:], mode="nearest"))
            key = key if beside is None else key + beside
        key = key.flatten(2)
        query = self.project(self.pos_encoder(paddle.zeros(self._shape, x.dtype)))
        weights = F.softmax((query * self._shape[2] ** -0.5).matmul(key), axis=-1)
        return weights.matmul(x.flatten(2), transpose_y=True)


class BCNLanguage(nn.Layer):
    """Bidirectional cloze network: each place is guessed from the classes of all others.

    Args:
        width, heads, hidden, dropout: of the blocks.
        classes: number of classes.
        places: of a text.
    """

    def __init__(self, width, heads, hidden, dropout, classes, places):
        super().__init__()
        self.proj = nn.Linear(classes, width, bias_attr=False)
        self.token_encoder = PositionalEncoding(width, 0.1, places)
        self.pos_encoder = PositionalEncoding(width, 0.0, places)
        self.decoder = nn.LayerList(
            [TransformerBlock(width, heads, hidden, dropout, mixes=False) for _ in range(LANGUAGE_LAYERS)]
        )
        self.cls = nn.Linear(width, classes)
        self._shape = [1, places, width]

    def forward(self, probabilities, lengths):
        """Returns vectors ``[N, places, width]`` and logits ``[N, places, classes]``.

        Args:
            probabilities: of the classes at each place; no gradient goes back through them.
            lengths: how many places count, ``[N]``.
        """
        memory = self.token_encoder(self.proj(probabilities.detach()))
        mask = cloze_mask(lengths, self._shape[1]).astype(memory.dtype)
        x = self.pos_encoder(paddle.zeros(self._shape, memory.dtype)).expand([memory.shape[0], -1, -1])
        for block in self.decoder:
            x, _ = block(x, block.cross_attn.keys_and_values(memory), memory_mask=mask)
        return x, self.cls(x)


def cloze_mask(lengths, places):
    """Returns what is added to scores, ``[N, 1, places, places]``: it hides a place itself and those past the end."""
    place = paddle.arange(places)
    counted = (place < lengths.unsqueeze(1)) | (place < SHORTEST)
    shown = counted.unsqueeze(1) & (place != place.unsqueeze(1))
    return paddle.where(shown, paddle.zeros([1]), paddle.full([1], -math.inf)).unsqueeze(1)


def text_lengths(logits):
    """Returns how many places of ``[N, T, classes]`` there are up to the end mark, itself included; without one all."""
    before = (logits[:, :-1].argmax(axis=-1) == END).astype("int64").cumsum(axis=1) == 0
    return before.astype("int64").sum(axis=1) + 1


@HEADS.register()
class ABINetHead(nn.Layer):
    """A vision model, a language model that corrects it, and a gate that weighs both.

    Source: Read Like Humans: Autonomous, Bidirectional and Iterative Language Modeling for Scene Text Recognition
    (https://arxiv.org/abs/2103.06495).

    Args:
        in_channels: channels of the map; must be ``d_model``.
        out_channels: number of classes; follows from the dictionary.
        d_model: width of the layers.
        nhead: attention heads.
        num_layers: blocks on the map.
        dim_feedforward: hidden width of the blocks' linear layers.
        dropout: in the blocks.
        max_length: characters of the longest text.
        use_lang: with the language model.
        iter_size: how often it corrects the text.
        image_size: height and width of the image, four times those of the map.
    """

    fixed_size = True  # the map's places have vectors of their own

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {
        "cls.weight": (1, 1),
        "cls.bias": (0, 1),
        "language.proj.weight": (0, 1),
        "language.cls.weight": (1, 1),
        "language.cls.bias": (0, 1),
        "cls_align.weight": (1, 1),
        "cls_align.bias": (0, 1),
    }

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes,
        d_model: Annotated[int, Range(2, 4_096, step=2)] = 512,
        nhead: Heads = 8,
        num_layers: Depth = 3,
        dim_feedforward: Width = 2048,
        dropout: Dropout = 0.1,
        max_length: TextLength = 25,
        use_lang: bool = False,
        iter_size: Annotated[int, Range(1, 100)] = 1,
        image_size: tuple[ImageSide, ImageSide] = (32, 128),
    ):
        super().__init__()
        places, (height, width) = max_length + 1, (side // SHRINK for side in image_size)
        options = (d_model, nhead, dim_feedforward, dropout)
        self.pos_encoder = PositionalEncoding(d_model, 0.1, height * width)
        self.encoder = nn.LayerList([TransformerBlock(*options, reads_memory=False) for _ in range(num_layers)])
        self.decoder = PositionAttention(d_model, places)
        self.cls = nn.Linear(d_model, out_channels)
        self._size, self._iterations = [height, width], iter_size if use_lang else 0
        if use_lang:
            self.language = BCNLanguage(*options, out_channels, places)
            self.w_att_align = nn.Linear(2 * d_model, d_model)
            self.cls_align = nn.Linear(d_model, out_channels)
        else:
            self.vocabulary_parameters = {name: self.vocabulary_parameters[name] for name in ("cls.weight", "cls.bias")}

    @staticmethod
    def check_arguments(in_channels, d_model, nhead):
        """Yields a width that does not fit."""
        yield from undivided([d_model], [nhead], "d_model")
        if in_channels not in (None, d_model):
            yield "d_model", f"'d_model' must be the channels of the map, {in_channels}, not {d_model}"

    def forward(self, x):
        """Reads a map ``[N, in_channels, H, W]``.

        Returns:
            In training logits ``[N, max_length + 1, out_channels]`` by name: ``vision``, and with the language model
            lists with those of each iteration, ``lang`` and ``align``, of the language model and of both together.  In
            evaluation the probabilities of the last of them.
        """
        tokens = self.pos_encoder(x.flatten(2).transpose([0, 2, 1]))
        for block in self.encoder:
            tokens, _ = block(tokens)
        seen = self.decoder(tokens.transpose([0, 2, 1]).reshape([0, x.shape[1], *self._size]))
        vision = self.cls(seen)
        language, align = self._corrections(seen, vision)
        if not self.training:
            return F.softmax((align or [vision])[-1].astype("float32"), axis=-1)
        return {"align": align, "lang": language, "vision": vision} if align else {"vision": vision}

    def _corrections(self, seen, logits):
        """Returns the logits of the language model, and of both models together, of each iteration."""
        language, align = [], []
        for _ in range(self._iterations):
            meant, guesses = self.language(F.softmax(logits, axis=-1), text_lengths(logits))
            gate = F.sigmoid(self.w_att_align(paddle.concat([meant, seen], axis=2)))
            logits = self.cls_align(gate * seen + (1.0 - gate) * meant)
            language.append(guesses)
            align.append(logits)
        return language, align
