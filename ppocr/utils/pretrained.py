"""Weights from a file: read safely, copied into a model, with a report of what became of them."""

from dataclasses import dataclass, field

import numpy as np
import paddle

from ppocr.errors import CheckpointError
from ppocr.utils import safe_pickle

PARAMS = ".pdparams"


def strip_suffix(path):
    """Returns a checkpoint's prefix, also where one of its files was named."""
    path = str(path)
    return path[: -len(PARAMS)] if path.endswith(PARAMS) else path


def load_weights(path) -> dict:
    """Reads a file of weights: ``{structured name: array}``.

    Args:
        path: a prefix or a ``.pdparams`` file.

    Raises:
        CheckpointError: no such file, damaged, not a file of weights, or unsafe.
    """
    file = strip_suffix(path) + PARAMS
    content = safe_pickle.load(file)
    if not isinstance(content, dict):
        raise CheckpointError(f"{file}: holds a {type(content).__name__} instead of weights by name")
    return {name: value for name, value in map(unnamed, content.items()) if isinstance(value, np.ndarray)}


def unnamed(item):
    """Paddle pickles a tensor outside a state dict as the pair (automatic name, array)."""
    key, value = item
    pair = isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], np.ndarray)
    return key, value[1] if pair else value


@dataclass
class TransferReport:
    """What became of the weights in a file."""

    loaded: list = field(default_factory=list)
    missing: list = field(default_factory=list)
    unexpected: list = field(default_factory=list)
    mismatched: list = field(default_factory=list)
    share: float = 0.0

    def __str__(self):
        lines = [f"{len(self.loaded)} loaded ({self.share:.1%} of the model's values)"]
        for title in ("missing", "unexpected", "mismatched"):
            names = getattr(self, title)
            if names:
                shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
                lines.append(f"{len(names)} {title}: {shown}")
        return "; ".join(lines)


def load_pretrained(model, path) -> TransferReport:
    """Copies the weights that fit by name and shape from a file into a model.

    Raises:
        CheckpointError: the file cannot be read, or nothing in it fits.
    """
    weights, target = load_weights(path), model.state_dict()
    report = TransferReport()
    for name, tensor in target.items():
        if name not in weights:
            report.missing.append(name)
        elif list(weights[name].shape) != list(tensor.shape):
            report.mismatched.append(f"{name} {list(weights[name].shape)} for {list(tensor.shape)}")
        else:
            assign(tensor, weights[name])
            report.loaded.append(name)
    report.unexpected = [name for name in weights if name not in target]
    sizes = {name: int(np.prod(tensor.shape)) for name, tensor in target.items()}
    report.share = sum(sizes[name] for name in report.loaded) / max(sum(sizes.values()), 1)
    if not report.loaded:
        raise CheckpointError(f"{path}: no weight fits the model by name and shape ({report}); is it another model's?")
    return report


def assign(tensor, array):
    """Copies an array into a tensor of any floating type."""
    value = paddle.to_tensor(np.ascontiguousarray(array).reshape(tensor.shape))
    tensor.set_value(value if value.dtype == tensor.dtype else value.astype(tensor.dtype))
