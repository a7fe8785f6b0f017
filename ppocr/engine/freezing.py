"""Training mode in which frozen batch normalisations stay as they are."""

from paddle import Tensor

from ppocr.optimizer.selection import STATISTICS, weights


def set_training_mode(model):
    """Puts a model in training mode, all but the normalisations that are frozen.

    A normalisation with running statistics is frozen if all of its own parameters are; one without parameters goes with
    the nearest layer around it that has some.  Frozen ones normalise with their running statistics and leave these as
    they are.  Which ones are frozen is read from ``stop_gradient`` each time.

    A momentum of 1 also leaves the statistics alone: a model that says so (a teacher with ``freeze_params``) wants the
    statistics of the batch, and such layers are trained as they say.

    Args:
        model: a ``paddle.nn.Layer``, plain or inside ``paddle.DataParallel``.
    """
    model.train()
    for norm, around in _normalisations(model, ()):
        if getattr(norm, "_momentum", None) != 1.0 and _is_frozen((norm, *around)):
            norm.eval()


def running_statistics(model) -> list:
    """Returns the running means and variances of a model's normalisations, the tensors themselves."""
    return [getattr(norm, name) for norm, _ in _normalisations(model, ()) for name in STATISTICS]


def _normalisations(layer, around):
    """Yields every layer that has running statistics, with the layers around it from the inside out."""
    if all(isinstance(getattr(layer, name, None), Tensor) for name in STATISTICS):
        yield layer, around
    for child in layer.children():
        yield from _normalisations(child, (layer, *around))


def _is_frozen(layers):
    for layer in layers:
        states = [param.stop_gradient for param in weights(layer).values()]
        if states:
            return all(states)
    return False
