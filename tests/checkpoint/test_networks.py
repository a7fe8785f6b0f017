"""What the networks of a model that has several start from."""

import pytest

from ppocr.checkpoint.networks import network_warnings
from ppocr.errors import CheckpointError
from ppocr.modeling.architectures import build_model
from ppocr.utils.save_load import save_model

FACTS = {"classes": ["0", "180"]}


def network(**config):
    backbone = {"name": "VGG", "channels": [2, 2, 2, 2, 2]}
    return {"model_type": "cls", "Backbone": backbone, "Head": {"name": "ClsHead", "class_dim": 2}, **config}


def build(teacher):
    models = {"Teacher": network(**teacher), "Student": network()}
    return build_model({"name": "DistillationModel", "model_type": "cls", "Models": models})


@pytest.fixture
def teacher(tmp_path):
    """``teacher(classes)`` -> prefix of weights that were trained for them; None: that do not say so."""
    weights = {name: tensor.numpy() for name, tensor in build({}).Teacher.state_dict().items()}

    def make(classes=None, leave_out=()):
        given = {name: value for name, value in weights.items() if name not in leave_out}
        facts = {".train_state": {"run": {"classes": classes}}} if classes else {}
        save_model(tmp_path / "teacher", {".pdparams": given, **facts})
        return str(tmp_path / "teacher")

    return make


def test_a_frozen_network_with_random_weights_is_said():
    model = build({"freeze_params": True})
    (line,) = network_warnings(model, FACTS, ["Student.head.fc.bias"])
    assert line.startswith("Architecture.Models.Teacher: is frozen with random weights, so it teaches nothing")
    assert not network_warnings(model, FACTS, ["Teacher.head.fc.bias"]) and not network_warnings(build({}), FACTS)


def test_a_frozen_network_that_its_file_fills_in_part_is_said(teacher):
    path = teacher(leave_out=["head.fc.bias"])
    (line,) = network_warnings(build({"freeze_params": True, "pretrained": path}), FACTS)
    assert f"is frozen, and {path} does not give all of its weights" in line and "1 missing: head.fc.bias" in line


@pytest.mark.parametrize("classes", [None, ["0", "180"]])
def test_a_frozen_network_with_weights_for_the_same_outputs_is_right(teacher, classes):
    assert not network_warnings(build({"freeze_params": True, "pretrained": teacher(classes)}), FACTS)


def test_a_frozen_network_for_other_outputs_is_refused_and_one_that_learns_is_said(teacher):
    path = teacher(["180", "0"])
    with pytest.raises(CheckpointError, match="teacher: was trained with another label_list .*class 0 was '180', now"):
        network_warnings(build({"freeze_params": True, "pretrained": path}), FACTS)
    (line,) = network_warnings(build({"pretrained": path}), FACTS)
    assert "was trained with another label_list" in line and "nothing is carried over here" in line


def test_a_model_of_one_network_has_nothing_to_say():
    assert network_warnings(build({}).Teacher, FACTS) == []
