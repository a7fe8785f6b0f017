"""Tests of the post-processing of several networks, and of the one that does nothing."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.postprocess import build_post_process

NETWORKS = ["Student", "Teacher"]


def scores(path, classes):
    array = np.full((1, len(path), classes), 0.25 / (classes - 1), dtype=np.float32)
    array[0, np.arange(len(path)), path] = 0.75
    return array


STUDENT, TEACHER = scores([11, 0, 12], 37), scores([11, 0, 13], 37)


def test_ctc_of_each_network():
    decode = build_post_process({"name": "DistillationCTCLabelDecode", "model_name": NETWORKS})
    assert len(decode.character) == 37 and len(decode.codec.characters) == 36
    preds = {"Student": STUDENT, "Teacher": paddle.to_tensor(TEACHER), "Other": None}
    assert decode(preds) == {"Student": [("ab", 0.75)], "Teacher": [("ac", 0.75)]}
    labels = [("ab", 1.0)]
    expected = {"Student": ([("ab", 0.75)], labels), "Teacher": ([("ac", 0.75)], labels)}
    assert decode(preds, label=np.array([[11, 12, 0]])) == expected
    assert decode.process(preds, ["image", paddle.to_tensor([[11, 12, 0]])]) == expected


def test_a_head_of_several_branches_in_training_and_in_evaluation():
    config = {"name": "DistillationCTCLabelDecode", "model_name": ["Student"], "key": "head_out", "multi_head": True}
    decode = build_post_process(config)
    batch = ["image", np.array([[11, 12]]), np.array([[37, 10, 37]]), np.array([2])]
    for output in ({"ctc": STUDENT, "sar": None}, STUDENT):
        result = decode.process({"Student": {"backbone_out": None, "head_out": output}}, batch)
        assert result == {"Student": ([("ab", 0.75)], [("ab", 1.0)])}


def test_the_sar_branch_has_a_label_of_its_own(tmp_path):
    path = tmp_path / "dict.txt"
    path.write_text("x\nY\n", encoding="utf-8")
    config = {"name": "DistillationSARLabelDecode", "model_name": ["Student"], "character_dict_path": str(path)}
    sar = scores([0, 1, 3], 5)
    several = build_post_process({**config, "key": "head_out", "multi_head": True, "rm_symbol": True})
    assert several.character == ["x", "Y", "<UKN>", "<BOS/EOS>", "<PAD>"] and several.codec.characters == ["x", "Y"]
    batch = ["image", np.array([[1, 1]]), np.array([[3, 0, 3]]), np.array([2])]
    result = several.process({"Student": {"head_out": {"ctc": None, "sar": sar}}}, batch)
    assert result == {"Student": ([("xy", 0.75)], [("x", 1.0)])}
    alone = build_post_process(config)
    assert alone.process({"Student": sar}, [batch[0], batch[2]]) == {"Student": ([("xY", 0.75)], [("x", 1.0)])}


@pytest.mark.parametrize(
    "preds, message",
    [
        ({"Teacher": {}}, "the output 'Student' .* which gives Teacher"),
        ({"Student": STUDENT}, "the output 'head_out' of the model 'Student' .* which gives a single tensor"),
        ({"Student": {"head_out": STUDENT}}, "the output 'sar' of the model 'Student'"),
    ],
)
def test_outputs_that_are_not_there(preds, message):
    config = {"name": "DistillationSARLabelDecode", "model_name": ["Student"], "key": "head_out", "multi_head": True}
    with pytest.raises(ConfigError, match=message):
        build_post_process(config)(preds)


def test_boxes_of_each_network(ppocr_caplog):
    maps = np.zeros((1, 1, 64, 96), dtype=np.float32)
    maps[0, 0, 20:30, 10:60] = 0.9
    empty = {"maps": np.zeros_like(maps)}
    config = {"name": "DistillationDBPostProcess", "model_name": NETWORKS, "key": "head_out", "return_scores": True}
    find = build_post_process(config)
    assert find.character is None and "found by their name" in ppocr_caplog.text
    shapes = np.array([[128, 192, 0.5, 0.5]])
    found = find.process({"Student": {"maps": maps}, "Teacher": empty}, [None, shapes, None, None])
    ((left, top), *_, (_, bottom)) = found["Student"][0]["points"][0].tolist()
    # the box spans 9 x 49 pixels of the map and grows by 9 * 49 * 1.5 / 116 = 5.7 of them
    assert (left, top, bottom) == pytest.approx((20 - 11, 40 - 11, 58 + 11), abs=2)
    assert found["Student"][0]["scores"] == pytest.approx([0.9]) and len(found["Teacher"][0]["points"]) == 0


def test_none_gives_the_predictions_as_they_are():
    nothing, preds = build_post_process({"name": "None"}), {"sr_img": 1}
    assert nothing(preds) is preds and nothing.process(preds, ["image", "label"]) is preds
