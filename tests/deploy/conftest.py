"""Tiny configurations with random weights, and their export."""

import copy

import paddle
import pytest

from ppocr.config import Config
from ppocr.engine.preparation import resolve
from ppocr.modeling.architectures import build_model

IMAGES = {"name": "SyntheticTextDataSet", "length": 3, "fonts": ["DejaVuSans.ttf"]}
LINE = {"RecResizeImg": {"image_shape": [3, 32, 64]}}
CTC = {"name": "CTCLabelDecode"}
RNN = {"name": "SequenceEncoder", "encoder_type": "rnn", "hidden_size": 8}
GUIDED = {
    "name": "MultiHead",
    "head_list": [
        {"CTCHead": {"Neck": {"name": "svtr", "dims": 16, "depth": 1, "hidden_dims": 16, "use_guide": True}}},
        {"NRTRHead": {"nrtr_dim": 32, "max_text_length": 6, "num_decoder_layers": 1}},
    ],
}
MODELS = {
    "plain": {
        "Backbone": {"name": "VGG", "channels": [4, 4, 4, 4, 8]},
        "Neck": {"name": "SequenceEncoder", "encoder_type": "reshape"},
        "Head": {"name": "CTCHead"},
    },
    "crnn": {"Backbone": {"name": "MobileNetV3", "scale": 0.35}, "Neck": RNN, "Head": {"name": "CTCHead"}},
    "guided": {"Backbone": {"name": "PPLCNetV3", "scale": 0.25}, "Head": GUIDED},
    "fixed": {
        "Backbone": {
            "name": "SVTRNet",
            "img_size": [32, 64],
            "embed_dim": [8, 16, 16],
            "depth": [1, 1, 1],
            "num_heads": [1, 2, 2],
            "mixer": ["Local", "Global", "Global"],
            "out_channels": 16,
            "out_char_num": 8,
        },
        "Neck": {"name": "SequenceEncoder", "encoder_type": "reshape"},
        "Head": {"name": "CTCHead"},
    },
}


def recognition(architecture, post_process=CTC, resize=LINE):
    transforms = [{"CTCLabelEncode": None}, resize, {"KeepKeys": {"keep_keys": ["image", "label", "length"]}}]
    return {
        "Global": {"character_dict_path": None, "device": "cpu"},
        "Architecture": {"model_type": "rec", **architecture},
        "PostProcess": post_process,
        "Eval": {"dataset": {**IMAGES, "transforms": transforms}, "loader": {"batch_size_per_card": 1}},
    }


def detection():
    transforms = [
        {"DetLabelEncode": None},
        {"DetResizeForTest": {"image_shape": [64, 64]}},
        {"NormalizeImage": {"scale": "1./255.", "order": "hwc"}},
        {"ToCHWImage": None},
        {"KeepKeys": {"keep_keys": ["image", "shape", "polys", "ignore_tags"]}},
    ]
    return {
        "Global": {"device": "cpu"},
        "Architecture": {
            "model_type": "det",
            "Backbone": {"name": "MobileNetV3", "scale": 0.35, "model_name": "small", "disable_se": True},
            "Neck": {"name": "DBFPN", "out_channels": 16},
            "Head": {"name": "DBHead"},
        },
        "PostProcess": {"name": "DBPostProcess", "thresh": 0.5, "box_thresh": 0.3},
        "Eval": {
            "dataset": {
                "name": "SyntheticDocDataSet",
                "length": 3,
                "image_size": [96, 128],
                "fonts": ["DejaVuSans.ttf"],
                "transforms": transforms,
            },
            "loader": {"batch_size_per_card": 1},
        },
    }


def classification():
    return {
        "Global": {"device": "cpu", "label_list": ["0", "180"]},
        "Architecture": {
            "model_type": "cls",
            "Backbone": {"name": "MobileNetV3", "scale": 0.35},
            "Head": {"name": "ClsHead", "class_dim": 2},
        },
        "PostProcess": {"name": "ClsPostProcess"},
        "Eval": {
            "dataset": {
                **IMAGES,
                "transforms": [
                    {"ClsLabelEncode": {"label_list": ["0", "180"]}},
                    {"ClsResizeImg": {"image_shape": [3, 32, 64]}},
                    {"KeepKeys": {"keep_keys": ["image", "label"]}},
                ],
            },
            "loader": {"batch_size_per_card": 1},
        },
    }


def distillation():
    student = {"return_all_feats": True, **copy.deepcopy(MODELS["plain"])}
    post_process = {"name": "DistillationCTCLabelDecode", "model_name": ["Student"], "key": "head_out"}
    models = {"Student": student, "Teacher": copy.deepcopy(student)}
    return recognition({"name": "DistillationModel", "Models": models}, post_process)


def semantic():
    """SRN, whose backbone has one size only."""
    head = {"name": "SRNHead", "max_text_length": 5, "num_encoder_TUs": 1, "num_decoder_TUs": 1, "hidden_dims": 512}
    architecture = {"Backbone": {"name": "ResNetFPN"}, "Head": head, "in_channels": 1}
    resize = {"SRNRecResizeImg": {"image_shape": [1, 64, 256], "num_heads": 8, "max_text_length": 5}}
    return recognition(architecture, {"name": "SRNLabelDecode", "max_text_length": 5}, resize)


@pytest.fixture
def tiny(tmp_path):
    """``tiny(kind) -> (resolved configuration, weights)`` of a model with random weights."""
    makers = {"det": detection, "cls": classification, "distilled": distillation, "srn": semantic}

    def make(kind, **Global):
        config = copy.deepcopy(makers[kind]() if kind in makers else recognition(MODELS[kind]))
        config["Global"].update(Global)
        config = resolve(Config(config))
        paddle.seed(5)
        model = build_model(config["Architecture"])
        shake(model)
        paddle.save(model.state_dict(), str(tmp_path / f"{kind}.pdparams"))
        return config, tmp_path / kind

    return make


def shake(model):
    """Draws statistics of batch normalisations, so that they are seen, and spreads the scores of the classes."""
    for name, tensor in model.state_dict().items():
        if name.endswith("_mean"):
            tensor.set_value(0.1 * paddle.randn(tensor.shape))
        elif name.endswith("_variance"):
            tensor.set_value(paddle.uniform(tensor.shape, min=0.5, max=1.5))
        elif name.endswith("fc.weight"):
            tensor.set_value(paddle.randn(tensor.shape))
