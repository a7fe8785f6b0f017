"""Decoders of recognisers of formulas."""

import numpy as np

from ppocr.data.batch import true_texts
from ppocr.postprocess.base import PostProcess, as_scores, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.text.latex import normalise_latex
from ppocr.text.subword import BpeCodec, LatexOcrCodec


@POST_PROCESSES.register()
class UniMERNetDecode(PostProcess):
    """Formulas in LaTeX from sub-words.

    Args:
        rec_char_dict_path: ``tokenizer.json``, or the folder in which it lies.

    Raises:
        DataError: the tokenizer cannot be read.
    """

    reads = ("label",)
    task = "formula"
    marks = BpeCodec  # the class of the codec

    def __init__(self, rec_char_dict_path: str):
        self.codec = self.marks(rec_char_dict_path)
        self.character = self.codec.vocabulary

    def __call__(self, preds, label=None):
        """Decodes a batch.

        Args:
            preds: sub-words, int (batch, places), from the start on; or scores of these (batch, places, classes) of
                what follows the entries of a label, as in training, maybe as ``logits`` beside other values.
            label: int (batch, length), as the label encoder gives it.

        Returns:
            List of formulas; with ``label`` a pair of that list and the same of the labels.
        """
        texts = self._texts(self._subwords(preds))
        return texts if label is None else (texts, self._texts(to_numpy(label)))

    def process(self, preds, batch):
        """Returns the formulas that were read and the true ones, as two lists; see :class:`PostProcess`."""
        truths = true_texts(batch)
        return super().process(preds, batch) if truths is None else (self(preds), list(map(normalise_latex, truths)))

    def _subwords(self, preds):
        preds = as_scores(preds["logits"] if isinstance(preds, dict) else preds)
        if preds.ndim < 3:
            return to_numpy(preds)
        ids = to_numpy(preds.argmax(axis=-1))
        return _behind_start(ids, self.codec.start)

    def _texts(self, ids):
        return [normalise_latex(text) for text in self.codec.decode(ids)]


@POST_PROCESSES.register()
class LaTeXOCRDecode(UniMERNetDecode):
    """:class:`UniMERNetDecode` with the marks of LaTeX-OCR.

    Args:
        rec_char_dict_path: the published ``latex_ocr_tokenizer.json``, or the folder with a ``tokenizer.json``.

    Raises:
        DataError: the tokenizer cannot be read.
    """

    marks = LatexOcrCodec


def _behind_start(ids, start):
    """Returns rows of sub-words with a start in front."""
    return np.pad(ids, ((0, 0), (1, 0)), constant_values=start)
