"""What the processes of a distributed run send each other.

For a process that trains alone every function here is the plain operation.
"""

import contextlib
import functools
import logging
import secrets
import time

import paddle
from paddle import distributed

from ppocr.distributed.peers import PeerLink, listen
from ppocr.errors import UserError

logger = logging.getLogger("ppocr")
_PATIENCE = 1800  # seconds by which the slowest process may be late
_PAUSE = 0.02
# Paddle has no class of error for a connection that breaks: gloo, NCCL and the store name themselves in the text.
_SIGNS_OF_LOSS = ("/gloo/", "NCCL", "TCP ")


def is_distributed() -> bool:
    """Tells whether this process has joined others."""
    return distributed.is_initialized()


def rank() -> int:
    """Returns the number of this process; the one with 0 writes and logs."""
    return distributed.get_rank()


def barrier():
    """Returns once all processes have called it.

    Before collectives that follow an evaluation or the writing of a file: the processes come out of these at different
    times, and on a CPU a collective gives up after 30 seconds, which Paddle offers no way to change.

    Raises:
        UserError: one has failed, or is too late.
    """
    if not is_distributed():
        return
    arrived, start = _count("arrived", 1), time.monotonic()
    expected = -(-arrived // distributed.get_world_size()) * distributed.get_world_size()
    while arrived < expected:
        waited = time.monotonic() - start
        gone = contact().broken()  # asked before the count: a process that has arrived and left is not missing
        if (gone or waited > 1) and _count("failed"):
            raise UserError(f"process {rank()}: another process has failed; its own message says why")
        if waited > _PATIENCE:
            raise UserError(f"process {rank()}: another process is more than {_PATIENCE} s behind; its log says why")
        time.sleep(_PAUSE)
        arrived = _count("arrived")
        if gone and arrived < expected:
            raise UserError(_lost("its connection is closed"))


def check_contact():
    """Checks that the other processes are alive; to be called during long work without collectives.

    Raises:
        UserError: one is gone.
    """
    sentence = lost_contact()
    if sentence:
        raise UserError(sentence)


def lost_contact() -> str:
    """Returns the message if another process is gone, else an empty string; may be called from any thread."""
    return _lost("its connection is closed") if is_distributed() and contact().broken() else ""


@functools.cache
def contact() -> PeerLink:
    """Returns the :class:`~ppocr.distributed.peers.PeerLink` of this process; the first call opens it, in all."""
    host = distributed.ParallelEnv().trainer_endpoints[0].rpartition(":")[0]
    if rank() == 0:
        listener = listen(host)
        port = listener.getsockname()[1] if listener else 0
        return PeerLink(_password(_count("contact", secrets.randbits(46) << 16 | port)), listener)
    while not (number := _count("contact")):
        time.sleep(_PAUSE)
    port = number & 0xFFFF
    return PeerLink.reach((host, port), _password(number)) if port else PeerLink(b"")


def _password(number):
    return str(number).encode()


def gather(value) -> list:
    """Returns the values of all processes, by rank.

    Args:
        value: anything that can be pickled.
    """
    if not is_distributed():
        return [value]
    barrier()
    values = []
    distributed.all_gather_object(values, value)
    return values


def broadcast_object(make):
    """Returns, in every process, what ``make()`` returns in the first one; the others do not call it."""
    return gather(make() if rank() == 0 else None)[0]


def all_reduce_max(numbers) -> list:
    """Returns, entry by entry, the largest of the whole numbers that the processes give."""
    if not is_distributed():
        return list(numbers)
    values = paddle.to_tensor(numbers, dtype="int64")
    distributed.all_reduce(values, op=distributed.ReduceOp.MAX)
    return values.tolist()


def broadcast_parameters(tensors):
    """Gives floating tensors the values that they have in the first process, in place."""
    if not is_distributed() or not tensors:
        return
    barrier()
    flat = paddle.concat([tensor.detach().astype("float32").reshape([-1]) for tensor in tensors])
    distributed.broadcast(flat, src=0)
    for tensor, values in zip(tensors, paddle.split(flat, [tensor.size for tensor in tensors])):
        tensor.set_value(values.reshape(tensor.shape).astype(tensor.dtype))


def distribute(model, options, device: str):
    """Prepares a model for processes that average their gradients; all get the weights of the first one.

    On GPUs the result is a ``paddle.DataParallel``, which averages during the backward pass.  On a CPU that would gain
    nothing and would abort the process when another one ends: there :func:`average` does it afterwards.

    Args:
        model: the model with the weights to start from.
        options: :class:`ppocr.options.GlobalOptions`.
        device: name of the device.

    Returns:
        the model to train; the same one where there is only this process, and on a CPU.
    """
    if not is_distributed():
        return model
    if device == "cpu":
        if options.use_sync_bn:
            logger.warning("Global.use_sync_bn: not on a CPU; each process normalises with its own part of the batch")
        broadcast_parameters([tensor for tensor in model.state_dict().values() if "float" in str(tensor.dtype)])
        return model
    if options.use_sync_bn:
        model = paddle.nn.SyncBatchNorm.convert_sync_batchnorm(model)
    barrier()
    return paddle.DataParallel(model, find_unused_parameters=options.find_unused_parameters)


def keeping_gradients(model):
    """Returns a context of backward passes whose gradients stay with this process until a pass outside it.

    Where parameters may be left out, ``paddle.DataParallel`` averages after each pass: the last one would forget those
    that only an earlier one has used, and the processes would drift apart.
    """
    wrapped = isinstance(model, paddle.DataParallel)
    return model.no_sync() if wrapped and not model.find_unused_parameters else contextlib.nullcontext()


def average(model, loss):
    """Replaces gradients by their mean over the processes, where the backward pass has not done so.

    A parameter without a gradient counts as zero where another process has one.

    Args:
        model: what :func:`distribute` gave.
        loss: of this process, a scalar.

    Returns:
        the mean of the losses; one that is not finite shows in every process.
    """
    if not is_distributed():
        return loss
    if isinstance(model, paddle.DataParallel):
        mean = loss / distributed.get_world_size()
        distributed.all_reduce(mean)
        return mean
    parameters = [p for p in model.parameters() if not p.stop_gradient]
    used = paddle.to_tensor([float(p.grad is not None) for p in parameters])
    gradients = [(paddle.zeros_like(p) if p.grad is None else p.grad).reshape([-1]) for p in parameters]
    flat = paddle.concat([loss.reshape([1]), used, *gradients])
    distributed.all_reduce(flat)
    flat.scale_(1 / distributed.get_world_size())
    mean, used, *gradients = paddle.split(flat, [1, len(parameters), *(p.size for p in parameters)])
    for parameter, in_use, gradient in zip(parameters, used.tolist(), gradients):
        if in_use:
            parameter.grad = gradient.reshape_(parameter.shape)
    return mean.reshape(loss.shape)


@contextlib.contextmanager
def exit_together():
    """A context in which processes end together: when one fails, the others are informed or notice, and report it.

    The first process leaves last, because the others find each other through it.

    Raises:
        UserError: another process is gone.
    """
    try:
        yield
    except Exception as error:
        if not is_distributed():
            raise
        loss = _loss(error)
        if loss is None:
            _say_failed()
            raise
        raise UserError(_lost(loss)) from error
    except SystemExit:
        _leave()
        raise
    else:
        _leave()


def _lost(sign):
    return (
        f"process {rank()}: lost contact with another process, whose own output may say why ({sign}); "
        "Global.resume=auto continues from the last checkpoint"
    )


def _leave():
    if not is_distributed():
        return
    left, deadline = _count("left", 1), time.monotonic() + 30
    while rank() == 0 and left < distributed.get_world_size() and time.monotonic() < deadline:
        time.sleep(_PAUSE)
        left = _count("left")


def _loss(error):
    """Returns the line of an error that reports a broken connection, or None."""
    error = error.__cause__ or error  # where a section of the configuration is blamed
    lines = [] if isinstance(error, UserError) else str(error).splitlines()
    return next((line.strip() for line in lines if any(sign in line for sign in _SIGNS_OF_LOSS)), None)


def _say_failed():
    with contextlib.suppress(ValueError, RuntimeError):  # the process with the store may have ended meanwhile
        _count("failed", 1)


def _count(name: str, add: int = 0) -> int:
    """Adds to a counter that all processes share, and returns it."""
    return paddle.base.core.create_or_get_global_tcp_store().add(f"ppocr/{name}", add)
