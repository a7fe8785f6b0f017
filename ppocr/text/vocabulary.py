"""A change of dictionary or classes: which layers follow it, and how their weights move to another one.

A layer that follows the dictionary has, along one axis, special symbols, then a row for each character, then maybe
special symbols again.  A head, or a layer inside of one, declares these axes::

    self.vocabulary_parameters = {"fc.weight": (1, 1), "fc.bias": (0, 1)}  # name: (axis, index of the first character)

The names are relative to the layer that has the attribute.  What comes after the characters is found from the size.
The layer of a classifier that has a row for each class declares it in the same way.
"""

from typing import NamedTuple

import numpy as np
from paddle import nn

from ppocr.text.codecs import parts_of

DECLARATION = "vocabulary_parameters"
CHARACTERS = "characters"


class Change(NamedTuple):
    """How the characters of an old dictionary are found in a new one.

    Attributes:
        old, new: number of characters before and after.
        source, target: places, counted from the first character, of the characters that both have.
        what: what they are, ``characters`` or ``classes``.
    """

    old: int
    new: int
    source: np.ndarray
    target: np.ndarray
    what: str = CHARACTERS

    def __str__(self):
        kept = len(self.source)
        return f"{kept} {self.what} carried over, {self.new - kept} new, {self.old - kept} dropped"


def change_between(old, new, what: str = CHARACTERS) -> Change:
    """Compares two vocabularies of decoders, or the names of the classes of two classifiers (``what``: ``classes``).

    A dictionary may hold an entry several times: encoders use the last one, so these are matched from the end.
    """
    if what == CHARACTERS:
        old, new = parts_of(old)[1], parts_of(new)[1]
    places = {}
    for place, character in enumerate(old):
        places.setdefault(character, []).append(place)
    pairs = [(places[c].pop(), place) for place, c in reversed(list(enumerate(new))) if places.get(c)]
    source, target = np.array(pairs[::-1], dtype=np.int64).reshape(-1, 2).T
    return Change(len(old), len(new), source, target, what)


def carry_over(old, fresh, axis: int, first: int, change: Change):
    """Moves the weights of one layer to the new dictionary.

    Args:
        old: array by the old dictionary.
        fresh: array by the new one; characters that the old dictionary lacks keep its values.
        axis: the axis of the symbols.
        first: index of the first character; what is before it and after the last one stays with its place.
        change: of :func:`change_between`.

    Returns:
        (array, number of its values that come from ``old``), or None where the shapes are not those of the
        dictionaries.
    """
    if old.ndim != fresh.ndim or not 0 <= axis < old.ndim:
        return None
    tail = fresh.shape[axis] - first - change.new
    others = [np.delete(array.shape, axis).tolist() for array in (old, fresh)]
    if tail < 0 or old.shape[axis] - first - change.old != tail or others[0] != others[1]:
        return None
    result = fresh.copy()
    rows = np.moveaxis(result, axis, 0)
    rows[_places(first, change.target, change.new, tail)] = np.moveaxis(old, axis, 0)[
        _places(first, change.source, change.old, tail)
    ]
    copied = first + len(change.source) + tail
    return result, copied * (fresh.size // fresh.shape[axis])


def _places(first, characters, count, tail):
    return np.concatenate([np.arange(first), first + characters, first + count + np.arange(tail)])


def declared_axes(model) -> dict:
    """Returns what the layers of a model declare: ``{structured name: (axis, index of the first character)}``."""
    axes = {}
    for path, layer in _declaring(model):
        declared = getattr(layer, DECLARATION)
        assert declared.keys() <= set(layer.state_dict()), f"{path}: {DECLARATION} names a weight that is not there"
        axes.update({_join(path, name): place for name, place in declared.items()})
    return axes


def axes_by_size(model, old, new) -> dict:
    """Finds the output layers and embeddings of heads that declare nothing.

    They have as many outputs, or rows, as the vocabulary has symbols.  A hidden layer may be that wide by accident; but
    then another layer reads it and has an axis of that size too, as classes have none, so such a size proves nothing.
    The rows of an embedding may be places in a text: they count only where the size of the vocabulary has changed.

    Args:
        model: the model that receives weights.
        old, new: vocabularies of the decoder, before and after.

    Returns:
        As :func:`declared_axes`.
    """
    size, first = len(new), len(parts_of(new)[0])
    if first != len(parts_of(old)[0]):
        return {}
    kinds = (nn.Linear,) if len(old) == size else (nn.Linear, nn.Embedding)
    axes, other_sizes = {}, set()
    for name, layer, shape in _undeclared(model):
        axis = 0 if isinstance(layer, nn.Embedding) else len(shape) - 1
        if isinstance(layer, kinds) and shape[axis] == size:
            axes[name] = (axis, first)
            other_sizes.update(shape[:axis] + shape[axis + 1 :])
        else:
            other_sizes.update(shape)
    return {} if size in other_sizes else axes


def _declaring(model):
    layers = model.named_sublayers(include_self=True)
    return [(path, layer) for path, layer in layers if hasattr(layer, DECLARATION)]


def _undeclared(model):
    """Yields name, layer and shape of each parameter of the heads that is in no layer that declares its axes."""
    declaring = [f"{path}." for path, _ in _declaring(model)]
    for path, layer in model.named_sublayers():
        if "head" in path.split(".") and not f"{path}.".startswith(tuple(declaring)):
            for name, parameter in layer.named_parameters(include_sublayers=False):
                yield _join(path, name), layer, list(parameter.shape)


def _join(path, name):
    return f"{path}.{name}" if path else name
