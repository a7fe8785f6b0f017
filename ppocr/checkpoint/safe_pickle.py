"""Pickles of arrays and plain values, read without running anything that a file asks for.

A pickle is a program for a small stack machine.  The one of the standard library can be made to call anything, sets
aside as much memory as a damaged size asks for, and lets NumPy believe a damaged type.  This one knows the
instructions that plain values and arrays need, makes nothing that is larger than the file, and takes numbers for array
elements only.
"""

import math
import os
import pickle
import pickletools
import re
import sys
from collections import OrderedDict

import numpy as np

from ppocr.errors import CheckpointError

_NUMPY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric")
_NUMBERS = re.compile(r"[<>=|]?[?biufc]\d{0,2}")
_NATIVE = ("=", "|", "<" if sys.byteorder == "little" else ">")
_KEYS = (str, bytes, int, float, type(None))  # whose hash takes no recursion
_LONGEST = 200  # characters of a reason
# What the machine raises for bytes that are not a pickle, or not a complete one.
_DAMAGE = (OSError, EOFError, AttributeError, LookupError, MemoryError, OverflowError, TypeError, ValueError)


def load(path):
    """Returns the content of a pickle that holds arrays of numbers and plain values.

    Raises:
        CheckpointError: no such file, damaged, or it refers to anything else.
    """
    try:
        with open(path, "rb") as file:
            return loads_from(file)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:_LONGEST] or type(error).__name__
        raise CheckpointError(f"{path}: cannot be loaded: {reason}") from None


def load_if_there(path):
    """Returns the content of a pickle, see :func:`load`; an empty dictionary where there is no such file."""
    return load(path) if os.path.exists(path) else {}


def loads_from(file):
    """Returns the content of an open binary file; what it raises is any of ``_DAMAGE``."""
    return _Machine().run(pickletools.genops(_Bounded(file)))


def dump(content, file):
    """Writes plain values and arrays to an open binary file, in the protocol that every supported Python reads."""
    pickle.dump(content, file, protocol=4)


class _Bounded:
    """An open file that sets aside no more memory than it has bytes, whatever it is asked for."""

    def __init__(self, file):
        self._file, self.readline = file, file.readline
        self._size = file.seek(0, os.SEEK_END)
        file.seek(0)

    def read(self, count):
        return self._file.read(min(count, self._size))


# --------------------------------------------------------------------------------- what a pickle may have made
def _tuple(items):
    return tuple(_plain_list(items))


def _set(items=()):
    return set(map(_key, _plain_list(items)))


def _frozenset(items=()):
    return frozenset(map(_key, _plain_list(items)))


def _ordered_dict(pairs=()):
    return OrderedDict((_key(key), value) for key, value in _plain_list(pairs))


def _plain_list(items):
    if not isinstance(items, (list, tuple)):
        raise TypeError(f"a {type(items).__name__} where a list should be")
    return items


def _key(value):
    parts = value if type(value) is tuple else (value,)
    if not all(isinstance(part, _KEYS) for part in parts):
        raise TypeError(f"a {type(value).__name__} as a key")
    return value


def _encode(text, encoding):
    """Bytes, as protocol 2 has them."""
    if encoding != "latin1":
        raise ValueError("bytes in an unknown encoding")
    return text.encode("latin1")


def _no_bytes():
    """The empty bytes of protocol 2."""
    return b""


def _bytes(data):
    """Bytes, which Python 2 calls strings."""
    return data.encode("latin1") if isinstance(data, str) else data


def _dtype(name, align=False, copy=False):
    if not isinstance(name, str) or not _NUMBERS.fullmatch(name) or not np.dtype(name).isnative:
        raise ValueError(f"array elements of the type {name!a:.20}")
    return np.dtype(name)


def _scalar(dtype, data):
    if len(data) != dtype.itemsize:
        raise ValueError("a number of another size than its type has")
    return np.frombuffer(_bytes(data), dtype)[0]


def _empty_array(kind, shape, dtype):
    """An array that :meth:`_Machine._build` fills."""
    return np.empty(0, np.int8)


def _array_of(buffer, dtype, shape, order):
    """An array, as protocol 5 has it."""
    return np.frombuffer(buffer, dtype).reshape(shape, order=order)


_NDARRAY = "the type of arrays"  # an argument that is never read
_NAMES = {
    "builtins.bytes": _no_bytes,
    "builtins.tuple": _tuple,
    "builtins.set": _set,
    "builtins.frozenset": _frozenset,
    "builtins.complex": complex,
    "collections.OrderedDict": _ordered_dict,
    "_codecs.encode": _encode,
    "numpy.ndarray": _NDARRAY,
    "numpy.dtype": _dtype,
    **{f"{module}._reconstruct": _empty_array for module in _NUMPY_MODULES},
    **{f"{module}.scalar": _scalar for module in _NUMPY_MODULES},
    **{f"{module}._frombuffer": _array_of for module in _NUMPY_MODULES},
}


def _find(module, name):
    dotted = f"{'builtins' if module == '__builtin__' else module}.{name}"
    if dotted not in _NAMES:
        raise ValueError(f"it refers to {dotted}, which only an unsafe file would need")
    return _NAMES[dotted]


class _Machine:
    """Runs the instructions of one pickle."""

    def __init__(self):
        self._stack, self._marks, self._memo = [], [], {}

    def run(self, instructions):
        """Returns what an iterator over (opcode, argument, position) makes, as ``pickletools.genops`` gives them."""
        for opcode, argument, _ in instructions:
            if opcode.name in _VALUES:
                self._stack.append(argument)
            elif opcode.name in _CONSTANTS:
                self._stack.append(_CONSTANTS[opcode.name]())
            elif opcode.name in _INSTRUCTIONS:
                _INSTRUCTIONS[opcode.name](self, argument)
            elif opcode.name not in _WITHOUT_EFFECT:
                raise ValueError(f"it holds the instruction {opcode.name}, which plain values and arrays do not need")
        (result,) = self._stack
        return result

    def _pop(self, count=1):
        """Takes the uppermost ``count`` values off the stack."""
        if len(self._stack) < count:
            raise IndexError("a value is missing")
        values = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        return values

    def _pop_to_mark(self):
        return self._pop(max(len(self._stack) - self._marks.pop(), 0))

    def _mark(self, _):
        self._marks.append(len(self._stack))

    def _join(self, make, count=None):
        self._stack.append(make(self._pop_to_mark() if count is None else self._pop(count)))

    def _extend(self, items):
        target = self._stack[-1]
        if type(target) is list:
            target.extend(items)
        elif type(target) is set:
            target.update(map(_key, items))
        else:
            raise TypeError(f"items for a {type(target).__name__}")

    def _set_items(self, items):
        target = self._stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise TypeError(f"pairs for a {type(target).__name__}")
        target.update(_pairs(items))

    def _remember(self, place):
        self._memo[len(self._memo) if place is None else place] = self._stack[-1]

    def _recall(self, place):
        self._stack.append(self._memo[place])

    def _global(self, argument):
        names = self._pop(2) if argument is None else argument.split(" ", 1)
        self._stack.append(_find(*names))

    def _reduce(self, _):
        function, arguments = self._pop(2)
        if not any(function is known for known in _NAMES.values()) or function is _NDARRAY:
            raise TypeError(f"a call of a {type(function).__name__}")
        self._stack.append(function(*_plain_list(arguments)))

    def _build(self, _):
        """Fills the array on the stack, or checks the details of a type, which are not in its name."""
        (state,), target = self._pop(), self._stack[-1]
        if isinstance(target, np.dtype):
            order, *fields = state[1:5]
            if order not in _NATIVE or fields != [None] * 3:
                raise ValueError("array elements in another order of bytes, or of several fields")
        elif isinstance(target, np.ndarray):
            _fill(target, *state[1:])
        else:
            raise TypeError(f"a state for a {type(target).__name__}")


def _pairs(items):
    return {_key(key): value for key, value in zip(items[::2], items[1::2])}


def _fill(array, shape, dtype, fortran_order, data):
    data, shape = _bytes(data), tuple(_plain_list(shape))
    fits = all(type(side) is int and side >= 0 for side in shape) and isinstance(dtype, np.dtype)
    if not fits or type(data) is not bytes or len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError("an array of another size than its shape has")
    array.__setstate__((1, shape, dtype, bool(fortran_order), data))


_WITHOUT_EFFECT = frozenset(("PROTO", "FRAME", "STOP"))
_VALUES = frozenset(
    (
        *("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"),
        *("BINSTRING", "SHORT_BINSTRING", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    )
)
_CONSTANTS = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
}
_INSTRUCTIONS = {
    "MARK": _Machine._mark,
    "TUPLE": lambda machine, _: machine._join(tuple),
    "TUPLE1": lambda machine, _: machine._join(tuple, 1),
    "TUPLE2": lambda machine, _: machine._join(tuple, 2),
    "TUPLE3": lambda machine, _: machine._join(tuple, 3),
    "LIST": lambda machine, _: machine._join(list),
    "DICT": lambda machine, _: machine._join(_pairs),
    "FROZENSET": lambda machine, _: machine._join(_frozenset),
    "APPEND": lambda machine, _: machine._extend(machine._pop()),
    "APPENDS": lambda machine, _: machine._extend(machine._pop_to_mark()),
    "ADDITEMS": lambda machine, _: machine._extend(machine._pop_to_mark()),
    "SETITEM": lambda machine, _: machine._set_items(machine._pop(2)),
    "SETITEMS": lambda machine, _: machine._set_items(machine._pop_to_mark()),
    "MEMOIZE": _Machine._remember,
    "BINPUT": _Machine._remember,
    "LONG_BINPUT": _Machine._remember,
    "BINGET": _Machine._recall,
    "LONG_BINGET": _Machine._recall,
    "GLOBAL": _Machine._global,
    "STACK_GLOBAL": _Machine._global,
    "REDUCE": _Machine._reduce,
    "BUILD": _Machine._build,
}
