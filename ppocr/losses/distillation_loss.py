"""Losses on the outputs of several networks that learn from each other or from one of them.

``preds`` maps the name of a network to its outputs, ``{"backbone_out": ..., "head_out": ..., ...}``; each loss gives
a dictionary of its terms.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, Optional, Union

from paddle import nn

from ppocr.data.batch import BRANCH_LABELS, fields_of
from ppocr.data.branches import branch_batch, branch_reads, output_of
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


@dataclass(eq=False, repr=False)
class EachPair(nn.Layer):
    """Compares the outputs of each pair of networks, one term a pair.

    Args:
        model_name_pairs: pairs of names, or one pair.
        key: the output compared; null for all of it.
        label: prefix of the names of the terms.

    Attributes:
        multi_head: the output is that of a head of several branches.
        dis_head: the branch compared.
    """

    reads = ()
    multi_head = False

    model_name_pairs: Pairs
    key: Optional[Name] = None
    label: Name = ""

    def __post_init__(self):
        super().__init__()
        self.pairs = as_pairs(self.model_name_pairs)
        self.inner = self.build_inner()
        self.branch = self.dis_head if self.multi_head else None

    def build_inner(self):
        """Returns what compares two outputs."""
        raise NotImplementedError

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
@dataclass(eq=False, repr=False)
class DistillationDMLLoss(EachPair):
    """Mutual learning between pairs of networks.

    Args:
        act, use_log: see :class:`DMLLoss`.
        maps_name: compare these of a detector's three maps: ``thrink_maps``, ``threshold_maps``, ``binary_maps``.
    """

    label: Name = "dml"
    act: Optional[Literal["softmax", "sigmoid"]] = None
    use_log: bool = False
    multi_head: bool = False
    dis_head: Literal["ctc", "sar", "gtc"] = "ctc"
    maps_name: Optional[Literal["thrink_maps", "threshold_maps", "binary_maps"]] = None

    def build_inner(self):
        return DMLLoss(self.act, self.use_log)

    def term_name(self, pair, i):
        return "_".join(filter(None, [self.label, self.maps_name, str(i)]))

    def compare(self, first, second, batch):
        if self.maps_name is not None:
            first, second = (maps[:, MAPS.index(self.maps_name)] for maps in (first, second))
        return super().compare(first, second, batch)


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationDistanceLoss(EachPair):
    """Difference of the features of pairs of networks.

    Args:
        mode: see :class:`DistanceLoss`.
    """

    label: Name = "loss_distance"
    mode: Literal["l1", "l2", "smooth_l1"] = "l2"

    def build_inner(self):
        return DistanceLoss(self.mode)

    def term_name(self, pair, i):
        return f"{self.label}_{self.mode}_{pair[0]}_{pair[1]}_{i}"


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationDKDLoss(EachPair):
    """Decoupled distillation of the guiding branch, pairs being student and teacher.

    The mean is over all lines up to the end of the longest text of the batch, padding included.

    Args:
        dis_head: the branch compared, one that gives a class for each character.
        temperature, alpha, beta: see :class:`DKDLoss`.
    """

    reads = (*BRANCH_LABELS, "length")

    label: Name = "dkd"
    multi_head: bool = False
    dis_head: Literal["sar", "gtc"] = "gtc"
    temperature: Temperature = 1.0
    alpha: Weight = 1.0
    beta: Weight = 1.0

    def build_inner(self):
        return DKDLoss(self.temperature, self.alpha, self.beta)

    def compare(self, student, teacher, batch):
        """Compares logits ``[N, T, classes]``; ``batch`` has the guide's label ``[N, L]`` and ``length`` ``[N]``."""
        steps = student.shape[1]
        _, label, length = fields_of(batch, DistillationDKDLoss.reads)
        target = label[:, 1 : 1 + steps]
        counted = within_longest(length, steps).expand(target.shape).flatten()
        rows = self.inner(student.flatten(0, 1), teacher.flatten(0, 1), target.flatten())
        return (rows * counted).sum() / counted.sum()


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillCTCLogits(EachPair):
    """Divergence of the alignments of student and teacher.

    Args:
        model_name_pairs: pairs of names, student first, or one pair.
        key: the output that holds the branch ``ctc``.
        reduction: over the images of a batch.
    """

    multi_head, dis_head = True, "ctc"

    label: Name = "ctc_logits"
    reduction: Literal["mean"] = "mean"

    def build_inner(self):
        return KLCTCLogits()


@dataclass(eq=False, repr=False)
class EachModel(nn.Layer):
    """The loss of each named network, one term a network.

    Args:
        model_name_list: names of the networks.
        key: their output.
        label: prefix of the names of the terms.

    Attributes:
        of: class of the loss of one network.
        multi_head: the output is that of a head of several branches.
        branch: the one that is taken of these.
    """

    of = branch = None
    multi_head = False

    model_name_list: SomeNames
    key: Optional[Name] = None
    label: Name = ""

    def __post_init__(self):
        super().__init__()
        self.inner = self.build_inner()

    def build_inner(self):
        """Returns the loss of one network."""
        return self.of()

    @classmethod
    def reads_of(cls, arguments):
        """Returns the fields that the loss of one network reads, the label being that of the branch."""
        return branch_reads(cls.of.reads, cls.branch) if arguments.get("multi_head") else cls.of.reads

    def forward(self, preds, batch):
        """Returns one term for each model."""
        batch = branch_batch(batch, self.branch) if self.multi_head else batch
        return {
            f"{self.label}_{model}_{i}": self.inner(output, batch)["loss"]
            for i, (model, output) in enumerate(zip(self.model_name_list, self.outputs(preds)))
        }

    def outputs(self, preds):
        """Yields what the loss of each network gets."""
        for model in self.model_name_list:
            yield output_of(preds, model, self.key, self.branch if self.multi_head else None)


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationCTCLoss(EachModel):
    """The CTC loss of each of several networks.

    Args:
        multi_head: the output is that of a head of several branches, whose branch ``ctc`` is taken.
    """

    of, branch = CTCLoss, "ctc"

    label: Name = "loss_ctc"
    multi_head: bool = False

    def time_steps(self, preds):
        """Returns the fewest time steps of the networks."""
        return min(map(self.inner.time_steps, self.outputs(preds)), default=None)


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationSARLoss(EachModel):
    """The SAR loss of each of several networks.

    Args:
        multi_head: the output is that of a head of several branches, whose branch ``sar`` is taken.
        ignore_index: see :class:`SARLoss`.
    """

    of, branch = SARLoss, "sar"
    padding_of = SARLoss.padding_of

    label: Name = "loss_sar"
    multi_head: bool = False
    ignore_index: Index = 92

    def build_inner(self):
        return SARLoss(self.ignore_index)


@LOSSES.register()
@dataclass(eq=False, repr=False)
class DistillationNRTRLoss(EachModel):
    """The NRTR loss of each of several networks.

    Args:
        multi_head: the output is that of a head of several branches, whose branch ``gtc`` is taken.
        smoothing: see :class:`NRTRLoss`.
    """

    of, branch = NRTRLoss, "gtc"

    label: Name = "loss_nrtr"
    multi_head: bool = False
    smoothing: bool = True

    def build_inner(self):
        return NRTRLoss(self.smoothing)
