"""Training through a static graph gives the numbers of training without one."""

from pathlib import Path

import numpy as np
import paddle
import pytest

from ppocr.config import load, override
from ppocr.data import build_dataloader
from ppocr.engine.build import build_evaluation, build_stepper
from ppocr.engine.freezing import set_training_mode
from ppocr.engine.preparation import resolve
from ppocr.engine.static_graph import use_static_graph, without_static_graph
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.errors import ConfigError
from ppocr.modeling.architectures import build_model
from ppocr.modeling.heads.rec_ctc_head import CTCHead
from ppocr.options import global_options

CONFIGS = Path(__file__).resolve().parents[2] / "configs/quickstart"
CRNN = [
    "Architecture.Backbone.channels=[4, 4, 4, 4, 8]",
    "Architecture.Neck={name: SequenceEncoder, encoder_type: rnn, hidden_size: 8}",
    "Optimizer.freeze=['backbone.layers.0.*']",
    "Global.cal_loss_during_eval=true",
    "Eval.dataset.length=5",
    "Eval.loader.batch_size_per_card=2",
]
DB = ["Train.dataset.image_size=[64, 64]", "Train.dataset.transforms.2.EastRandomCropData.size=[64, 64]"]


CALLS = []


class Counting(paddle.nn.Layer):
    """Notes when its own code runs, as Python does."""

    def forward(self, x):
        CALLS.append("forward")
        return x * 2


def steps_of(name, options, static, count=3):
    """Losses of a few steps on batches of different sizes, and the stepper."""
    options = ["Global.device=cpu", "Train.loader={batch_size_per_card: 2, num_workers: 0}", *options]
    config = resolve(override(load(CONFIGS / f"{name}.yml"), options))
    options = global_options(config)
    paddle.seed(3)
    stepper = build_stepper(config, options, TrainSchedule.from_options(options, 100, evaluates=False), "cpu")
    if static:
        use_static_graph(stepper.model, options.d2s_train_image_shape)
    set_training_mode(stepper.model)
    batches = iter(build_dataloader(config, "Train", "cpu", None, 1))
    losses = []
    for step in range(count):
        batch = [field[: 1 + step % 2] for field in next(batches)]
        losses.append(stepper([batch], step)[1]["loss"].item())
    return losses, stepper, config


def values(stepper):
    return {name: tensor.numpy() for name, tensor in stepper.model.state_dict().items()}


def assert_same_training(plain, static):
    np.testing.assert_allclose(static[0], plain[0], rtol=1e-5)
    expected, found = values(plain[1]), values(static[1])
    assert list(found) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("shape", ["null", "[3, 32, -1]"])
def test_a_recogniser(shape):
    plain = steps_of("rec", CRNN, static=False)
    static = steps_of("rec", [*CRNN, f"Global.d2s_train_image_shape={shape}"], static=True)
    assert_same_training(plain, static)
    before = values(static[1])
    metrics = []
    for _, stepper, config in (plain, static):
        evaluation = build_evaluation(config, global_options(config), stepper.amp, "cpu", None)
        metrics.append({name: value for name, value in evaluation(stepper.model).items() if name != "fps"})
    assert metrics[0].keys() == {"acc", "norm_edit_dis", "loss"}
    assert metrics[1] == pytest.approx(metrics[0], rel=1e-4)
    for name, value in values(static[1]).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    assert static[1].model.training and not static[1].model.backbone.layers[0].bn.training


def test_a_detector():
    plain = steps_of("det", DB, static=False)
    assert_same_training(plain, steps_of("det", [*DB, "Global.d2s_train_image_shape=[3, 64, 64]"], static=True))


def test_outside_of_training_a_model_runs_as_it_is_written():
    model = Counting()
    use_static_graph(model)
    for _ in range(3):
        assert model(paddle.ones([2])).tolist() == [2.0, 2.0]
    translated = CALLS.count("forward")
    with without_static_graph():
        for _ in range(3):
            assert model(paddle.ones([2])).tolist() == [2.0, 2.0]
    assert CALLS.count("forward") == translated + 3
    model(paddle.ones([2]))
    assert CALLS.count("forward") == translated + 3


@pytest.mark.parametrize("shape", [[32, 100], ["a", 1, 2]])
def test_a_shape_that_is_none_is_refused(shape):
    with pytest.raises(ConfigError, match="d2s_train_image_shape"):
        use_static_graph(paddle.nn.Linear(1, 1), shape)


def test_a_model_that_has_no_such_graph_says_why():
    head = {"name": "CTCHead", "out_channels": 5}
    config = {"model_type": "rec", "Backbone": {"name": "ShallowCNN", "hidden_dim": 4}, "Head": head}
    with (
        pytest.MonkeyPatch.context() as patched,
        pytest.raises(ConfigError, match="Global.to_static: lists on the host"),
    ):
        patched.setattr(CTCHead, "static_obstacle", "lists on the host", raising=False)
        use_static_graph(build_model({"name": "BaseModel", **config}))
