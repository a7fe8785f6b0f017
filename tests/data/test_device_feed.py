"""Batches are copied to a device by a thread of Paddle; the CPU stands for the device."""

import paddle
import pytest

from ppocr.data.device_feed import copied_ahead, feed, is_cpu
from ppocr.errors import UserError


class Note:
    """Stands for what is told about a batch."""

    def __init__(self, number):
        self.number = number


def batches(count, error=None):
    for number in range(count):
        tensors = [paddle.full([3, 2], number, "float32"), paddle.full([2], number, "int64")]
        yield [Note(number), *tensors[: 1 + number % 2]]
    if error is not None:
        raise error


def numbers(found):
    return [(note.number, *(tensor.numpy().reshape(-1)[0] for tensor in tensors)) for note, *tensors in found]


def test_batches_come_whole_and_in_order():
    found = list(copied_ahead(batches(7), paddle.CPUPlace()))
    assert numbers(found) == [(n, n, n) if n % 2 else (n, n) for n in range(7)]
    assert all(tensor.place.is_cpu_place() for _, *tensors in found for tensor in tensors)


def test_an_error_comes_after_the_batches_before_it():
    stream = copied_ahead(batches(3, UserError("a worker is gone")), "cpu")
    assert numbers([next(stream) for _ in range(3)]) == [(0, 0), (1, 1, 1), (2, 2)]
    with pytest.raises(UserError, match="^a worker is gone$"):
        next(stream)


def test_an_iteration_may_be_left_early_and_begun_anew():
    stream = copied_ahead(batches(50), "cpu")
    assert numbers([next(stream)]) == [(0, 0)]
    stream.close()
    assert len(list(copied_ahead(batches(4), "cpu"))) == 4


@pytest.mark.parametrize("place, expected", [("cpu", True), (paddle.CPUPlace(), True), ("gpu:0", False)])
def test_a_cpu_needs_no_thread(place, expected):
    given = iter([1])
    assert is_cpu(place) == expected and (feed(given, place) is given) == expected


def test_no_place_is_the_current_one():
    assert is_cpu(None) == (paddle.get_device() == "cpu")
