"""Convolution, batch normalisation, activation; and convolutions that keep the size."""

from paddle import ParamAttr, nn
from paddle.nn.initializer import KaimingNormal, KaimingUniform

from ppocr.modeling.layers.activations import ACTIVATIONS
from ppocr.modeling.layers.reparameterise import fold_norm, kernel_of


class ConvNormAct(nn.Layer):
    """Convolution, batch normalisation, activation; ``[N, C, H, W]`` to ``[N, out_channels, H', W']``.

    A family whose checkpoints name the two layers differently, or that draws the kernel differently, has a subclass.

    Args:
        kernel_size, stride, padding, dilation: numbers, or pairs for height and width. The default padding keeps the
            size at stride 1 and odd kernels.
        bias: whether the convolution has one.
        act: a key of ``ACTIVATIONS``.
    """

    names = ("conv", "bn")
    initializer = None  # the class that draws the kernel; None for Paddle's default

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=None,
        groups=1,
        dilation=1,
        bias=False,
        act=None,
    ):
        super().__init__()
        padding = same_padding(kernel_size) if padding is None else padding
        form = {"stride": stride, "padding": padding, "groups": groups, "dilation": dilation}
        conv, norm = self.names
        self.add_sublayer(conv, self.make_conv(in_channels, out_channels, kernel_size, bias=bias, **form))
        self.add_sublayer(norm, nn.BatchNorm2D(out_channels))
        self._act = ACTIVATIONS[act]

    def make_conv(self, in_channels, out_channels, kernel_size, bias, **form):
        """Returns the convolution."""
        weight = None if self.initializer is None else ParamAttr(initializer=self.initializer())
        bias = None if bias else False
        return nn.Conv2D(in_channels, out_channels, kernel_size, weight_attr=weight, bias_attr=bias, **form)

    def forward(self, x):
        conv, norm = self.names
        return self._act(getattr(self, norm)(getattr(self, conv)(x)))

    def kernel(self):
        """Returns kernel and bias of convolution and normalisation together; see :mod:`.reparameterise`."""
        conv, norm = (getattr(self, name) for name in self.names)
        return fold_norm(kernel_of(conv), norm)


class DeconvNormAct(ConvNormAct):
    """:class:`ConvNormAct` of a transposed convolution; a kernel of 4 with stride 2 and padding 1 doubles the size."""

    names = ("deconv", "bn")

    def make_conv(self, in_channels, out_channels, kernel_size, bias, **form):
        """Returns the transposed convolution."""
        return nn.Conv2DTranspose(in_channels, out_channels, kernel_size, bias_attr=None if bias else False, **form)

    def kernel(self):
        """A transposed convolution is not fused."""
        raise NotImplementedError


def same_padding(kernel_size):
    """Returns the padding that keeps the size at stride 1: half of an odd kernel, a pixel less of an even one."""
    if isinstance(kernel_size, int):
        return (kernel_size - 1) // 2
    return [(size - 1) // 2 for size in kernel_size]


def plain_conv(in_channels, out_channels, kernel_size, stride=1):
    """Returns a convolution without bias that keeps the size at stride 1."""
    weight = ParamAttr(initializer=KaimingUniform())
    padding = same_padding(kernel_size)
    return nn.Conv2D(in_channels, out_channels, kernel_size, stride, padding, weight_attr=weight, bias_attr=False)


def grouped_conv(width, groups, kernel_size):
    """Returns a grouped convolution that keeps the shape."""
    weight = ParamAttr(initializer=KaimingNormal())
    return nn.Conv2D(width, width, kernel_size, padding=same_padding(kernel_size), groups=groups, weight_attr=weight)
