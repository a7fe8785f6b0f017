"""Necks that turn a map of a text line into a sequence."""

from typing import Literal, Optional

from paddle import nn

from ppocr.errors import ConfigError
from ppocr.modeling.common import uniform_fan_in
from ppocr.registry import NECKS


def image_to_sequence(x):
    """Returns the columns of a map one pixel high: ``[N, C, 1, W]`` to ``[N, W, C]``.

    Raises:
        ConfigError: the map is higher.
    """
    if x.shape[2] not in (1, -1):
        raise ConfigError(f"the map is {x.shape[2]} pixels high, a sequence needs 1: change the height of the images")
    return x.squeeze(axis=2).transpose([0, 2, 1])


class FullyConnectedEncoder(nn.Layer):
    """One linear layer, ``[N, T, C]`` to ``[N, T, hidden_size]``."""

    def __init__(self, in_channels, hidden_size):
        super().__init__()
        self.fc = nn.Linear(
            in_channels,
            hidden_size,
            weight_attr=uniform_fan_in(in_channels),
            bias_attr=uniform_fan_in(in_channels),
        )
        self.out_channels = hidden_size

    def forward(self, x):
        return self.fc(x)


class BiLSTMEncoder(nn.Layer):
    """Two bidirectional LSTM layers, ``[N, T, C]`` to ``[N, T, 2 * hidden_size]``."""

    def __init__(self, in_channels, hidden_size):
        super().__init__()
        self.lstm = nn.LSTM(in_channels, hidden_size, num_layers=2, direction="bidirectional")
        self.out_channels = 2 * hidden_size

    def forward(self, x):
        return self.lstm(x)[0]


class LinearBiLSTM(nn.Layer):
    """One bidirectional LSTM layer, then a linear layer if ``out_channels`` is given."""

    def __init__(self, in_channels, hidden_size, out_channels=None):
        super().__init__()
        self.rnn = nn.LSTM(in_channels, hidden_size, direction="bidirectional")
        self.linear = nn.Linear(2 * hidden_size, out_channels) if out_channels else None
        self.out_channels = out_channels or 2 * hidden_size

    def forward(self, x):
        x = self.rnn(x)[0]
        return x if self.linear is None else self.linear(x)


class CascadeEncoder(nn.Layer):
    """Two ``LinearBiLSTM`` in a row, ``[N, T, C]`` to ``[N, T, widths[1]]``."""

    def __init__(self, in_channels, hidden_size, widths, with_linear):
        super().__init__()
        first = LinearBiLSTM(in_channels, hidden_size, widths[0] if with_linear else None)
        second = LinearBiLSTM(first.out_channels, hidden_size, widths[1] if with_linear else None)
        self.encoder = nn.LayerList([first, second])
        self.out_channels = second.out_channels

    def forward(self, x):
        return self.encoder[1](self.encoder[0](x))


@NECKS.register()
class SequenceEncoder(nn.Layer):
    """Columns of the map as a sequence, then an encoder with context.

    Source: CRNN (https://arxiv.org/abs/1507.05717) for ``rnn``.

    Args:
        in_channels: channels of the map, which is one pixel high.
        encoder_type: ``reshape`` for the columns as they are, ``fc``, ``rnn`` (two bidirectional LSTM layers) or
            ``cascadernn`` (two of them, each with a linear layer).
        hidden_size: width of the encoder, for each direction.
        out_channels: widths of the two linear layers of ``cascadernn``.
        with_linear: whether ``cascadernn`` has these linear layers.

    Raises:
        ConfigError: ``cascadernn`` with linear layers lacks their widths.
    """

    def __init__(
        self,
        in_channels: int,
        encoder_type: Literal["reshape", "fc", "rnn", "cascadernn"],
        hidden_size: int = 48,
        out_channels: Optional[list] = None,
        with_linear: bool = False,
    ):
        super().__init__()
        if with_linear and len(out_channels or ()) != 2:
            raise ConfigError("SequenceEncoder: with_linear needs two out_channels, one for each LSTM layer")
        if encoder_type == "fc":
            self.encoder = FullyConnectedEncoder(in_channels, hidden_size)
        elif encoder_type == "rnn":
            self.encoder = BiLSTMEncoder(in_channels, hidden_size)
        elif encoder_type == "cascadernn":
            self.encoder = CascadeEncoder(in_channels, hidden_size, out_channels, with_linear)
        else:
            self.encoder = None
        self.out_channels = in_channels if self.encoder is None else self.encoder.out_channels

    def forward(self, x):
        """Maps ``[N, in_channels, 1, W]`` to ``[N, W, out_channels]``."""
        x = image_to_sequence(x)
        return x if self.encoder is None else self.encoder(x)
