"""Learning rates by training stage, as a model declares them, and parameters without decay."""

import numpy as np
import paddle
import pytest

from ppocr.errors import ConfigError
from ppocr.modeling.heads.rec_visionlan_head import VLHead
from ppocr.optimizer import build_optimizer
from ppocr.optimizer.param_groups import scale_rates, stage_factors, trainable_parameters, without_decay
from ppocr.registry import OPTIMIZERS

VISUAL = "backbone"
RECOGNISER = ("head.MLM_VRM.SequenceModeling", "head.MLM_VRM.Prediction.pp", "head.MLM_VRM.Prediction.w_vrm")
MASK = ("head.MLM_VRM.MLM.we", "head.MLM_VRM.Prediction.pp_share", "head.MLM_VRM.Prediction.w_share")


def nested_model(names):
    """A layer with a bias-free 1 x 1 ``Linear`` of weight 1 under each dotted name."""
    root = paddle.nn.Layer()
    for name in names:
        *folders, last = name.split(".")
        place = root
        for folder in folders:
            if not hasattr(place, folder):
                setattr(place, folder, paddle.nn.Layer())
            place = getattr(place, folder)
        ones = paddle.ParamAttr(initializer=paddle.nn.initializer.Constant(1.0))
        setattr(place, last, paddle.nn.Linear(1, 1, ones, bias_attr=False))
    return root


def moved(training_step):
    """Trains one step of Adam, which moves every weight by its rate, and returns how far each went."""
    model = nested_model([VISUAL, *RECOGNISER, *MASK])
    model.head.learning_rate_scales = VLHead.learning_rate_scales
    config = {"name": "Adam", "lr": {"learning_rate": 0.1}, "group_lr": True, "training_step": training_step}
    optimizer, rate = build_optimizer(config, 1, 1, model)
    assert rate == 0.1
    sum(p.sum() for p in model.parameters()).backward()
    optimizer.step()
    return {n[: -len(".weight")]: round(1 - float(p.numpy().item()), 5) for n, p in model.named_parameters()}


def test_lf_1_trains_the_recogniser_alone():
    assert moved("LF_1") == {**dict.fromkeys([VISUAL, *RECOGNISER], 0.1), **dict.fromkeys(MASK, 0.0)}


def test_lf_2_trains_the_mask_branch_and_the_rest_slowly():
    assert moved("LF_2") == {**dict.fromkeys([VISUAL, *RECOGNISER], 0.01), **dict.fromkeys(MASK, 0.1)}


def test_la_trains_everything_at_one_rate():
    assert moved("LA") == dict.fromkeys([VISUAL, *RECOGNISER, *MASK], 0.1)


def test_training_step_alone_changes_nothing():
    assert OPTIMIZERS.build({"name": "Adam", "training_step": "LF_2"}).stage is None
    with pytest.raises(ConfigError, match="'group_lr' needs 'training_step'"):
        OPTIMIZERS.build({"name": "Adam", "group_lr": True})
    with pytest.raises(ConfigError, match="must be one of LF_1, LF_2, LA"):
        OPTIMIZERS.build({"name": "Adam", "group_lr": True, "training_step": "LF_3"})


def test_a_model_without_stages_is_refused():
    config = {"name": "Adam", "lr": {"learning_rate": 0.1}, "group_lr": True, "training_step": "LF_2"}
    with pytest.raises(ConfigError, match="the model declares no learning rates for stage LF_2"):
        build_optimizer(config, 1, 1, paddle.nn.Linear(1, 1))


def test_a_stage_in_which_everything_is_slow_is_refused():
    model = nested_model([VISUAL, *MASK])
    model.head.learning_rate_scales = VLHead.learning_rate_scales
    names = [name for name in trainable_parameters(model) if name.startswith(VISUAL)]  # as if the head was of LF_1
    with pytest.raises(ConfigError, match=r"keeps the base learning rate in stage LF_2; set Architecture\.Head"):
        stage_factors(model, names, "LF_2")


def test_every_layer_may_declare_factors_for_its_own_parameters_and_for_the_rest():
    model = nested_model(["first.branch", "first.trunk", "second.branch", "third"])
    model.first.learning_rate_scales = {"early": {"branch.": 0.0}, "late": {"branch.": 1.0}}
    model.second.learning_rate_scales = {"late": {"branch": 2.0, "": 0.5}}
    names = [name for name, _ in model.named_parameters()]
    assert [name.removesuffix(".weight") for name in names] == ["first.branch", "first.trunk", "second.branch", "third"]
    assert list(stage_factors(model, names, "early").values()) == [0.0, 1.0, 1.0, 1.0]
    assert list(stage_factors(model, names, "late").values()) == [1.0, 0.5, 2.0, 0.5]
    assert set(stage_factors(model, names, None).values()) == {1.0}


def test_factors_are_on_top_of_the_parameters_own_and_reset():
    model = nested_model(["slow", "fast", "out"])
    model.slow.weight.optimize_attr["learning_rate"] = 0.5
    parameters = trainable_parameters(model)
    for _ in range(2):
        left = scale_rates(parameters, {"slow.weight": 0.1, "out.weight": 0.0})
        assert list(left) == ["slow.weight", "fast.weight"]
        assert model.slow.weight.optimize_attr["learning_rate"] == pytest.approx(0.05)
    scale_rates(parameters, {})
    assert model.slow.weight.optimize_attr["learning_rate"] == 0.5
    assert model.fast.weight.optimize_attr["learning_rate"] == 1.0


def test_without_decay():
    model = paddle.nn.Sequential(("norm", paddle.nn.LayerNorm(2)), ("fc", paddle.nn.Linear(2, 2)))
    parameters = trainable_parameters(model)
    assert without_decay(parameters, ["norm"], False) == {model.norm.weight.name, model.norm.bias.name}
    assert without_decay(parameters, [], True) == {p.name for p in parameters.values()} - {model.fc.weight.name}
    assert without_decay(parameters, [], False) == set()
    np.testing.assert_array_equal(model.fc.weight.shape, [2, 2])
