"""Word embeddings of labels, for recognisers that learn the meaning of a text."""

import numpy as np

from ppocr.data.imaug.operator import Operator
from ppocr.errors import UserError
from ppocr.registry import OPERATORS
from ppocr.values import Name


@OPERATORS.register()
class Fasttext(Operator):
    """Sets ``fast_label``, the fastText vector of the label (``float32``, 300 numbers with the published models).

    Qiao et al., SEED: Semantics Enhanced Encoder-Decoder Framework for Scene Text Recognition, 2020.

    Args:
        path: fastText model, such as ``cc.en.300.bin``.

    Raises:
        UserError: the package ``fasttext`` is not installed, or the model cannot be loaded.
    """

    reads = ("label",)
    writes = ("fast_label",)

    def __init__(self, path: Name):
        self.path = path
        self.model = _load(path)

    def __call__(self, data):
        data["fast_label"] = np.asarray(self.model[data["label"]], np.float32)
        return data

    def __reduce__(self):
        return type(self), (self.path,)


def _load(path):
    try:
        import fasttext  # optional: only this operator needs it
    except ImportError:
        raise UserError("Fasttext: needs the package fasttext; install it with 'pip install fasttext'") from None
    try:
        return fasttext.load_model(path)
    except (OSError, ValueError) as error:
        raise UserError(f"Fasttext: cannot load the model {path} ({error}); get one from fasttext.cc") from error
