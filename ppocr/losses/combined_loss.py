"""A weighted sum of losses that the configuration lists."""

from typing import Annotated, Optional

from paddle import nn

from ppocr.losses import build_loss
from ppocr.registry import LOSSES, Nested, bind_arguments
from ppocr.values import Length, Weight

LossList = Annotated[list[Annotated[dict[str, Optional[dict]], Length(1, 1)]], Length(1)]


@LOSSES.register()
class CombinedLoss(nn.Layer):
    """The weighted sum of several losses, each called with the same predictions and batch.

    Args:
        loss_config_list: mappings of one loss each, ``{Name: {"weight": 1.0, "name": "label", key: value, ...}}``; the
            key ``name`` reaches the loss as ``label``.
        model_type: scope in which they are looked up first; given by the builder.

    Raises:
        ConfigError: a loss that cannot be built.
    """

    def __init__(self, loss_config_list: LossList, model_type: Optional[str] = None):
        super().__init__()
        items = [split_item(item) for item in loss_config_list]
        self.names = [config["name"] for _, config in items]
        self.weights = [
            bind_arguments(weight_of, given, name).build(name) for name, (given, _) in zip(self.names, items)
        ]
        self.losses = nn.LayerList([build_loss(config, model_type) for _, config in items])

    @staticmethod
    def nested_components(arguments):
        """Yields every listed loss and its weight."""
        for i, item in enumerate(arguments.get("loss_config_list", ())):
            path = ("loss_config_list", i, *item)
            weighing, config = split_item(item)
            yield Nested(weight_of, path, weighing)
            yield Nested(LOSSES, path, config, ("model_type",))

    def forward(self, preds, batch):
        """Returns ``loss`` and the weighted entries of all losses.

        What a loss gives counts with its entry ``loss``, or with the sum of its entries where there is none. If one of
        them gives a value for each image, the gradients are those of the sum over the images, the values means:
        this is how the published detection distillations train.
        """
        total, entries = 0.0, {}
        for name, weight, loss in zip(self.names, self.weights, self.losses):
            terms = {key: value * weight for key, value in loss(preds, batch).items()}
            own = terms.pop("loss", None)
            total = total + (sum(terms.values()) if own is None else own)
            entries.update(terms if terms else {name: own})
        images = total.shape[0] if total.ndim else 1
        return {"loss": _scale_gradient(total.mean(), images), **{key: v.mean() for key, v in entries.items()}}

    def time_steps(self, preds):
        """Returns the fewest time steps with which one of the losses aligns a text by CTC; None where none does."""
        found = (loss.time_steps(preds) for loss in self.losses if hasattr(loss, "time_steps"))
        return min((steps for steps in found if steps is not None), default=None)


def _scale_gradient(value, factor):
    return value if factor == 1 else factor * value - ((factor - 1) * value).detach()


def weight_of(weight: Weight = 1.0) -> float:
    """Returns the weight of a listed loss, which is not one of its own keys."""
    return weight


def split_item(item):
    """Returns the keys of :func:`weight_of` and the flat section of ``{Name: {"weight": ..., "name": label, ...}}``."""
    ((name, arguments),) = item.items()
    arguments = dict(arguments or {})
    weighing = {"weight": arguments.pop("weight")} if "weight" in arguments else {}
    if "name" in arguments:
        arguments["label"] = arguments.pop("name")
    return weighing, {"name": name, **arguments}
