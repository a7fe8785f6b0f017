"""Loss of progressive scale expansion."""

from typing import Annotated, Literal

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.errors import ConfigError
from ppocr.losses.det_basic_loss import dice_of_images, hard_examples, iou_of_images
from ppocr.registry import LOSSES
from ppocr.values import Epsilon, Probability, Range


@LOSSES.register()
class PSELoss(nn.Layer):
    """Text regions and kernels, each by its Dice coefficient with the target, image by image.

    Source: Progressive Scale Expansion Network (https://arxiv.org/abs/1903.12473), section 3.4.

    Args:
        alpha: weight of the text regions; that of the kernels is ``1 - alpha``.
        ohem_ratio: background pixels for each text pixel of an image, the hardest ones.
        kernel_sample_mask: kernels are compared inside the regions that are predicted (``pred``) or true (``gt``).
        reduction: what ``loss`` is of the images of a batch: their ``mean``, their ``sum``, or each of them (``none``),
            whose gradients add up.
        eps: keeps the logged IoU finite.
    """

    reads = ("gt_text", "gt_kernels", "mask")

    def __init__(
        self,
        alpha: Probability,
        ohem_ratio: Annotated[float, Range(above=0, most=10_000)] = 3,
        kernel_sample_mask: Literal["pred", "gt"] = "pred",
        reduction: Literal["sum", "mean", "none"] = "sum",
        eps: Epsilon = 1e-6,
    ):
        super().__init__()
        self.alpha = alpha
        self.ohem_ratio = ohem_ratio
        self.inside_predicted = kernel_sample_mask == "pred"
        self.reduce = {"mean": paddle.mean, "sum": paddle.sum, "none": paddle.assign}[reduction]
        self.eps = eps

    def forward(self, preds, batch):
        """Returns ``loss``, its two terms and, for the log, the IoU of regions and smallest kernels.

        Args:
            preds: ``maps``, logits ``[N, 1 + K, h, w]`` of the text regions and of K kernels.
            batch: has ``gt_text`` ``[N, H, W]``, ``gt_kernels`` ``[N, K or more, H, W]`` and ``mask`` ``[N, H, W]``, 0
                and 1.

        Returns:
            Scalars; ``loss`` is ``[N]`` if nothing reduces it.

        Raises:
            ConfigError: there are fewer kernels in the targets than in the predictions.
        """
        text, kernels, mask = [target.astype("float32") for target in fields_of(batch, PSELoss.reads)]
        maps = F.interpolate(preds["maps"].astype("float32"), size=text.shape[1:], mode="nearest")
        count = maps.shape[1] - 1
        if kernels.shape[1] < count:
            raise ConfigError(
                f"PSELoss: the head gives {count} kernels, the targets have {kernels.shape[1]}: set "
                f"MakePseGt.kernel_num to {count + 1}, as Head.out_channels"
            )
        kernels = kernels[:, :count]
        selected = hard_examples(maps[:, 0].detach(), text, mask, self.ohem_ratio)
        inside = mask * ((maps[:, 0] > 0).astype("float32") if self.inside_predicted else text)
        text_loss = dice_of_images(maps[:, :1], text.unsqueeze(1), selected.unsqueeze(1))
        kernel_loss = dice_of_images(maps[:, 1:], kernels, inside.unsqueeze(1))
        loss = self.alpha * text_loss + (1 - self.alpha) * kernel_loss
        return {
            "loss": self.reduce(loss),
            "loss_text": text_loss.mean(),
            "loss_kernels": kernel_loss.mean(),
            "iou_text": iou_of_images(maps[:, 0], text, mask, self.eps).mean(),
            "iou_kernel": iou_of_images(maps[:, -1], kernels[:, -1], mask * text, self.eps).mean(),
        }
