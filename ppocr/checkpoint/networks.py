"""What each network of a model with several networks starts from, which may be a file of its own."""

import paddle

from ppocr.checkpoint.facts import READ, compare, read_facts
from ppocr.checkpoint.transfer import strip_suffix
from ppocr.errors import CheckpointError


def network_warnings(model, facts: dict, loaded=()) -> list:
    """Returns a line for each network whose weights are not what they should be at the start of a run.

    Args:
        model: its ``networks``, if it has them, know ``pretrained``, ``frozen`` and ``transfer``; see
            :class:`ppocr.modeling.architectures.distillation_model.DistillationNetwork`.
        facts: what the outputs of the model mean.
        loaded: names of weights that ``Global.pretrained_model`` has given.

    Raises:
        CheckpointError: the file of a frozen network was trained for other outputs, so it would teach nonsense.
    """
    lines = []
    for name, network in (getattr(model, "networks", None) or {}).items():
        filled = any(weight.startswith(f"{name}.") for weight in loaded)
        lines += [f"Architecture.Models.{name}: {line}" for line in _of_one(network, facts, filled)]
    return lines


def _of_one(network, facts, filled):
    if network.pretrained:
        refused = compare(read_facts(strip_suffix(network.pretrained)), facts, READ).refused
        if refused and network.freeze_params:
            raise CheckpointError(f"{network.pretrained}: {'; '.join(refused)}")
        if refused:
            yield (
                f"{network.pretrained} {refused[0].partition(';')[0]}, and nothing is carried over here; name the file "
                "in Global.pretrained_model instead"
            )
    if not network.freeze_params or filled:
        return
    if network.transfer is None:
        yield "is frozen with random weights, so it teaches nothing; name a file in 'pretrained' of this network"
    elif network.transfer.missing or network.transfer.mismatched:
        yield f"is frozen, and {network.pretrained} does not give all of its weights: {network.transfer}"


def unwrap(model):
    """Returns the model inside a DataParallel wrapper, or the model itself."""
    return model._layers if isinstance(model, paddle.DataParallel) else model
