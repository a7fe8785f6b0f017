"""Decoders of recognisers that give one class for each place of a text, up to an end mark."""

import re
from typing import Optional

import numpy as np
import paddle.nn.functional as F

from ppocr.errors import ConfigError
from ppocr.postprocess.base import TextDecode, as_scores, best_classes, to_numpy
from ppocr.postprocess.text import character_table, check_classes, join_characters, mean_confidence
from ppocr.registry import POST_PROCESSES
from ppocr.text.dictionary import character_list
from ppocr.text.direction import TextDirection, Writing
from ppocr.text.special_symbols import NRTR, SAR, SRN, VISIONLAN, Symbols
from ppocr.values import TextLength

_NOT_TEXT = re.compile("[^a-z0-9\u4e00-\u9fa5]")


class SequenceLabelDecode(TextDecode):
    """What these decoders share: the first end mark ends a text, and special symbols but the unknown one are left out.

    Args:
        character_dict_path: dictionary file; None stands for digits and lower-case letters.
        use_space_char: appends the space to the dictionary.
        text_direction: see :class:`ppocr.postprocess.ctc_label_decode.CTCLabelDecode`.

    Attributes:
        symbols: the special symbols, those of the label encoder.
        more_classes: by how many the classes that a model gives may exceed the vocabulary.

    Raises:
        DataError: the dictionary cannot be used.
    """

    symbols = Symbols()
    more_classes = (0,)

    def __init__(
        self,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        text_direction: Optional[TextDirection] = None,
    ):
        characters = character_list(character_dict_path, use_space_char)
        symbols = self.symbols
        self.character = symbols.around(characters)
        self.writing = Writing(characters, text_direction)
        self._table = character_table(symbols.around(self.writing.forms))
        self._start, self._end = (symbols.index(name, len(characters)) for name in (symbols.start, symbols.end))
        # the last entry stands for ids beyond the vocabulary
        hidden = [symbols.index(s, len(characters)) for s in (*symbols.before, *symbols.after) if s != symbols.unknown]
        self._shown = np.ones(len(self._table) + 1, dtype=bool)
        self._shown[[*hidden, -1]] = False

    def __call__(self, preds, label=None):
        """Decodes a batch.

        Args:
            preds: float (batch, places, classes).
            label: int (batch, length), as the label encoder gives it.

        Returns:
            List of (text, confidence), the confidence being the mean over the characters; with ``label`` a pair of
            that list and the same of the labels, whose confidence is 1.0.

        Raises:
            ConfigError: the number of classes does not follow from the dictionary.
        """
        results = self.read(*self.best(preds))
        return results if label is None else (results, self.read_labels(label))

    def best(self, preds):
        """Returns the best classes (batch, places) and their scores."""
        scores = as_scores(preds)
        size, given = len(self._table), scores.shape[-1]
        check_classes(self, given, [size + more for more in self.more_classes])
        return best_classes(scores if given <= size else scores[..., :size])

    def read(self, ids, scores) -> list:
        """Returns (text, confidence) for each row of classes and scores (batch, places)."""
        keep = self._before_end(ids == self._end) & self._shows(ids)
        return list(zip(self._texts(ids, keep), mean_confidence(scores, keep)))

    def read_labels(self, label) -> list:
        """Returns (text, 1.0) for each row of labels (batch, length); a start mark in front is no end mark."""
        ids = to_numpy(label)
        is_end = ids == self._end
        is_end[:, 0] &= ids[:, 0] != self._start
        keep = self._before_end(is_end) & self._shows(ids)
        return [(text, 1.0) for text in self._texts(ids, keep)]

    def _texts(self, ids, keep):
        return [self.as_read(self.writing.read(text)) for text in join_characters(self._table, ids, keep)]

    def _shows(self, ids):
        return self._shown[np.minimum(ids, len(self._table))]

    @staticmethod
    def _before_end(is_end):
        return ~np.logical_or.accumulate(is_end, axis=1)


@POST_PROCESSES.register()
class SARLabelDecode(SequenceLabelDecode):
    """Decodes Show, Attend and Read (https://arxiv.org/abs/1811.00751); the padding is a class that it never gives.

    Args:
        character_dict_path, use_space_char, text_direction: see :class:`SequenceLabelDecode`.
        rm_symbol: leaves ASCII letters, in lower case, digits and Chinese characters only.
    """

    symbols = SAR
    special_symbols = symbols.count
    more_classes = (-1, 0)

    def __init__(
        self,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        rm_symbol: bool = False,
        text_direction: Optional[TextDirection] = None,
    ):
        super().__init__(character_dict_path, use_space_char, text_direction)
        self.rm_symbol = rm_symbol

    def as_read(self, text):
        """See :class:`ppocr.postprocess.base.TextDecode`."""
        return _NOT_TEXT.sub("", text.lower()) if self.rm_symbol else text


@POST_PROCESSES.register()
class NRTRLabelDecode(SequenceLabelDecode):
    """Decodes NRTR (https://arxiv.org/abs/1806.00926), which has a class more than the vocabulary that means nothing.

    The predictions are scores, or a list or tuple of classes (batch, places), start mark included or not, and their
    probabilities.
    """

    symbols = NRTR
    special_symbols = symbols.count
    more_classes = (0, 1)

    def best(self, preds):
        """See :class:`SequenceLabelDecode`."""
        if not isinstance(preds, (list, tuple)):
            return super().best(preds)
        ids, probabilities = preds
        return to_numpy(ids), to_numpy(probabilities)


@POST_PROCESSES.register()
class SRNLabelDecode(SequenceLabelDecode):
    """Decodes SRN (https://arxiv.org/abs/2003.12294): ``predict`` of its outputs, float (batch * places, classes).

    Args:
        character_dict_path, use_space_char, text_direction: see :class:`SequenceLabelDecode`.
        max_text_length: number of places.
    """

    symbols = SRN
    special_symbols = symbols.count

    def __init__(
        self,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        max_text_length: TextLength = 25,
        text_direction: Optional[TextDirection] = None,
    ):
        super().__init__(character_dict_path, use_space_char, text_direction)
        self.max_text_length = max_text_length

    def best(self, preds):
        """See :class:`SequenceLabelDecode`."""
        scores = as_scores(preds["predict"])
        return super().best(scores.reshape([-1, self.max_text_length, scores.shape[-1]]))


@POST_PROCESSES.register()
class VLLabelDecode(SequenceLabelDecode):
    """Decodes VisionLAN (https://arxiv.org/abs/2108.09661): the first of its outputs, logits (places, batch, classes).

    The confidence is the geometric mean over the characters and the end mark.  ``character`` lacks the end mark, a
    class that the head has of itself.
    """

    symbols = VISIONLAN

    def __init__(
        self,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        text_direction: Optional[TextDirection] = None,
    ):
        super().__init__(character_dict_path, use_space_char, text_direction)
        self.character = self.character[self.symbols.count :]

    def best(self, preds):
        """See :class:`SequenceLabelDecode`.

        Raises:
            ConfigError: what is given is no list or tuple that begins with logits.
        """
        logits = as_scores(preds[0])
        if len(logits.shape) != 3:
            raise ConfigError(f"VLLabelDecode: needs logits (places, batch, classes), not {list(logits.shape)}")
        ids, probabilities = super().best(_softmax(logits))
        return ids.T, probabilities.T

    def read(self, ids, scores):
        """See :class:`SequenceLabelDecode`."""
        counted = self._before_end(ids == self._end)
        counted[:, 1:] = counted[:, :-1].copy()  # the end mark too
        counted[:, 0] = True
        confidences = np.exp(mean_confidence(np.log(scores), counted)).tolist()
        return [(text, confidence) for (text, _), confidence in zip(super().read(ids, scores), confidences)]


def _softmax(logits):
    """Returns probabilities over the last axis, of the kind of ``logits``: a tensor, on its device, or an array."""
    if hasattr(logits, "numpy"):
        return F.softmax(logits.astype("float32"), axis=-1)
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
