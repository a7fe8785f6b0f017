"""Post-processing of several networks that are trained together: ``{name of the network: its results}``."""

from typing import Literal, Optional

from ppocr.data.batch import GUIDE_LABEL
from ppocr.postprocess.base import PostProcess
from ppocr.postprocess.ctc_label_decode import CTCLabelDecode
from ppocr.postprocess.db_post_process import Candidates, DBPostProcess, UnclipRatio
from ppocr.postprocess.sequence_label_decode import SARLabelDecode
from ppocr.registry import POST_PROCESSES
from ppocr.text.direction import TextDirection
from ppocr.utils.network_outputs import branch_batch, output_of
from ppocr.values import Name, Probability, SomeNames


class _EachNetwork(PostProcess):
    """Hands the output of each network to one post-processing, whose ``character`` and ``writing`` it shares."""

    kind = PostProcess
    label_of_branch: tuple = ("label_ctc",)  # with heads of several branches

    @classmethod
    def reads_of(cls, arguments):
        """Returns the fields that the post-processing of one network needs."""
        return cls.label_of_branch if arguments.get("multi_head") else cls.kind.reads

    def __init__(self, inner, model_name, key=None, branch=None):
        self.character, self.special_symbols = inner.character, inner.special_symbols
        self.writing = inner.writing
        self._inner, self._names, self._key, self._branch = inner, model_name, key, branch

    def __call__(self, preds, *args, **kwargs):
        """Returns ``{name: results}``.

        Args:
            preds: ``{name: outputs}``, maybe of further networks.
            *args, **kwargs: as the post-processing of a single network takes them.

        Raises:
            ConfigError: there is no such network or output.
        """
        return {name: self._inner(self._output(preds, name), *args, **kwargs) for name in self._names}

    def process(self, preds, batch):
        batch = batch if self._branch is None else branch_batch(batch, self._branch)
        return {name: self._inner.process(self._output(preds, name), batch) for name in self._names}

    def _output(self, preds, name):
        output = output_of(preds, name, self._key)
        if self._branch == "ctc" and not isinstance(output, dict):
            return output  # in evaluation heads of several branches give this one alone
        return output_of(preds, name, self._key, self._branch)


@POST_PROCESSES.register()
class DistillationCTCLabelDecode(_EachNetwork):
    """Decodes the CTC scores of each of several networks; see :class:`CTCLabelDecode`.

    Args:
        model_name: names of the networks.
        key: their output; null where they give nothing else.
        multi_head: the output is that of a head of several branches, whose branch ``ctc`` is taken.
        character_dict_path, use_space_char, text_direction: see :class:`CTCLabelDecode`.

    Raises:
        DataError: the dictionary cannot be used.
    """

    kind = CTCLabelDecode

    def __init__(
        self,
        model_name: SomeNames,
        key: Optional[Name] = None,
        multi_head: bool = False,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        text_direction: Optional[TextDirection] = None,
    ):
        decode = CTCLabelDecode(character_dict_path, use_space_char, text_direction)
        super().__init__(decode, model_name, key, "ctc" if multi_head else None)


@POST_PROCESSES.register()
class DistillationSARLabelDecode(_EachNetwork):
    """Decodes the SAR scores of each of several networks; see :class:`SARLabelDecode`.

    Args:
        model_name: names of the networks.
        key: their output; null where they give nothing else.
        multi_head: the output is that of a head of several branches, whose branch ``sar`` is taken, which there is in
            training only.
        character_dict_path, use_space_char, rm_symbol, text_direction: see :class:`SARLabelDecode`.

    Raises:
        DataError: the dictionary cannot be used.
    """

    kind = SARLabelDecode
    label_of_branch = ("label_ctc", GUIDE_LABEL)

    def __init__(
        self,
        model_name: SomeNames,
        key: Optional[Name] = None,
        multi_head: bool = False,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        rm_symbol: bool = False,
        text_direction: Optional[TextDirection] = None,
    ):
        decode = SARLabelDecode(character_dict_path, use_space_char, rm_symbol, text_direction)
        super().__init__(decode, model_name, key, "sar" if multi_head else None)


@POST_PROCESSES.register()
class DistillationDBPostProcess(_EachNetwork):
    """Finds the boxes of each of several detectors.

    Args:
        model_name: names of the networks.
        thresh, box_thresh, max_candidates, unclip_ratio, use_dilation, score_mode, box_type, return_scores: see
            :class:`DBPostProcess`, whose defaults differ.
    """

    kind = DBPostProcess

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
        super().__init__(find, model_name)
