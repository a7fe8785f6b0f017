"""What is read of a batch, compared with what ``KeepKeys`` puts into it; nothing is built.

Heads, losses, post-processings and metrics declare the fields that they read besides the image, in the order in which
these stand behind it: ``reads = ("label", "length")``, or ``reads_of(arguments)`` where that follows from their keys.
A tuple in place of a name holds names of which one is there.  What a class leaves open is what the components nested
in it read.
"""

from typing import NamedTuple


class Reader(NamedTuple):
    """A component and the fields that it reads, as declared; ``name`` is that of its class."""

    name: str
    reads: tuple


def readers(binding) -> list:
    """Returns the :class:`Reader` of a component (a :class:`ppocr.registry.Binding`), or those of the nested ones."""
    target = binding.target
    declared = getattr(target, "reads_of", None)
    reads = declared(binding.arguments) if declared else getattr(target, "reads", None)
    if reads is not None:
        return [Reader(target.__name__, tuple(reads))]
    return [reader for inner in binding.nested for reader in readers(inner)]


def misread(keep_keys, found):
    """Yields what is wrong with the fields of a batch for those who read it by position.

    Args:
        keep_keys: names of the fields.
        found: list of :class:`Reader`.
    """
    for name, reads in dict.fromkeys(found):
        wanted = ["image", *reads]
        missing = [_words(field) for field in wanted if not any(key in keep_keys for key in _names(field))]
        if missing:
            yield f"{name} reads {', '.join(missing)}, which is not among {', '.join(keep_keys)}"
            continue
        order = [next(key for key in _names(field) if key in keep_keys) for field in wanted]
        if order != list(keep_keys[: len(order)]):
            yield f"{name} reads a batch by position: write {', '.join(order)} first, in this order"


def _names(field):
    return (field,) if isinstance(field, str) else field


def _words(field):
    return " or ".join(_names(field))
