"""Decoders take argmax and maximum where the scores are: only these come to the host, as they would from an array."""

import numpy as np
import paddle
import pytest

from ppocr.postprocess import build_post_process

BATCH, PLACES = 3, 5
# name: (shape of the scores, what they are wrapped in)
DECODERS = {
    "CTCLabelDecode": ((BATCH, PLACES, 37), lambda scores: scores),
    "CTCLabelDecode of a dict": ((BATCH, PLACES, 37), lambda scores: {"ctc": scores}),
    "SARLabelDecode": ((BATCH, PLACES, 39), lambda scores: scores),
    "SARLabelDecode without padding": ((BATCH, PLACES, 38), lambda scores: scores),
    "NRTRLabelDecode": ((BATCH, PLACES, 41), lambda scores: scores),
    "SRNLabelDecode": ((BATCH * 25, 38), lambda scores: {"predict": scores}),
    "VLLabelDecode": ((PLACES, BATCH, 37), lambda scores: [scores]),
    "ClsPostProcess": ((BATCH, 4), lambda scores: scores),
}


@pytest.fixture
def copied(monkeypatch):
    """Numbers of values in the tensors that are copied to the host."""
    sizes, numpy = [], paddle.Tensor.numpy

    def counting(tensor, *arguments):
        sizes.append(tensor.size)
        return numpy(tensor, *arguments)

    monkeypatch.setattr(paddle.Tensor, "numpy", counting)
    return sizes


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("seed", range(3))
def test_a_tensor_gives_what_an_array_gives_and_stays(copied, name, seed):
    shape, wrapped = DECODERS[name]
    array = np.random.default_rng(seed).random(shape).astype("float32")
    decode = build_post_process({"name": name.split()[0]})
    expected = decode(wrapped(array))
    results = decode(wrapped(paddle.to_tensor(array)))
    assert sum(copied) == 2 * array.size / shape[-1]
    if name == "VLLabelDecode":  # its softmax is one of the device
        assert [text for text, _ in results] == [text for text, _ in expected]
        assert [score for _, score in results] == pytest.approx([score for _, score in expected], rel=1e-6)
    else:
        assert results == expected


def test_the_first_of_equal_scores_counts_on_both():
    decode = build_post_process({"name": "NRTRLabelDecode"})
    array = np.full((1, 2, 40), 0.5, "float32")
    assert decode(paddle.to_tensor(array)) == decode(array)


def test_a_detector_copies_the_probability_map_alone(copied):
    maps = paddle.rand([2, 3, 32, 32])
    detect = build_post_process({"name": "DBPostProcess"})
    shapes = np.array([[32, 32, 1, 1]] * 2)
    results = detect(maps, shapes)
    assert copied == [2 * 32 * 32]
    for found, expected in zip(results, detect(maps.numpy(), shapes)):
        np.testing.assert_array_equal(found["points"], expected["points"])
