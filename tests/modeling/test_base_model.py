"""The chain of parts: channels, feeds, outputs, and the errors of a wrong Architecture section."""

import copy

import numpy as np
import paddle
import pytest

from ppocr.data.batch import Batch
from ppocr.engine.forward import call_model
from ppocr.errors import ConfigError
from ppocr.modeling.architectures import build_model
from ppocr.registry import BACKBONES, HEADS, NECKS, TRANSFORMS

CRNN = {
    "model_type": "rec",
    "algorithm": "CRNN",
    "Transform": None,
    "Backbone": {"name": "MobileNetV3", "model_name": "small", "small_stride": [1, 2, 2, 2], "scale": 0.35},
    "Neck": {"name": "SequenceEncoder", "encoder_type": "rnn", "hidden_size": 4},
    "Head": {"name": "CTCHead", "out_channels": 5},
}


class Plus(paddle.nn.Layer):
    """Adds a constant and gives twice as many channels as it is said to get."""

    def __init__(self, in_channels: int, value: float):
        super().__init__()
        self.value = value
        self.out_channels = 2 * in_channels
        self.in_channels = in_channels

    def forward(self, x):
        return x + self.value


class WithTargets(Plus):
    """Adds its target as well."""

    feed = ("label",)
    model_average = True

    def forward(self, x, targets):
        return x + self.value + (targets[0] if targets else 0)


class Two(Plus):
    """Adds up two inputs."""

    inputs = ("left", "right")

    def forward(self, inputs):
        return sum(inputs) + self.value


class Ratio(Plus):
    """Multiplies."""

    feed = ("valid_ratio", ("label_gtc", "label"))

    def forward(self, x, targets):
        ratio, label = targets
        return x * ratio + label


class Words(Plus):
    """Says what it is fed in words of its own."""

    feed = "image+targets"


class OneWord(Plus):
    """Names its input without a tuple."""

    inputs = "image"


class AsDict(Plus):
    """Names its output, and the neck of a branch if it is said to have one."""

    def forward(self, x):
        return {"ctc": x + self.value, "ctc_neck": x} if self.value > 0 else {"maps": x + self.value}


@pytest.fixture(autouse=True)
def toy_parts(monkeypatch):
    for registry in (TRANSFORMS, BACKBONES, NECKS, HEADS):
        registry.names()  # loads the package, so that only the toys are taken away again
        for part in (Plus, WithTargets, Two, Ratio, Words, OneWord, AsDict):
            monkeypatch.setitem(registry._entries, ("*", part.__name__), part)


def chain(more=None, **parts):
    names = {name: {"name": kind, "value": value} for name, (kind, value) in parts.items()}
    return build_model({"model_type": "rec", **names, **(more or {})})


def test_crnn_end_to_end():
    model = build_model(CRNN)
    assert model(paddle.rand([2, 3, 32, 64])).shape == [2, 16, 5]
    model.eval()
    np.testing.assert_allclose(model(paddle.rand([2, 3, 32, 64])).sum(axis=2).numpy(), np.ones([2, 16]), rtol=1e-5)
    assert model.transform is None and model.feed == () and model.model_average is False
    assert {name.split(".")[0] for name in model.state_dict()} == {"backbone", "neck", "head"}


def test_the_section_stays_as_it_is():
    config = copy.deepcopy(CRNN)
    build_model(config)
    assert config == CRNN


def test_channels_go_from_part_to_part():
    parts = {name: ("Plus", 1.0) for name in ("Transform", "Backbone", "Neck", "Head")}
    model = chain({"in_channels": 4}, **parts)
    channels = [getattr(model, name).in_channels for name in ("transform", "backbone", "neck", "head")]
    assert channels == [4, 8, 16, 32]
    assert float(model(paddle.zeros([]))) == 4.0


def test_targets_reach_the_parts_that_ask_for_them():
    model = chain(Backbone=("Plus", 1.0), Head=("WithTargets", 2.0))
    assert model.feed == ("label",) and model.model_average is True
    assert float(model(paddle.zeros([]), data=[paddle.to_tensor(10.0)])) == 13.0
    assert float(model(paddle.zeros([]))) == 3.0


def test_a_model_declares_the_inputs_and_the_feeds_of_its_parts():
    model = chain(Backbone=("Two", 1.0), Neck=("WithTargets", 2.0), Head=("Ratio", 0.0))
    assert model.inputs == ("left", "right") and model.feed == ("label", "valid_ratio", ("label_gtc", "label"))
    batch = Batch(
        [paddle.to_tensor(value) for value in (3.0, 5.0, 0.5, 1.0)], names=("label", "right", "valid_ratio", "left")
    )
    assert float(call_model(model, batch)) == 9.0  # (1 + 5 + 1 + 2 + 3) * 0.5 + 3


def test_a_part_names_the_fields_that_it_is_fed():
    with pytest.raises(ConfigError, match="Words.feed must be a tuple of the names .* not 'image.targets'"):
        chain(Head=("Words", 1.0))
    with pytest.raises(ConfigError, match="OneWord.inputs must be a tuple of the names .* not 'image'"):
        chain(Backbone=("OneWord", 1.0))


def test_the_first_part_says_what_is_read_even_if_a_later_one_would_read_more():
    model = chain(Backbone=("Plus", 1.0), Head=("Two", 1.0))
    assert model.inputs == ("image",)


def test_all_features_in_training_the_last_alone_in_evaluation():
    parts = {"Transform": ("Plus", 1.0), "Backbone": ("Plus", 1.0), "Head": ("Plus", 1.0)}
    model = chain({"return_all_feats": True}, **parts)
    x = paddle.zeros([])
    assert {k: float(v) for k, v in model(x).items()} == {"backbone_out": 2.0, "head_out": 3.0}
    model.eval()
    assert {k: float(v) for k, v in model(x).items()} == {"head_out": 3.0}


def test_a_dict_of_a_part_is_merged_or_kept_with_its_neck():
    x = paddle.zeros([])
    merged = chain({"return_all_feats": True}, Backbone=("Plus", 1.0), Head=("AsDict", -1.0))
    assert {k: float(v) for k, v in merged(x).items()} == {"backbone_out": 1.0, "maps": 0.0}
    branched = chain({"return_all_feats": True}, Backbone=("Plus", 1.0), Head=("AsDict", 1.0))(x)
    assert float(branched["neck_out"]) == 1.0 and float(branched["head_out"]["ctc"]) == 2.0


@pytest.mark.parametrize(
    "change, message",
    [
        ({"Backbnoe": {"name": "ResNet"}}, "no key 'Backbnoe' .did you mean 'Backbone'"),
        ({"Head": {"name": "CTCHed"}}, "unknown head 'CTCHed' .did you mean 'CTCHead'"),
        ({"Backbone": {"name": "ResNet_vd"}}, "unknown backbone 'ResNet_vd'.*it exists for det"),
        ({"Head": {"name": "CTCHead"}}, "needs the key 'out_channels'"),
        ({"Backbone": None, "Neck": None, "Head": None}, "name at least one"),
        ({"name": "BaseModle"}, "unknown architecture 'BaseModle' .did you mean 'BaseModel'"),
    ],
)
def test_a_wrong_section_is_one_line(change, message):
    with pytest.raises(ConfigError, match=message) as error:
        build_model({**CRNN, **change})
    assert "\n" not in str(error.value)


def test_images_of_another_number_of_channels_are_refused_in_one_line():
    """Before a kernel meets them, whose message says nothing of a configuration."""
    model = build_model({**CRNN, "in_channels": 1})
    with pytest.raises(ConfigError, match="in_channels: the model reads images of 1 channels, the data gives 3: set"):
        model(paddle.zeros([1, 3, 32, 64]))
    assert model(paddle.zeros([1, 1, 32, 64])).shape[0] == 1
