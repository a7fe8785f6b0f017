"""Recurrent heads of tables: a token of the structure and a box at each step."""

from collections.abc import Sequence
from typing import Annotated, Optional

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.attention_decoder import AttentionCell
from ppocr.modeling.layers.tokens import to_tokens
from ppocr.registry import HEADS
from ppocr.values import BoxNumbers, Classes, Range, Width

StructureLength = Annotated[int, Range(1, 10_000)]


class StructureDecoder(nn.Layer):
    """What both heads share: a gated recurrent unit with attention on a map, step by step.

    A subclass sets ``structure_generator``, from states to the logits of tokens.
    """

    def __init__(self, in_channels, out_channels, hidden_size, steps):
        super().__init__()
        self.structure_attention_cell = AttentionCell(in_channels, hidden_size, out_channels, nn.GRUCell)
        self._steps = steps

    def states(self, x, label=None, steps=None):
        """Returns the state of each step, ``[N, steps, hidden_size]``.

        Args:
            x: sequence ``[N, T, in_channels]``.
            label: the tokens before each step, int64 ``[N, L]``; None where the likeliest is read, from class 0 on.
            steps: their number.
        """
        cell, states = self.structure_attention_cell, []
        keys, state = cell.i2h(x), cell.start(x)
        token = paddle.zeros([x.shape[0]], dtype="int64")
        for place in range(steps):
            token = token if label is None else label[:, place]
            output, state = cell(x, keys, state, token)
            states.append(output)
            token = self.structure_generator(output).argmax(axis=1) if label is None else token
        return paddle.stack(states, axis=1)


def flat(maps):
    """Returns the smallest of several maps, or a map ``[N, C, H, W]``, as a sequence ``[N, H * W, C]``."""
    return to_tokens(maps[-1] if isinstance(maps, (list, tuple)) else maps)


@HEADS.register()
class SLAHead(StructureDecoder):
    """Tokens and boxes of SLANet, both from the state of each step.

    Source: PP-StructureV2 (https://arxiv.org/abs/2210.05391), section 3.3.

    Args:
        in_channels: channels of the smallest map.
        out_channels: number of tokens, start and end included; follows from the dictionary.
        hidden_size: width of the recurrent layer.
        max_text_length: most tokens.
        loc_reg_num: numbers of a box, 4 or 8.
    """

    # in the order of published batches; boxes are not looked at
    feed = ("structure", "bboxes", "bbox_masks", "length")

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes,
        hidden_size: Width,
        max_text_length: StructureLength = 500,
        loc_reg_num: BoxNumbers = 4,
    ):
        super().__init__(in_channels, out_channels, hidden_size, max_text_length + 1)
        shape = (hidden_size, hidden_size)
        self.structure_generator = nn.Sequential(nn.Linear(*shape), nn.Linear(hidden_size, out_channels))
        self.loc_generator = nn.Sequential(nn.Linear(*shape), nn.Linear(hidden_size, loc_reg_num))

    def forward(self, x, targets: Optional[Sequence] = None):
        """Reads a map, or the last of several.

        Args:
            x: ``[N, in_channels, H, W]``.
            targets: ``structure`` ``[N, max_text_length + 2]``, two others, and ``length`` ``[N]``; in training only.

        Returns:
            ``structure_probs`` ``[N, steps, classes]``, logits in training, and ``loc_preds`` ``[N, steps,
            loc_reg_num]``.  In training there are as many steps as the longest structure of the batch has tokens, and
            one for the end; in use ``max_text_length + 1``.
        """
        if self.training:
            structure, *_, length = targets
            states = self.states(flat(x), structure.astype("int64"), int(length.max()) + 1)
        else:
            states = self.states(flat(x), steps=self._steps)
        logits = self.structure_generator(states)
        probs = logits if self.training else F.softmax(logits, axis=-1)
        return {"structure_probs": probs, "loc_preds": F.sigmoid(self.loc_generator(states))}


@HEADS.register()
class TableAttentionHead(StructureDecoder):
    """Tokens by attention; boxes from the states and the map, whose pixels are turned into steps.

    Source: Image-based table recognition (https://arxiv.org/abs/1911.10683).

    Args:
        in_channels: channels of the smallest map.
        out_channels: number of tokens, start and end included; follows from the dictionary.
        hidden_size: width of the recurrent layer.
        in_max_len: side of the image, which is square.
        max_text_length: most tokens.
        loc_reg_num: numbers of a box, 4 or 8.
    """

    feed = ("structure",)
    fixed_size = True

    def __init__(
        self,
        in_channels: list[int],
        out_channels: Classes,
        hidden_size: Width,
        in_max_len: Annotated[int, Range(32, 4_096)] = 488,
        max_text_length: StructureLength = 800,
        loc_reg_num: BoxNumbers = 4,
    ):
        width = in_channels[-1]
        super().__init__(width, out_channels, hidden_size, max_text_length + 1)
        self.structure_generator = nn.Linear(hidden_size, out_channels)
        self.loc_fea_trans = nn.Linear((-(-in_max_len // 32)) ** 2, max_text_length + 1)
        self.loc_generator = nn.Linear(width + hidden_size, loc_reg_num)

    def forward(self, x, targets: Optional[Sequence] = None):
        """Reads the last of several maps ``[N, C, H, W]``.

        Args:
            x: the maps.
            targets: ``structure`` ``[N, max_text_length + 2]``; in training only.

        Returns:
            ``structure_probs`` ``[N, max_text_length + 1, classes]``, logits in training, and ``loc_preds`` ``[N,
            max_text_length + 1, loc_reg_num]``.
        """
        sequence = flat(x)
        label = targets[0].astype("int64") if self.training else None
        states = self.states(sequence, label, self._steps)
        logits = self.structure_generator(states)
        places = self.loc_fea_trans(sequence.transpose([0, 2, 1])).transpose([0, 2, 1])
        boxes = F.sigmoid(self.loc_generator(paddle.concat([states, places], axis=2)))
        return {"structure_probs": logits if self.training else F.softmax(logits, axis=-1), "loc_preds": boxes}
