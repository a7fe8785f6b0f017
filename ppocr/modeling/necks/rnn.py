"""Necks that turn a map of a text line into a sequence."""

from typing import Literal, Optional

from paddle import nn

from ppocr.errors import ConfigError
from ppocr.modeling.layers.linear import uniform_linear
from ppocr.modeling.necks.rec_svtr_encoder import LightSVTREncoder, SVTREncoder
from ppocr.registry import LATER, NECKS, bind_arguments
from ppocr.values import Depth, Heads, Kernel, Ratio, Width


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

    def __init__(self, in_channels: int, hidden_size: Width = 48):
        super().__init__()
        self.fc = uniform_linear(in_channels, hidden_size)
        self.out_channels = hidden_size

    def forward(self, x):
        return self.fc(x)


class BiLSTMEncoder(nn.Layer):
    """Two bidirectional LSTM layers, ``[N, T, C]`` to ``[N, T, 2 * hidden_size]``."""

    def __init__(self, in_channels: int, hidden_size: Width = 48):
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
    """Two ``LinearBiLSTM`` in a row, ``[N, T, C]`` to ``[N, T, out_channels[1]]``."""

    def __init__(
        self,
        in_channels: int,
        hidden_size: Width = 48,
        out_channels: Optional[tuple[Width, Width]] = None,
        with_linear: bool = False,
    ):
        super().__init__()
        widths = out_channels if with_linear else (None, None)
        first = LinearBiLSTM(in_channels, hidden_size, widths[0])
        second = LinearBiLSTM(first.out_channels, hidden_size, widths[1])
        self.encoder = nn.LayerList([first, second])
        self.out_channels = second.out_channels

    @staticmethod
    def check_arguments(out_channels, with_linear):
        """Yields widths that are missing."""
        if with_linear and out_channels is None:
            yield "with_linear", "'with_linear' needs two 'out_channels', one for each LSTM layer"

    def forward(self, x):
        return self.encoder[1](self.encoder[0](x))


ENCODERS = {
    "reshape": None,
    "fc": FullyConnectedEncoder,
    "rnn": BiLSTMEncoder,
    "cascadernn": CascadeEncoder,
    "svtr": SVTREncoder,
    "lightsvtr": LightSVTREncoder,
}
MAP_ENCODERS = ("svtr", "lightsvtr")  # these read the map, the others its columns


@NECKS.register()
class SequenceEncoder(nn.Layer):
    """Columns of the map as a sequence, with context from an encoder before or after.

    Source: CRNN (https://arxiv.org/abs/1507.05717) for ``rnn``; PP-OCRv3 (https://arxiv.org/abs/2206.03001) for
    ``svtr``.

    Args:
        in_channels: channels of the map, which is one pixel high.
        encoder_type: ``reshape`` for the columns as they are, ``fc``, ``rnn`` (two bidirectional LSTM layers),
            ``cascadernn`` (two of them, each with a linear layer), ``svtr`` or ``lightsvtr``.
        hidden_size: width of ``fc``, ``rnn`` and ``cascadernn``, for each direction.
        out_channels: widths of the two linear layers of ``cascadernn``.
        with_linear: whether ``cascadernn`` has these linear layers.
        dims, depth, hidden_dims, kernel_size, num_heads, mlp_ratio, use_guide: see :class:`SVTREncoder`.
        local_kernel: see :class:`LightSVTREncoder`, which takes ``dims``, ``depth``, ``mlp_ratio``, ``use_guide`` too.
    """

    def __init__(
        self,
        in_channels: int,
        encoder_type: Literal["reshape", "fc", "rnn", "cascadernn", "svtr", "lightsvtr"],
        hidden_size: Optional[Width] = None,
        out_channels: Optional[tuple[Width, Width]] = None,
        with_linear: Optional[bool] = None,
        dims: Optional[Width] = None,
        depth: Optional[Depth] = None,
        hidden_dims: Optional[Width] = None,
        kernel_size: Optional[tuple[Kernel, Kernel]] = None,
        num_heads: Optional[Heads] = None,
        mlp_ratio: Optional[Ratio] = None,
        local_kernel: Optional[Kernel] = None,
        use_guide: Optional[bool] = None,
    ):
        super().__init__()
        given = {
            "hidden_size": hidden_size,
            "out_channels": out_channels,
            "with_linear": with_linear,
            "dims": dims,
            "depth": depth,
            "hidden_dims": hidden_dims,
            "kernel_size": kernel_size,
            "num_heads": num_heads,
            "mlp_ratio": mlp_ratio,
            "local_kernel": local_kernel,
            "use_guide": use_guide,
        }
        kind = ENCODERS[encoder_type]
        given = {key: value for key, value in given.items() if value is not None}
        self.encoder = None if kind is None else kind(in_channels, **given)
        self._reads_map = encoder_type in MAP_ENCODERS
        self.out_channels = in_channels if self.encoder is None else self.encoder.out_channels

    @staticmethod
    def check_arguments(encoder_type, in_channels, **keys):
        """Yields keys that the encoder does not take, and values that do not fit it."""
        kind, label = ENCODERS[encoder_type], f"the encoder '{encoder_type}'"
        given = {key: value for key, value in keys.items() if value is not None}
        supplied = {"in_channels": LATER if in_channels is None else in_channels}
        for problem in bind_arguments(kind or _columns, given, label, supplied).problems:
            yield next(iter(problem.path), ""), problem.message

    def forward(self, x):
        """Maps ``[N, in_channels, 1, W]`` to ``[N, W, out_channels]``."""
        if self._reads_map:
            return image_to_sequence(self.encoder(x))
        x = image_to_sequence(x)
        return x if self.encoder is None else self.encoder(x)


def _columns(in_channels: int):
    """The arguments of the columns as they are: none but the channels, which the builder gives."""
