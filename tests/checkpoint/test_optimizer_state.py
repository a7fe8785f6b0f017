"""A run goes on from a checkpoint whatever is trained now and in whatever precision, or one line says why it cannot.

There are no updates in half precision on a CPU: there, states are put in by hand.
"""

import numpy as np
import paddle
import pytest

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.loading import load_checkpoint
from ppocr.checkpoint.optimizer_state import accumulators, create_state, exact_weights, master_weights
from ppocr.checkpoint.state import TrainState
from ppocr.checkpoint.transfer import load_weights
from ppocr.checkpoint.writing import capture
from ppocr.engine.averaging import ExponentialAverage
from ppocr.engine.stepper import Stepper
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.errors import CheckpointError
from ppocr.options import GlobalOptions
from ppocr.utils.save_load import load_model, save_model

ADAM = {"moment1", "moment2", "beta1_pow_acc", "beta2_pow_acc"}
HALF = [None, "float16", "bfloat16"]


def make_stepper(seed=0, half=None, optimizer=paddle.optimizer.Adam, frozen=(), rate=0.1, ema=None):
    """A model of two layers and batch normalisation; with ``half`` in that type, but for the normalisation."""
    paddle.seed(seed)
    model = paddle.nn.Sequential(paddle.nn.Linear(2, 3), paddle.nn.BatchNorm1D(3), paddle.nn.Linear(3, 1))
    for name, parameter in model.named_parameters():
        parameter.stop_gradient |= name in frozen
    more = {"multi_precision": True} if half else {}
    made = optimizer(learning_rate=rate, parameters=model.parameters(), **more)
    if half:
        model[0].to(dtype=half)
        model[2].to(dtype=half)
    average = None if ema is None else ExponentialAverage(model, ema, "normal", masters=master_weights(made))
    return Stepper(model, lambda p, b: {"loss": (p**2).mean()}, made, rate, averaging=average)


def train(stepper, steps, start=0):
    for i in range(start, start + steps):
        values = np.random.default_rng(i).normal(size=(4, 2)).astype("float32")
        stepper([[paddle.to_tensor(values)]], i)


def fill(stepper, seed):
    """Puts drawn values into everything that an update changes: parameters are their rounded master weights."""
    rng = np.random.default_rng(seed)
    for kinds in accumulators(stepper.optimizer).values():
        for tensor in kinds.values():
            tensor.set_value(rng.uniform(size=tensor.shape).astype("float32"))
    for tensor in exact_weights(stepper.model, stepper.optimizer).values():
        tensor.set_value(rng.normal(size=tensor.shape).astype("float32"))
    for parameter in stepper.model.parameters():
        if parameter.name in master_weights(stepper.optimizer):
            parameter.set_value(master_weights(stepper.optimizer)[parameter.name].astype(parameter.dtype))


def state_of(stepper):
    """Exact weights and accumulators, by structured names."""
    names = {parameter.name: name for name, parameter in stepper.model.named_parameters()}
    found = {name: t.numpy().copy() for name, t in exact_weights(stepper.model, stepper.optimizer).items()}
    for name, kinds in accumulators(stepper.optimizer).items():
        found.update({(names[name], kind): tensor.numpy().copy() for kind, tensor in kinds.items()})
    return found


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=str(name))


def save(stepper, path, trained=None):
    save_model(path, capture(stepper, TrainState(epoch=1, step_in_epoch=3, global_step=3), trained))
    return path


def values(tensor):
    return tensor.astype("float32").numpy()


# ------------------------------------------------------------------------------------------------ precision
@pytest.mark.parametrize("now", HALF)
@pytest.mark.parametrize("then", HALF)
def test_a_state_goes_on_in_any_precision(tmp_path, then, now):
    source, target = make_stepper(half=then), make_stepper(seed=1, half=now)
    fill(source, seed=2)
    load_checkpoint(save(source, tmp_path / "latest"), target, 3)
    assert_same(state_of(target), state_of(source))
    masters = {parameter.name for parameter in target.model.parameters() if parameter.dtype != paddle.float32}
    assert master_weights(target.optimizer).keys() == masters and len(masters) == (4 if now else 0)
    for parameter in target.model.parameters():
        exact = master_weights(target.optimizer).get(parameter.name, parameter)
        np.testing.assert_array_equal(values(parameter), values(exact.astype(parameter.dtype)))
    assert_same(load_weights(save(target, tmp_path / "next")), load_weights(tmp_path / "latest"))


@pytest.mark.parametrize("half", HALF)
def test_what_is_made_at_the_start_is_what_paddle_makes(half):
    stepper = make_stepper(half=half)
    names = [*stepper.optimizer.state_dict()]
    parameter = stepper.model[0].weight.name
    owner = f"{parameter}_fp32_master_0" if half else parameter
    assert f"{owner}_moment1_0" in names and f"{stepper.model[1].weight.name}_moment1_0" in names
    if half:
        assert master_weights(stepper.optimizer)[parameter].name == owner
    create_state(stepper.optimizer)
    assert [*stepper.optimizer.state_dict()] == names
    if not half:
        train(stepper, 1)
        assert [*stepper.optimizer.state_dict()] == names


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_master_weights_begin_with_what_a_pretrained_file_holds(tmp_path, half):
    save(make_stepper(seed=3), tmp_path / "pretrained")
    stepper = make_stepper(half=half, ema=0.5)
    options = GlobalOptions(pretrained_model=str(tmp_path / "pretrained"))
    load_model(options, stepper, TrainSchedule.from_options(options, 3, False), Log())
    expected = load_weights(tmp_path / "pretrained")
    exact = exact_weights(stepper.model, stepper.optimizer)
    assert_same({name: tensor.numpy() for name, tensor in exact.items()}, expected)
    assert_same({name: tensor.numpy() for name, tensor in stepper.averaging.average().items()}, expected)
    np.testing.assert_array_equal(
        values(stepper.model[0].weight), values(paddle.to_tensor(expected["0.weight"]).astype(half))
    )


@pytest.mark.parametrize("half", HALF)
def test_the_best_model_holds_the_exact_average_and_resumes_with_the_trained_weights(tmp_path, half):
    source = make_stepper(half=half, ema=0.75)
    fill(source, seed=2)
    source.averaging.update()
    trained_state, average = state_of(source), {n: t.numpy() for n, t in source.averaging.average().items()}
    with source.averaging.applied(source.model) as trained:
        save(source, tmp_path / "best", trained)
        for name, tensor in source.model.state_dict().items():
            np.testing.assert_array_equal(values(tensor), values(paddle.to_tensor(average[name]).astype(tensor.dtype)))
    assert_same(load_weights(tmp_path / "best"), average)
    assert_same(state_of(source), trained_state)
    for now in HALF:
        target = make_stepper(seed=1, half=now, ema=0.75)
        load_checkpoint(tmp_path / "best", target, 3)
        assert_same(state_of(target), trained_state)
        assert_same({n: t.numpy() for n, t in target.averaging.average().items()}, average)


def test_the_best_model_of_before_whose_trained_weights_are_rounded_resumes_exactly(tmp_path):
    source = make_stepper(half="float16", ema=0.75)
    fill(source, seed=2)
    with source.averaging.applied(source.model) as trained:
        contents = capture(source, TrainState(epoch=1), trained)
        rounded = {name: tensor.numpy() for name, tensor in trained.items()}
    assert rounded["0.weight"].dtype == np.float16
    contents[".train_state"]["trained_weights"] = rounded
    save_model(tmp_path / "best", contents)
    for now in HALF:
        target = make_stepper(seed=1, half=now)
        load_checkpoint(tmp_path / "best", target, 3)
        assert_same(state_of(target), state_of(source))


# ------------------------------------------------------------------------------------------------ parameters
class Log:
    def __init__(self):
        self.lines = []

    def info(self, text, *arguments):
        self.lines.append(text % arguments)

    warning = info


def test_weights_that_were_frozen_start_as_in_a_new_run_and_that_is_said(tmp_path):
    frozen, log = ("0.weight", "0.bias"), Log()
    source, fresh = make_stepper(frozen=frozen), make_stepper()
    train(source, 3)
    target = make_stepper(seed=1)
    prefix = save(source, tmp_path / "latest")
    load_checkpoint(prefix, target, 3, logger=log)
    assert log.lines == [
        f"{prefix}: has no optimizer state for 2 of the weights that are trained now, first 0.weight; theirs starts "
        "at zero"
    ]
    expected = state_of(source)
    new = {name: value for name, value in state_of(fresh).items() if name[0] in frozen}
    assert {kind for _, kind in new} == ADAM and new["0.bias", "beta1_pow_acc"] == np.float32(0.9)
    assert_same(state_of(target), {**expected, **new})
    train(target, 1, start=3)
    assert (target.model[0].weight.numpy() != source.model[0].weight.numpy()).all()


def test_weights_that_are_frozen_now_leave_their_state_behind(tmp_path):
    source, log = make_stepper(), Log()
    train(source, 3)
    target = make_stepper(seed=1, frozen=("0.weight",))
    load_checkpoint(save(source, tmp_path / "latest"), target, 3, logger=log)
    assert log.lines == []
    expected = {name: value for name, value in state_of(source).items() if name[0] != "0.weight"}
    assert_same(state_of(target), expected)


def test_weights_without_a_gradient_are_no_obstacle(tmp_path):
    """Paddle's own state holds nothing about a part of a model that has never been used."""
    source = make_stepper()
    source.model.add_sublayer("unused", paddle.nn.Linear(1, 1))
    optimizer = paddle.optimizer.Adam(0.1, parameters=source.model.parameters())
    source.model[2](source.model[1](source.model[0](paddle.ones([2, 2])))).sum().backward()
    optimizer.step()
    paddle.save(source.model.state_dict(), str(tmp_path / "m.pdparams"))
    paddle.save(optimizer.state_dict(), str(tmp_path / "m.pdopt"))
    target, log = make_stepper(seed=1), Log()
    target.model.add_sublayer("unused", paddle.nn.Linear(1, 1))
    target.optimizer = paddle.optimizer.Adam(0.1, parameters=target.model.parameters())
    create_state(target.optimizer)
    load_checkpoint(tmp_path / "m", target, 3, logger=log)
    assert "for 2 of the weights" in log.lines[0] and "first unused.weight" in log.lines[0]
    train(target, 1)


KINDS = {
    "Adam": paddle.optimizer.Adam,
    "Momentum": paddle.optimizer.Momentum,
    "RMSProp": paddle.optimizer.RMSProp,
    "Adadelta": paddle.optimizer.Adadelta,
    "SGD": paddle.optimizer.SGD,
}


@pytest.mark.parametrize(
    "then, now, kept, keeps",
    [
        ("Adam", "Momentum", "beta1_pow_acc, beta2_pow_acc, moment1, moment2", "velocity"),
        ("Momentum", "RMSProp", "velocity", "mean_grad, mean_square, momentum"),
        ("RMSProp", "Adadelta", "mean_grad, mean_square, momentum", "_avg_squared_grad, _avg_squared_update"),
        ("Momentum", "SGD", "velocity", "nothing"),
    ],
)
def test_another_optimizer_is_refused_where_no_facts_tell_it(tmp_path, then, now, kept, keeps):
    prefix = save(make_stepper(optimizer=KINDS[then]), tmp_path / "latest")
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(prefix, make_stepper(optimizer=KINDS[now]), 3)
    assert str(caught.value) == (
        f"{prefix}.pdopt: belongs to another optimizer, which kept {kept} for each weight, while this one keeps "
        f"{keeps}; to start again from the weights, use Global.pretrained_model"
    )


@pytest.mark.parametrize("name", KINDS)
def test_every_optimizer_goes_on_bit_for_bit(tmp_path, name):
    whole = make_stepper(optimizer=KINDS[name], rate=0.01)
    train(whole, 3)
    prefix = save(whole, tmp_path / "latest")
    train(whole, 2, start=3)
    target = make_stepper(seed=1, optimizer=KINDS[name], rate=0.01)
    load_checkpoint(prefix, target, 3)
    train(target, 2, start=3)
    assert_same(state_of(target), state_of(whole))


def in_groups(learning_rate, parameters):
    """An optimizer of one's own may tell parameters apart by groups."""
    groups = [{"params": parameters[:2], "learning_rate": 0.5}, {"params": parameters[2:]}]
    return paddle.optimizer.AdamW(learning_rate=learning_rate, parameters=groups)


def test_groups_of_parameters_go_on_bit_for_bit(tmp_path):
    whole = make_stepper(optimizer=in_groups)
    train(whole, 3)
    prefix = save(whole, tmp_path / "latest")
    train(whole, 2, start=3)
    target = make_stepper(seed=1, optimizer=in_groups)
    load_checkpoint(prefix, target, 3)
    train(target, 2, start=3)
    assert_same(state_of(target), state_of(whole))


# ------------------------------------------------------------------------------------------------ files
def test_a_file_whose_entries_belong_to_no_weight_is_refused(tmp_path):
    prefix = save(make_stepper(), tmp_path / "latest")
    weights = safe_pickle.load(f"{prefix}.pdparams")
    table = {name: f"gone_{number}" for number, name in enumerate(weights.pop("StructuredToParameterName@@"))}
    save_model(prefix, {".pdparams": {**weights, "StructuredToParameterName@@": table}})
    prefix.with_name("latest.manifest").unlink()
    with pytest.raises(CheckpointError, match="nothing says which weights its entries belong to, such as linear_"):
        load_checkpoint(prefix, make_stepper(), 3)


@pytest.mark.parametrize(
    "content, message",
    [([1], "holds a list instead of the state of an optimizer"), (None, "damaged: moment1 of .* has the shape .7.")],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path, content, message):
    source = make_stepper()
    prefix = save(source, tmp_path / "latest")
    if content is None:
        content = safe_pickle.load(f"{prefix}.pdopt")
        content[f"{source.model[0].weight.name}_moment1_0"] = np.zeros(7, "float32")
    prefix.with_name("latest.manifest").unlink()
    with open(f"{prefix}.pdopt", "wb") as file:
        safe_pickle.dump(content, file)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(prefix, make_stepper(), 3)


def test_a_schedule_after_a_constant_rate_goes_to_the_step_of_the_run(tmp_path):
    prefix = save(make_stepper(rate=0.1), tmp_path / "latest")
    target = make_stepper(rate=paddle.optimizer.lr.StepDecay(0.1, step_size=3, gamma=0.5))
    load_checkpoint(prefix, target, 3)
    assert target.lr_scheduler.last_epoch == 3 and target.optimizer.get_lr() == pytest.approx(0.05)
