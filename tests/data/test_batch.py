"""Batches that know the names of their fields, and those whose images differ in shape."""

import copy
import pickle

import numpy as np
import paddle
import pytest

from ppocr.data.batch import (
    Batch,
    Fields,
    SampleFacts,
    fields_of,
    images_of,
    named,
    of_one_shape,
    true_texts_of_boxes,
    with_images,
)
from ppocr.errors import DataError

WIDTHS = (4, 6, 4, 5, 6)


def test_a_batch_is_parted_by_the_shapes_of_its_images():
    images = [np.full((3, 2, width), number, np.float32) for number, width in enumerate(WIDTHS)]
    fields = [images, paddle.arange(5), list("abcde"), [np.zeros((n, 2)) for n in range(5)]]
    names = ("image", "label", "text", "polys")
    parts = list(of_one_shape(Batch(fields, list("vwxyz"), [SampleFacts(n) for n in range(5)], names)))
    assert {part.names for part in parts} == {names}
    assert [part[0].shape for part in parts] == [[2, 3, 2, 4], [2, 3, 2, 6], [1, 3, 2, 5]]
    assert [part[0].numpy()[:, 0, 0, 0].tolist() for part in parts] == [[0, 2], [1, 4], [3]]
    assert [part[1].tolist() for part in parts] == [[0, 2], [1, 4], [3]]
    assert [part[2] for part in parts] == [["a", "c"], ["b", "e"], ["d"]]
    assert [len(boxes) for boxes in parts[1][3]] == [1, 4]
    assert [part.sample_keys for part in parts] == [["v", "x"], ["w", "z"], ["y"]]
    assert [[facts.index for facts in part.facts] for part in parts] == [[0, 2], [1, 4], [3]]


def test_images_may_be_called_images():
    batch = Batch(["a", 1], names=("label", "images"))
    assert fields_of(batch, ("image", "label"), inputs=()) == (1, "a") and images_of(batch) == 1
    assert list(with_images(batch, 2)) == ["a", 2]
    assert images_of(Batch([1, 2], names=("images", "image"))) == 2
    with pytest.raises(DataError, match="no field image; it has label"):
        fields_of(Batch(["a"], names=("label",)), ("image",), inputs=())


def test_the_true_texts_of_boxes_are_known_of_all_pages_or_of_none():
    facts = [SampleFacts(0, texts=("a", "b")), SampleFacts(1, texts=())]
    assert true_texts_of_boxes(Batch([[1, 2]], facts=facts)) == [("a", "b"), ()]
    assert true_texts_of_boxes(Batch([[1, 2]], facts=[facts[0], SampleFacts(1)])) is None
    assert true_texts_of_boxes([[1, 2]]) is None


def test_a_batch_of_one_shape_is_left_as_it_is():
    for batch in (Batch([paddle.zeros([2, 3, 4, 4]), ["a", "b"]]), [paddle.zeros([1, 3])]):
        (part,) = of_one_shape(batch)
        assert part is batch


def test_the_images_of_a_named_batch_may_stand_anywhere():
    images = [np.zeros((3, 2, width), np.float32) for width in (4, 6)]
    parts = list(of_one_shape(Batch([["a", "b"], images], names=("label", "image"))))
    assert [part.label for part in parts] == [["a"], ["b"]]
    assert [part.image.shape for part in parts] == [[1, 3, 2, 4], [1, 3, 2, 6]]
    assert images_of(Batch([["a"]], names=("label",))) is None


def test_fields_by_name_and_by_place():
    batch = Batch([["x"], ["y"], [1]], names=("label", "image", "length"))
    assert batch.length == batch["length"] == batch[2] == [1] and batch == [["x"], ["y"], [1]]
    assert batch.select("length", "label") == ([1], ["x"])
    assert batch.select(("label_ctc", "label")) == (["x"],)
    assert isinstance(batch[1:], list) and not hasattr(batch[1:], "names")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda batch: pickle.loads(pickle.dumps(batch))])
def test_names_stay_with_copies(copied):
    assert copied(Batch([["x"]], ["key"], [SampleFacts(0)], ("label",))).label == ["x"]


@pytest.mark.parametrize(
    "batch, has",
    [(Batch([1, 2], names=("image", "label")), "it has image, label"), (Fields([1, 2]), "it has no names")],
)
def test_a_name_that_is_not_there(batch, has):
    message = f"the batch has no field length, label_gtc or label_sar; {has}"
    with pytest.raises(DataError, match=message):
        batch.select("length", ("label_gtc", "label_sar"))
    with pytest.raises(AttributeError, match=f"no field length; {has}"):
        _ = batch.length
    assert not hasattr(batch, "__array__")


def test_a_component_gets_what_it_reads():
    published = ["image", "ctc", "sar", 3, 0.5]
    reads = ("label_ctc", ("label_gtc", "label_sar"), "length")
    assert fields_of(published, reads) == ("ctc", "sar", 3)
    turned = Batch([3, "sar", "image", "ctc"], names=("length", "label_sar", "image", "label_ctc"))
    assert fields_of(turned, reads) == ("ctc", "sar", 3)
    assert fields_of([*range(5), "labels"], ("labels",), inputs=tuple("abcde")) == ("labels",)
    with pytest.raises(DataError, match="no field length; it has image, label_ctc, label_gtc"):
        fields_of(published[:3], reads)


def test_a_plain_list_gets_the_published_names():
    batch = named(["image", "label", 2, "more"], ("image", "label", "length"))
    assert batch.names == ("image", "label", "length") and batch == ["image", "label", 2]
    assert named(batch, ("other",)) is batch


def test_other_images():
    batch = with_images(Batch([["x"], "old"], ["key"], [SampleFacts(0)], ("label", "image")), "new")
    assert batch.image == "new" and batch.label == ["x"] and batch.sample_keys == ["key"] and batch.facts[0].index == 0
    assert with_images(["old", 1], "new") == ["new", 1]
