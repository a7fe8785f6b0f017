"""What is read of a batch, compared with what ``KeepKeys`` puts into it; nothing is built.

Losses, post-processings and metrics declare the fields that they read, ``reads = ("label", "length")``, or
``reads_of(arguments)`` where that follows from their keys; parts of a model declare ``feed`` alike, or
``feed_of(arguments)``, and the first of them ``inputs``.  A tuple in place of a name holds names of which one is there.
What a class leaves open is what the components nested in it read.
"""

from typing import NamedTuple

from ppocr.data.batch import IMAGE, alternatives, find_name


class Reader(NamedTuple):
    """A component and the fields that it reads, as declared; ``name`` is that of its class."""

    name: str
    reads: tuple


def readers(binding) -> list:
    """Returns the :class:`Reader` of a component (a :class:`ppocr.registry.Binding`), or those of the nested ones."""
    reads = _declared(binding, "reads")
    reads = _declared(binding, "feed") if reads is None else reads
    if reads is not None:
        return [Reader(binding.target.__name__, tuple(reads))]
    return [reader for inner in binding.nested for reader in readers(inner)]


def model_reader(binding) -> Reader:
    """Returns what the model reads besides its feed: the ``inputs`` of its first part that declares any."""
    return Reader("the model", tuple(_inputs(binding) or IMAGE))


def _inputs(binding):
    own = getattr(binding.target, "inputs", ())
    return own or next(filter(None, map(_inputs, binding.nested)), ())


def _declared(binding, what):
    declared = getattr(binding.target, f"{what}_of", None)
    return declared(binding.arguments) if declared else getattr(binding.target, what, None)


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
