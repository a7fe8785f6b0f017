"""Copies of tensors in host memory that is used again: fresh memory costs several times what the copying does."""

import numpy as np
import paddle
from paddle.utils.dlpack import to_dlpack

_VIEWABLE = {paddle.float32, paddle.float64, paddle.int32, paddle.int64}


class _Exporter:
    """Offers a tensor in host memory to NumPy without a copy; Paddle 2.6 has no such method of its own."""

    def __init__(self, tensor):
        self._tensor = tensor

    def __dlpack__(self, **_):
        return to_dlpack(self._tensor)

    def __dlpack_device__(self):
        return 1, 0  # host memory


class HostBuffers:
    """A set of arrays that the same sequence of tensors is copied into, time after time."""

    def __init__(self):
        self._arrays = []
        self._next = 0

    def restart(self):
        """Starts the sequence again: what was copied before may be overwritten."""
        self._next = 0

    def copy(self, tensor) -> np.ndarray:
        """Returns the tensor's values in an array that stays as it is until after the next :meth:`restart`."""
        if not tensor.place.is_cpu_place() or tensor.dtype not in _VIEWABLE:
            return tensor.numpy()
        view = np.from_dlpack(_Exporter(tensor.detach()))
        number, self._next = self._next, self._next + 1
        if number == len(self._arrays):
            self._arrays.append(np.empty_like(view))
        elif self._arrays[number].shape != view.shape or self._arrays[number].dtype != view.dtype:
            self._arrays[number] = np.empty_like(view)
        np.copyto(self._arrays[number], view)
        return self._arrays[number]


def plain(value, copy=paddle.Tensor.numpy):
    """Returns nested containers with every tensor copied into an array.

    Args:
        value: dicts, lists and tuples of tensors and of anything else, which stays as it is.
        copy: function that copies a tensor into an array.
    """
    if isinstance(value, dict):
        return {key: plain(inner, copy) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(inner, copy) for inner in value)
    return copy(value) if isinstance(value, paddle.Tensor) else value
