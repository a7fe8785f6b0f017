"""What an optimizer keeps of each parameter: accumulators (moments, velocities, ...) and master weights.

Paddle makes them at the first update and names them after its automatic names of parameters, which differ between
processes: ``<parameter>_moment1_0``, or ``<parameter>_fp32_master_0_moment1_0`` where the parameter is in half
precision and its master weight in float32 is what is trained.  Here they are made at the start, by Paddle itself, so
that everything that copies or restores a run finds them all; and they are told apart by parameter and kind, so that a
state that was saved in one precision goes on in another.
"""

import re
from typing import NamedTuple

import numpy as np
import paddle
from paddle.base.layer_helper import LayerHelper
from paddle.utils import unique_name

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.damage import like
from ppocr.checkpoint.transfer import PARAMS, assign, fits, unnamed
from ppocr.errors import CheckpointError

HALF = (paddle.float16, paddle.bfloat16)
OPTIMIZER_STATE = ".pdopt"
NAMES_KEY = "StructuredToParameterName@@"
MASTER_WEIGHTS, SCHEDULE = "master_weights", "LR_Scheduler"
_AFTER_PARAMETER = re.compile(r"(?:fp32_master_\d+_)?(.+)_\d+")


def create_state(optimizer):
    """Creates now the state that an optimizer would create at its first update; existing state is kept.

    Args:
        optimizer: a Paddle optimizer.
    """
    with unique_name.guard():  # names that depend on the parameters alone
        optimizer.helper = LayerHelper(type(optimizer).__name__)
        block = paddle.static.default_main_program().global_block()
        optimizer._create_accumulators(block, _trained(optimizer))


def master_weights(optimizer) -> dict:
    """Returns the float32 weights behind half-precision parameters by the automatic names of these; a live view."""
    return optimizer._master_weights


def exact_weights(model, optimizer) -> dict:
    """Returns ``{structured name: tensor}``: master weights where there are any, else a model's own weights."""
    masters = master_weights(optimizer)
    return {name: masters.get(tensor.name, tensor) for name, tensor in model.state_dict().items()}


@paddle.no_grad()
def round_weights(model, optimizer):
    """Rounds master weights into the half-precision parameters that they are behind."""
    masters = master_weights(optimizer)
    for parameter in model.parameters():
        if parameter.name in masters:
            parameter.copy_(masters[parameter.name].astype(parameter.dtype), False)


def accumulators(optimizer) -> dict:
    """Returns ``{automatic name of a parameter: {kind: tensor}}`` of every parameter that is trained."""
    owners = {master.name: name for name, master in master_weights(optimizer).items()}
    found = {parameter.name: {} for parameter in _trained(optimizer)}
    for kind, tensors in optimizer._accumulators.items():
        for owner, tensor in tensors.items():
            found.setdefault(owners.get(owner, owner), {})[kind] = tensor
    return found


def _trained(optimizer):
    groups = optimizer._param_groups  # the parameters, or groups of them in an optimizer of one's own
    parameters = [p for group in groups for p in (group["params"] if isinstance(group, dict) else [group])]
    return [parameter for parameter in parameters if not parameter.stop_gradient]


def restore_weights(prefix, target: dict, weights: dict):
    """Fills tensors with the weights of a checkpoint; every one must be there and fit.

    Args:
        prefix: path of the checkpoint without suffix.
        target: ``{structured name: tensor}``, as :func:`exact_weights` gives it.
        weights: ``{structured name: array}``.

    Raises:
        CheckpointError: a weight is missing or of another shape.
    """
    wrong = [name for name in target if name not in weights or not fits(weights[name], target[name])]
    if wrong:
        raise CheckpointError(
            f"{prefix}{PARAMS}: {len(wrong)} of {len(target)} weights are missing or of another shape, "
            f"first {wrong[0]}; resume with the architecture of the checkpoint, or use Global.pretrained_model"
        )
    for name, tensor in target.items():
        assign(tensor, weights[name])


class SavedState(NamedTuple):
    """The state of an optimizer as a file holds it.

    Attributes:
        path: the file.
        accumulators: ``{automatic name of a parameter: {kind: array}}``.
        master_weights: ``{structured name of a parameter: array}``; empty after training in float32.
        schedule: the state of the learning-rate schedule; empty after training at a constant rate.
    """

    path: str
    accumulators: dict
    master_weights: dict
    schedule: dict


def read_state(prefix, weights: dict, model) -> SavedState:
    """Reads the ``.pdopt`` file of a checkpoint.

    Args:
        prefix: path of the checkpoint without suffix.
        weights: content of its ``.pdparams`` file, which tells what Paddle called the parameters in the process that
            saved them.
        model: what they belong to now.

    Raises:
        CheckpointError: the file is missing or damaged, or nothing tells which weights its entries belong to.
    """
    path = f"{prefix}{OPTIMIZER_STATE}"
    content = safe_pickle.load(path)
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: holds a {type(content).__name__} instead of the state of an optimizer")
    now = {name: tensor.name for name, tensor in model.state_dict().items()}
    then = weights.get(NAMES_KEY) or now
    entries = dict(map(unnamed, content.items()))
    found = _by_parameter(path, entries, {then[name]: now[name] for name in then if name in now})
    masters = dict(map(unnamed, (entries.get(MASTER_WEIGHTS) or {}).items()))
    masters = {name: masters[then[name]] for name in then if then[name] in masters}
    return SavedState(path, found, masters, entries.get(SCHEDULE) or {})


def _by_parameter(path, entries, names):
    """Sorts accumulators; ``names``: what parameters were called to what they are called now."""
    arrays = {key: value for key, value in entries.items() if isinstance(value, np.ndarray)}
    found = {}
    for key, array in arrays.items():
        parameter, kind = _parse(key, names)
        if parameter is not None:
            found.setdefault(names[parameter], {})[kind] = array
    if arrays and not found:
        raise CheckpointError(
            f"{path}: nothing says which weights its entries belong to, such as {next(iter(arrays))}; to start "
            "again from the weights, use Global.pretrained_model"
        )
    return found


def _parse(key, names):
    """Returns (parameter, kind) of the name of an accumulator; the longest matching name of a parameter wins."""
    end = key.rfind("_")
    while end > 0:
        match = _AFTER_PARAMETER.fullmatch(key, end + 1) if key[:end] in names else None
        if match:
            return key[:end], match.group(1)
        end = key.rfind("_", 0, end)
    return None, None


def without_state(optimizer, saved: SavedState) -> list:
    """Returns the automatic names of the parameters that are trained and of which a saved state holds nothing.

    Args:
        optimizer: the one to resume; its state has been created.
        saved: the state to resume from.

    Raises:
        CheckpointError: the state is that of another kind of optimizer.
    """
    live = accumulators(optimizer)
    kinds, old = ({kind for own in state.values() for kind in own} for state in (live, saved.accumulators))
    if old and kinds != old:
        kept, keeps = (", ".join(sorted(some)) or "nothing" for some in (old, kinds))
        raise CheckpointError(
            f"{saved.path}: belongs to another optimizer, which kept {kept} for each weight, while this one keeps "
            f"{keeps}; to start again from the weights, use Global.pretrained_model"
        )
    return [name for name, own in live.items() if own and name not in saved.accumulators]


def in_words(new, model) -> str:
    """Returns a warning about the parameters that :func:`without_state` has found in ``model``."""
    names = {parameter.name: name for name, parameter in model.named_parameters()}
    return (
        f"has no optimizer state for {len(new)} of the weights that are trained now, first {names[new[0]]}; theirs "
        "starts at zero"
    )


def restore_state(optimizer, saved: SavedState) -> list:
    """Gives an optimizer the accumulators of a saved state.

    Args:
        optimizer: its state has been created and never updated.
        saved: accumulators of parameters that are no longer trained are left out.

    Returns:
        See :func:`without_state`: these parameters begin as in a new run.

    Raises:
        CheckpointError: see :func:`without_state`, or an accumulator does not fit its parameter.
    """
    new = without_state(optimizer, saved)
    for name, own in accumulators(optimizer).items():
        for kind, array in saved.accumulators.get(name, {}).items():
            if kind not in own or own[kind].size != array.size:
                raise CheckpointError(f"{saved.path}: damaged: {kind} of {name} has the shape {list(array.shape)}")
            assign(own[kind], array)
    return new


def restore_schedule(schedule, saved: SavedState):
    """Restores a learning-rate schedule to its saved step; a constant rate has nothing to restore.

    Args:
        schedule: a Paddle ``LRScheduler``, or a float.
        saved: without a schedule, as after training at a constant rate, nothing changes.
    """
    if saved.schedule and not isinstance(schedule, float):
        schedule.set_state_dict(like(saved.schedule, schedule.state_dict()))
