"""A weighted sum of losses that the configuration lists."""

from paddle import nn

from ppocr.errors import ConfigError
from ppocr.registry import LOSSES, coerce


@LOSSES.register()
class CombinedLoss(nn.Layer):
    """The weighted sum of several losses, each called with the same predictions and batch.

    Args:
        loss_config_list: mappings of one loss each, ``{Name: {"weight": 1.0, "name": "label", key: value, ...}}``; the
            key ``name`` reaches the loss as ``label``.

    Raises:
        ConfigError: an item that is no such mapping, or a loss that cannot be built.
    """

    def __init__(self, loss_config_list: list):
        super().__init__()
        items = [split_item(item) for item in loss_config_list]
        self.names = [config["name"] for _, config in items]
        self.weights = [coerce(weight, float) for weight, _ in items]
        self.losses = nn.LayerList([LOSSES.build(config) for _, config in items])

    @staticmethod
    def nested_components(config):
        """Yields ``(LOSSES, path, config)`` of every listed loss."""
        for i, item in enumerate(config.get("loss_config_list") or ()):
            if isinstance(item, dict) and len(item) == 1:
                yield LOSSES, ("loss_config_list", i, *item), split_item(item)[1]

    def forward(self, preds, batch):
        """Returns ``loss`` and the weighted entries of all losses.

        What a loss gives counts with its entry ``loss``, or with the sum of its entries where there is none. If one of
        them gives a value for each picture, the gradients are those of the sum over the pictures, the values means:
        so the published detection distillations train.
        """
        total, entries = 0.0, {}
        for name, weight, loss in zip(self.names, self.weights, self.losses):
            terms = {key: value * weight for key, value in loss(preds, batch).items()}
            own = terms.pop("loss", None)
            total = total + (sum(terms.values()) if own is None else own)
            entries.update(terms if terms else {name: own})
        pictures = total.shape[0] if total.ndim else 1
        return {"loss": _scale_gradient(total.mean(), pictures), **{key: v.mean() for key, v in entries.items()}}

    def time_steps(self, preds):
        """Returns the fewest time steps with which one of the losses aligns a text by CTC; None where none does."""
        found = (loss.time_steps(preds) for loss in self.losses if hasattr(loss, "time_steps"))
        return min((steps for steps in found if steps is not None), default=None)


def _scale_gradient(value, factor):
    return value if factor == 1 else factor * value - ((factor - 1) * value).detach()


def split_item(item):
    """Returns the weight and the flat configuration of ``{Name: {"weight": ..., "name": label, ...}}``."""
    if not isinstance(item, dict) or len(item) != 1:
        raise ConfigError(f"loss_config_list: each item must be one loss, {{Name: arguments}}, not {item!r}")
    ((name, arguments),) = item.items()
    arguments = dict(arguments or {})
    weight = arguments.pop("weight", 1.0)
    if "name" in arguments:
        arguments["label"] = arguments.pop("name")
    return weight, {"name": name, **arguments}
