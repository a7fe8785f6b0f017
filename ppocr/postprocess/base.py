"""What all post-processings have in common."""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ppocr.data.batch import fields_of, find_images, find_name, names_of, true_texts
from ppocr.errors import ConfigError
from ppocr.text.codec import Codec, DictionaryKeys


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


def _first_besides_the_image(batch):
    return batch[0 if find_images(names_of(batch)) else 1]


class PostProcess:
    """Turns the output of a model into results; called as ``post_process(preds, ...)``.

    Attributes:
        codec: the codec of a text decoder, :class:`ppocr.text.codec.Codec`; None for everything else.
        character: what the classes of a decoder mean, special symbols included (``len`` is the vocabulary size); None
            as above.
        reads: names of the fields of a batch that it is called with besides the predictions; in this order they stand
            behind the image of a plain list.  None, which is not said: the first field besides the image.
        needs: those of them without which there is no result; the others are labels, which there are none of in use.
        task: name of the task whose results it gives; None where every task may use it.
        of_each: class of the post-processing of a single network, where this one is for several.
        networks: names of the networks for each of which it gives a result; empty for a single one.
        keeps_by_score: whether ``box_thresh`` keeps each box by its score alone, so that those of a higher threshold
            are among those of a lower one.  A class says it for itself: what a subclass does besides is not known.
        writing: how the texts of a text decoder stand on images: :class:`ppocr.text.direction.Writing`; None as above.
    """

    codec = None
    character = None
    reads = None
    needs: tuple = ()
    task: Optional[str] = None
    of_each: Optional[type] = None
    networks: tuple = ()
    keeps_by_score = False
    writing = None

    def process(self, preds, batch):
        """Returns the results that evaluation hands to the metric.

        Args:
            preds: what the model gave for ``batch``.
            batch: has what ``reads`` names.
        """
        if self.reads is None:
            return self(preds, _first_besides_the_image(batch))
        return self(preds, *fields_of(batch, self.reads))

    def results(self, preds, batch) -> list:
        """Returns the result of each image in use, where nothing is known but what its pre-processing gives.

        Args:
            preds: what the model gave for ``batch``.
            batch: has what ``needs`` names.  Of what else it reads, as labels, it is called with what there is.

        Returns:
            List of results; of several networks of ``{network: result}``.

        Raises:
            ConfigError: the batch lacks what is needed.
        """
        if self.reads is None:
            return self(preds, *(field for name, field in zip(batch.names, batch) if name == "shape"))
        names = batch.names
        missing = [name for name in self.needs if name not in names]
        if missing:
            raise ConfigError(
                f"{type(self).__name__} needs {', '.join(missing)}, which the transforms do not give for an image alone"
            )
        found = [find_name(name, names) for name in self.reads]
        while found and found[-1] is None:
            found.pop()
        return self(preds, *(None if name is None else batch[name] for name in found))


def check_classes(post_process, given: int) -> None:
    """Refuses a number of classes that the dictionary of a post-processing does not make.

    Raises:
        ConfigError: it is such a one.
    """
    outputs = post_process.codec.outputs
    if given not in outputs:
        fitting = " or ".join(map(str, outputs))
        raise ConfigError(
            f"{type(post_process).__name__}: the model gives {given} classes, the dictionary makes {fitting}; use the "
            "character_dict_path and use_space_char that the model was trained with"
        )


@dataclass(eq=False)
class TextDecode(DictionaryKeys, PostProcess):
    """A decoder of texts: ``decode(preds, label=None)`` gives (text, confidence) for each, with ``label`` of both.

    A label is what the dictionary can write of a text.  Evaluation compares with the text itself.

    Attributes:
        family: the class of the codec.

    Raises:
        DataError: the dictionary cannot be used.
    """

    reads = (("label", "label_ctc"),)
    task = "rec"
    family = Codec

    def __post_init__(self):
        self.codec = self.build_codec(self.family)
        self.character, self.writing = self.codec.vocabulary, self.codec.writing

    def __call__(self, preds, label=None):
        """Decodes a batch.

        Args:
            preds: float (batch, places, classes); see :meth:`best` of the class.
            label: int (batch, length), as the label encoder gives it.

        Returns:
            List of (text, confidence); with ``label`` a pair of that list and the same of the labels, whose confidence
            is 1.0.

        Raises:
            ConfigError: the number of classes does not follow from the dictionary.
        """
        return self.beside_labels(self.codec.decode(*self.best(preds)), label)

    def beside_labels(self, results, label):
        """Returns results as this decoder gives them, with ``label`` a pair of these and the texts of the labels."""
        results = self._as_read(results)
        return results if label is None else (results, self._as_read(self.codec.decode_labels(to_numpy(label))))

    def best(self, preds):
        """Returns the best classes (batch, places) and their scores.

        Raises:
            ConfigError: the number of classes does not follow from the dictionary.
        """
        scores = as_scores(preds)
        given, known = scores.shape[-1], self.codec.label_classes
        check_classes(self, given)
        return best_classes(scores if given <= known else scores[..., :known])

    def process(self, preds, batch):
        """Returns the texts that were read and the true ones, as two lists of (text, confidence).

        Args:
            preds: what the model gave for ``batch``.
            batch: has the label; where it knows the texts of its samples, these are the true ones.
        """
        texts = true_texts(batch)
        if texts is None:
            return super().process(preds, batch)
        return self(preds), [(self.as_read(text), 1.0) for text in texts]

    def as_read(self, text: str) -> str:
        """Returns a text in the form that this decoder gives texts in."""
        return text

    def _as_read(self, results):
        return [(self.as_read(text), *others) for text, *others in results]
