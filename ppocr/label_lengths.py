"""The longest labels that are let through, compared with the places that a model has for them; nothing is built.

A dataset or an operator that leaves longer labels out names the key that says how long they may be, ``label_limit``;
a head with a place for each entry of a label but the last names the key that says how many there are,
``label_places``.
"""

import inspect

from ppocr.registry import parameters_of


def overlong(bindings, model):
    """Yields which keys let labels through that the model has no places for, each with what is wrong with it.

    Args:
        bindings: ``(path, binding)`` of a dataset and its operators.
        model: the binding of the model.
    """
    rooms = [(inner.target.__name__, *found) for inner in _inside(model) if (found := _value(inner, "label_places"))]
    for path, binding in bindings:
        limit = _value(binding, "label_limit")
        for name, room, places in rooms if limit else ():
            key, longest = limit
            if longest is not None and longest > places + 1:
                advice = f"at most {places + 1} fit {name} with {room} {places}"
                yield (*path, key), f"'{key}: {longest}' lets labels through that are too long to be taught: {advice}"


def _inside(binding):
    """Yields a binding and all those nested in it."""
    yield binding
    for inner in binding.nested:
        yield from _inside(inner)


def _value(binding, declares):
    """Returns the key that a class declares and its value; None where it declares none."""
    key = getattr(binding.target, declares, None)
    if key is None:
        return None
    default = parameters_of(binding.target)[key].default
    return key, binding.arguments.get(key, None if default is inspect.Parameter.empty else default)
