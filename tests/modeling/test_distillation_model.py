"""Several networks side by side: outputs, weights of their own, freezing, validation."""

import numpy as np
import paddle
import pytest
from paddle import nn

from ppocr.checkpoint.safe_pickle import dump
from ppocr.config import validate
from ppocr.errors import CheckpointError, ConfigError
from ppocr.modeling.architectures import build_model
from ppocr.registry import BACKBONES


def network(**config):
    backbone = {"name": "MobileNetV3", "scale": 0.5, "model_name": "small"}
    return {"model_type": "cls", "Backbone": backbone, "Head": {"name": "ClsHead", "class_dim": 3}, **config}


def build(**models):
    return build_model({"name": "DistillationModel", "model_type": "cls", "Models": models})


def test_every_network_sees_the_image():
    model, x = build(Teacher=network(return_all_feats=True), Student=network()), paddle.rand([2, 3, 48, 32])
    model.eval()
    out = model(x)
    assert list(out) == ["Teacher", "Student"]
    np.testing.assert_array_equal(out["Student"].numpy(), model.Student(x).numpy())
    np.testing.assert_array_equal(out["Teacher"]["head_out"].numpy(), model.Teacher(x).get("head_out").numpy())
    assert model.feed == () and model.inputs == ("image",) and not model.model_average
    assert "Student.backbone.conv1.conv.weight" in model.state_dict()


def test_model_type_is_inherited():
    section = network()
    del section["model_type"]
    assert "Student.head.fc.weight" in build(Student=section).state_dict()


def test_frozen_networks_stay_as_they_are():
    model = build(Teacher=network(freeze_params=True), Student=network(freeze_params=False))
    model.train()
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    parameters = [p for p in model.parameters() if not p.stop_gradient]
    optimizer = paddle.optimizer.SGD(0.1, parameters=parameters)
    out = model(paddle.rand([4, 3, 48, 32]))
    (out["Student"] - out["Teacher"]).square().sum().backward()
    optimizer.step()
    changed = {name for name, value in model.state_dict().items() if (value.numpy() != before[name]).any()}
    assert not any(name.startswith("Teacher") for name in changed)
    assert {"Student.head.fc.weight", "Student.backbone.conv1.bn._mean"} <= changed
    assert all(p.stop_gradient for p in model.Teacher.parameters())


def test_frozen_networks_normalise_by_the_batch():
    model = build(Teacher=network(freeze_params=True))
    norm = next(layer for layer in model.sublayers() if isinstance(layer, nn.BatchNorm2D))
    x = 5 + 3 * paddle.randn([8, norm.weight.shape[0], 4, 4])
    np.testing.assert_allclose(norm(x).numpy().mean(axis=(0, 2, 3)), 0.0, atol=1e-4)


class Pair(nn.Layer):
    """Two images one upon the other."""

    inputs = ("left", "right")
    out_channels = 3

    def forward(self, images):
        return sum(images)


def test_networks_that_read_different_fields_are_refused(monkeypatch):
    BACKBONES.names()  # loads the package, so that only this one is taken away again
    monkeypatch.setitem(BACKBONES._entries, ("*", "Pair"), Pair)
    two = network(Backbone={"name": "Pair"})
    assert build(Teacher=two, Student=two).inputs == ("left", "right")
    words = "must read the same fields .inputs.; now Teacher image, Student left and right"
    with pytest.raises(ConfigError, match=words):
        build(Teacher=network(), Student=two)


def test_each_network_loads_its_own_file(tmp_path):
    weights = {name: np.full(v.shape, 0.5, "float32") for name, v in build(A=network()).A.state_dict().items()}
    with open(tmp_path / "teacher.pdparams", "wb") as file:
        dump(weights, file)
    model = build(Teacher=network(pretrained=str(tmp_path / "teacher")), Student=network(pretrained=None))
    assert all((value.numpy() == 0.5).all() for value in model.Teacher.state_dict().values())
    assert not (model.Student.head.fc.weight.numpy() == 0.5).all()


@pytest.mark.parametrize(
    "path, message",
    [
        ("/nowhere/teacher", "/nowhere/teacher.pdparams"),
        ("https://host/teacher.pdparams", "download the file and give its path"),
    ],
)
def test_a_file_that_is_not_there_is_one_line(path, message):
    with pytest.raises(CheckpointError, match=message) as error:
        build(Teacher=network(pretrained=path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "models, message",
    [
        ({}, "'Models' must be a mapping that is not empty"),
        ({"Student": "big"}, r"'Models\[Student\]' must be a mapping, not 'big'"),
        ({"Student": network(freeze=True)}, "'DistillationNetwork' has no key 'freeze' .did you mean 'freeze_params'"),
        ({"Student": {"model_type": "cls"}}, "none of Transform, Backbone, Neck, Head"),
    ],
)
def test_what_does_not_fit_is_one_line(models, message):
    with pytest.raises(ConfigError, match=message) as error:
        build(**models)
    assert "\n" not in str(error.value)


def test_validation_reaches_every_part():
    section = network()
    del section["model_type"]
    model = {"name": "DistillationModel", "model_type": "cls", "Models": {"Student": section, "Teacher": network()}}
    assert architecture_problems(model) == []
    section["Backbone"] = {**section["Backbone"], "scale": -1}
    model["Models"]["Teacher"]["Head"] = 5
    assert architecture_problems(model) == [
        "Models.Student.Backbone.scale: 'scale' must be a number from 0.1 to 4, not -1",
        "Models.Teacher.Head: 'Head' must be a mapping, not 5",
    ]
    assert architecture_problems({**model, "Models": 5}) == [
        "Models: 'Models' must be a mapping that is not empty, not 5"
    ]


def architecture_problems(section):
    found = [problem for problem in validate({"Architecture": section}) if problem.path[0] == "Architecture"]
    return [str(problem).removeprefix("Architecture.") for problem in found]
