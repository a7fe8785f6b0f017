"""Tiny models with random weights, as a training leaves them behind, and images for them to read."""

from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest

from ppocr import config as configuration
from ppocr.config import load, override
from ppocr.data.rendering import FontSet
from ppocr.engine.preparation import resolve
from ppocr.modeling.architectures import build_model
from ppocr.utils.save_load import save_model

ROOT = Path(__file__).resolve().parents[2]
NARROW = ["Global.device=cpu", "Architecture.Backbone.channels=[4, 4, 4, 4, 8]"]
DECODE = "{DecodeImage: {img_mode: BGR, channel_first: false}}"
NORMALIZE = "{NormalizeImage: {order: hwc}}"
TRANSFORMS = {
    "rec": f"[{DECODE}, {{CTCLabelEncode: }}, {{RecResizeImg: {{image_shape: [3, 32, 64]}}}}, "
    "{KeepKeys: {keep_keys: [image, label, length]}}]",
    "cls": f"[{DECODE}, {{ClsLabelEncode: }}, {{ClsResizeImg: {{image_shape: [3, 32, 64]}}}}, "
    "{KeepKeys: {keep_keys: [image, label]}}]",
    "det": f"[{DECODE}, {{DetLabelEncode: }}, {{DetResizeForTest: {{limit_side_len: 64, limit_type: min}}}}, "
    f"{NORMALIZE}, {{ToCHWImage: }}, {{KeepKeys: {{keep_keys: [image, shape, polys, ignore_tags]}}}}]",
}
OVERRIDES = {
    "rec": NARROW,
    "cls": NARROW,
    # thresholds at which maps of these weights fall into a few dozen boxes
    "det": [
        "Global.device=cpu",
        "Architecture.Neck.out_channels=16",
        "PostProcess.thresh=0.61",
        "PostProcess.use_dilation=true",
        "PostProcess.box_thresh=0",
    ],
}


def file_set(task, folder):
    section = {"name": "SimpleDataSet", "data_dir": str(folder), "label_file_list": [str(folder / "label.txt")]}
    return [
        f"Eval.dataset={section}",
        f"Eval.dataset.transforms={TRANSFORMS[task]}",
        "Eval.loader.batch_size_per_card=2",
    ]


@pytest.fixture
def trained(tmp_path):
    """``trained(task, *overrides)`` -> folder with ``config.yml`` and random weights ``best_accuracy``.

    Its evaluation set is the label file ``label.txt`` in ``tmp_path``.
    """

    def make(task, *overrides):
        merged = load(ROOT / f"configs/quickstart/{task}.yml")
        merged = override(merged, [*OVERRIDES[task], *file_set(task, tmp_path), *overrides])
        folder = tmp_path / f"trained_{task}"
        folder.mkdir(exist_ok=True)
        (folder / "config.yml").write_text(configuration.snapshot(merged), encoding="utf-8")
        paddle.seed(3)
        model = build_model(resolve(merged)["Architecture"])
        weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
        save_model(folder / "best_accuracy", {".pdparams": weights})
        return folder

    return make


@pytest.fixture
def word():
    """``word(text, width)`` -> uint8 BGR image 32 pixels high with the text on it, a different ground each time."""
    fonts = FontSet("abcdefghijklmnopqrstuvwxyz0123456789")

    def draw(text, width=90):
        ground = np.random.default_rng(len(text) + width).integers(150, 255, (4, 4, 3)).astype(np.uint8)
        image = cv2.resize(ground, (width, 32))
        strip = cv2.resize(fonts.strip(text, 0)[0], (width - 8, 20))
        image[6:26, 4 : width - 4][strip > 128] = 20
        return image

    return draw
