"""A recogniser that tells a super-resolution network where on an image it reads each character; it is not trained.

Source: Scene Text Telescope (CVPR 2021), section 3.3, and Text Gestalt (https://arxiv.org/abs/2112.08171), section 3.3.
"""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.modeling.layers.annotated_attention import DROPOUT, FeedForward, SampleNorm, SeenAttention
from ppocr.modeling.layers.tokens import sinusoids, to_tokens

EMBEDDED = 512
WIDTH = 2 * EMBEDDED  # of a token: its character, then its place
HEADS = 16
PLACES = 5000
STAGES = ((1, 256), (2, 256), (5, 512), (3, 512))
POOLED = 1  # leading stages, before which the map is halved
BRIGHTNESS = (0.299, 0.587, 0.114)  # of red, green, blue


def _conv(in_channels, out_channels):
    return nn.Conv2D(in_channels, out_channels, 3, padding=1)


class _Block(nn.Layer):
    def __init__(self, in_channels, channels):
        super().__init__()
        self.conv1, self.bn1 = _conv(in_channels, channels), nn.BatchNorm2D(channels)
        self.conv2, self.bn2 = _conv(channels, channels), nn.BatchNorm2D(channels)
        self.downsample = None
        if in_channels != channels:
            self.downsample = nn.Sequential(_conv(in_channels, channels), nn.BatchNorm2D(channels))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + shortcut)


class _Trunk(nn.Layer):
    """Grey images ``[N, 1, H, W]`` to a map ``[N, 1024, H / 4, W / 4]``."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = _conv(1, 64), nn.BatchNorm2D(64)
        self.conv2, self.bn2 = _conv(64, 128), nn.BatchNorm2D(128)
        channels = 128
        for number, (depth, width) in enumerate(STAGES, 1):
            blocks = [_Block(channels if i == 0 else width, width) for i in range(depth)]
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
            conv, norm = _names(number)
            channels = width if number < len(STAGES) else WIDTH
            setattr(self, conv, _conv(width, channels))
            setattr(self, norm, nn.BatchNorm2D(channels))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2, 2)
        x = F.relu(self.bn2(self.conv2(x)))
        for number in range(1, len(STAGES) + 1):
            if number <= POOLED:
                x = F.max_pool2d(x, 2, 2)
            conv, norm = _names(number)
            x = F.relu(getattr(self, norm)(getattr(self, conv)(getattr(self, f"layer{number}")(x))))
        return x


def _names(number):
    name = f"layer{number}_conv2" if number == len(STAGES) else f"layer{number}"
    return (name, f"{name}_bn") if number == len(STAGES) else (f"{name}_conv", f"{name}_bn")


class _Encoder(nn.Layer):
    def __init__(self):
        super().__init__()
        self.cnn = _Trunk()


class _Decoder(nn.Layer):
    def __init__(self):
        super().__init__()
        self.mask_multihead = SeenAttention(HEADS, WIDTH)
        self.mul_layernorm1 = SampleNorm(WIDTH)
        self.multihead = SeenAttention(HEADS, WIDTH)
        self.mul_layernorm2 = SampleNorm(WIDTH)
        self.pff = FeedForward(WIDTH, 2 * WIDTH)
        self.mul_layernorm3 = SampleNorm(WIDTH)

    def forward(self, x, image):
        mask = paddle.triu(paddle.full([x.shape[1], x.shape[1]], -1e9), 1)
        x = self.mul_layernorm1(x + self.mask_multihead(x, x, mask)[0])
        found, seen = self.multihead(x, image)
        x = self.mul_layernorm2(x + found)
        return self.mul_layernorm3(x + self.pff(x)), seen


class _Lookup(nn.Layer):
    def __init__(self, classes):
        super().__init__()
        self.lut = nn.Embedding(classes, EMBEDDED)


class _Positions(nn.Layer):
    def __init__(self):
        super().__init__()
        self.register_buffer("pe", paddle.to_tensor(sinusoids(PLACES, EMBEDDED)).unsqueeze(0))


class _Generator(nn.Layer):
    def __init__(self, classes):
        super().__init__()
        self.proj = nn.Linear(WIDTH, classes)


class TextTeacher(nn.Layer):
    """Reads images along given texts; its weights stay as they are loaded, and it reads as in use, without dropout.

    Args:
        classes: characters or strokes, the end included.
    """

    def __init__(self, classes):
        super().__init__()
        self.embedding_word_with_upperword = _Lookup(classes)
        self.pe = _Positions()
        self.encoder = _Encoder()
        self.decoder = _Decoder()
        self.generator_word_with_upperword = _Generator(classes)
        self._drop = nn.Dropout(DROPOUT)
        for parameter in self.parameters():
            parameter.trainable = False

    def forward(self, images, tokens):
        """Returns scores of the next character ``[N, T, classes]`` and where each was looked for, ``[N, 16, T, S]``.

        Args:
            images: RGB ``[N, 3, H, W]``, 0 to 1.
            tokens: what stands before each character, int64 ``[N, T]``; the first is 0.
        """
        red, green, blue = (share * images[:, i : i + 1] for i, share in enumerate(BRIGHTNESS))
        seen = to_tokens(self.encoder.cnn(red + green + blue))
        characters = EMBEDDED**0.5 * self.embedding_word_with_upperword.lut(tokens)
        places = self.pe.pe[:, : tokens.shape[1]].expand_as(characters)
        read, maps = self.decoder(paddle.concat([characters, self._drop(places)], axis=2), seen)
        return self.generator_word_with_upperword.proj(read), maps
