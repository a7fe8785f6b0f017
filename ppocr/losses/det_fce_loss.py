"""Loss of FCENet."""

from typing import Annotated

import paddle
import paddle.nn.functional as F
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.geometry.fourier import fourier_waves
from ppocr.losses.det_basic_loss import balanced_mean
from ppocr.registry import LOSSES
from ppocr.values import Range

OUTSIDE = 0.5  # weight of centres outside of texts


@LOSSES.register()
class FCELoss(nn.Layer):
    """Text regions, their centres, and the outlines that the coefficients draw, summed over three levels.

    Source: Fourier Contour Embedding (https://arxiv.org/abs/2104.10442), section 3.4.

    Args:
        fourier_degree: greatest order k of the coefficients.
        num_sample: points of an outline that are compared.
        ohem_ratio: background pixels for each text pixel.
    """

    reads = ("p3_maps", "p4_maps", "p5_maps")

    def __init__(
        self,
        fourier_degree: Annotated[int, Range(1, 100)],
        num_sample: Annotated[int, Range(3, 10_000)],
        ohem_ratio: Annotated[float, Range(above=0, most=10_000)] = 3.0,
    ):
        super().__init__()
        self.orders = 2 * fourier_degree + 1
        self.ohem_ratio = ohem_ratio
        waves = fourier_waves(fourier_degree, num_sample)
        self._cos, self._sin = (paddle.to_tensor(part.astype("float32")) for part in (waves.real, waves.imag))

    def forward(self, preds, batch):
        """Returns ``loss`` and its terms.

        Args:
            preds: levels with logits, see :class:`ppocr.modeling.heads.det_fce_head.FCEHead`.
            batch: has the maps of the levels, see :class:`ppocr.data.imaug.fce_targets.FCENetTargets`.
        """
        targets = fields_of(batch, self.reads)
        levels = [self._level(preds[f"level_{i}"], target) for i, target in enumerate(targets)]
        losses = dict(zip(("loss_text", "loss_center", "loss_reg_x", "loss_reg_y"), map(sum, zip(*levels))))
        return {"loss": sum(losses.values()), **losses}

    def _level(self, preds, targets):
        """Returns the four terms of a level."""
        preds, targets = preds.astype("float32"), targets.astype("float32")
        text, center, counts = targets[:, :3].unbind(axis=1)
        inside = text * counts
        outside = 1.0 - inside
        of_text, of_center = _cross_entropy(preds[:, :2], text), _cross_entropy(preds[:, 2:4], center)
        weight = (inside * (text + center) / 2).unsqueeze(-1)
        across = [
            (weight * F.smooth_l1_loss(found, true, reduction="none")).sum()
            / _at_least_one(inside.sum() * found.shape[-1])
            for found, true in zip(self._outlines(preds[:, 4:]), self._outlines(targets[:, 3:]))
        ]
        return (
            balanced_mean(of_text, inside, (1.0 - text) * counts, self.ohem_ratio),
            _mean(of_center, inside) + OUTSIDE * _mean(of_center, outside),
            *across,
        )

    def _outlines(self, coefficients):
        """Returns x and y ``[N, H, W, points]`` of the outlines with coefficients ``[N, 2 (2k + 1), H, W]``."""
        real, imaginary = coefficients.transpose([0, 2, 3, 1]).split(2, axis=-1)
        return real @ self._cos - imaginary @ self._sin, real @ self._sin + imaginary @ self._cos


def _cross_entropy(logits, target):
    """Returns the loss of each pixel ``[N, H, W]``; logits ``[N, 2, H, W]``."""
    return F.cross_entropy(logits, target.astype("int64").unsqueeze(1), axis=1, reduction="none").squeeze(1)


def _mean(loss, mask):
    return (loss * mask).sum() / _at_least_one(mask.sum())


def _at_least_one(count):
    return count.clip(min=1.0)
