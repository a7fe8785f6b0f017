"""Losses on the outputs of several networks that name entities on a page or relate them; padding does not count.

Source: VI-LayoutXLM (https://arxiv.org/abs/2210.05391), section 3.3: unified-deep mutual learning.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, Optional

from ppocr.data.batch import named
from ppocr.errors import ConfigError
from ppocr.losses.basic_loss import DistanceLoss, DMLLoss
from ppocr.losses.basic_output_loss import LossFromOutput
from ppocr.losses.distillation_loss import EachModel, EachPair
from ppocr.losses.vqa_token_layoutlm_loss import PUBLISHED_FIELDS, VQASerTokenLayoutLMLoss
from ppocr.registry import LOSSES
from ppocr.values import Classes, Name, Range


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationLossFromOutput(EachModel):
    """The loss that each of several networks computes itself.

    Args:
        reduction: see :class:`LossFromOutput`.
    """

    of = LossFromOutput

    label: Name = "loss"
    reduction: Literal["none", "mean", "sum"] = "none"

    def build_inner(self):
        return LossFromOutput(None, self.reduction)


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationVQASerTokenLayoutLMLoss(EachModel):
    """The loss of the entities of each of several networks.

    Args:
        num_classes: classes of sub-words.
    """

    of = VQASerTokenLayoutLMLoss

    label: Name = "loss_ser"
    num_classes: Classes = 7

    def build_inner(self):
        return VQASerTokenLayoutLMLoss(self.num_classes)


class EachPairOfTokens(EachPair):
    """Compares what pairs of networks give for the sub-words of a page; ``inner`` gives a mean over all of them."""

    reads = ("attention_mask",)

    def compare(self, first, second, batch):
        """Compares ``[N, T, width]``; ``batch`` has the mask int ``[N, T]``, 1 for sub-words."""
        (mask,) = named(batch, PUBLISHED_FIELDS).select(*self.reads)
        counts = (mask == 1).astype("float32")
        mean = self.inner(first * counts.unsqueeze(-1), second * counts.unsqueeze(-1))
        return mean * (counts.shape[0] * counts.shape[1]) / counts.sum().clip(min=1.0)


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationSERDMLLoss(EachPairOfTokens):
    """Mutual learning of the classes of sub-words.

    Args:
        act, use_log: see :class:`DMLLoss`; of a sub-word the divergence is the sum over its classes.
        num_classes: classes of sub-words.
    """

    label: Name = "loss_dml_ser"
    act: Literal["softmax", "sigmoid"] = "softmax"
    use_log: Literal[True] = True
    num_classes: Classes = 7

    def build_inner(self):
        divergence = DMLLoss(self.act, self.use_log)
        return lambda first, second: divergence(first.flatten(0, 1), second.flatten(0, 1))


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationVQADistanceLoss(EachPairOfTokens):
    """Difference of what a layer of each of two networks gives for the sub-words.

    Args:
        key: the output: of one layer, or of all of them.
        index: of the layer, where it is all of them.
        mode: see :class:`DistanceLoss`.
    """

    label: Name = "loss_distance"
    index: Optional[Annotated[int, Range(0, 100)]] = None
    mode: Literal["l1", "l2", "smooth_l1"] = "l2"

    def build_inner(self):
        return DistanceLoss(self.mode)

    def compare(self, first, second, batch):
        """See :class:`EachPairOfTokens`."""
        if self.index is not None:
            if self.index >= len(first):
                raise ConfigError(f"DistillationVQADistanceLoss: index {self.index}, but there are {len(first)} layers")
            first, second = first[self.index], second[self.index]
        return super().compare(first, second, batch)

    def term_name(self, pair, i):
        return f"{self.label}_{pair[0]}_{pair[1]}_{i}"
