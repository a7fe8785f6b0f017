"""No image is too small or too long for the usual pipelines."""

import cv2
import numpy as np
import pytest

from ppocr.data.imaug import create_operators, run_operators

SIZES = [(1, 1), (1, 7), (9, 1), (2, 3), (3, 3000), (40, 3000), (3000, 40)]

DETECTION = [
    {"DecodeImage": {"img_mode": "BGR"}},
    {"DetLabelEncode": None},
    {"CopyPaste": None},
    {"IaaAugment": None},
    {"EastRandomCropData": {"size": [96, 64], "max_tries": 10}},
    {"MakeBorderMap": None},
    {"MakeShrinkMap": None},
    {"NormalizeImage": {"order": "hwc"}},
    {"ToCHWImage": None},
]
RECOGNITION = [
    {"DecodeImage": {"img_mode": "BGR"}},
    {"RecConAug": {"prob": 1.0, "image_shape": [48, 320, 3]}},
    {"RecAug": dict.fromkeys(["tia_prob", "crop_prob", "noise_prob", "jitter_prob", "blur_prob", "hsv_aug_prob"], 1)},
    {"RandAugment": {"prob": 1.0}},
    {"ColorJitter": {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1}},
]
LABEL = '[{"transcription": "a", "points": [[0, 0], [1, 0], [1, 1], [0, 1]]}]'


def png(height, width):
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.imencode(".png", image)[1].tobytes()


@pytest.mark.parametrize("size", SIZES)
def test_detection(size):
    decode = create_operators(DETECTION[:2])
    ext = run_operators({"image": png(*size), "label": LABEL}, decode, np.random.default_rng(0))
    for fused in (True, False):
        ops = create_operators(DETECTION) if fused else [create_operators([entry])[0] for entry in DETECTION]
        for seed in range(4):
            data = {"image": png(*size), "label": LABEL, "ext_data": [ext]}
            data = run_operators(data, ops, np.random.default_rng(seed))
            assert data["image"].shape == (3, 64, 96)
            assert data["threshold_map"].shape == data["shrink_map"].shape == (64, 96)


@pytest.mark.parametrize("size", SIZES)
def test_recognition(size):
    ops = create_operators(RECOGNITION)
    line = {"image": np.zeros((*size, 3), np.uint8), "label": "b"}
    for seed in range(6):
        data = {"image": png(*size), "label": "a", "ext_data": [line]}
        data = run_operators(data, ops, np.random.default_rng(seed))
        assert data["image"].dtype == np.uint8 and data["image"].size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "settings", "shape"),
    [
        ("RecResizeImg", {"image_shape": [3, 8, 40]}, (3, 8, 40)),
        ("ClsResizeImg", {"image_shape": [3, 8, 40]}, (3, 8, 40)),
        ("SVTRRecResizeImg", {"image_shape": [3, 8, 40]}, (3, 8, 40)),
        ("SARRecResizeImg", {"image_shape": [3, 8, 8, 40]}, (3, 8, 40)),
        ("RFLRecResizeImg", {"image_shape": [1, 8, 40]}, (1, 8, 40)),
        ("SRNRecResizeImg", {"image_shape": [1, 8, 40]}, (1, 8, 40)),
    ],
)
def test_line_sizes(size, name, settings, shape):
    (op,) = create_operators([{name: settings}])
    assert op({"image": np.zeros((*size, 3), np.uint8)})["image"].shape == shape


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("settings", [{}, {"limit_side_len": 96, "limit_type": "max"}, {"resize_long": 100}])
def test_detection_resize(size, settings):
    (op,) = create_operators([{"DetResizeForTest": {"max_side_limit": 500, **settings}}])
    data = op({"image": np.zeros((*size, 3), np.uint8)})
    assert min(data["image"].shape[:2]) >= 32
    assert data["image"].shape[0] % 32 == data["image"].shape[1] % 32 == 0
