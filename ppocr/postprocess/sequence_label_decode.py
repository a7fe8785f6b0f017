"""Decoders of recognisers that give one class for each place of a text, up to an end mark."""

import re
from dataclasses import dataclass

import numpy as np
import paddle.nn.functional as F

from ppocr.errors import ConfigError
from ppocr.postprocess.base import TextDecode, as_scores, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.text.codecs import AttnCodec, NrtrCodec, SarCodec, SatrnCodec, SpinCodec, SrnCodec, VitstrCodec, VlCodec
from ppocr.values import TextLength

_NOT_TEXT = re.compile("[^a-z0-9\u4e00-\u9fa5]")


@POST_PROCESSES.register()
class AttnLabelDecode(TextDecode):
    """Decodes recurrent heads with attention, whose first class may be the start mark."""

    family = AttnCodec


@POST_PROCESSES.register()
@dataclass(eq=False)
class SARLabelDecode(TextDecode):
    """Decodes Show, Attend and Read (https://arxiv.org/abs/1811.00751); the padding is a class that it never gives.

    Args:
        rm_symbol: leaves ASCII letters, in lower case, digits and Chinese characters only.
    """

    family = SarCodec
    rm_symbol: bool = False

    def as_read(self, text):
        """See :class:`ppocr.postprocess.base.TextDecode`."""
        return _NOT_TEXT.sub("", text.lower()) if self.rm_symbol else text


@POST_PROCESSES.register()
class NRTRLabelDecode(TextDecode):
    """Decodes NRTR (https://arxiv.org/abs/1806.00926), which has a class more than the vocabulary that means nothing.

    The predictions are scores, or a list or tuple of classes (batch, places), start mark included or not, and their
    probabilities.
    """

    family = NrtrCodec

    def best(self, preds):
        """See :class:`ppocr.postprocess.base.TextDecode`."""
        if not isinstance(preds, (list, tuple)):
            return super().best(preds)
        ids, probabilities = preds
        return to_numpy(ids), to_numpy(probabilities)


@POST_PROCESSES.register()
class SPINLabelDecode(TextDecode):
    """Decodes SPIN (https://arxiv.org/abs/2005.13117)."""

    family = SpinCodec


@POST_PROCESSES.register()
@dataclass(eq=False)
class SRNLabelDecode(TextDecode):
    """Decodes SRN (https://arxiv.org/abs/2003.12294): ``predict`` of its outputs, float (batch * places, classes).

    Args:
        max_text_length: number of places.
    """

    family = SrnCodec
    max_text_length: TextLength = 25

    def best(self, preds):
        """See :class:`ppocr.postprocess.base.TextDecode`."""
        scores = as_scores(preds["predict"])
        return super().best(scores.reshape([-1, self.max_text_length, scores.shape[-1]]))


@POST_PROCESSES.register()
class SATRNLabelDecode(SARLabelDecode):
    """Decodes SATRN (https://arxiv.org/abs/1910.04396) as :class:`SARLabelDecode`."""

    family = SatrnCodec


@POST_PROCESSES.register()
class ViTSTRLabelDecode(TextDecode):
    """Decodes ViTSTR (https://arxiv.org/abs/2105.08582), whose first place is that of the start mark."""

    family = VitstrCodec


@POST_PROCESSES.register()
class VLLabelDecode(TextDecode):
    """Decodes VisionLAN (https://arxiv.org/abs/2108.09661): the first of its outputs, logits (places, batch, classes).

    The confidence is the geometric mean over the characters and the end mark.  ``character`` lacks the end mark, a
    class that the head has of itself.
    """

    family = VlCodec

    def best(self, preds):
        """See :class:`ppocr.postprocess.base.TextDecode`.

        Raises:
            ConfigError: what is given is no list or tuple that begins with logits.
        """
        logits = as_scores(preds[0])
        if len(logits.shape) != 3:
            raise ConfigError(f"VLLabelDecode: needs logits (places, batch, classes), not {list(logits.shape)}")
        ids, probabilities = super().best(_softmax(logits))
        return ids.T, probabilities.T


def _softmax(logits):
    """Returns probabilities over the last axis, of the kind of ``logits``: a tensor, on its device, or an array."""
    if hasattr(logits, "numpy"):
        return F.softmax(logits.astype("float32"), axis=-1)
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
