"""Two linear layers with an activation in between."""

from paddle import nn

from ppocr.modeling.layers.activations import ACTIVATIONS
from ppocr.modeling.layers.linear import normal_linear


class MLP(nn.Layer):
    """Two linear layers with an activation in between and dropout behind each; the shape stays.

    Args:
        width: of a token.
        hidden: between the two layers.
        act: a key of ``ACTIVATIONS``.
        dropout: share of values that training sets to zero.
        linear: ``(in_features, out_features) -> layer``.
    """

    def __init__(self, width, hidden, act="gelu", dropout=0.0, linear=normal_linear):
        super().__init__()
        self.fc1 = linear(width, hidden)
        self.fc2 = linear(hidden, width)
        self.drop = nn.Dropout(dropout)
        self._act = ACTIVATIONS[act]

    def forward(self, x):
        x = self.drop(self._act(self.fc1(x)))
        return self.drop(self.fc2(x))
