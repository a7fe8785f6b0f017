"""What ``inference.yml`` says."""

from types import SimpleNamespace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.errors import ConfigError
from ppocr.inference.description import image_operators, input_sample, input_shapes, post_process_section, write
from ppocr.inference.outputs import filled, flattened, numbered
from ppocr.tasks import task_of
from ppocr.text.dictionary import load_dictionary

DETECTION = [
    {"DecodeImage": {"img_mode": "RGB"}},
    {"DetLabelEncode": None},
    {"DetResizeForTest": {"limit_side_len": 64, "limit_type": "max"}},
    {"NormalizeImage": {"order": "hwc"}},
    {"ToCHWImage": None},
    {"KeepKeys": {"keep_keys": ["image", "shape", "polys", "ignore_tags"]}},
]
LINES = [
    {"MultiLabelEncode": {"gtc_encode": "NRTRLabelEncode"}},
    {"RecResizeImg": {"image_shape": [3, 48, 320]}},
    {"KeepKeys": {"keep_keys": ["image", "label_ctc", "label_gtc", "length", "valid_ratio"]}},
]


def test_operators_that_need_a_label_are_left_out():
    operators = image_operators(DETECTION, growing=False)
    assert operators == [DETECTION[0], *DETECTION[2:5], {"KeepKeys": {"keep_keys": ["image", "shape"]}}]
    assert image_operators(LINES, growing=True) == [
        {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
        {"RecResizeImg": {"infer_mode": True, "image_shape": [3, 48, 320]}},
        {"KeepKeys": {"keep_keys": ["image"]}},
    ]


def test_shapes_of_inputs():
    line, page = input_sample(LINES, {}), input_sample(DETECTION, {})
    assert line["image"].shape == (1, 3, 48, 320) and page["image"].shape == (1, 3, 32, 64)
    free, fixed = SimpleNamespace(fixed_size=False), SimpleNamespace(fixed_size=True)
    assert input_shapes(free, task_of("rec"), line) == {"image": [None, 3, 48, None]}
    assert input_shapes(free, task_of("det"), line) == {"image": [None, 3, None, None]}
    assert input_shapes(fixed, task_of("rec"), line) == {"image": [None, 3, 48, 320]}
    assert input_shapes(free, task_of("det"), {"images": page["image"]}) == {"images": [None, 3, None, None]}
    with pytest.raises(ConfigError, match="give images of shape"):
        input_sample([{"SSLRotateResize": {"image_shape": [3, 48, 192]}}], {})
    with pytest.raises(ConfigError, match="the model reads label_ctc, which they do not make of an image alone"):
        input_sample(LINES, {}, ("image", "label_ctc"))


def test_post_processing_needs_nothing_besides():
    section = post_process_section({"name": "ClsPostProcess"}, {"label_list": ["0", "180"], "seed": 3})
    assert section == {"name": "ClsPostProcess", "label_list": ["0", "180"]}
    section = post_process_section({"name": "DistillationDBPostProcess", "model_name": ["Student"]}, {})
    assert section["name"] == "DBPostProcess" and "model_name" not in section
    assert (section["box_thresh"], section["unclip_ratio"]) == (0.6, 1.5)  # defaults of the one for several networks


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1), min_size=1, unique=True))
def test_dictionaries_come_back_as_they_are(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("out") / "inference.yml"
    write({"Global": {"model_name": "m"}, "PostProcess": {"name": "CTCLabelDecode", "character_dict": entries}}, path)
    assert load_dictionary(str(path)) == entries
    assert yaml.safe_load(path.read_bytes())["PostProcess"]["character_dict"] == entries


def test_outputs_find_their_form_again():
    output = {"b": ["x", {"a": "y"}], "c": ("z",)}
    template = numbered(output, iter(range(9)))
    assert template == {"b": [0, {"a": 1}], "c": [2]} and flattened(output) == ["x", "y", "z"]
    assert filled(template, flattened(output)) == {"b": ["x", {"a": "y"}], "c": ["z"]}
    assert numbered("x", iter([0])) == 0 and filled(0, ["x"]) == "x"
