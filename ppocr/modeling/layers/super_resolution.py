"""What TSRN and TBSRN share: a residual network that doubles the sides of an image, and a recogniser that teaches it.

Source: Scene Text Image Super-Resolution in the Wild (https://arxiv.org/abs/2005.03341), section 5.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import paddle
import paddle.nn.functional as F
from paddle import ParamAttr, nn
from paddle.nn.initializer import Constant

from ppocr.modeling.layers.control_points import ControlPointHead, EdgeSpline
from ppocr.modeling.layers.text_teacher import TextTeacher
from ppocr.values import Range

CONTROL_POINTS = 20
MARGINS = (0.05, 0.05)
OUTER_KERNEL = 9  # of the first and the last convolution


class SequenceBlock(nn.Layer):
    """A 1x1 convolution and a GRU that reads each row in both directions; shapes stay, ``[N, C, H, W]``."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2D(channels, channels, 1)
        self.gru = nn.GRU(channels, channels // 2, direction="bidirectional")

    def forward(self, x):
        x = self.conv1(x).transpose([0, 2, 3, 1])
        _, height, width, channels = x.shape
        read, _ = self.gru(x.flatten(0, 1))
        return read.reshape([-1, height, width, channels]).transpose([0, 3, 1, 2])


class ResidualBlock(nn.Layer):
    """Two convolutions and the layers of published checkpoints beside them; a subclass puts them together.

    Args:
        channels: of the map, an even number.
    """

    def __init__(self, channels):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2D(channels, channels, 3, padding=1), nn.BatchNorm2D(channels)
        self.gru1 = SequenceBlock(channels)
        self.conv2, self.bn2 = nn.Conv2D(channels, channels, 3, padding=1), nn.BatchNorm2D(channels)
        self.gru2 = SequenceBlock(channels)

    def convolve(self, x):
        """Returns what both convolutions make of ``[N, C, H, W]``."""
        return self.bn2(self.conv2(F.mish(self.bn1(self.conv1(x)))))


class Upsample(nn.Layer):
    """A convolution whose channels become the pixels of a map of twice the sides."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2D(channels, 4 * channels, 3, padding=1)

    def forward(self, x):
        return F.mish(F.pixel_shuffle(self.conv(x), 2))


@dataclass(eq=False, repr=False)
class SuperResolution(nn.Layer):
    """Makes an image of text sharper and larger.

    A subclass has ``make_block``, ``teacher_name``, under which checkpoints hold its recogniser, ``classes`` of this,
    and ``teaching``, the names of the fields by which it is told the texts, for ``spell``.

    Args:
        in_channels: channels of the image.
        scale_factor: how much larger both sides become, a power of 2.
        width, height: pixels of the large image.
        STN: straighten the small image in training, as published models are trained; in use it stays as it is.
        srb_nums: number of residual blocks.
        hidden_units: half of the channels of a map.
        mask: published networks have no fourth channel.
        infer_mode: give the result alone, whatever the batch has.
        recognizer: have a recogniser that teaches the network where characters are; its weights are those of the
            checkpoint or of ``Global.pretrained_model``.  Without it the losses compare pixels alone.
        residual: add what the network makes to the bilinearly enlarged image; published networks make all of it.
    """

    teacher_name = ""
    classes = 0
    teaching = ()
    fixed_size = True

    in_channels: int = 3
    scale_factor: Literal[2, 4, 8] = 2
    width: Annotated[int, Range(16, 4096, step=16)] = 128
    height: Annotated[int, Range(16, 1024, step=16)] = 32
    STN: bool = False
    srb_nums: Annotated[int, Range(1, 100)] = 5
    mask: Literal[False] = False
    hidden_units: Annotated[int, Range(2, 512, step=2)] = 32
    infer_mode: bool = False
    recognizer: bool = True
    residual: bool = False

    def __post_init__(self):
        super().__init__()
        channels, count = 2 * self.hidden_units, self.srb_nums
        padding = OUTER_KERNEL // 2
        self.block1 = nn.Sequential(nn.Conv2D(self.in_channels, channels, OUTER_KERNEL, padding=padding), nn.PReLU())
        self._blocks = [f"block{number}" for number in range(2, count + 2)]
        for name in self._blocks:
            setattr(self, name, self.make_block(channels))
        setattr(
            self,
            f"block{count + 2}",
            nn.Sequential(nn.Conv2D(channels, channels, 3, padding=1), nn.BatchNorm2D(channels)),
        )
        upsampling = [Upsample(channels) for _ in range(int(math.log2(self.scale_factor)))]
        start = ParamAttr(initializer=Constant(0.0)) if self.residual else None  # at first nothing is added
        last = nn.Conv2D(channels, self.in_channels, OUTER_KERNEL, padding=padding, weight_attr=start)
        setattr(self, f"block{count + 3}", nn.Sequential(*upsampling, last))
        if self.STN:
            self.stn_head = ControlPointHead(self.in_channels, CONTROL_POINTS, "none")
            self._spline = EdgeSpline(CONTROL_POINTS, MARGINS, self.small_size)
        if self.recognizer:
            setattr(self, self.teacher_name, TextTeacher(self.classes))
        self.feed = self.feed_of(vars(self))
        self.out_channels = self.in_channels

    @classmethod
    def feed_of(cls, arguments) -> tuple:
        """Returns what it is fed besides the small image."""
        return ("img_hr", *(cls.teaching if arguments.get("recognizer", True) else ()))

    @property
    def small_size(self) -> tuple:
        """Height and width of the image that comes in."""
        return self.height // self.scale_factor, self.width // self.scale_factor

    def make_block(self, channels):
        """Returns one of the residual blocks."""
        raise NotImplementedError

    def enlarge(self, x):
        """Returns the large image, -1 to 1, of a small one ``[N, in_channels, H, W]``."""
        if self.STN and self.training:
            x = self._spline(x, self.stn_head(x))
        first = y = self.block1(x)
        for name in self._blocks:
            y = getattr(self, name)(y)
        middle, last = (getattr(self, f"block{self.srb_nums + more}") for more in (2, 3))
        made = F.tanh(last(first + middle(y)))
        if not self.residual:
            return made
        return made + F.interpolate(x, [self.height, self.width], mode="bilinear", align_corners=False)

    def forward(self, x, given=None):
        """Returns ``sr_img`` ``[N, C, height, width]``, with ``lr_img`` and ``hr_img`` where the large image is given.

        In training with a recogniser also what this reads on ``sr_img``, ``sr_pred`` ``[characters, classes]``, the
        true classes, ``text_gt``, and where it looks for them on both, ``word_attention_map_pred`` and
        ``word_attention_map_gt``, ``[N, 16, T, S]``.

        Args:
            x: small images, RGB, 0 to 1.
            given: the large images, and what tells their texts; None, or None for each, in use.
        """
        enlarged = self.enlarge(x)
        large, *told = given or [None]
        if large is None or self.infer_mode:
            return {"sr_img": enlarged}
        made = {"lr_img": x, "hr_img": large, "sr_img": enlarged}
        if self.training and self.recognizer:
            made.update(self._read(made["sr_img"], large, *self.spell(*told)))
        return made

    def spell(self, *told):
        """Returns the classes of texts as int64 ``[N, T]``, with the end, and their numbers, a list or a tensor.

        Args:
            told: the fields of ``teaching``.
        """
        raise NotImplementedError

    def _read(self, made, large, classes, lengths):
        before = paddle.concat([paddle.zeros_like(classes[:, :1]), classes[:, :-1]], axis=1)
        teacher = getattr(self, self.teacher_name)
        teacher.eval()  # its statistics are not trained either
        scores, looked = teacher(made, before)
        with paddle.no_grad():
            _, should = teacher(large, before)
        there = paddle.arange(classes.shape[1]).unsqueeze(0) < lengths.unsqueeze(1)
        return {
            "sr_pred": scores[there],
            "text_gt": classes[there],
            "word_attention_map_pred": looked,
            "word_attention_map_gt": should,
        }
