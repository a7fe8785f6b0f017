"""Best-path decoding of CTC scores (Graves et al., Connectionist Temporal Classification, ICML 2006)."""

import numpy as np

from ppocr.postprocess.base import TextDecode
from ppocr.postprocess.word_groups import group_words
from ppocr.registry import POST_PROCESSES
from ppocr.text.codecs import CtcCodec


@POST_PROCESSES.register()
class CTCLabelDecode(TextDecode):
    """Takes the best class of each step, merges repeats and drops blanks.

    Raises:
        DataError: the dictionary cannot be used.
    """

    family = CtcCodec

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
        ids, scores = self.best(_ctc_scores(preds))
        results = self.codec.decode(ids, scores)
        if return_word_box:
            results = self._with_words(results, ids, wh_ratio_list, max_wh_ratio)
        return self.beside_labels(results, label)

    def _with_words(self, texts, ids, wh_ratio_list, max_wh_ratio):
        kept, results = self.codec.kept(ids), []
        for row, (text, confidence) in enumerate(texts):
            steps = np.flatnonzero(kept[row])
            words = group_words(self.codec.forms(ids[row, steps]), steps.tolist())
            used = ids.shape[1] * wh_ratio_list[row] / max_wh_ratio
            results.append((text, confidence, [used, *words]))
        return results


def _ctc_scores(preds):
    if isinstance(preds, dict):
        return preds["ctc"]
    return preds[-1] if isinstance(preds, (list, tuple)) else preds
