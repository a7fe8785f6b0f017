"""Outputs of a network as the plain list that exported files give, and in the form that the network gives."""


def flattened(output) -> list:
    """Returns the tensors in nested dicts and lists, in the order of :func:`numbered`."""
    if isinstance(output, dict):
        output = list(output.values())
    if not isinstance(output, (list, tuple)):
        return [output]
    return [tensor for inner in output for tensor in flattened(inner)]


def numbered(output, numbers):
    """Returns nested dicts and lists with the next of ``numbers``, an iterator, in place of each tensor."""
    if isinstance(output, dict):
        return {key: numbered(inner, numbers) for key, inner in output.items()}
    if isinstance(output, (list, tuple)):
        return [numbered(inner, numbers) for inner in output]
    return next(numbers)


def filled(template, tensors):
    """Returns what :func:`numbered` gave with the tensors at these numbers."""
    if isinstance(template, dict):
        return {key: filled(inner, tensors) for key, inner in template.items()}
    if isinstance(template, list):
        return [filled(inner, tensors) for inner in template]
    return tensors[template]
