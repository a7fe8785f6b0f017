"""Several networks side by side, fed with the same batch, that learn from each other or from one of them."""

from dataclasses import dataclass
from typing import Annotated, Optional

from paddle import nn

from ppocr.checkpoint.transfer import load_pretrained
from ppocr.errors import ConfigError
from ppocr.modeling.architectures.base_model import BaseModel, ModelType
from ppocr.registry import ARCHITECTURES, Nested
from ppocr.values import Length, Name

NORMS = (nn.BatchNorm, nn.BatchNorm1D, nn.BatchNorm2D)


@ARCHITECTURES.register()
@dataclass(eq=False, repr=False)
class DistillationNetwork(BaseModel):
    """One of the networks: a model that may start from a file of its own and may be frozen.

    Args:
        pretrained: a file of weights, or its path without suffix; null for none.
        freeze_params: leave the weights and the running statistics as they are; the statistics of the batch are used in
            training all the same.

    Raises:
        ConfigError: one of the parts cannot be built.
        CheckpointError: the file is missing, damaged or fits nothing.

    Attributes:
        transfer: :class:`ppocr.checkpoint.transfer.TransferReport` of the file, or None.
    """

    pretrained: Optional[Name] = None
    freeze_params: bool = False

    def __post_init__(self):
        super().__post_init__()
        self.transfer = load_pretrained(self, self.pretrained) if self.pretrained else None
        if self.freeze_params:
            _freeze(self)


def _freeze(network):
    for parameter in network.parameters():
        parameter.trainable = False
    for layer in network.sublayers():
        if isinstance(layer, NORMS):
            layer._momentum = 1.0  # the running statistics keep their old value


@ARCHITECTURES.register()
class DistillationModel(nn.Layer):
    """Named networks, each fed with the whole input.

    ``inputs``, which all networks share, ``feed`` and ``model_average`` are those of the networks; see
    :class:`ppocr.modeling.architectures.base_model.BaseModel`.

    Args:
        model_type: scope in which parts are looked up, for networks that do not name their own.
        Models: ``{name: section}``; the keys of a section are those of :class:`DistillationNetwork`.
        algorithm: a label for readers.

    Raises:
        ConfigError: one of the networks cannot be built, or they read different fields.
        CheckpointError: a file of weights is missing, damaged or fits nothing.
    """

    def __init__(
        self, model_type: ModelType, Models: Annotated[dict[str, dict], Length(1)], algorithm: Optional[str] = None
    ):
        super().__init__()
        self.networks = {
            name: self.add_sublayer(name, ARCHITECTURES.build(_network(model_type, Models[name]))) for name in Models
        }
        self.inputs = _shared_inputs(self.networks)
        self.feed = tuple(dict.fromkeys(name for network in self.networks.values() for name in network.feed))
        self.model_average = any(network.model_average for network in self.networks.values())

    @staticmethod
    def nested_components(arguments):
        """Yields the networks."""
        for name, section in arguments.get("Models", {}).items():
            yield Nested(ARCHITECTURES, ("Models", name), _network(arguments.get("model_type"), section))

    def forward(self, x, data=None):
        """Returns ``{name: what the network gives}``; ``data`` goes to the networks that are fed with any."""
        return {name: network(x, data) if network.feed else network(x) for name, network in self.networks.items()}


def _shared_inputs(networks):
    """Returns what the networks read, all of them the same."""
    inputs = {name: network.inputs for name, network in networks.items()}
    if len(set(inputs.values())) > 1:
        reads = ", ".join(f"{name} {' and '.join(fields)}" for name, fields in inputs.items())
        raise ConfigError(f"Architecture.Models: the networks must read the same fields (inputs); now {reads}")
    return next(iter(inputs.values()))


def _network(model_type, section):
    return {"model_type": model_type, **section, "name": "DistillationNetwork"}
