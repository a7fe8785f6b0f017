"""Samples and batches: lists of fields that know their names, and what is known of the samples besides.

What reads a batch says so by names, ``reads = ("label", "length")``, and gets the fields by :func:`fields_of`: from a
:class:`Batch` by their names, whatever their order, from a plain list by their place.
"""

from typing import NamedTuple, Optional

import numpy as np
import paddle

from ppocr.errors import ConfigError, DataError

IMAGE = ("image",)
IMAGES = ("image", "images", "img_lr")  # names that images may have
# The labels of a head of a CTC branch and one that guides it, whose label has one of two names.
BRANCH_LABELS = ("label_ctc", ("label_gtc", "label_sar"))
# Pages as graphs of boxes, which stand at the beginning of padded fields, in the order of published configurations.
GRAPH_FIELDS = ("image", "relations", "texts", "points", "labels", "tag", "shape")
BEFORE_GRAPH_LABELS = GRAPH_FIELDS[:4]


class SampleFacts(NamedTuple):
    """What is known of a sample besides its fields. It stays on the host.

    Attributes:
        index: number of the sample in its data set; where it was replaced, that of the one in its place.
        text: the true text as its label has it, lower-cased where the codec does so; None for what is no text.
        steps: time steps that CTC needs to learn this text; 0 where it is not learnt so.
        wider: inference makes the image wider than an evaluation does; see
            :class:`ppocr.data.imaug.resize_rec.RecResizeImg`.
        texts: of a page the text of each box as its label has it; None for what is no page with texts.
    """

    index: int
    text: Optional[str] = None
    steps: int = 0
    wider: bool = False
    texts: Optional[tuple] = None


class Fields(list):
    """Fields in ``keep_keys`` order; ``fields.label``, or ``fields["label"]``, is the one of that name.

    Attributes:
        names: of the fields, in their order; empty where they are not known.
    """

    def __init__(self, fields, names=()):
        super().__init__(fields)
        self.names = tuple(names)

    def __getitem__(self, place):
        return self.select(place)[0] if isinstance(place, str) else super().__getitem__(place)

    def __getattr__(self, name):
        names = vars(self).get("names", ())
        if name in names:
            return self[names.index(name)]
        raise AttributeError(_lacking([name], names))

    def select(self, *names) -> tuple:
        """Returns the fields of these names; a tuple in place of a name holds names of which one is there.

        Raises:
            DataError: a name is not there; the message says which are.
        """
        missing = [_words(name) for name in names if find_name(name, self.names) is None]
        if missing:
            raise DataError(_lacking(missing, self.names))
        return tuple(self[self.names.index(find_name(name, self.names))] for name in names)


def is_taken(name) -> bool:
    """Tells whether a name cannot be that of a field, since a list, a sample or a batch has it for something else."""
    return hasattr(Batch([]), name) or hasattr(Sample([], None), name)


def find_name(wanted, names) -> Optional[str]:
    """Returns the name among ``names`` that is wanted; None if it is not there.

    Args:
        wanted: a name, or a tuple of names of which one is enough; images may be called ``images`` or ``img_lr``, too.
        names: those that are there.
    """
    accepted = IMAGES if wanted == "image" else alternatives(wanted)
    return next((name for name in accepted if name in names), None)


def find_images(names) -> Optional[int]:
    """Returns the place of the images among the names of fields; None if they are not there."""
    name = find_name("image", names)
    return None if name is None else names.index(name)


def alternatives(wanted) -> tuple:
    """Returns the names of which one is wanted, as a tuple."""
    return (wanted,) if isinstance(wanted, str) else wanted


def field_names(names, where) -> tuple:
    """Returns names of fields that a component declares, as a tuple.

    Args:
        names: as declared.
        where: who declares them, and as what: ``"CTCHead.feed"``.

    Raises:
        ConfigError: they are one text, which would be read letter by letter.
    """
    if isinstance(names, str):
        what = f"must be a tuple of the names of the fields that it takes, such as ('label', 'length'), not {names!r}"
        raise ConfigError(f"{where} {what}")
    return tuple(names)


def _words(wanted):
    return " or ".join(alternatives(wanted))


def _lacking(missing, names):
    return f"the batch has no field {', '.join(missing)}; it has {', '.join(names) or 'no names'} (KeepKeys)"


class Sample(Fields):
    """The fields of a sample, in ``keep_keys`` order.

    Attributes:
        facts: :class:`SampleFacts`.
    """

    def __init__(self, fields, facts: SampleFacts):
        super().__init__(fields, names_of(fields))
        self.facts = facts


class Batch(Fields):
    """The fields of a batch, in ``keep_keys`` order; a plain list is a batch of samples of which nothing is known.

    Attributes:
        names: see :class:`Fields`.
        sample_keys: list of :class:`ppocr.data.datasets.base.SampleKey`.  A sample that was replaced stands under the
            key of the one in whose place it came.
        facts: the :class:`SampleFacts` of each sample, in order; empty where there are none.
    """

    def __init__(self, fields, sample_keys=(), facts=(), names=()):
        super().__init__(fields, names)
        self.sample_keys = list(sample_keys)
        self.facts = list(facts)


def names_of(batch) -> tuple:
    """Returns the names of the fields of a batch or a sample; empty where they are not known."""
    return getattr(batch, "names", ())


def facts_of(batch) -> list:
    """Returns the :class:`SampleFacts` of the samples of a batch; an empty list where there are none."""
    return getattr(batch, "facts", [])


def keys_of(batch) -> list:
    """Returns the keys of the samples of a batch; an empty list where they are not known."""
    return getattr(batch, "sample_keys", [])


def with_fields(batch, fields) -> Batch:
    """Returns a batch of the same samples with other values in its fields."""
    return Batch(fields, keys_of(batch), facts_of(batch), names_of(batch))


def named(batch, names) -> Fields:
    """Returns a batch or sample that knows its names: itself, or of a plain list the fields that ``names`` is for.

    Args:
        batch: a batch or a sample.
        names: in the order of published configurations, which a plain list has; of several for one the first is taken.
    """
    if names_of(batch):
        return batch
    names = [next(iter(alternatives(name))) for name in names]
    return Batch(batch[: len(names)], keys_of(batch), facts_of(batch), names[: len(batch)])


def fields_of(batch, reads, inputs=IMAGE) -> tuple:
    """Returns what a component reads of a batch, in the order in which it names the fields.

    Args:
        batch: a :class:`Batch`, or a plain list of ``inputs`` and ``reads`` in this order and maybe more.
        reads: names; a tuple in place of a name holds names of which one is there.
        inputs: names of what the model reads, which stand before.

    Raises:
        DataError: a field is not there.
    """
    return named(batch, (*inputs, *reads)).select(*reads)


def pick(batch, names, inputs=IMAGE) -> dict:
    """Returns those of some fields that are there, by their names; for the arguments see :func:`fields_of`."""
    batch = named(batch, (*inputs, *names))
    found = [find_name(name, batch.names) for name in names]
    return {name: batch[name] for name in found if name is not None}


def graph_sizes(tag) -> list:
    """Returns of each page how many boxes it has, and how many characters its longest text has.

    What is computed has sizes that follow from these numbers, so that they have to come to the host.

    Args:
        tag: int ``[N, 2]``, an array or a tensor.
    """
    return [tuple(map(int, pair)) for pair in tag.tolist()]


def images_of(batch):
    """Returns the images of a batch: the field ``image``, or the first where names are not known; None without any."""
    place = _place_of_images(batch)
    return None if place is None else batch[place]


def with_images(batch, images) -> Batch:
    """Returns the batch with other images."""
    place = _place_of_images(batch)
    return with_fields(batch, [images if i == place else field for i, field in enumerate(batch)])


def _place_of_images(batch):
    names = names_of(batch)
    if names:
        return find_images(names)
    return 0 if len(batch) else None


def shape_of_images(batch) -> tuple:
    """Returns the shape of the images of a batch; empty where they make no tensor."""
    return tuple(getattr(images_of(batch), "shape", ()))


def count_samples(batch) -> int:
    """Returns the number of samples of a batch."""
    return len(batch[0])


def slice_samples(batch, start: int, stop: int) -> Batch:
    """Returns the batch of some samples, from ``start`` up to ``stop``."""
    fields = [field[start:stop] for field in batch]
    return Batch(fields, keys_of(batch)[start:stop], facts_of(batch)[start:stop], names_of(batch))


def of_one_shape(batch):
    """Yields the parts of a batch whose images have one shape, as a model takes them; mostly that is the whole batch.

    Images of several shapes are a list of arrays.
    """
    images = images_of(batch)
    if not isinstance(images, list) or not all(isinstance(image, np.ndarray) for image in images):
        yield batch
        return
    places = {}
    for place, image in enumerate(images):
        places.setdefault(image.shape, []).append(place)
    for chosen in places.values():
        fields = [_chosen(field, chosen) for field in batch]
        keys, facts = ([of_all[i] for i in chosen] if of_all else () for of_all in (keys_of(batch), facts_of(batch)))
        yield Batch(fields, keys, facts, names_of(batch))


def _chosen(field, places):
    """Returns some of the samples of a field; arrays of one shape become a tensor."""
    if isinstance(field, paddle.Tensor):
        return paddle.index_select(field, paddle.to_tensor(places))
    values = [field[place] for place in places]
    alike = all(isinstance(value, np.ndarray) and value.shape == values[0].shape for value in values)
    return paddle.to_tensor(np.stack(values)) if alike and values[0].dtype != object else values


def true_texts_of_boxes(batch) -> Optional[list]:
    """Returns the true texts of the boxes of each page of a batch; None where they are not known."""
    texts = [facts.texts for facts in facts_of(batch)]
    return None if not texts or None in texts else texts


def true_texts(batch) -> Optional[list]:
    """Returns the true text of each sample of a batch; None where they are not known."""
    texts = [facts.text for facts in facts_of(batch)]
    return None if not texts or None in texts else texts
