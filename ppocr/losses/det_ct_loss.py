"""Loss of CentripetalText."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.losses.det_basic_loss import dice_of_images, hard_examples
from ppocr.registry import LOSSES

OHEM_RATIO = 3  # background pixels for each pixel of a kernel
SHIFT_WEIGHT, SHIFT_BETA = 0.05, 0.1
SHIFT_UNIT = 10  # pixels


@LOSSES.register()
class CTLoss(nn.Layer):
    """Kernels by their Dice coefficient with the target, and those shifts that do not lead into the right kernel.

    Source: CentripetalText (https://arxiv.org/abs/2107.05945), section 3.4.
    """

    reads = (
        "gt_kernel",
        "training_mask",
        "gt_instance",
        "gt_kernel_instance",
        "training_mask_distance",
        "gt_distance",
    )

    def forward(self, preds, batch):
        """Returns ``loss`` of each image ``[N]``, whose gradients add up, and the means of its two terms.

        Args:
            preds: ``maps`` ``[N, 3, H, W]``: logits of the kernels, shifts along x and y in tens of pixels.
            batch: has the maps of :class:`ppocr.data.imaug.ct_targets.MakeCentripetalShift`.
        """
        kernel, mask, instance, kernel_instance, shift_mask, shifts = fields_of(batch, CTLoss.reads)
        maps = preds["maps"].astype("float32")
        kernel_loss = self._kernels(maps[:, :1], kernel.astype("float32"), mask.astype("float32"))
        counts = shift_mask * leads_astray(maps[:, 1:].detach(), instance, kernel_instance)
        shift_loss = SHIFT_WEIGHT * self._shifts(maps[:, 1:], shifts.astype("float32"), counts.astype("float32"))
        return {
            "loss": kernel_loss + shift_loss,
            "loss_kernels": kernel_loss.mean(),
            "loss_shifts": shift_loss.mean(),
        }

    @staticmethod
    def _kernels(logits, target, mask):
        scores = logits[:, 0].detach()
        scores = paddle.where(mask > 0, scores, paddle.full_like(scores, -float("inf")))  # only what counts is hard
        selected = hard_examples(scores, target, mask, OHEM_RATIO)
        return dice_of_images(logits, target.unsqueeze(1), selected.unsqueeze(1))

    @staticmethod
    def _shifts(found, target, mask):
        """Returns the sum of both axes, the mean over the pixels of each image that count; ``[N]``."""
        loss = F.smooth_l1_loss(found, target, reduction="none", delta=SHIFT_BETA) / SHIFT_BETA
        total = (loss.sum(axis=1) * mask).sum(axis=[1, 2])
        return total / mask.sum(axis=[1, 2]).clip(min=1e-6)


def leads_astray(shifts, instance, kernel_instance):
    """Tells, 1 or 0, from which pixels a shift does not lead into the kernel of their text; int64 ``[N, H, W]``.

    Args:
        shifts: ``[N, 2, H, W]``, along x and y in tens of pixels.
        instance, kernel_instance: int64 ``[N, H, W]``, numbers of the texts, 0 outside of them and of their kernels.
    """
    height, width = instance.shape[1:]
    x = (SHIFT_UNIT * shifts[:, 0] + paddle.arange(width, dtype="float32")).clip(0, width - 1).astype("int64")
    rows = paddle.arange(height, dtype="float32").unsqueeze(1)
    y = (SHIFT_UNIT * shifts[:, 1] + rows).clip(0, height - 1).astype("int64")
    reached = paddle.take_along_axis(kernel_instance.flatten(1), (y * width + x).flatten(1), axis=1)
    return (reached.reshape(instance.shape) != instance).astype("int64")
