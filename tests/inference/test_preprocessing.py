"""What of a ``transforms`` list an image without a label passes."""

import cv2
import numpy as np
import pytest

from ppocr.data.imaug import create_operators, transform
from ppocr.errors import ConfigError, DataError, Dropped
from ppocr.inference.preprocessing import Preprocessing, image_transforms

DECODE = {"DecodeImage": {"img_mode": "BGR", "channel_first": False}}
REC = [
    DECODE,
    {"CTCLabelEncode": None},
    {"RecResizeImg": {"image_shape": [3, 32, 64]}},
    {"KeepKeys": {"keep_keys": ["image", "label", "length", "valid_ratio"]}},
]


def make_image(height=20, width=50):
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_label_operators_are_left_out_and_infer_mode_is_on():
    kept, keys = image_transforms(REC, growing=True)
    assert kept == [DECODE, {"RecResizeImg": {"image_shape": [3, 32, 64], "infer_mode": True}}]
    assert keys == ["image", "label", "length", "valid_ratio"]


def test_an_explicit_infer_mode_stays():
    kept, keys = image_transforms([{"RecResizeImg": {"image_shape": [3, 32, 64], "infer_mode": False}}], True)
    assert kept[0]["RecResizeImg"]["infer_mode"] is False and keys is None


def test_what_follows_from_a_label_is_left_out_too():
    transforms = [DECODE, {"DetLabelEncode": None}, {"MakeShrinkMap": None}, {"ToCHWImage": None}]
    assert image_transforms(transforms, True)[0] == [DECODE, {"ToCHWImage": None}]


@pytest.mark.parametrize(
    ("transforms", "message"),
    [
        ([{"DetLabelEncode": None}, {"EastRandomCropData": None}], "needs ignore_tags, polys, texts, so it cannot"),
        ([{"DecodeImgae": None}], "did you mean 'DecodeImage'"),
        (["DecodeImage"], "must be one operator"),
    ],
)
def test_a_list_that_cannot_be_run_on_images(transforms, message):
    with pytest.raises(ConfigError, match=message):
        image_transforms(transforms, True)


def test_a_model_that_is_not_fed_with_an_image():
    with pytest.raises(ConfigError, match="must hold image"):
        Preprocessing([{"KeepKeys": {"keep_keys": ["label", "length"]}}])


def test_fields_are_those_of_the_batch_that_need_no_label():
    fields = Preprocessing(REC)(make_image())
    assert list(fields) == ["image", "valid_ratio"]
    assert fields["image"].shape == (3, 32, 64) and fields["valid_ratio"] == 1.0
    without_keys = Preprocessing([{"DetResizeForTest": {"image_shape": [32, 64]}}, {"ToCHWImage": None}])(make_image())
    assert list(without_keys) == ["image", "shape"]
    assert without_keys["shape"].tolist() == [20, 50, 1.6, 1.28]


def test_srn_gets_what_its_evaluation_batch_holds():
    transforms = [
        DECODE,
        {"SRNRecResizeImg": {"image_shape": [1, 64, 256], "max_text_length": 5, "num_heads": 2}},
        {
            "KeepKeys": {
                "keep_keys": ["image", "label", "length", "encoder_word_pos", "gsrm_word_pos", "gsrm_slf_attn_bias1"]
            }
        },
    ]
    fields = Preprocessing(transforms)(make_image())
    assert list(fields) == ["image", "encoder_word_pos", "gsrm_word_pos", "gsrm_slf_attn_bias1"]
    assert fields["encoder_word_pos"].shape == (256, 1) and fields["gsrm_slf_attn_bias1"].shape == (2, 5, 5)


@pytest.mark.parametrize(("growing", "width"), [(True, 320), (False, 64)])
def test_a_long_line_makes_the_input_wider_in_infer_mode(growing, width):
    assert Preprocessing(REC, growing=growing)(make_image(20, 200))["image"].shape == (3, 32, width)


@pytest.mark.parametrize("mode", ["BGR", "RGB", "GRAY"])
def test_an_image_gets_what_its_file_would(mode):
    transforms = [{"DecodeImage": {"img_mode": mode}}, {"ToCHWImage": None}, {"KeepKeys": {"keep_keys": ["image"]}}]
    encoded = cv2.imencode(".jpg", make_image(40, 60))[1].tobytes()
    (expected,) = transform({"image": encoded}, create_operators(transforms))
    preprocess = Preprocessing(transforms)
    opened = preprocess.open(encoded)
    assert opened.shape == (40, 60, 3)
    assert np.array_equal(preprocess(opened)["image"], expected)


def test_files_that_are_no_images():
    preprocess = Preprocessing([])
    with pytest.raises(Dropped):
        preprocess.open(b"no image")
    with pytest.raises(DataError, match="^the file is empty"):
        preprocess.open(b"")
