"""Decoder of CAN."""

from dataclasses import dataclass

from ppocr.data.batch import fields_of, true_texts
from ppocr.postprocess.base import TextDecode, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.text.codecs import CanCodec


@POST_PROCESSES.register()
@dataclass(eq=False)
class CANLabelDecode(TextDecode):
    """Formulas of CAN (https://arxiv.org/abs/2207.11463): symbols up to the end mark, with blanks between them.

    With ``is_train`` of the head, as published, an evaluation is teacher-forced: each symbol is predicted from the true
    ones before it, and as many are predicted as the longest label of the batch has.  In use symbols are predicted from
    those that were read, which gives fewer right formulas than the evaluation says.
    """

    reads = ("label",)
    task = "formula"
    family = CanCodec

    def __call__(self, preds, label=None):
        """Decodes a batch.

        Args:
            preds: list or tuple that begins with scores (batch, places, classes).
            label: int (batch, length), as the label encoder and the collate function give it.

        Returns:
            List of (formula, empty list), since the symbols have no confidence; with ``label`` a pair of that list and
            the same of the labels.

        Raises:
            ConfigError: the number of classes does not follow from the dictionary.
        """
        read = [(text, []) for text in self._read(preds)]
        return read if label is None else (read, [(text, []) for text in self._texts(to_numpy(label))])

    def process(self, preds, batch):
        """Returns the formulas that were read and the true ones, as two lists of texts; see :class:`TextDecode`."""
        truths = true_texts(batch)
        if truths is None:
            (label,) = fields_of(batch, self.reads)
            return self._read(preds), self._texts(to_numpy(label))
        return self._read(preds), [" ".join(text.split()) for text in truths]

    def results(self, preds, batch):
        """See :class:`ppocr.postprocess.base.PostProcess`."""
        return self._read(preds)

    def _read(self, preds):
        ids, _ = self.best(preds[0])
        return self._texts(ids)

    def _texts(self, ids):
        return self.codec.texts(ids, self.codec.kept(ids))
