"""Losses on the outputs of several networks that learn from each other or from one of them.

``preds`` maps the name of a network to its outputs, ``{"backbone_out": ..., "head_out": ..., ...}``; each loss gives
a dictionary of its terms.
"""

from typing import Annotated, Literal, Optional, Union

from paddle import nn

from ppocr.data.batch import BRANCH_LABELS, fields_of
from ppocr.data.branches import branch_batch, output_of
from ppocr.losses.basic_loss import DistanceLoss, DKDLoss, DMLLoss, KLCTCLogits
from ppocr.losses.rec_ctc_loss import CTCLoss
from ppocr.losses.rec_nrtr_loss import NRTRLoss, within_longest
from ppocr.losses.rec_sar_loss import SARLoss
from ppocr.registry import LOSSES
from ppocr.values import Index, Length, Name, Range, SomeNames, Weight

Temperature = Annotated[float, Range(0.01, 1_000)]
Pairs = Union[tuple[Name, Name], Annotated[list[tuple[Name, Name]], Length(1)]]
MAPS = ("thrink_maps", "threshold_maps", "binary_maps")  # the first is spelled as published files spell it


def as_pairs(pairs):
    """Returns a list of pairs of names; one pair alone, ``[a, b]``, is taken too."""
    return [pairs] if isinstance(pairs[0], str) else list(pairs)


class EachPair(nn.Layer):
    """Compares the outputs of each pair of networks, one term a pair.

    Args:
        inner: compares two outputs.
        pairs: pairs of names, or one pair.
        key: the output compared; None for all of it.
        branch: of a head of several branches; None where the output is no such head's.
        label: begins the names of the terms.
    """

    reads = ()

    def __init__(self, inner, pairs, key, branch, label):
        super().__init__()
        self.inner, self.pairs, self.key, self.branch, self.label = inner, as_pairs(pairs), key, branch, label

    def forward(self, preds, batch):
        """Returns one term for each pair."""
        terms = {}
        for i, pair in enumerate(self.pairs):
            outputs = [output_of(preds, model, self.key, self.branch) for model in pair]
            terms[self.term_name(pair, i)] = self.compare(*outputs, batch)
        return terms

    def term_name(self, pair, i):
        """Returns the name of the term of pair ``i``."""
        return f"{self.label}_{i}"

    def compare(self, first, second, batch):
        """Returns the term of a pair."""
        return self.inner(first, second)


@LOSSES.register()
class DistillationDMLLoss(EachPair):
    """Mutual learning between pairs of networks.

    Args:
        model_name_pairs: pairs of names, or one pair.
        act, use_log: see :class:`DMLLoss`.
        key: the output compared; null for all of it.
        multi_head: the output is that of a head of several branches.
        dis_head: the branch compared.
        maps_name: compare these of a detector's three maps: ``thrink_maps``, ``threshold_maps``, ``binary_maps``.
        label: begins the names of the terms.
    """

    def __init__(
        self,
        model_name_pairs: Pairs,
        act: Optional[Literal["softmax", "sigmoid"]] = None,
        use_log: bool = False,
        key: Optional[Name] = None,
        multi_head: bool = False,
        dis_head: Literal["ctc", "sar", "gtc"] = "ctc",
        maps_name: Optional[Literal["thrink_maps", "threshold_maps", "binary_maps"]] = None,
        label: Name = "dml",
    ):
        label = label if maps_name is None else f"{label}_{maps_name}"
        super().__init__(DMLLoss(act, use_log), model_name_pairs, key, dis_head if multi_head else None, label)
        self.channel = None if maps_name is None else MAPS.index(maps_name)

    def compare(self, first, second, batch):
        if self.channel is not None:
            first, second = first[:, self.channel], second[:, self.channel]
        return super().compare(first, second, batch)


@LOSSES.register()
class DistillationDistanceLoss(EachPair):
    """Difference of the features of pairs of networks.

    Args:
        model_name_pairs: pairs of names, or one pair.
        mode: see :class:`DistanceLoss`.
        key: the output compared.
        label: begins the names of the terms.
    """

    def __init__(
        self,
        model_name_pairs: Pairs,
        mode: Literal["l1", "l2", "smooth_l1"] = "l2",
        key: Optional[Name] = None,
        label: Name = "loss_distance",
    ):
        super().__init__(DistanceLoss(mode), model_name_pairs, key, None, f"{label}_{mode}")

    def term_name(self, pair, i):
        return f"{self.label}_{pair[0]}_{pair[1]}_{i}"


@LOSSES.register()
class DistillationDKDLoss(EachPair):
    """Decoupled distillation of the guiding branch, pairs being student and teacher.

    The mean is over all lines up to the end of the longest text of the batch, padding included.

    Args:
        model_name_pairs: pairs of names, or one pair.
        key: the output compared.
        multi_head: the output is that of a head of several branches.
        dis_head: the branch compared, one that gives a class for each character.
        temperature, alpha, beta: see :class:`DKDLoss`.
        label: begins the names of the terms.
    """

    reads = (*BRANCH_LABELS, "length")

    def __init__(
        self,
        model_name_pairs: Pairs,
        key: Optional[Name] = None,
        multi_head: bool = False,
        dis_head: Literal["sar", "gtc"] = "gtc",
        temperature: Temperature = 1.0,
        alpha: Weight = 1.0,
        beta: Weight = 1.0,
        label: Name = "dkd",
    ):
        inner = DKDLoss(temperature, alpha, beta)
        super().__init__(inner, model_name_pairs, key, dis_head if multi_head else None, label)

    def compare(self, student, teacher, batch):
        """Compares logits ``[N, T, classes]``; ``batch`` has the guide's label ``[N, L]`` and ``length`` ``[N]``."""
        steps = student.shape[1]
        _, label, length = fields_of(batch, DistillationDKDLoss.reads)
        target = label[:, 1 : 1 + steps]
        counted = within_longest(length, steps).expand(target.shape).flatten()
        rows = self.inner(student.flatten(0, 1), teacher.flatten(0, 1), target.flatten())
        return (rows * counted).sum() / counted.sum()


@LOSSES.register()
class DistillCTCLogits(EachPair):
    """Divergence of the alignments of student and teacher.

    Args:
        model_name_pairs: pairs of names, student first, or one pair.
        key: the output that holds the branch ``ctc``.
        reduction: over the images of a batch.
        label: begins the names of the terms.
    """

    def __init__(
        self,
        model_name_pairs: Pairs,
        key: Optional[Name] = None,
        reduction: Literal["mean"] = "mean",
        label: Name = "ctc_logits",
    ):
        super().__init__(KLCTCLogits(), model_name_pairs, key, "ctc", label)


class EachModel(nn.Layer):
    """The loss of each named network, one term a network.

    Args:
        inner: the loss of one network; its class stands in ``of``.
        models: names of the networks.
        key: their output; None for all of it.
        branch: of a head of several branches; None where the output is no such head's.
        label: begins the names of the terms.
    """

    of = None

    @classmethod
    def reads_of(cls, arguments):
        """Returns the fields of a batch for heads of several branches, or those of the loss itself."""
        return (*BRANCH_LABELS, "length") if arguments.get("multi_head") else cls.of.reads

    def __init__(self, inner, models, key, branch, label):
        super().__init__()
        self.inner, self.models, self.key, self.branch, self.label = inner, list(models), key, branch, label

    def forward(self, preds, batch):
        """Returns one term for each model."""
        batch = batch if self.branch is None else branch_batch(batch, self.branch)
        return {
            f"{self.label}_{model}_{i}": self.inner(output_of(preds, model, self.key, self.branch), batch)["loss"]
            for i, model in enumerate(self.models)
        }


@LOSSES.register()
class DistillationCTCLoss(EachModel):
    """The CTC loss of each of several networks.

    Args:
        model_name_list: names of the networks.
        key: their output.
        multi_head: the output is that of a head of several branches, whose branch ``ctc`` is taken.
        label: begins the names of the terms.
    """

    of = CTCLoss

    def __init__(
        self, model_name_list: SomeNames, key: Optional[Name] = None, multi_head: bool = False, label: Name = "loss_ctc"
    ):
        super().__init__(CTCLoss(), model_name_list, key, "ctc" if multi_head else None, label)

    def time_steps(self, preds):
        """Returns the fewest time steps of the networks."""
        outputs = (output_of(preds, model, self.key, self.branch) for model in self.models)
        return min(map(self.inner.time_steps, outputs), default=None)


@LOSSES.register()
class DistillationSARLoss(EachModel):
    """The SAR loss of each of several networks.

    Args:
        model_name_list: names of the networks.
        key: their output.
        multi_head: the output is that of a head of several branches, whose branch ``sar`` is taken.
        ignore_index: see :class:`SARLoss`.
        label: begins the names of the terms.
    """

    of = SARLoss
    padding_of = SARLoss.padding_of

    def __init__(
        self,
        model_name_list: SomeNames,
        key: Optional[Name] = None,
        multi_head: bool = False,
        ignore_index: Index = 92,
        label: Name = "loss_sar",
    ):
        super().__init__(SARLoss(ignore_index), model_name_list, key, "sar" if multi_head else None, label)


@LOSSES.register()
class DistillationNRTRLoss(EachModel):
    """The NRTR loss of each of several networks.

    Args:
        model_name_list: names of the networks.
        key: their output.
        multi_head: the output is that of a head of several branches, whose branch ``gtc`` is taken.
        smoothing: see :class:`NRTRLoss`.
        label: begins the names of the terms.
    """

    of = NRTRLoss

    def __init__(
        self,
        model_name_list: SomeNames,
        key: Optional[Name] = None,
        multi_head: bool = False,
        smoothing: bool = True,
        label: Name = "loss_nrtr",
    ):
        super().__init__(NRTRLoss(smoothing), model_name_list, key, "gtc" if multi_head else None, label)
