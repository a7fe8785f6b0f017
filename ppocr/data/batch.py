"""Samples and batches: lists of fields, and what is known of the samples besides."""

from typing import NamedTuple, Optional

import numpy as np
import paddle

GUIDE_LABEL = ("label_gtc", "label_sar")  # the label of the branch that guides CTC has one of these names


class SampleFacts(NamedTuple):
    """What is known of a sample besides its fields. It stays on the host.

    Attributes:
        index: number of the sample in its data set; where it was replaced, that of the one in its place.
        text: the true text as its label has it, lower-cased where the codec does so; None for what is no text.
        steps: time steps that CTC needs to learn this text; 0 where it is not learnt so.
        wider: inference makes the image wider than an evaluation does; see
            :class:`ppocr.data.imaug.resize_rec.RecResizeImg`.
    """

    index: int
    text: Optional[str] = None
    steps: int = 0
    wider: bool = False


class Sample(list):
    """The fields of a sample, in ``keep_keys`` order.

    Attributes:
        facts: :class:`SampleFacts`.
    """

    def __init__(self, fields, facts: SampleFacts):
        super().__init__(fields)
        self.facts = facts


class Batch(list):
    """The fields of a batch, in ``keep_keys`` order; a plain list is a batch of samples of which nothing is known.

    Attributes:
        sample_keys: list of :class:`ppocr.data.datasets.base.SampleKey`.  A sample that was replaced stands under the
            key of the one in whose place it came.
        facts: the :class:`SampleFacts` of each sample, in order; empty where there are none.
    """

    def __init__(self, fields, sample_keys=(), facts=()):
        super().__init__(fields)
        self.sample_keys = list(sample_keys)
        self.facts = list(facts)


def facts_of(batch) -> list:
    """Returns the :class:`SampleFacts` of the samples of a batch; an empty list where there are none."""
    return getattr(batch, "facts", [])


def first_samples(batch, count: int) -> Batch:
    """Returns the batch of the first samples, ``count`` at most."""
    return Batch([field[:count] for field in batch], facts=facts_of(batch)[:count])


def of_one_shape(batch):
    """Yields the parts of a batch whose images have one shape, as a model takes them; mostly that is the whole batch.

    Images of several shapes are a list of arrays.
    """
    images = batch[0]
    if not isinstance(images, list) or not all(isinstance(image, np.ndarray) for image in images):
        yield batch
        return
    places = {}
    for place, image in enumerate(images):
        places.setdefault(image.shape, []).append(place)
    for chosen in places.values():
        fields = [_chosen(field, chosen) for field in batch]
        keys, facts = getattr(batch, "sample_keys", []), facts_of(batch)
        yield Batch(fields, [keys[i] for i in chosen] if keys else (), [facts[i] for i in chosen] if facts else ())


def _chosen(field, places):
    """Returns some of the samples of a field; arrays of one shape become a tensor."""
    if isinstance(field, paddle.Tensor):
        return paddle.index_select(field, paddle.to_tensor(places))
    values = [field[place] for place in places]
    alike = all(isinstance(value, np.ndarray) and value.shape == values[0].shape for value in values)
    return paddle.to_tensor(np.stack(values)) if alike and values[0].dtype != object else values


def true_texts(batch) -> Optional[list]:
    """Returns the true text of each sample of a batch; None where they are not known."""
    texts = [facts.text for facts in facts_of(batch)]
    return None if not texts or None in texts else texts
