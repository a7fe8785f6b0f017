"""Batches whose images differ in shape."""

import numpy as np
import paddle

from ppocr.data.batch import Batch, SampleFacts, of_one_shape

WIDTHS = (4, 6, 4, 5, 6)


def test_a_batch_is_parted_by_the_shapes_of_its_images():
    images = [np.full((3, 2, width), number, np.float32) for number, width in enumerate(WIDTHS)]
    fields = [images, paddle.arange(5), list("abcde"), [np.zeros((n, 2)) for n in range(5)]]
    parts = list(of_one_shape(Batch(fields, list("vwxyz"), [SampleFacts(n) for n in range(5)])))
    assert [part[0].shape for part in parts] == [[2, 3, 2, 4], [2, 3, 2, 6], [1, 3, 2, 5]]
    assert [part[0].numpy()[:, 0, 0, 0].tolist() for part in parts] == [[0, 2], [1, 4], [3]]
    assert [part[1].tolist() for part in parts] == [[0, 2], [1, 4], [3]]
    assert [part[2] for part in parts] == [["a", "c"], ["b", "e"], ["d"]]
    assert [len(boxes) for boxes in parts[1][3]] == [1, 4]
    assert [part.sample_keys for part in parts] == [["v", "x"], ["w", "z"], ["y"]]
    assert [[facts.index for facts in part.facts] for part in parts] == [[0, 2], [1, 4], [3]]


def test_a_batch_of_one_shape_is_left_as_it_is():
    for batch in (Batch([paddle.zeros([2, 3, 4, 4]), ["a", "b"]]), [paddle.zeros([1, 3])]):
        (part,) = of_one_shape(batch)
        assert part is batch
