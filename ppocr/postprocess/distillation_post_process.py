"""Post-processing of several networks that are trained together: ``{name of the network: its results}``."""

from dataclasses import dataclass
from typing import Literal, Optional

from ppocr.data.batch import BRANCH_LABELS
from ppocr.data.branches import branch_batch, output_of
from ppocr.postprocess.base import PostProcess
from ppocr.postprocess.ctc_label_decode import CTCLabelDecode
from ppocr.postprocess.db_post_process import Candidates, DBPostProcess, UnclipRatio
from ppocr.postprocess.sequence_label_decode import SARLabelDecode
from ppocr.registry import POST_PROCESSES
from ppocr.text.codec import DictionaryKeys, values_of_keys
from ppocr.values import Name, Probability, SomeNames


class _EachNetwork(PostProcess):
    """Hands the output of each network to one post-processing, whose codec it shares."""

    of_each = PostProcess
    label_of_branch: tuple = ("label_ctc",)  # with heads of several branches

    @classmethod
    def reads_of(cls, arguments):
        """Returns the fields that the post-processing of one network needs."""
        return cls.label_of_branch if arguments.get("multi_head") else cls.of_each.reads

    def _share(self, inner, model_name, key=None, branch=None):
        self.codec, self.character, self.writing = inner.codec, inner.character, inner.writing
        self.task, self.networks = inner.task, tuple(model_name)
        self.reads, self.needs = inner.reads, inner.needs
        self._inner, self._key, self._branch = inner, key, branch

    def __call__(self, preds, *args, **kwargs):
        """Returns ``{name: results}``.

        Args:
            preds: ``{name: outputs}``, maybe of further networks.
            *args, **kwargs: as the post-processing of a single network takes them.

        Raises:
            ConfigError: there is no such network or output.
        """
        return {name: self._inner(self._output(preds, name), *args, **kwargs) for name in self.networks}

    def process(self, preds, batch):
        batch = batch if self._branch is None else branch_batch(batch, self._branch)
        return {name: self._inner.process(self._output(preds, name), batch) for name in self.networks}

    def results(self, preds, batch):
        """See :class:`ppocr.postprocess.base.PostProcess`."""
        found = super().results(preds, batch)
        return [dict(zip(found, row)) for row in zip(*found.values())]

    def _output(self, preds, name):
        output = output_of(preds, name, self._key)
        if self._branch == "ctc" and not isinstance(output, dict):
            return output  # in evaluation heads of several branches give this one alone
        return output_of(preds, name, self._key, self._branch)


@dataclass(eq=False)
class _EachDecoder(_EachNetwork):
    """Decodes one output of each network; the keys of ``of_each`` are keys of this decoder too.

    Args:
        model_name: names of the networks.
        key: their output; null where they give nothing else.
        multi_head: the output is that of a head of several branches, of which ``branch`` is taken.
    """

    branch = None

    model_name: SomeNames
    key: Optional[Name] = None
    multi_head: bool = False

    def __post_init__(self):
        decode = self.of_each(**values_of_keys(self.of_each, self))
        self._share(decode, self.model_name, self.key, self.branch if self.multi_head else None)


# The keys of the base that stands last come first.
@POST_PROCESSES.register()
@dataclass(eq=False)
class DistillationCTCLabelDecode(DictionaryKeys, _EachDecoder):
    """Decodes the CTC scores of each of several networks; see :class:`CTCLabelDecode`.

    Args:
        multi_head: the output is that of a head of several branches, whose branch ``ctc`` is taken.

    Raises:
        DataError: the dictionary cannot be used.
    """

    of_each = CTCLabelDecode
    branch = "ctc"


@POST_PROCESSES.register()
@dataclass(eq=False)
class DistillationSARLabelDecode(DictionaryKeys, _EachDecoder):
    """Decodes the SAR scores of each of several networks; see :class:`SARLabelDecode`.

    Args:
        multi_head: the output is that of a head of several branches, whose branch ``sar`` is taken, which there is in
            training only.
        rm_symbol: leaves ASCII letters, in lower case, digits and Chinese characters only.

    Raises:
        DataError: the dictionary cannot be used.
    """

    of_each = SARLabelDecode
    branch = "sar"
    label_of_branch = BRANCH_LABELS

    rm_symbol: bool = False


@POST_PROCESSES.register()
class DistillationDBPostProcess(_EachNetwork):
    """Finds the boxes of each of several detectors.

    Args:
        model_name: names of the networks.
        thresh, box_thresh, max_candidates, unclip_ratio, use_dilation, score_mode, box_type, return_scores: see
            :class:`DBPostProcess`, whose defaults differ.
    """

    of_each = DBPostProcess

    def __init__(
        self,
        model_name: SomeNames,
        thresh: Probability = 0.3,
        box_thresh: Probability = 0.6,
        max_candidates: Candidates = 1000,
        unclip_ratio: UnclipRatio = 1.5,
        use_dilation: bool = False,
        score_mode: Literal["fast", "slow"] = "fast",
        box_type: Literal["quad", "poly"] = "quad",
        return_scores: bool = False,
    ):
        find = DBPostProcess(
            thresh, box_thresh, max_candidates, unclip_ratio, use_dilation, score_mode, box_type, return_scores
        )
        self._share(find, model_name)
