"""What all post-processings have in common."""

import numpy as np

from ppocr.data.batch import true_texts


def to_numpy(value) -> np.ndarray:
    """Returns a Paddle tensor, an array or a nested list as an array; bfloat16 becomes float32."""
    if not hasattr(value, "numpy"):
        return np.asarray(value)
    if "bfloat16" in str(value.dtype):  # NumPy has no such type: Paddle would give the bits as uint16
        value = value.astype("float32")
    return value.numpy()


def as_scores(value):
    """Returns a Paddle tensor as it is, on its device, and anything else as an array."""
    return value if hasattr(value, "numpy") else np.asarray(value)


def best_classes(scores):
    """Returns the best class of each item and its score, as arrays without the last axis of ``scores``.

    Args:
        scores: array or Paddle tensor; of a tensor only what is returned comes to the host.
    """
    ids = scores.argmax(axis=-1)
    if hasattr(scores, "numpy"):
        return to_numpy(ids), to_numpy(scores.max(axis=-1))
    return ids, np.take_along_axis(scores, ids[..., None], axis=-1)[..., 0]


class PostProcess:
    """Turns the output of a model into results; called as ``post_process(preds, ...)``.

    Attributes:
        character: what the classes of a decoder mean, special symbols included (``len`` is the vocabulary size);
            None for everything that is not a text decoder.
        special_symbols: how many of them stand in no dictionary (blank, start, end, padding, ...).
        reads: names of the fields of a batch that it needs, in their order behind the image.
        writing: how the texts of a text decoder stand on images: :class:`ppocr.text.direction.Writing`; None as above.
    """

    character = None
    special_symbols = 0
    reads = ()
    writing = None

    def process(self, preds, batch):
        """Returns the results that evaluation hands to the metric.

        Args:
            preds: what the model gave for ``batch``.
            batch: list in the order of ``keep_keys``; its second entry is the label or, in detection, the shapes.
        """
        return self(preds, batch[1])


class TextDecode(PostProcess):
    """A decoder of texts: ``decode(preds, label=None)`` gives (text, confidence) for each, with ``label`` of both.

    A label is what the dictionary can write of a text.  Evaluation compares with the text itself.
    """

    reads = (("label", "label_ctc"),)

    def process(self, preds, batch):
        """Returns the texts that were read and the true ones, as two lists of (text, confidence).

        Args:
            preds: what the model gave for ``batch``.
            batch: its second entry is the label; where it knows the texts of its samples, these are the true ones.
        """
        texts = true_texts(batch)
        if texts is None:
            return self(preds, batch[1])
        return self(preds), [(self.as_read(text), 1.0) for text in texts]

    def as_read(self, text: str) -> str:
        """Returns a true text in the form that this decoder gives texts in."""
        return text
