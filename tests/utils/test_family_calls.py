"""PaddleOCR's calls that save and load a model from Python."""

import numpy as np
import paddle
import pytest

from ppocr.checkpoint.optimizer_state import create_state, exact_weights
from ppocr.errors import CheckpointError
from ppocr.optimizer import build_optimizer
from ppocr.utils.save_load import load_model, save_model

OPTIMIZER = {"name": "Adam", "lr": {"name": "Cosine", "learning_rate": 0.1}}


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = paddle.nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(x)


def make(seed):
    paddle.seed(seed)
    model = Net()
    return model, *build_optimizer(OPTIMIZER, 4, 5, model)


def train(model, optimizer, schedule, steps):
    for _ in range(steps):
        (model(paddle.ones([2, 3])) ** 2).mean().backward()
        optimizer.step()
        optimizer.clear_grad()
        schedule.step()


def weights(model):
    return model.fc.weight.numpy().copy()


@pytest.fixture
def saved(tmp_path):
    """A model after three steps, saved, and its weights after two more."""
    model, optimizer, schedule = make(1)
    train(model, optimizer, schedule, 3)
    save_model(model, optimizer, str(tmp_path / "out"), None, {}, is_best=True, prefix="latest", epoch=2, global_step=3,
               best_model_dict={"acc": 0.5})  # fmt: skip
    at_save = weights(model)
    train(model, optimizer, schedule, 2)
    return str(tmp_path / "out/latest"), at_save, weights(model)


def test_training_goes_on_where_it_was_saved(saved):
    prefix, _, later = saved
    model, optimizer, schedule = make(2)
    found = load_model({"Global": {"checkpoints": prefix}}, model, optimizer, "rec")
    assert found == {"acc": 0.5, "start_epoch": 3} and schedule.last_epoch == 3
    train(model, optimizer, schedule, 2)
    np.testing.assert_array_equal(weights(model), later)


def test_weights_of_half_precision_follow_their_master_weights(tmp_path):
    models = []
    for seed in (1, 2):
        paddle.seed(seed)
        model = Net()
        model.to(dtype="bfloat16")
        optimizer = paddle.optimizer.Adam(parameters=model.parameters(), multi_precision=True)
        create_state(optimizer)
        models.append((model, optimizer))
    (source, saved), (target, optimizer) = models
    save_model(source, saved, str(tmp_path), prefix="latest")
    load_model({"Global": {"checkpoints": str(tmp_path / "latest")}}, target, optimizer)
    rounded, exact = [model.fc.weight for model, _ in models], [exact_weights(*pair)["fc.weight"] for pair in models]
    for pair in (rounded, exact):
        np.testing.assert_array_equal(*(weight.astype("float32").numpy() for weight in pair))


@pytest.mark.parametrize("key", ["checkpoints", "pretrained_model"])
def test_weights_alone(saved, key):
    prefix, at_save, _ = saved
    model = Net()
    found = load_model({"Global": {key: prefix}}, model)
    np.testing.assert_array_equal(weights(model), at_save)
    assert found == ({"acc": 0.5, "start_epoch": 3} if key == "checkpoints" else {})


def test_without_anything_to_load_nothing_happens():
    model = Net()
    before = weights(model)
    assert load_model({"Global": {}}, model) == {}
    np.testing.assert_array_equal(weights(model), before)


def test_what_does_not_fit_is_one_line(saved):
    with pytest.raises(CheckpointError, match="2 of 2 weights are missing or of another shape, first weight"):
        load_model({"Global": {"checkpoints": saved[0]}}, paddle.nn.Linear(3, 4))
