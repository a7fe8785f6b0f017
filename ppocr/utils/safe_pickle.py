"""Pickles of arrays and plain values, read without running anything that a file asks for."""

import pickle

from ppocr.errors import CheckpointError

_ALLOWED = {
    "builtins": {"tuple", "list", "dict", "set", "frozenset", "int", "float", "complex", "bool", "bytearray", "slice"},
    "collections": {"OrderedDict"},
    "_codecs": {"encode"},
    "numpy": {"ndarray", "dtype"},
}
_NUMPY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric")
# What the unpickler raises on bytes that are no pickle, or not a whole one.
_DAMAGE = (
    OSError,
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    ImportError,
)
_NUMPY_NAMES = {"_reconstruct", "scalar", "_frombuffer"}


class _Unpickler(pickle.Unpickler):
    """Knows NumPy arrays and builtin containers only."""

    def find_class(self, module, name):
        module = {"__builtin__": "builtins"}.get(module, module)
        if name in _ALLOWED.get(module, ()) or (module in _NUMPY_MODULES and name in _NUMPY_NAMES):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it refers to {module}.{name}, which only an unsafe file would need")


def load(path):
    """Returns the content of a pickle that holds arrays and plain values.

    Raises:
        CheckpointError: no such file, damaged, or it refers to anything else.
    """
    try:
        with open(path, "rb") as file:
            return _Unpickler(file, encoding="latin1").load()
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except (
        OSError,
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
    ) as e:
        raise CheckpointError(f"{path}: cannot be loaded: {e or type(e).__name__}") from None


def dump(content, file):
    """Writes plain values and arrays to an open binary file, in the protocol that every supported Python reads."""
    pickle.dump(content, file, protocol=4)
