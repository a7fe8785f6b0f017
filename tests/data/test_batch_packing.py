"""Packing of batches."""

import numpy as np
import paddle
import pytest

from ppocr.data.bad_samples import BadSample
from ppocr.data.batch_packing import BatchReader, FatalDataError, batch_bytes, pack, unpack, with_tensors
from ppocr.data.datasets.base import SampleKey

EVENT = BadSample(3, "bad_label", "x", "", "l")


def test_arrays_become_tensors_and_the_rest_stays():
    odd = np.array([1, 2], np.uint16)
    fields = [np.ones((2, 3), np.float32), ["a", "_paddle_field_0"], [np.zeros(2), np.zeros(3)], odd, np.zeros((0, 4))]
    batch, events = unpack(pack(fields, [EVENT]), "cpu")
    assert isinstance(batch[0], paddle.Tensor) and batch[0].shape == [2, 3] and events == [EVENT]
    assert batch[1] == ["a", "_paddle_field_0"] and [len(a) for a in batch[2]] == [2, 3]
    assert batch[3] is odd and batch[4].shape == [0, 4]


@pytest.mark.parametrize("kind", ["bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"])
def test_what_workers_read_becomes_tensors_of_the_same_kind(kind):
    array = np.array([[0, 1, 2], [3, 4, 5]]).astype(kind)
    parcel, *tensors = with_tensors(pack([array, "x"], [EVENT]))
    batch, events = unpack([parcel, *tensors])
    assert batch[0] is tensors[0] and batch[1] == "x" and events == [EVENT]
    assert batch[0].stop_gradient and batch[0].place.is_cpu_place() and str(batch[0].dtype) == f"paddle.{kind}"
    np.testing.assert_array_equal(batch[0].numpy(), array)


def test_dictionaries_and_empty_batches():
    batch, _ = unpack(pack({"n": np.array([1, 2]), "t": ["a"]}, []))
    assert batch["n"].numpy().tolist() == [1, 2] and batch["t"] == ["a"]
    packed = pack(None, [EVENT])
    assert len(packed) == 2 and unpack(packed) == (None, [EVENT])


def test_an_error_is_raised_where_it_is_unpacked():
    with pytest.raises(FatalDataError, match="^nothing works$") as caught:
        unpack(pack(None, [EVENT], "nothing works"))
    assert caught.value.events == [EVENT]


def test_size_counts_arrays():
    assert batch_bytes(pack([np.zeros((2, 3), np.float32), np.zeros(4, np.int64), "x"], [])) == 24 + 32


class Source:
    """Stands for a data set of numbers."""

    training = False

    def __len__(self):
        return 4

    def read(self, key):
        return [np.array([key.index])], []

    def describe(self, index):
        return f"number {index}"

    def label_of(self, index, epoch):
        return str(index)


class Evens:
    """A collate function that leaves out odd numbers."""

    def select(self, batch):
        return [i for i, (number,) in enumerate(batch) if number[0] % 2 == 0]

    def __call__(self, batch):
        return [np.stack([number for (number,) in batch])]


def test_what_a_collate_function_leaves_out_is_reported():
    packed = BatchReader(Source(), Evens())[[SampleKey(0, i) for i in range(4)]]
    batch, events = unpack(packed)
    assert batch[0].numpy().tolist() == [[0], [2]]
    assert [(e.index, e.reason, e.label, e.kept) for e in events] == [
        (1, "too_large", "1", False),
        (3, "too_large", "3", False),
    ]
