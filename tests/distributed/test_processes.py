"""What processes tell each other, and gradients, in two processes or three."""

import logging
import os
import socket
import time
from types import SimpleNamespace

import numpy as np
import paddle
import pytest

from ppocr import commands
from ppocr.checkpoint.state import TrainState
from ppocr.checkpoint.writing import Checkpointer
from ppocr.data.bad_samples import BadSampleLog
from ppocr.distributed import processes
from ppocr.distributed.peers import PeerLink, listen
from ppocr.engine import setup
from ppocr.engine.evaluator import Evaluator
from ppocr.engine.freezing import running_statistics
from ppocr.engine.stepper import Stepper
from ppocr.errors import ConfigError, UserError
from ppocr.metrics import build_metric
from ppocr.options import GlobalOptions


def joined(function):
    """The function, called after its process has joined the others."""

    def act(rank):
        setup.set_up_processes("cpu")
        return function(rank)

    return act


def test_a_lone_process_keeps_everything_to_itself():
    model = paddle.nn.Linear(1, 1)
    before = model.weight.numpy()
    assert not processes.is_distributed() and processes.rank() == 0
    processes.barrier()
    assert processes.gather("a") == ["a"] and processes.broadcast_object(lambda: 5) == 5
    assert processes.all_reduce_max([3, 1]) == [3, 1]
    processes.broadcast_parameters([model.weight])
    loss = paddle.to_tensor(3.0)
    assert processes.average(model, loss) is loss
    assert processes.distribute(model, GlobalOptions(use_sync_bn=True), "cpu") is model
    assert model.weight.grad is None and model.weight.numpy() == before
    with pytest.raises(ZeroDivisionError), processes.exit_together():
        raise ZeroDivisionError


def talk(rank):
    begin = time.monotonic()
    time.sleep(0.5 * rank)
    processes.barrier()
    waited = time.monotonic() - begin
    tensors = [paddle.full([2, 3], float(rank)), paddle.full([], rank + 5.0, "float64")]
    processes.broadcast_parameters(tensors)
    return {
        "waited": waited,
        "gathered": processes.gather({"rank": rank, "items": list(range(1000 * rank))}),
        "first": processes.broadcast_object(lambda: os.environ["PADDLE_TRAINER_ID"]),
        "largest": processes.all_reduce_max([rank, -rank, 7]),
        "copied": [tensor.tolist() for tensor in tensors],
        "types": [str(tensor.dtype) for tensor in tensors],
    }


def test_three_processes_tell_each_other(in_processes):
    heard = in_processes(joined(talk), count=3)
    for said in heard:
        assert said["waited"] > 0.9
        assert [len(value["items"]) for value in said["gathered"]] == [0, 1000, 2000]
        assert said["first"] == "0" and said["largest"] == [2, 0, 7]
        assert said["copied"] == [[[0.0] * 3] * 2, 5.0] and "float64" in said["types"][1]


class Branches(paddle.nn.Layer):
    """Two layers of which some processes use only one, a frozen one, and one that nobody uses."""

    def __init__(self):
        super().__init__()
        self.common, self.odd = paddle.nn.Linear(2, 2), paddle.nn.Linear(2, 2)
        self.frozen, self.idle = paddle.nn.Linear(2, 2), paddle.nn.Linear(2, 2)
        for parameter in self.frozen.parameters():
            parameter.stop_gradient = True

    def forward(self, x, odd):
        x = self.frozen(self.common(x))
        return self.odd(x) if odd else x


def rows(seed, count):
    return paddle.to_tensor(np.random.default_rng(seed).normal(size=(count, 2)).astype("float32"))


def gradients(model):
    return {name: None if p.grad is None else p.grad.tolist() for name, p in model.named_parameters()}


def average(rank):
    paddle.seed(3 + rank)
    model = Branches()
    processes.distribute(model, GlobalOptions(), "cpu")
    model(rows(rank, 4), odd=rank == 1).sum().backward()
    own = gradients(model)
    mean = processes.average(model, paddle.to_tensor(rank + 0.5))
    return own, gradients(model), (model.common.weight.tolist(), mean.item(), mean.shape)


def test_gradients_are_averaged_and_a_missing_one_counts_as_zero(in_processes):
    (first, averaged, start), (second, averaged_too, start_too) = in_processes(joined(average))
    assert averaged == averaged_too and start == start_too and start[1:] == (1.0, [])
    assert first["odd.weight"] is None and second["odd.weight"] is not None
    for name, value in averaged.items():
        expected = [np.array(own[name]) for own in (first, second) if own[name] is not None]
        if expected:
            np.testing.assert_allclose(value, sum(expected) / 2, rtol=1e-6, err_msg=name)
        else:
            assert value is None and name.split(".")[0] in ("frozen", "idle")


def accumulate(rank, wrap):
    paddle.seed(0)
    model = wrap(paddle.nn.Sequential(paddle.nn.Linear(2, 3), paddle.nn.Tanh(), paddle.nn.Linear(3, 1)))
    optimizer = paddle.optimizer.Momentum(0.1, parameters=model.parameters())
    stepper = Stepper(
        model, lambda p, batch: {"loss": (p - batch[0].sum(-1, keepdim=True)).square().mean()}, optimizer, 0.1
    )
    losses = []
    for step in range(3):
        data = rows(step, 8).split(4)[2 * rank : 2 * rank + 2] if processes.is_distributed() else rows(step, 8).split(4)
        losses.append(stepper([[part] for part in data], step)[1]["loss"].item())
    return [losses, *(value.tolist() for value in model.state_dict().values())]


def alone(model):
    return model


def on_a_cpu(model):
    return processes.distribute(model, GlobalOptions(), "cpu")


def as_on_a_gpu(model):
    return processes.distribute(model, GlobalOptions(), "gpu:0")


@pytest.mark.parametrize("wrap", [on_a_cpu, as_on_a_gpu])
def test_accumulated_over_batches_and_processes_equals_one_large_batch(in_processes, wrap):
    expected = accumulate(0, alone)
    both = in_processes(joined(lambda rank: accumulate(rank, wrap)))
    assert both[0] == both[1]
    for value, right in zip(both[0], expected):
        np.testing.assert_allclose(value, right, rtol=1e-5, atol=1e-7)


class FedBranches(Branches):
    """Takes two fields, of which the second says whether the odd layer is used."""

    inputs = ("image", "odd")

    def forward(self, batch):
        return super().forward(*batch)


def leave_out(rank, device):
    """Two updates of two batches for each process; only the first batch of the first process uses the odd layer."""
    paddle.seed(0)
    model = FedBranches()
    wrapped = (
        model if device is None else processes.distribute(model, GlobalOptions(find_unused_parameters=True), device)
    )
    optimizer = paddle.optimizer.SGD(0.1, parameters=wrapped.parameters())
    stepper = Stepper(wrapped, lambda p, batch: {"loss": p.square().mean()}, optimizer, 0.1)
    for step in range(2):
        batches = [[rows(10 * step + number, 3), number == 0] for number in range(4)]
        stepper(batches if device is None else batches[rank::2], step)
    return {name: value.tolist() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("device", ["cpu", "gpu:0"])
def test_what_only_an_earlier_batch_of_an_update_uses_is_averaged_too(in_processes, device):
    expected = leave_out(0, None)
    first, second = in_processes(joined(lambda rank: leave_out(rank, device)))
    assert first == second
    for name, value in expected.items():
        np.testing.assert_allclose(first[name], value, rtol=1e-5, atol=1e-7, err_msg=name)


def share_statistics(rank):
    model = paddle.nn.Sequential(paddle.nn.Conv2D(1, 2, 1), paddle.nn.BatchNorm2D(2), paddle.nn.LayerNorm(3))
    model[0].weight.set_value(np.full((2, 1, 1, 1), rank, "float32"))
    model[1]._mean.set_value(np.full(2, rank + 1, "float32"))
    processes.broadcast_parameters(running_statistics(model))
    return [tensor.tolist() for tensor in running_statistics(model)], model[0].weight.numpy().ravel().tolist()


def test_running_statistics_of_the_first(in_processes):
    (first, weight), (second, other_weight) = in_processes(joined(share_statistics))
    assert first == second == [[1.0, 1.0], [1.0, 1.0]]
    assert (weight, other_weight) == ([0.0, 0.0], [1.0, 1.0])


def test_normalisation_over_all_processes_keeps_names_and_tensors():
    """The operation itself is for GPUs; what is converted has to stay in the optimizer's and the checkpoint's hands."""
    model = paddle.nn.Sequential(paddle.nn.Conv2D(1, 2, 1), paddle.nn.BatchNorm2D(2, momentum=0.8))
    before = model.state_dict()
    model = paddle.nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert isinstance(model[1], paddle.nn.SyncBatchNorm) and model[1]._momentum == 0.8
    assert list(model.state_dict()) == list(before)
    assert all(tensor is before[name] for name, tensor in model.state_dict().items())


def fail(rank):
    with processes.exit_together():
        if rank == 1:
            raise UserError("a bad label")
        processes.gather(rank)


def lose(rank):
    with processes.exit_together():
        processes.gather(rank)
        if rank == 1:
            os._exit(9)
        processes.all_reduce_max([1])


def test_a_process_that_fails_tells_the_others(in_processes):
    waiting, failing = in_processes(joined(fail))
    assert type(waiting) is UserError and str(waiting).startswith("process 0: another process has failed")
    assert str(failing) == "a bad label"


def test_a_process_that_vanishes_is_noticed(in_processes):
    left, gone = in_processes(joined(lose))
    assert gone == 9
    assert type(left) is UserError and str(left).startswith("process 0: lost contact with another process")
    assert "\n" not in str(left)


def vanish_while_the_first_waits(rank, noticed):
    processes._PATIENCE = 10
    processes.barrier()
    if rank == 1:
        if os.fork() == 0:  # a worker, which lives on
            until(noticed.exists)
        os._exit(9)
    try:
        with processes.exit_together():
            processes.gather(rank)
    finally:
        noticed.touch()


def test_a_process_that_vanishes_is_noticed_by_one_that_only_waits(in_processes, tmp_path):
    left, gone = in_processes(joined(lambda rank: vanish_while_the_first_waits(rank, tmp_path / "noticed")))
    assert gone == 9 and type(left) is UserError
    assert str(left).startswith("process 0: lost contact with another process")


class ManyBatches:
    """Evaluation batches; the second process is killed in its first one."""

    def __init__(self, rank):
        self.rank, self.given, self.report = rank, 0, BadSampleLog(1, training=False, logger=None)

    def __iter__(self):
        if self.rank == 1:
            os._exit(9)
        for _ in range(3000):
            time.sleep(0.005)
            self.given += 1
            yield [paddle.ones([1, 2])]


def evaluate(rank):
    loader = ManyBatches(rank)
    post_process = SimpleNamespace(process=lambda predictions, batch: ([("a", 1.0)], [("a", 1.0)]))
    with pytest.raises(UserError, match="process 0: lost contact with another process"):
        Evaluator(loader, post_process, build_metric({"name": "RecMetric"}))(paddle.nn.Linear(2, 1))
    return loader.given


def test_a_process_that_vanishes_in_an_evaluation_is_noticed_before_its_end(in_processes):
    given, gone = in_processes(joined(evaluate))
    assert gone == 9 and given < 3000


def until(found):
    deadline = time.monotonic() + 20
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_contact_breaks_when_an_end_is_closed_and_not_when_a_stranger_goes():
    listener = listen("127.0.0.1")
    first = PeerLink(b"password", listener)
    others = [PeerLink.reach(listener.getsockname(), b"password") for _ in range(2)]
    stranger = socket.create_connection(listener.getsockname())
    stranger.sendall(b"GET / HTTP/1.1")
    until(lambda: not first.broken() and len(first._known) == 2)
    stranger.close()
    assert not any(contact.broken() for contact in (first, *others))
    others[0].close()
    until(first.broken)
    assert not others[1].broken()
    first.close()
    until(others[1].broken)
    assert not PeerLink.reach(("127.0.0.1", 1), b"password").broken()  # nobody listens there


def save(rank, folder):
    marker = folder / "handed over"

    def submit(job):
        time.sleep(0.5)  # as if the disk were still busy with the checkpoint before
        marker.touch()

    model = paddle.nn.Linear(1, 1)
    stepper = Stepper(model, None, paddle.optimizer.SGD(0.1, parameters=model.parameters()), 0.1)
    checkpoints = Checkpointer(folder, stepper, logging.getLogger("none"), enabled=rank == 0)
    checkpoints._writer.submit = submit
    found = []
    with processes.exit_together():
        for save in (checkpoints.save_latest, checkpoints.save_best):
            save(TrainState())
            found.append(marker.exists())
            processes.barrier()
            marker.unlink(missing_ok=True)
            processes.barrier()
    return found


def test_all_wait_until_a_checkpoint_is_handed_over(in_processes, tmp_path):
    assert in_processes(joined(lambda rank: save(rank, tmp_path))) == [[True, True]] * 2


def leave(rank):
    with processes.exit_together():
        if rank == 0:
            raise SystemExit(143)
        time.sleep(1)
        processes._count("still there")
    return "left"


def test_the_first_process_leaves_last(in_processes):
    assert in_processes(joined(leave)) == [143, "left"]


@pytest.mark.parametrize("name", ["export_model", "doctor", "report"])
def test_what_writes_files_of_its_own_refuses_to_run_in_several_processes(monkeypatch, capsys, name):
    monkeypatch.setattr("sys.argv", [name])
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "2")
    assert commands.run_command(name) == 2
    assert capsys.readouterr().err == (
        f"error: {name} works in one process, and 2 would write the same files (PADDLE_TRAINERS_NUM is 2); "
        "start it without paddle.distributed.launch\n"
    )
    for command, count in ((name, "1"), ("eval", "2"), ("train", "2")):
        monkeypatch.setenv("PADDLE_TRAINERS_NUM", count)
        with pytest.raises(SystemExit):  # they come to look at their words
            commands.run_command(command)


def test_each_process_takes_the_gpu_that_the_launcher_means_for_it(monkeypatch):
    monkeypatch.setattr(paddle, "is_compiled_with_cuda", lambda: True)
    monkeypatch.setattr(paddle.device.cuda, "device_count", lambda: 4)
    assert setup.choose_device(GlobalOptions(device="auto")) == "gpu:0"
    monkeypatch.setenv("PADDLE_RANK_IN_NODE", "1")
    assert setup.choose_device(GlobalOptions(device="gpu")) == "gpu:1"
    monkeypatch.setenv("FLAGS_selected_gpus", "3")
    for options in ({"device": "auto"}, {"device": "gpu"}, {"use_gpu": True}):
        assert setup.choose_device(GlobalOptions(**options)) == "gpu:3"
    assert setup.choose_device(GlobalOptions(device="gpu:2")) == "gpu:2"
    monkeypatch.setattr(paddle.distributed, "get_world_size", lambda: 2)
    with pytest.raises(ConfigError, match="gpu:2 would be one GPU for all processes"):
        setup.choose_device(GlobalOptions(device="gpu:2"))
