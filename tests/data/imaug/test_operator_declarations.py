"""Every operator reads and writes the keys of a sample that it says, and leaves the arrays that it is given alone."""

import copy
import json

import cv2
import numpy as np
import pytest

from ppocr.data.imaug import create_operators
from ppocr.data.imaug.ct_targets import MakeShrink
from ppocr.data.imaug.operator import Rejected
from ppocr.registry import OPERATORS

BOOKKEEPING = {"epoch", "notes", "facts"}
LINE = [3, 32, 100]
ARGUMENTS = {
    "DetResizeForTest": {"image_shape": [64, 64]},
    "EASTProcessTrain": {"image_shape": [64, 64]},
    "NormalizeImage": {"order": "hwc"},
    "SASTProcessTrain": {"image_shape": [64, 64]},
    "ABINetLabelEncode": {"ignore_index": 100},
    "GrayRecResizeImg": {"image_shape": [100, 32], "resize_type": "PIL"},
    "KeepKeys": {"keep_keys": ["image", "label"]},
    "MultiLabelEncode": {"gtc_encode": "NRTRLabelEncode"},
    "NRTRRecResizeImg": {"image_shape": [100, 32], "resize_type": "PIL"},
    "PRENResizeImg": {"image_shape": [32, 100]},
    "RandomCropImgMask": {"size": [32, 32], "main_key": "gt_text", "crop_keys": ["image"]},
    "RobustScannerRecResizeImg": {"image_shape": [3, 48, 48, 160]},
    "SARRecResizeImg": {"image_shape": [3, 48, 48, 160]},
    "SPINRecResizeImg": {"image_shape": [32, 100], "mean": [127.5], "std": [127.5]},
    "SquareResizePad": {"target_size": 96},
}
NEEDS_A_PACKAGE = {"Fasttext"}
NAMES = sorted(set(OPERATORS.names()) - NEEDS_A_PACKAGE)


class Watched(dict):
    """A sample that remembers which keys are read and set."""

    def __init__(self, *args):
        super().__init__(*args)
        self.read, self.written = set(), set()

    def __getitem__(self, key):
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key, default=None):
        self.read.add(key)
        return super().get(key, default)

    def pop(self, key, *default):
        self.read.add(key)
        return super().pop(key, *default)

    def __setitem__(self, key, value):
        self.written.add(key)
        super().__setitem__(key, value)

    def setdefault(self, key, default=None):
        self.written.add(key)
        return super().setdefault(key, default)

    def update(self, *args, **kwargs):
        for key, value in dict(*args, **kwargs).items():
            self[key] = value


def make_image():
    rng = np.random.default_rng(0)
    return cv2.resize(rng.integers(0, 256, (8, 10, 3)).astype(np.uint8), (120, 96))


def detection():
    boxes = np.array([[10, 10, 70, 30], [20, 50, 90, 80]], np.float32)
    polys = np.stack([boxes[:, [0, 2, 2, 0]], boxes[:, [1, 1, 3, 3]]], axis=2)
    return {"polys": polys, "texts": ["ab", "c"], "ignore_tags": np.array([False, False])}


def sample_for(op, name):
    """Returns a sample with all that an operator may want."""
    sample = {"image": make_image(), "label": "a0b", **detection(), "scale_factor": (1.0, 1.0)}
    sample["ext_data"] = [{"image": make_image(), "label": "c1", **detection()}]
    if "polys" in op.writes and "label" in op.reads:
        items = [{"transcription": "ab", "points": [[1, 1], [9, 1], [9, 5], [1, 5]]}]
        sample["label"] = json.dumps(items)
    if name == "DecodeImage":
        sample["image"] = cv2.imencode(".png", make_image())[1].tobytes()
    if name == "CANLabelEncode":
        sample["label"] = "a 0 b"
    if name == "ClsLabelEncode":
        sample["label"] = "0"
    if name == "RandomCropImgMask":
        sample["gt_text"] = np.ones((96, 120), np.float32)
    if name.startswith("Group") or name == "MakeCentripetalShift":
        sample["image"] = MakeShrink()(dict(sample))["image"]
    return Watched(sample)


def build(name):
    scope_defaults = {"max_text_length": 25, "image_shape": LINE, "label_list": ["0", "180"]}
    return OPERATORS.build({"name": name, **ARGUMENTS.get(name, {})}, inherited=scope_defaults)


def run(op, name):
    """Runs an operator several times, as the random ones do not always do all that they can."""
    read, written = set(), set()
    for seed in range(20 if op.random else 1):
        sample = sample_for(op, name)
        try:
            result = op(sample, np.random.default_rng(seed)) if op.random else op(sample)
        except Rejected:
            continue
        read |= sample.read
        written |= sample.written
        if isinstance(result, dict):
            assert result is sample
    return read - BOOKKEEPING, written


@pytest.mark.parametrize("name", NAMES)
def test_operator_reads_and_writes_what_it_says(name):
    check(build(name), name)


@pytest.mark.parametrize(
    ("name", "settings", "key"),
    [("CPPDLabelEncode", {"ch": True}, "label_index"), ("MultiLabelEncode", {"gtc_encode": None}, "label_sar")],
)
def test_what_is_written_follows_the_settings(name, settings, key):
    assert key not in build(name).writes
    op = OPERATORS.build({"name": name, "max_text_length": 25, **settings})
    assert key in op.writes
    check(op, name)


FUSED = [
    ({"IaaAugment": None}, {"EastRandomCropData": {"size": [64, 64]}}),
    ({"IaaAugment": None}, {"RandomCrop": {"size": [64, 64]}}),
    ({"NormalizeImage": {"order": "hwc"}}, {"ToCHWImage": None}),
]


@pytest.mark.parametrize("pair", FUSED)
def test_fused_operators_do_too(pair):
    (op,) = create_operators(pair)
    check(op, repr(op))


def check(op, name):
    read, written = run(op, name)
    assert read <= {*op.reads, *op.writes, *op.optional}, "reads what it does not declare"
    assert set(op.reads) <= read, "declares what it does not read"
    assert written <= set(op.writes), "writes what it does not declare"
    assert set(op.writes) <= written, "does not write all"


def freeze(value):
    """Makes all arrays of a nested sample read-only."""
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            freeze(inner)


def check_frozen(op, name):
    for seed in range(20 if op.random else 1):
        sample = dict(sample_for(op, name))
        freeze(sample)
        given, before = dict(sample), copy.deepcopy(sample)
        try:
            op(sample, np.random.default_rng(seed)) if op.random else op(sample)
        except Rejected:
            pass
        np.testing.assert_equal(given, before)


@pytest.mark.parametrize("name", NAMES)
def test_operator_leaves_what_it_is_given(name):
    check_frozen(build(name), name)


@pytest.mark.parametrize("pair", FUSED)
def test_fused_operators_leave_it_too(pair):
    (op,) = create_operators(pair)
    check_frozen(op, repr(op))
