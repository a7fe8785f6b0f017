"""RobustScanner: a decoder that attends by what it has read and by the position, and weighs both."""

from collections.abc import Sequence
from typing import Optional

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.attention import attend
from ppocr.modeling.layers.recurrent import step
from ppocr.modeling.layers.valid_width import places_mask
from ppocr.registry import HEADS
from ppocr.values import Classes, Depth, Dropout, TextLength, Width


class ChannelReduction(nn.Layer):
    """A 1x1 convolution."""

    def __init__(self, in_channels, width):
        super().__init__()
        self.layer = nn.Conv2D(in_channels, width, 1)

    def forward(self, x):
        return self.layer(x)


def glimpses(queries, keys, values, mask):
    """Returns what each query ``[N, T, C]`` sees of the values ``[N, V, H, W]``: ``[N, T, V]``; scores are not scaled.

    Args:
        keys: ``[N, C, H, W]``.
        mask: what is added to the scores ``[N, 1, T, H * W]``, or None.
    """
    keys, values = (x.flatten(2).transpose([0, 2, 1]).unsqueeze(1) for x in (keys, values))
    return attend(queries.unsqueeze(1), keys, values, mask, scale=1.0)


class HybridDecoder(nn.Layer):
    """Attends by the characters so far, which a recurrent layer reads."""

    def __init__(self, width, classes, layers, dropout):
        super().__init__()
        self.embedding = nn.Embedding(classes, width, padding_idx=classes - 1)
        self.sequence_layer = nn.LSTM(width, width, num_layers=layers, dropout=dropout)

    def forward(self, tokens):
        """Returns the queries ``[N, T, width]`` after each of the classes ``[N, T]``."""
        return self.sequence_layer(self.embedding(tokens))[0]

    def query_after(self, token, memory):
        """Returns the query ``[N, 1, width]`` after one more class ``[N]``, and the state of the layer."""
        query, memory = step(self.sequence_layer, self.embedding(token), memory)
        return query.unsqueeze(1), memory


class PositionAware(nn.Layer):
    """Gives each place of a map a sense of where it is in its row."""

    def __init__(self, width, layers):
        super().__init__()
        self.rnn = nn.LSTM(width, width, num_layers=layers)
        self.mixer = nn.Sequential(
            nn.Conv2D(width, width, 3, padding=1), nn.ReLU(), nn.Conv2D(width, width, 3, padding=1)
        )

    def forward(self, x):
        """Maps ``[N, C, H, W]`` to the same shape."""
        _, channels, height, width = x.shape
        rows = x.transpose([0, 2, 3, 1]).reshape([-1, width, channels])
        mixed = self.rnn(rows)[0].reshape([-1, height, width, channels])
        return self.mixer(mixed.transpose([0, 3, 1, 2]))


class PositionDecoder(nn.Layer):
    """Attends by the number of the character."""

    def __init__(self, width, layers, max_length):
        super().__init__()
        self.embedding = nn.Embedding(max_length + 1, width)
        self.position_aware_module = PositionAware(width, layers)

    def forward(self, x, values, mask, length):
        """Returns what each of the first ``length`` characters sees of the values, ``[N, length, V]``."""
        queries = self.embedding(paddle.arange(length)).unsqueeze(0).expand([x.shape[0], -1, -1])
        return glimpses(queries, self.position_aware_module(x), values, mask)


class DynamicFusion(nn.Layer):
    """Weighs two glimpses ``[N, T, width]`` channel by channel."""

    def __init__(self, width):
        super().__init__()
        self.linear_layer = nn.Linear(2 * width, 2 * width)

    def forward(self, first, second):
        return F.glu(self.linear_layer(paddle.concat([first, second], axis=2)), axis=2)


class RobustScannerDecoder(nn.Layer):
    """Hybrid and position branch, their fusion and the prediction.

    Args:
        in_channels: channels of the map.
        width: of queries and keys.
        classes: all of the dictionary, the last being the padding, which is never predicted, and the one before it
            both start and end.
        layers: of the recurrent layers of hybrid and position branch.
        dropout: between the recurrent layers of the hybrid branch.
        max_length: characters that are generated.
        encode_value: what is seen of the map are its ``width`` channels, not its ``in_channels``.
    """

    # What follows the dictionary: {parameter: (axis, index of the first character)}.
    vocabulary_parameters = {
        "hybrid_decoder.embedding.weight": (0, 0),
        "prediction.weight": (1, 0),
        "prediction.bias": (0, 0),
    }

    def __init__(self, in_channels, width, classes, layers, dropout, max_length, encode_value):
        super().__init__()
        seen = width if encode_value else in_channels
        self.hybrid_decoder = HybridDecoder(width, classes, layers[0], dropout)
        self.position_decoder = PositionDecoder(width, layers[1], max_length)
        self.fusion_module = DynamicFusion(seen)
        self.prediction = nn.Linear(seen, classes - 1)
        self._start = classes - 2
        self._max_length = max_length
        self._encode_value = encode_value

    def forward(self, x, encoded, mask, label):
        """Returns the logits of what follows each entry of ``label`` ``[N, L]``: ``[N, L, classes - 1]``."""
        values = encoded if self._encode_value else x
        placed = self.position_decoder(encoded, values, mask, label.shape[1])
        queries = self.hybrid_decoder(label)
        return self._predict(glimpses(queries, encoded, values, mask), placed)

    def generate(self, x, encoded, mask):
        """Returns the probabilities of each next character, the likeliest being read, ``[N, max_length, classes]``."""
        values = encoded if self._encode_value else x
        placed = self.position_decoder(encoded, values, mask, self._max_length)
        token, memory = paddle.full([x.shape[0]], self._start, dtype="int64"), None
        probabilities = []
        for i in range(self._max_length):
            query, memory = self.hybrid_decoder.query_after(token, memory)
            logits = self._predict(glimpses(query, encoded, values, mask), placed[:, i : i + 1])
            probabilities.append(F.softmax(logits, axis=-1))
            token = probabilities[-1][:, 0].argmax(axis=-1)
        return paddle.concat(probabilities, axis=1)

    def _predict(self, hybrid, placed):
        return self.prediction(self.fusion_module(hybrid, placed))


@HEADS.register()
class RobustScannerHead(nn.Layer):
    """Decoder that does not rely on context alone, so that random texts are read, too.

    Source: RobustScanner (https://arxiv.org/abs/2007.07542).

    Args:
        in_channels: channels of the map.
        out_channels: number of classes, start/end and padding included; follows from the dictionary.
        enc_outchannles: width of queries and keys.
        hybrid_dec_rnn_layers, position_dec_rnn_layers: recurrent layers of the two branches.
        hybrid_dec_dropout: dropout between the layers of the first.
        mask: columns that are padding are not seen.
        encode_value: what is seen of the map are its ``enc_outchannles`` channels, not its ``in_channels``.
        max_text_length: characters that are generated.
    """

    feed = ("label", "valid_ratio")
    feed_in_use = ("valid_ratio",)

    def __init__(
        self,
        in_channels: int,
        out_channels: Classes,
        enc_outchannles: Width = 128,
        hybrid_dec_rnn_layers: Depth = 2,
        hybrid_dec_dropout: Dropout = 0.0,
        position_dec_rnn_layers: Depth = 2,
        mask: bool = True,
        encode_value: bool = False,
        max_text_length: TextLength = 40,
    ):
        super().__init__()
        self.encoder = ChannelReduction(in_channels, enc_outchannles)
        layers = (hybrid_dec_rnn_layers, position_dec_rnn_layers)
        self.decoder = RobustScannerDecoder(
            in_channels, enc_outchannles, out_channels, layers, hybrid_dec_dropout, max_text_length, encode_value
        )
        self._masks = mask

    def forward(self, x, targets: Optional[Sequence] = None):
        """Maps ``[N, in_channels, H, W]`` to scores of ``out_channels - 1`` classes.

        Args:
            x: the map.
            targets: the label ``[N, L]``, of at most ``max_text_length + 1`` entries (read in training only), and the
                share of the width that is image ``[N]``. None where neither is known.

        Returns:
            In training logits ``[N, L, classes]`` of what follows each entry of the label; in evaluation probabilities
            ``[N, max_text_length, classes]``.
        """
        label, ratio, *_ = targets or (None, None)
        encoded = self.encoder(x)
        mask = places_mask(x, ratio) if self._masks and ratio is not None else None
        if self.training:
            return self.decoder(x, encoded, mask, label.astype("int64"))
        return self.decoder.generate(x, encoded, mask)
