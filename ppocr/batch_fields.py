"""What is read of a batch, compared with what ``KeepKeys`` puts into it; nothing is built.

Losses, post-processings and metrics declare the fields that they read, ``reads = ("label", "length")``, or
``reads_of(arguments)`` where that follows from their keys; parts of a model declare ``feed`` alike, or
``feed_of(arguments)``, and the first of them may declare ``inputs``.  A tuple in place of a name holds names of which
one is there.  What a class leaves open is what the components nested in it read.  A collate function that
gives batches other fields than samples have declares them, ``gives``.
"""

from typing import NamedTuple

from ppocr.data.batch import IMAGE, alternatives, field_names, find_name


class Reader(NamedTuple):
    """A component and the fields that it reads, as declared; ``name`` is that of its class."""

    name: str
    reads: tuple


def readers(binding) -> list:
    """Returns the :class:`Reader` of a component (a :class:`ppocr.registry.Binding`), or those of the nested ones.

    Raises:
        ConfigError: a class declares a text in place of names.
    """
    reads = _declared(binding, "reads")
    reads = _declared(binding, "feed") if reads is None else reads
    if reads is not None:
        return [Reader(binding.target.__name__, reads)]
    return [reader for inner in binding.nested for reader in readers(inner)]


def model_reader(binding) -> Reader:
    """Returns what the model reads besides its feed: the ``inputs`` of its first part, or of its first network's.

    Raises:
        ConfigError: it declares a text in place of names.
    """
    inputs = _declared(binding, "inputs")
    if not inputs and binding.nested:
        return model_reader(binding.nested[0])
    return Reader("the model", inputs or IMAGE)


def _declared(binding, what):
    """Returns the names that a class declares; None where it declares none."""
    by_arguments = getattr(binding.target, f"{what}_of", None)
    names = by_arguments(binding.arguments) if by_arguments else getattr(binding.target, what, None)
    return None if names is None else field_names(names, f"{binding.target.__name__}.{what}")


def misread(keep_keys, found):
    """Yields which fields are read that a batch has not.

    Args:
        keep_keys: names of the fields.
        found: list of :class:`Reader`.
    """
    for name, reads in dict.fromkeys(found):
        missing = [" or ".join(alternatives(field)) for field in reads if find_name(field, keep_keys) is None]
        if missing:
            yield f"{name} reads {', '.join(missing)}, which is not among {', '.join(keep_keys)}"


def unmet(keep_keys, collate, found):
    """Yields which fields are read that a batch has not, where a collate function may give it others than samples have.

    Args:
        keep_keys: names of the fields of a sample.
        collate: class of the collate function; one that gives batches other fields names them, ``gives``, and those of
            a sample that it takes, ``reads``. None: batches have the fields of samples.
        found: list of :class:`Reader`.
    """
    gives = getattr(collate, "gives", None)
    if gives is None:
        yield from misread(keep_keys, found)
        return
    yield from misread(keep_keys, [Reader(collate.__name__, getattr(collate, "reads", ()))])
    for message in misread(gives, found):
        yield f"{message}, which {collate.__name__} gives"
