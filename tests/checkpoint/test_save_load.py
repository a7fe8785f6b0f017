import io
import pickle
from collections import OrderedDict

import numpy as np
import paddle
import pytest

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.loading import load_checkpoint, newest_checkpoint
from ppocr.checkpoint.optimizer_state import NAMES_KEY
from ppocr.checkpoint.state import TrainState
from ppocr.checkpoint.transfer import load_pretrained, load_weights
from ppocr.checkpoint.writing import Checkpointer, capture
from ppocr.engine.stepper import Stepper
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.errors import CheckpointError
from ppocr.options import GlobalOptions
from ppocr.utils.save_load import load_model, save_model

STEPS = 3


class Log:
    def __init__(self):
        self.lines = []

    def info(self, text, *arguments):
        self.lines.append(text % arguments)

    warning = error = info


def make_stepper(seed=0, hidden=4):
    paddle.seed(seed)
    model = paddle.nn.Sequential(
        paddle.nn.Linear(2, hidden), paddle.nn.BatchNorm1D(hidden), paddle.nn.Linear(hidden, 1)
    )
    rate = paddle.optimizer.lr.StepDecay(0.1, step_size=2)
    optimizer = paddle.optimizer.Adam(rate, parameters=model.parameters())
    return Stepper(model, lambda p, b: {"loss": (p**2).mean()}, optimizer, rate)


def step(stepper, times, start=0):
    for i in range(start, start + times):
        values = np.random.default_rng(i).normal(size=(4, 2)).astype("float32")
        stepper([[paddle.to_tensor(values)]], i)


def all_weights(stepper):
    return {name: value.numpy().copy() for name, value in stepper.model.state_dict().items()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.fixture
def saved(tmp_path):
    """A checkpoint after 3 steps, and the run that made it after 5."""
    stepper = make_stepper()
    step(stepper, 3)
    state = TrainState(epoch=1, step_in_epoch=3, global_step=3, best={"acc": 0.5, "best_epoch": 1})
    save_model(tmp_path / "latest", capture(stepper, state))
    step(stepper, 2, start=3)
    return tmp_path / "latest", stepper


def test_a_resumed_run_ends_bit_for_bit_where_the_uninterrupted_one_does(saved):
    prefix, whole = saved
    resumed = make_stepper(seed=1)
    state = load_checkpoint(prefix, resumed, STEPS)
    assert state == TrainState(epoch=2, global_step=3, best={"acc": 0.5, "best_epoch": 1})
    step(resumed, 2, start=3)
    assert_same(all_weights(resumed), all_weights(whole))
    assert resumed.lr_scheduler.state_dict() == whole.lr_scheduler.state_dict()


def test_paddle_reads_what_is_written(saved):
    prefix, _ = saved
    weights = paddle.load(f"{prefix}.pdparams")
    assert {type(value) for value in weights.values()} == {type(paddle.zeros([1]))}
    model = make_stepper(seed=2).model
    assert not any(model.set_state_dict(weights))
    optimizer = paddle.load(f"{prefix}.pdopt")
    assert optimizer["LR_Scheduler"]["last_epoch"] == 3
    assert any(key.endswith("_moment1_0") for key in optimizer)
    with open(f"{prefix}.states", "rb") as file:
        states = pickle.load(file)
    assert states["epoch"] == 1 and states["global_step"] == 3 and states["best_model_dict"]["acc"] == 0.5


def test_what_paddle_writes_is_read(tmp_path):
    source = make_stepper()
    step(source, 3)
    paddle.save(source.model.state_dict(), str(tmp_path / "m.pdparams"))
    paddle.save(source.optimizer.state_dict(), str(tmp_path / "m.pdopt"))
    with open(tmp_path / "m.states", "wb") as file:
        best = {"acc": 0.25, "best_epoch": 1, "is_float16": False}
        pickle.dump({"best_model_dict": best, "epoch": 1, "global_step": 3}, file, protocol=2)
    resumed = make_stepper(seed=1)
    state = load_checkpoint(tmp_path / "m", resumed, STEPS)
    assert state == TrainState(epoch=2, global_step=3, best={"acc": 0.25, "best_epoch": 1})
    step(source, 2, start=3)
    step(resumed, 2, start=3)
    assert_same(all_weights(resumed), all_weights(source))


def test_weights_of_plain_arrays_and_of_unnamed_tensors_are_read(tmp_path):
    paddle.save({"a": np.ones(2, "float32"), "b": 1}, str(tmp_path / "arrays.pdparams"))
    assert load_weights(tmp_path / "arrays")["a"].tolist() == [1, 1]
    assert list(load_weights(tmp_path / "arrays.pdparams")) == ["a"]
    with open(tmp_path / "old.pdparams", "wb") as file:
        pickle.dump({"w": ("linear_0.w_0", np.zeros(3, "float32")), NAMES_KEY: {"w": "linear_0.w_0"}}, file, protocol=2)
    assert load_weights(tmp_path / "old")["w"].shape == (3,)


def test_half_precision_weights_load_into_a_float32_model(tmp_path):
    model = paddle.nn.Linear(2, 1)
    save_model(
        tmp_path / "h", {".pdparams": {"weight": np.full((2, 1), 0.5, "float16"), "bias": np.ones(1, "float16")}}
    )
    load_pretrained(model, tmp_path / "h")
    assert model.weight.dtype == paddle.float32 and model.weight.numpy().ravel().tolist() == [0.5, 0.5]


def test_the_transfer_report_says_what_happened(saved, tmp_path):
    prefix, _ = saved
    other = make_stepper(hidden=4).model
    other.add_sublayer("extra", paddle.nn.Linear(1, 2))
    weights = load_weights(prefix)
    weights["2.weight"] = np.zeros((5, 1), "float32")
    weights["gone"] = np.zeros(1, "float32")
    save_model(tmp_path / "changed", {".pdparams": weights})
    report = load_pretrained(other, tmp_path / "changed")
    assert report.missing == ["extra.weight", "extra.bias"] and report.unexpected == ["gone"]
    assert report.mismatched == ["2.weight [5, 1] for [4, 1]"]
    total = 8 + 4 + 4 * 4 + 4 + 1 + 4
    assert report.share == pytest.approx((total - 4 - 4) / total)
    assert "1 mismatched: 2.weight [5, 1] for [4, 1]" in str(report)
    np.testing.assert_array_equal(other.state_dict()["0.weight"].numpy(), weights["0.weight"])


def test_pretrained_weights_of_which_nothing_fits_are_refused(tmp_path):
    save_model(tmp_path / "other", {".pdparams": {"x": np.zeros(1, "float32")}})
    with pytest.raises(CheckpointError, match="no weight fits the model"):
        load_pretrained(paddle.nn.Linear(2, 1), tmp_path / "other")


@pytest.mark.parametrize("suffix, hint", [(".pdparams", "cannot be resumed"), (".pdopt", "Global.pretrained_model")])
def test_a_checkpoint_without_one_of_its_files_is_refused(saved, suffix, hint):
    prefix, _ = saved
    prefix.with_name("latest.manifest").unlink()
    prefix.with_name(prefix.name + suffix).unlink()
    with pytest.raises(CheckpointError, match=hint):
        load_checkpoint(prefix, make_stepper(), STEPS)


def test_resuming_another_architecture_is_refused(saved):
    with pytest.raises(CheckpointError, match="weights are missing or of another shape, first 0.weight"):
        load_checkpoint(saved[0], make_stepper(hidden=5), STEPS)


class Attack:
    def __reduce__(self):
        return print, ("this code ran",)


@pytest.mark.parametrize("content", [Attack(), {"w": Attack()}, {"w": np.array([Attack()], dtype=object)}, [Attack]])
def test_nothing_in_a_file_is_run(tmp_path, capsys, content):
    path = tmp_path / "evil.pdparams"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(CheckpointError, match="evil.pdparams: cannot be loaded: (it refers to|array elements)"):
        load_weights(path)
    assert "this code ran" not in capsys.readouterr().out


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"junk" + b, lambda b: b[:-1]])
def test_a_damaged_file_ends_in_one_line(saved, damage):
    path = saved[0].with_name("latest.pdparams")
    path.write_bytes(damage(path.read_bytes()))
    for load in (load_weights, lambda path: load_checkpoint(path, make_stepper(), STEPS)):
        with pytest.raises(CheckpointError, match="latest.pdparams: damaged"):
            load(path)
    saved[0].with_name("latest.manifest").unlink()
    with pytest.raises(CheckpointError, match="cannot be loaded") as caught:
        load_weights(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_holds_something_else(tmp_path):
    (tmp_path / "a.pdparams").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(CheckpointError, match="holds a list instead of weights"):
        load_weights(tmp_path / "a")


def test_safe_pickle_takes_plain_values_and_arrays():
    content = {
        "a": [1, 2.5, None, True, "x", b"y", b"", (1, {2}), 1j],
        "b": np.arange(6).reshape(2, 3),
        "c": np.float64(0.5),
        "d": OrderedDict(x=frozenset([1]), y=()),
        "e": [np.zeros((0, 3), "float16"), np.asfortranarray(np.ones((2, 3))), np.array(True), np.arange(300)[::2]],
        "f": "a long text " * 40,
        7: 1 << 70,
    }
    content["again"] = content["b"]
    for protocol in (2, 3, 4, 5):
        result = safe_pickle.loads_from(io.BytesIO(pickle.dumps(content, protocol=protocol)))
        arrays = [result.pop("b"), result.pop("again"), *result.pop("e")]
        for array, expected in zip(arrays, [content["b"], content["b"], *content["e"]]):
            np.testing.assert_array_equal(array, expected)
            assert array.dtype == expected.dtype
        assert result == {key: value for key, value in content.items() if key not in ("b", "again", "e")}
        assert type(result["d"]) is OrderedDict and type(result["c"]) is np.float64


def test_a_failed_write_leaves_the_file_before_it(saved, monkeypatch):
    prefix, stepper = saved
    before = prefix.with_name("latest.pdparams").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CheckpointError, match="latest: checkpoint cannot be written: No space left on device"):
        save_model(prefix, capture(stepper, TrainState()))
    assert prefix.with_name("latest.pdparams").read_bytes() == before
    assert not list(prefix.parent.glob("*.tmp"))


def test_only_the_first_process_writes(tmp_path):
    log = Log()
    checkpoints = Checkpointer(tmp_path, make_stepper(), log, enabled=False)
    checkpoints.save_latest(TrainState())
    checkpoints.finish()
    assert not list(tmp_path.iterdir()) and not log.lines


def schedule_for(**options):
    return TrainSchedule.from_options(GlobalOptions(**options), STEPS, evaluates=False)


def test_load_model_resumes_starts_from_weights_or_from_scratch(saved):
    prefix, _ = saved
    log = Log()
    state = load_model(GlobalOptions(checkpoints=str(prefix)), make_stepper(1), schedule_for(epoch_num=2), log)
    assert state.global_step == 3
    fresh = make_stepper(1)
    assert load_model(GlobalOptions(pretrained_model=str(prefix)), fresh, schedule_for(), log) == TrainState()
    np.testing.assert_array_equal(fresh.model.state_dict()["0.weight"].numpy(), load_weights(prefix)["0.weight"])
    assert load_model(GlobalOptions(), fresh, schedule_for(), log) == TrainState()
    assert [line.split()[0] for line in log.lines] == ["resume", "pretrained", "train"]


def test_a_finished_run_is_not_resumed(saved):
    with pytest.raises(
        CheckpointError, match="this run is finished .3 steps of 3.; to train longer, raise Global.epoch_num"
    ):
        load_model(GlobalOptions(checkpoints=str(saved[0])), make_stepper(), schedule_for(epoch_num=1), Log())


def test_other_settings_are_said_and_the_position_in_the_epoch_follows(tmp_path):
    stepper, log = make_stepper(), Log()
    step(stepper, 2)
    facts = {"batch_size_per_card": 8, "steps_per_epoch": 4, "threads": "1"}
    checkpoints = Checkpointer(tmp_path, stepper, log, run_info=facts)
    checkpoints.save_latest(TrainState(epoch=3, step_in_epoch=2, global_step=10))
    checkpoints.finish()
    now = {"batch_size_per_card": 4, "steps_per_epoch": 8, "threads": "1"}
    state = load_checkpoint(tmp_path / "latest", make_stepper(), 8, run_info=now, logger=log)
    assert (state.epoch, state.step_in_epoch, state.global_step) == (3, 4, 10)
    assert [line.split(": ")[1] for line in log.lines if "other settings" in line] == [
        "batch_size_per_card 8 -> 4, steps_per_epoch 4 -> 8; the run continues from there"
    ]


@pytest.mark.parametrize("old, new", [(8, 4), (4, 8)])
def test_with_epochs_of_another_length_a_run_still_ends_with_its_last_epoch_and_rate(tmp_path, old, new):
    """As with twice or half the processes: three epochs, of which one and a half are done."""
    options = GlobalOptions(epoch_num=3, eval_batch_epoch=1, checkpoints=str(tmp_path / "latest"))
    first, again = TrainState(epoch=2, step_in_epoch=old // 2, global_step=3 * old // 2), make_stepper(1)
    checkpoints = Checkpointer(tmp_path, make_stepper(), Log(), run_info={"steps_per_epoch": old})
    checkpoints.save_latest(first)
    checkpoints.finish()
    schedule = TrainSchedule.from_options(options, new, evaluates=True)
    state = load_model(options, again, schedule, Log(), run_info={"steps_per_epoch": new})
    assert (state.epoch, state.step_in_epoch, state.global_step) == (2, new // 2, first.global_step)
    assert again.lr_scheduler.last_epoch == 3 * new // 2
    assert again.optimizer.get_lr() == pytest.approx(0.1 ** (1 + 3 * new // 4))
    schedule = schedule.at(state)
    evaluated, remaining = [], schedule.remaining()
    while not schedule.ended():
        state.advance()
        if schedule.eval_due():
            evaluated.append((state.epoch, state.step_in_epoch))
        if state.step_in_epoch == new and not schedule.ended():
            state.end_epoch()
    assert state.global_step == first.global_step + remaining and remaining == 3 * new // 2
    assert evaluated == [(2, new), (3, new)]


def test_another_dictionary_is_not_resumed(tmp_path):
    stepper, log = make_stepper(), Log()
    checkpoints = Checkpointer(tmp_path, stepper, log, run_info={"vocabulary": ["blank", "a"]})
    checkpoints.save_latest(TrainState())
    checkpoints.finish()
    with pytest.raises(
        CheckpointError, match="was trained with another dictionary .2 entries, now 2; symbol 1 was 'a', now 'b'"
    ):
        load_checkpoint(tmp_path / "latest", make_stepper(), STEPS, run_info={"vocabulary": ["blank", "b"]})


def test_a_checkpoint_that_cannot_be_written_is_said_and_training_goes_on(tmp_path, monkeypatch):
    log = Log()
    checkpoints = Checkpointer(tmp_path, make_stepper(), log)
    checkpoints.save_latest(TrainState(global_step=1))
    checkpoints.finish()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        checkpoints.save_latest(TrainState(global_step=2))
        checkpoints._writer.wait()
    checkpoints.report_errors()
    assert "No space left on device; training continues" in log.lines[-1]
    state = load_checkpoint(tmp_path / "latest", make_stepper(), STEPS)
    assert state.global_step == 1
    checkpoints.save_latest(TrainState(global_step=3))
    checkpoints.finish()
    assert load_checkpoint(tmp_path / "latest", make_stepper(), STEPS).global_step == 3


def test_a_last_checkpoint_that_cannot_be_written_is_an_error(tmp_path):
    checkpoints = Checkpointer(tmp_path / "gone", make_stepper(), Log())
    checkpoints.save_latest(TrainState())
    with pytest.raises(CheckpointError, match="checkpoint cannot be written: No such file"):
        checkpoints.finish()


def test_only_the_last_numbered_checkpoints_are_kept_and_the_best_always(tmp_path):
    checkpoints = Checkpointer(tmp_path, make_stepper(), Log(), keep_last=2)
    checkpoints.save_best(TrainState())
    for epoch in (8, 9, 10, 11):
        checkpoints.save_latest(TrainState(epoch=epoch), numbered=True)
    checkpoints.finish()
    names = {path.name for path in tmp_path.glob("*.pdparams")}
    assert names == {
        f"{n}.pdparams" for n in ("best_accuracy", "iter_epoch_10", "iter_epoch_11", "latest", "latest_previous")
    }


def test_auto_finds_the_newest_good_one(tmp_path):
    assert newest_checkpoint(tmp_path) == (None, [])
    checkpoints = Checkpointer(tmp_path, make_stepper(), Log())
    for number in (1, 2):
        checkpoints.save_latest(TrainState(global_step=number))
    checkpoints.finish()
    assert newest_checkpoint(tmp_path) == (str(tmp_path / "latest"), [])
    path = tmp_path / "latest.pdopt"
    path.write_bytes(path.read_bytes()[::-1])
    found, (line,) = newest_checkpoint(tmp_path)
    assert found == str(tmp_path / "latest_previous") and "latest.pdopt: damaged" in line


@pytest.mark.parametrize("suffix", [".states", ".pdopt", ".train_state"])
def test_nothing_in_the_other_files_of_a_checkpoint_is_run(saved, capsys, suffix):
    prefix, _ = saved
    prefix.with_name("latest.manifest").unlink()
    if suffix == ".states":
        prefix.with_name("latest.train_state").unlink()
    prefix.with_name("latest" + suffix).write_bytes(pickle.dumps({"x": Attack()}))
    with pytest.raises(CheckpointError, match="it refers to"):
        load_checkpoint(prefix, make_stepper(), STEPS)
    assert "this code ran" not in capsys.readouterr().out
