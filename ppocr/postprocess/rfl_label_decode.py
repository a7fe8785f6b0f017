"""Decoder of a model that counts characters and may read them."""

from ppocr.data.batch import true_texts
from ppocr.postprocess.base import TextDecode, to_numpy
from ppocr.registry import POST_PROCESSES
from ppocr.text.codecs import AttnCodec


@POST_PROCESSES.register()
class RFLLabelDecode(TextDecode):
    """Decodes Reciprocal Feature Learning (https://arxiv.org/abs/2105.06229).

    Of a list or tuple of counts (batch, classes) and scores (batch, places, classes) it decodes the scores.  Of counts
    alone it gives the number of characters of each line, which is no text: a model is trained so first.
    """

    family = AttnCodec

    def __call__(self, preds, label=None):
        """See :class:`ppocr.postprocess.base.TextDecode`; of counts, whole numbers stand in the place of texts."""
        if _reads(preds):
            return super().__call__(preds[1], label)
        counts = [round(total) for total in to_numpy(preds).sum(axis=1).tolist()]
        if label is None:
            return counts
        return counts, self.codec.kept_of_labels(to_numpy(label)).sum(axis=1).tolist()

    def process(self, preds, batch):
        """See :class:`ppocr.postprocess.base.TextDecode`; characters that the dictionary lacks are counted too."""
        texts = None if _reads(preds) else true_texts(batch)
        if texts is None:
            return super().process(preds, batch)
        return self(preds), [self.codec.encode(text).length for text in texts]


def _reads(preds):
    return isinstance(preds, (list, tuple))
