"""Depthwise convolutions with a large kernel that train beside dilated small ones."""

from paddle import nn

from ppocr.modeling.layers.reparameterise import (
    add_kernels,
    dilate_kernel,
    drop_sublayers,
    fold_norm,
    kernel_of,
    make_conv,
)

# size of the large kernel -> (size, dilation) of those beside it; each spans at most the large one
BRANCHES = {5: ((3, 1), (3, 2)), 7: ((5, 1), (3, 2), (3, 3)), 9: ((5, 1), (5, 2), (3, 3), (3, 4))}


class DilatedRepConv(nn.Layer):
    """Depthwise convolution with a large kernel plus dilated ones with small kernels, each normalised.

    Source: UniRepLKNet (https://arxiv.org/abs/2311.15599), section 3.1.

    Args:
        channels: of the map, which keeps its shape.
        kernel_size: a key of ``BRANCHES``.
    """

    def __init__(self, channels, kernel_size):
        super().__init__()
        self.lk_origin = _depthwise(channels, kernel_size)
        self.origin_bn = nn.BatchNorm2D(channels)
        self._pairs = [("lk_origin", "origin_bn", 1)]
        for size, dilation in BRANCHES[kernel_size]:
            names = f"dil_conv_k{size}_{dilation}", f"dil_bn_k{size}_{dilation}"
            self.add_sublayer(names[0], _depthwise(channels, size, dilation))
            self.add_sublayer(names[1], nn.BatchNorm2D(channels))
            self._pairs.append((*names, dilation))
        self.fused = None
        self._form = {"channels": channels, "size": kernel_size}

    def forward(self, x):
        """Maps ``[N, channels, H, W]`` to the same shape."""
        if self.fused is not None:
            return self.fused(x)
        return sum(getattr(self, norm)(getattr(self, conv)(x)) for conv, norm, _ in self._pairs)

    def fuse(self):
        """Replaces all branches by one convolution with the large kernel."""
        if self.fused is not None:
            return
        kernels = [self._branch_kernel(*pair) for pair in self._pairs]
        self.fused = make_conv(add_kernels(kernels, self._form["size"]), groups=self._form["channels"])
        drop_sublayers(self, *(name for conv, norm, _ in self._pairs for name in (conv, norm)))

    def _branch_kernel(self, conv, norm, dilation):
        weight, bias = kernel_of(getattr(self, conv))
        return fold_norm((dilate_kernel(weight, dilation), bias), getattr(self, norm))


def _depthwise(channels, size, dilation=1):
    padding = (size - 1) * dilation // 2
    return nn.Conv2D(channels, channels, size, padding=padding, dilation=dilation, groups=channels, bias_attr=False)


class LargeSeparableConv(nn.Layer):
    """:class:`DilatedRepConv`, a pointwise convolution and a batch normalisation."""

    def __init__(self, in_channels, out_channels, kernel_size):
        super().__init__()
        self.dw = DilatedRepConv(in_channels, kernel_size)
        self.pw = nn.Conv2D(in_channels, out_channels, 1, bias_attr=False)
        self.bn = nn.BatchNorm2D(out_channels)

    def forward(self, x):
        """Maps ``[N, in_channels, H, W]`` to ``[N, out_channels, H, W]``."""
        return self.bn(self.pw(self.dw(x)))
