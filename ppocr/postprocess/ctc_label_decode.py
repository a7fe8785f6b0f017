"""Best-path decoding of CTC scores (Graves et al., Connectionist Temporal Classification, ICML 2006)."""

from typing import Optional

import numpy as np

from ppocr.postprocess.base import TextDecode, as_scores, best_classes, to_numpy
from ppocr.postprocess.text import (
    character_table,
    check_classes,
    join_characters,
    mean_confidence,
)
from ppocr.postprocess.word_groups import group_words
from ppocr.registry import POST_PROCESSES
from ppocr.text.dictionary import character_list
from ppocr.text.direction import TextDirection, Writing
from ppocr.text.special_symbols import CTC

BLANK = CTC.index(CTC.padding, 0)


@POST_PROCESSES.register()
class CTCLabelDecode(TextDecode):
    """Takes the best class of each step, merges repeats and drops blanks.

    Args:
        character_dict_path: dictionary file; None stands for digits and lower-case letters.
        use_space_char: appends the space to the dictionary.
        text_direction: ``rtl``: texts come as they are read, also where they are written from right to left; ``ltr``:
            as they stand on the image, from left to right; null: ``rtl`` for a dictionary with letters that are written
            from right to left.

    Raises:
        DataError: the dictionary cannot be used.
    """

    special_symbols = CTC.count

    def __init__(
        self,
        character_dict_path: Optional[str] = None,
        use_space_char: bool = False,
        text_direction: Optional[TextDirection] = None,
    ):
        characters = character_list(character_dict_path, use_space_char)
        self.character = CTC.around(characters)
        self.writing = Writing(characters, text_direction)
        self._table = character_table(CTC.around(self.writing.forms))

    def __call__(self, preds, label=None, return_word_box=False, wh_ratio_list=None, max_wh_ratio=None):
        """Decodes a batch.

        Args:
            preds: float (batch, steps, classes), class 0 is the blank; of a list or tuple the last one is taken, of a
                dict the entry ``ctc``.
            label: int (batch, length), padded with 0.
            return_word_box: adds to each result the word groups, as :func:`word_groups.group_words` gives them,
                behind the number of steps that the text line itself takes up.
            wh_ratio_list: width to height of each image before padding; for ``return_word_box``.
            max_wh_ratio: width to height of the padded batch; for ``return_word_box``.

        Returns:
            List of (text, confidence); with ``label`` a pair of that list and the same of the labels, whose
            confidence is 1.0 and whose repeats stay.

        Raises:
            ConfigError: the number of classes is not that of the dictionary.
        """
        scores = as_scores(_ctc_scores(preds))
        check_classes(self, scores.shape[-1], [len(self.character)])
        ids, best = best_classes(scores)
        keep = ids != BLANK
        keep[:, 1:] &= ids[:, 1:] != ids[:, :-1]
        texts = list(zip(self._texts(ids, keep), mean_confidence(best, keep)))
        if return_word_box:
            texts = self._with_words(texts, ids, keep, wh_ratio_list, max_wh_ratio)
        if label is None:
            return texts
        label = to_numpy(label)
        return texts, [(text, 1.0) for text in self._texts(label, label != BLANK)]

    def _texts(self, ids, keep):
        return [self.writing.read(text) for text in join_characters(self._table, ids, keep)]

    def _with_words(self, texts, ids, keep, wh_ratio_list, max_wh_ratio):
        results = []
        for row, (text, confidence) in enumerate(texts):
            steps = np.flatnonzero(keep[row])
            words = group_words(self._table[ids[row, steps]].tolist(), steps.tolist())
            used = ids.shape[1] * wh_ratio_list[row] / max_wh_ratio
            results.append((text, confidence, [used, *words]))
        return results


def _ctc_scores(preds):
    if isinstance(preds, dict):
        return preds["ctc"]
    return preds[-1] if isinstance(preds, (list, tuple)) else preds
