"""Batches that are on the device before the trainer asks for them."""

import paddle


def feed(batches, place):
    """Yields batches whose tensors are on a device.

    On a GPU they are copied by a thread of Paddle, from pinned memory and while the device computes, so that no step
    waits for its batch.

    Args:
        batches: iterator over batches: lists of any object and of at least one tensor on the CPU.
        place: paddle place, its name, or None for the current one.
    """
    return batches if is_cpu(place) else copied_ahead(batches, place)


def is_cpu(place) -> bool:
    """Tells whether a paddle place, its name, or the current one for None, is the CPU."""
    return "cpu" in str(place or paddle.get_device())


def copied_ahead(batches, place):
    """See :func:`feed`; an error of ``batches`` is raised after the batches before it."""
    stream = _Stream(batches)
    yield from paddle.io.DataLoader(stream, places=place, batch_size=1, collate_fn=_only)
    if stream.error is not None:
        raise stream.error


class _Stream(paddle.io.IterableDataset):
    """Ends where its batches raise an error, and keeps it: Paddle would wait forever for a thread that died of it.

    Tensors become Paddle's own: it may free them in a thread that another waits for while that one has Python's lock,
    which it takes to free what is Python's.
    """

    def __init__(self, batches):
        super().__init__()
        self._batches = batches
        self.error = None

    def __iter__(self):
        try:
            for first, *tensors in self._batches:
                yield [first, *(tensor.clone() for tensor in tensors)]
        except Exception as error:  # noqa: BLE001 - raised by the thread that takes the batches
            self.error = error


def _only(batches):
    return batches[0]
