"""The longest labels and the largest images that are let through, compared with what a model has places for.

A dataset or an operator that leaves longer labels out names the key that says how long they may be, ``label_limit``,
and one that makes larger images smaller that of width and height of the largest, ``image_limit``.  A head with a place
for each entry of a label but the last names the key that says how many there are, ``label_places``, and a part of a
model that takes images up to a size the key of height and width, ``image_places``.  Nothing is built.
"""

import inspect

from ppocr.registry import parameters_of


def overlong(bindings, model):
    """Yields which keys let labels through that the model has no places for, each with what is wrong with it.

    Args:
        bindings: ``(path, binding)`` of a dataset and its operators.
        model: the binding of the model.
    """
    for path, key, longest, name, room, places in _pairs(bindings, model, "label"):
        if longest > places + 1:
            advice = f"at most {places + 1} fit {name} with {room} {places}"
            yield (*path, key), f"'{key}: {longest}' lets labels through that are too long to be taught: {advice}"


def oversized(bindings, model):
    """Yields the same of images."""
    for path, key, (width, height), name, room, (rows, columns) in _pairs(bindings, model, "image"):
        if width > columns or height > rows:
            what = f"{name} takes images of {columns} x {rows} pixels at most ({room} {[rows, columns]})"
            yield (*path, key), f"'{key}' [{width}, {height}] is too large: {what}"


def _pairs(bindings, model, kind):
    """Yields each limit with each number of places: path, key, value, class of the model, its key, its value."""
    for inner in _inside(model):
        places = _value(inner, f"{kind}_places")
        for path, binding in bindings if places else ():
            limit = _value(binding, f"{kind}_limit")
            if limit:
                yield path, *limit, inner.target.__name__, *places


def _inside(binding):
    """Yields a binding and all those nested in it."""
    yield binding
    for inner in binding.nested:
        yield from _inside(inner)


def _value(binding, declares):
    """Returns the key that a class declares and its value; None where there is none, or what is given does not fit."""
    key = getattr(binding.target, declares, None)
    if key is None or binding.problems:
        return None
    default = parameters_of(binding.target)[key].default
    value = binding.arguments.get(key, default)
    return None if value is inspect.Parameter.empty else (key, value)
