"""Every operator makes of a sample what it says, by the keys that it says, and leaves what it is given alone."""

import copy
import json
import sys
import types
from pathlib import Path

import cv2
import numpy as np
import pytest
from contract_table import Table
from table_parts import CELLS, TOKENS, structure_file
from tiny_tokenizer import tokenizer_file

import ppocr
from ppocr.data.imaug import create_operators
from ppocr.data.imaug.ct_targets import MakeShrink
from ppocr.data.imaug.operator import Rejected
from ppocr.registry import OPERATORS

UTILS = Path(ppocr.__file__).parent / "utils"
STROKES = Path(__file__).resolve().parents[1] / "data/strokes.txt"
BOOKKEEPING = {"epoch", "notes", "facts"}
LINE, PAGE, SQUARE = {"image_shape": [3, 32, 100]}, {"image_shape": [64, 64]}, {"size": [64, 64]}
GRAY, SAR = {"image_shape": [1, 32, 100]}, {"image_shape": [3, 48, 48, 160]}
TEXT = {"max_text_length": 25}
AS_IT_WAS, PER_PIXEL = (96, 120, 3), (96, 120)
MOVED = {"image": AS_IT_WAS, "polys": (2, 4, 2)}
# Arguments of each operator, and what it makes of a sample with the text "a0b" and an image of 96 x 120 with two
# words: shapes, first values of label and the like, or a function that tells whether it is right.
OPERATOR_ROWS = {
    "ABINetLabelEncode": ({**TEXT, "ignore_index": 100}, {"label": [11, 1, 12, 0, 100]}),
    "ABINetRecAug": ({}, {"image": AS_IT_WAS}),
    "ABINetRecResizeImg": (LINE, {"image": (3, 32, 100)}),
    "AttnLabelEncode": (TEXT, {"label": [0, 11, 1, 12, 37]}),
    "BaseDataAugmentation": ({}, {"image": AS_IT_WAS}),
    "CANLabelEncode": ({}, {"label": [10, 0, 11, 0]}),
    "SRDegrade": ({}, {"image_hr": (32, 128, 3), "image_lr": (16, 64, 3)}),
    "SRLabelEncode": (
        {"max_text_length": 8, "character_dict_path": str(STROKES)}, {"length": 6, "input_tensor": [0, 1, 2, 4, 5, 3]}
    ),
    "SRResize": ({"down_sample_scale": 2}, {"img_hr": (3, 32, 128), "img_lr": (3, 16, 64)}),
    "CPPDLabelEncode": (TEXT, {"label": [11, 1, 12, 0, 100], "label_order": [1, 11, 12], "label_node": (63,)}),
    "CTCLabelEncode": (TEXT, {"label": [11, 1, 12, 0], "length": 3}),
    "CTLabelEncode": ({}, {"texts": ["ab"]}),
    "ClsLabelEncode": ({"label_list": ["0", "180"]}, {"label": 0}),
    "ClsResizeImg": (LINE, {"image": (3, 32, 100)}),
    "ColorJitter": ({}, {"image": AS_IT_WAS}),
    "CopyPaste": ({}, {"image": AS_IT_WAS, "polys": (3, 4, 2), "texts": ["ab", "c", "ab"]}),
    "DRRGTargets": ({}, {"gt_text_mask": PER_PIXEL, "gt_top_height_map": PER_PIXEL, "gt_comp_attribs": (600, 8)}),
    "DecodeImage": ({}, {"image": AS_IT_WAS}),
    "DetLabelEncode": ({}, {"polys": (1, 4, 2), "texts": ["ab"], "ignore_tags": [False]}),
    "DetResizeForTest": (PAGE, {"image": (64, 64, 3), "shape": [96, 120, 64 / 96, 64 / 120]}),
    "E2ELabelEncodeTest": (
        {"max_text_length": 3},
        {"polys": (1, 4, 2), "texts": lambda rows: rows.tolist() == [[10, 11, 36]], "ignore_tags": [False]},
    ),
    "E2ELabelEncodeTrain": ({}, {"polys": (1, 4, 2), "texts": ["ab"], "ignore_tags": [False]}),
    "E2EResizeForTest": ({}, {"image": (128, 256, 3), "shape": [96, 120, 128 / 96, 256 / 120]}),
    "EASTProcessTrain": (PAGE, {"image": (3, 64, 64), "score_map": (1, 16, 16), "geo_map": (9, 16, 16)}),
    "EastRandomCropData": (SQUARE, {"image": (64, 64, 3), "texts": ["ab"]}),
    "FCENetTargets": ({}, {"p3_maps": (25, 12, 15), "p4_maps": (25, 6, 7), "p5_maps": (25, 3, 3)}),
    "Fasttext": ({"path": "model.bin"}, {"fast_label": [1.5, 2.5]}),
    "GrayImageChannelFormat": ({}, {"image": (1, 96, 120), "src_image": AS_IT_WAS}),
    "GrayRecResizeImg": ({"image_shape": [100, 32], "resize_type": "PIL"}, {"image": (1, 32, 100)}),
    "GroupRandomCropPadding": ({"target_size": [64, 64]}, {"image": lambda parts: parts[0].shape == (64, 64, 3)}),
    "GroupRandomHorizontalFlip": ({}, {"image": lambda parts: parts[0].shape == AS_IT_WAS}),
    "GroupRandomRotate": ({}, {"image": lambda parts: parts[0].shape == AS_IT_WAS}),
    "KieLabelEncode": (
        {"character_dict_path": str(UTILS / "ic15_dict.txt"), "class_path": str(UTILS / "dict/digits.txt")},
        {"points": (300, 4), "relations": (300, 300, 5), "texts": (300, 300), "labels": (300, 301), "tag": [1, 2]},
    ),
    "KieResize": (
        {"img_scale": [240, 120]},
        {"image": (240, 240, 3), "points": (2, 4), "shape": [120, 150], "ori_image": AS_IT_WAS, "ori_boxes": (2, 4)},
    ),
    "IaaAugment": ({}, {"polys": (2, 4, 2), "image": lambda image: image.ndim == 3}),
    "KeepKeys": ({"keep_keys": ["label", "texts"]}, lambda kept: kept == ["a0b", ["ab", "c"]]),
    "LatexImageFormat": ({}, {"image": (1, 96, 128)}),
    "LatexOCRLabelEncode": (
        {"rec_char_dict_path": tokenizer_file(), "max_seq_len": 5},
        {"label": [1, 4, 30, 5, 2], "attention_mask": [1] * 5},
    ),
    "LatexTestTransform": ({}, {"image": AS_IT_WAS}),
    "LatexTrainTransform": ({}, {"image": AS_IT_WAS}),
    "MakeBorderMap": ({}, {"threshold_map": PER_PIXEL, "threshold_mask": PER_PIXEL}),
    "MakeCentripetalShift": ({}, {"gt_kernel": PER_PIXEL, "gt_distance": (2, 96, 120)}),
    "MakePseGt": ({"size": 96}, {"gt_kernels": (7, 96, 120), "gt_text": PER_PIXEL, "mask": PER_PIXEL}),
    "MakeShrink": ({}, {"image": lambda parts: parts[0].shape == AS_IT_WAS}),
    "MakeShrinkMap": ({}, {"shrink_map": PER_PIXEL, "shrink_mask": PER_PIXEL}),
    "MultiLabelEncode": (
        {**TEXT, "gtc_encode": "NRTRLabelEncode"},
        {"label_ctc": [11, 1, 12, 0], "label_gtc": [2, 14, 4, 15, 3, 0], "length": 3},
    ),
    "MinMaxResize": ({"max_dimensions": [60, 60]}, {"image": (48, 60, 3)}),
    "NRTRLabelEncode": (TEXT, {"label": [2, 14, 4, 15, 3, 0], "length": 3}),
    "NormalizeImage": ({"order": "hwc"}, {"image": lambda image: image.dtype == np.float32 and abs(image).max() < 3}),
    "PGProcessTrain": (
        {**PAGE, "max_text_length": 4, "max_text_nums": 3, "tcl_len": 8},
        {"images": (3, 64, 64), "tcl_maps": (1, 16, 16), "direction_maps": (3, 16, 16), "pos_list": (3, 8, 3),
         "label_list": lambda rows: rows[..., 0].tolist() == [[10, 11, 36, 36], [36] * 4, [36] * 4]},
    ),
    "PRENLabelEncode": (TEXT, {"label": [13, 3, 14, 1, 0]}),
    "PRENResizeImg": ({"image_shape": [32, 100]}, {"image": (3, 32, 100)}),
    "Pad": ({}, {"image": (96, 128, 3)}),
    "PaddingTableImage": ({"size": [100, 130]}, {"image": (100, 130, 3), "shape": [96, 120, 1, 1, 100, 130]}),
    "ParseQLabelEncode": (TEXT, {"label": [37, 11, 1, 12, 0, 38]}),
    "RFLLabelEncode": (TEXT, {"label": [0, 11, 1, 12, 37], "cnt_label": [0, 1]}),
    "RFLRecResizeImg": (GRAY, {"image": (1, 32, 100), "valid_ratio": 0.4}),
    "RandAugment": ({}, {"image": AS_IT_WAS}),
    "RandomCrop": (SQUARE, {"image": (64, 64, 3), "polys": (2, 4, 2)}),
    "RandomCropFlip": ({}, MOVED),
    "RandomCropImgMask": ({"size": [32, 32], "main_key": "gt_text", "crop_keys": ["image"]}, {"image": (32, 32, 3)}),
    "RandomCropPolyInstances": ({}, MOVED),
    "RandomPerspective": ({}, MOVED),
    "RandomRotatePolyInstances": ({}, MOVED),
    "RandomScale": ({"short_size": 96}, {"scale_factor": lambda factor: factor[0] > 0}),
    "RandomScaling": ({"size": 96}, {"polys": (2, 4, 2)}),
    "RecAug": ({}, {"image": lambda image: image.shape[1:] == (120, 3)}),
    "RecConAug": ({}, {"label": "a0b", "image": AS_IT_WAS}),
    "RecResizeImg": (LINE, {"image": (3, 32, 100), "valid_ratio": 0.4}),
    "Resize": (SQUARE, {"image": (64, 64, 3), "polys": (2, 4, 2)}),
    "ResizeTableImage": (
        {"max_len": 60, "resize_bboxes": True},
        {"image": (48, 60, 3), "shape": [96, 120, 0.5, 0.5], "bboxes": lambda boxes: boxes.sum() == 72},
    ),
    "RobustScannerRecResizeImg": ({**SAR, **TEXT}, {"image": (3, 48, 160), "valid_ratio": 60 / 160}),
    "SARLabelEncode": (TEXT, {"label": [37, 10, 0, 11, 37, 38]}),
    "SARRecResizeImg": (SAR, {"image": (3, 48, 160), "valid_ratio": 60 / 160}),
    "SASTProcessTrain": (PAGE, {"image": (3, 64, 64), "score_map": (1, 16, 16), "border_map": (5, 16, 16)}),
    "SATRNLabelEncode": (TEXT, {"label": [37, 10, 0, 11, 37, 38]}),
    "SEEDLabelEncode": (TEXT, {"label": [10, 0, 11, 36, 37], "length": 4}),
    "SPINLabelEncode": (TEXT, {"label": [0, 12, 2, 13, 1, 0]}),
    "SPINRecResizeImg": ({"image_shape": [32, 100], "mean": [127.5], "std": [127.5]}, {"image": (1, 100, 32)}),
    "SRNLabelEncode": (TEXT, {"label": [10, 0, 11, 37, 37]}),
    "SRNRecResizeImg": (GRAY, {"image": (1, 32, 100), "encoder_word_pos": (50, 1)}),
    "SSLRotateResize": (LINE, {"image": (4, 3, 32, 100), "label": [0, 1, 2, 3]}),
    "SVTRRecAug": ({}, {"image": AS_IT_WAS}),
    "SVTRRecResizeImg": (LINE, {"image": (3, 32, 100), "valid_ratio": 0.4}),
    "ScaleAlignedShort": ({"short_size": 96}, {"image": lambda image: min(image.shape[:2]) == 96}),
    "SquareResizePad": ({"target_size": 96}, {"image": (96, 96, 3), "polys": (2, 4, 2)}),
    "TableBoxEncode": (
        {"out_box_format": "xywh"}, {"bboxes": lambda boxes: boxes[0].tolist() == pytest.approx([0.2, 0.5, 0.2, 0.5])}
    ),
    "TableLabelEncode": (
        {"character_dict_path": structure_file(), "max_text_length": 8, "merge_no_span_structure": True},
        {"structure": [0, 1, 7, 3, 4, 5, 6, 2, 8, 0], "bboxes": (10, 4), "bbox_masks": (10, 1), "length": 7},
    ),
    "TableMasterLabelEncode": (
        {"character_dict_path": structure_file(), "max_text_length": 10},
        {"structure": [8, 0, 2, 6, 3, 4, 5, 6, 1, 9], "bboxes": (10, 4), "bbox_masks": (10, 1), "length": 8},
    ),
    "ToCHWImage": ({}, {"image": (3, 96, 120)}),
    "UniMERNetImageFormat": ({}, {"image": (1, 96, 128)}),
    "UniMERNetImgDecode": ({"input_size": [64, 96]}, {"image": (64, 96, 3)}),
    "UniMERNetLabelEncode": (
        {"rec_char_dict_path": tokenizer_file(), "max_seq_len": 5},
        {"label": [0, 4, 30, 5, 2], "attention_mask": [1, 1, 1, 1, 1]},
    ),
    "UniMERNetTestTransform": ({}, {"image": AS_IT_WAS}),
    "UniMERNetTrainTransform": ({}, {"image": AS_IT_WAS}),
    "VLLabelEncode": (TEXT, {"label": [11, 1, 12, 0], "label_res": [11, 1, 0], "label_sub": [12, 0], "label_id": 2}),
    "VLRecResizeImg": (LINE, {"image": (3, 32, 100)}),
    "ViTSTRLabelEncode": (TEXT, {"label": [0, 12, 2, 13, 1, 0]}),
}  # fmt: skip
TABLE = Table(OPERATORS, "OPERATOR_ROWS", OPERATOR_ROWS)


@pytest.fixture(autouse=True)
def fasttext(monkeypatch):
    """Stands in for a package that installs by building it, and a model of some gigabytes."""
    module = types.ModuleType("fasttext")
    module.load_model = lambda path: {"a0b": [1.5, 2.5]}
    monkeypatch.setitem(sys.modules, "fasttext", module)


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


def table():
    shape, bboxes = np.array([96, 120, 1.0, 1.0]), np.array([[12, 24, 36, 72]], np.float32)
    return {"structure": TOKENS, "cells": CELLS, "bboxes": bboxes, "shape": shape}


def sample_for(op, name):
    """Returns a sample with all that an operator may want."""
    sample = {"image": make_image(), "label": "a0b", **detection(), "scale_factor": (1.0, 1.0)}
    sample["ext_data"] = [{"image": make_image(), "label": "c1", **detection()}]
    if "polys" in op.writes and "label" in op.reads:
        items = [{"transcription": "ab", "points": [[1, 1], [9, 1], [9, 5], [1, 5]]}]
        sample["label"] = json.dumps(items)
    if name in ("DecodeImage", "UniMERNetImgDecode"):
        sample["image"] = cv2.imencode(".png", make_image())[1].tobytes()
    if "Table" in name:
        sample.update(table())
    if name == "CANLabelEncode":
        sample["label"] = "a 0 b"
    if name == "KieLabelEncode":
        box = {"transcription": "ab", "points": [[1, 1], [9, 1], [9, 5], [1, 5]], "label": "7"}
        sample["label"] = json.dumps([box])
    sample["points"] = np.array([[1, 2, 9, 8], [3, 4, 50, 60]], np.float32)
    if name == "SRResize":
        sample["image_hr"] = make_image()
    if name == "ClsLabelEncode":
        sample["label"] = "0"
    if name == "RandomCropImgMask":
        sample["gt_text"] = np.ones((96, 120), np.float32)
    if name.startswith("Group") or name == "MakeCentripetalShift":
        sample["image"] = MakeShrink()(dict(sample))["image"]
    return Watched(sample)


def right(value, expected):
    """Tells whether a value is as its row says: a shape, how it begins, all of it, or what a function says."""
    if callable(expected):
        return expected(value)
    if isinstance(expected, tuple):
        return value.shape == expected
    if isinstance(expected, list):
        return list(value)[: len(expected)] == pytest.approx(expected)
    return value == expected


@TABLE.each()
def test_operator_makes_what_its_row_says(entry):
    arguments, expected = TABLE.row(entry)
    op, name = TABLE.build(entry, arguments), entry[1]
    result = first_sample(op, name)
    if callable(expected):
        assert expected(result)
        return
    wrong = {key: result.get(key) for key, value in expected.items() if not right(result.get(key), value)}
    assert wrong == {}


def test_no_row_is_left_over():
    assert TABLE.unused() == set()


def first_sample(op, name):
    """Returns what an operator makes of the first sample that its luck does not reject."""
    for seed in range(20):
        try:
            sample = sample_for(op, name)
            return op(sample, np.random.default_rng(seed)) if op.random else op(sample)
        except Rejected:
            continue
    raise AssertionError(f"{name} rejects every sample")


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


@TABLE.each()
def test_operator_reads_and_writes_what_it_says(entry):
    check(TABLE.build(entry, TABLE.row(entry)[0]), entry[1])


@pytest.mark.parametrize(
    ("name", "settings", "key"),
    [("CPPDLabelEncode", {"ch": True}, "label_index"), ("MultiLabelEncode", {"gtc_encode": None}, "label_sar")],
)
def test_what_is_written_follows_the_settings(name, settings, key):
    arguments, _ = OPERATOR_ROWS[name]
    assert key not in OPERATORS.build({"name": name, **arguments}).writes
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


@TABLE.each()
def test_operator_leaves_what_it_is_given(entry):
    check_frozen(TABLE.build(entry, TABLE.row(entry)[0]), entry[1])


@pytest.mark.parametrize("pair", FUSED)
def test_fused_operators_leave_it_too(pair):
    (op,) = create_operators(pair)
    check_frozen(op, repr(op))
