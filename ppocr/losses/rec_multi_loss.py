"""Loss of recognisers with a CTC branch and a branch that guides it in training."""

from typing import Optional

from paddle import nn

from ppocr.data.batch import BRANCH_LABELS
from ppocr.data.branches import branch_batch
from ppocr.losses import build_loss
from ppocr.losses.combined_loss import LossList, split_item
from ppocr.registry import LOSSES, Nested
from ppocr.values import Weight

GUIDES = {"SARLoss": "sar", "NRTRLoss": "gtc"}


@LOSSES.register()
class MultiLoss(nn.Layer):
    """Weighted sum of the CTC loss and the loss of the guiding branch.

    Source: Guided Training of CTC (https://arxiv.org/abs/2002.01276).

    Args:
        loss_config_list: one mapping for each branch, ``{Name: arguments}``, of ``CTCLoss``, ``SARLoss``, ``NRTRLoss``.
        weight_1: weight of the CTC branch.
        weight_2: weight of the guiding branch.
        model_type: scope in which they are looked up first; given by the builder.

    Raises:
        ConfigError: a loss that cannot be built.
    """

    def __init__(
        self,
        loss_config_list: LossList,
        weight_1: Weight = 1.0,
        weight_2: Weight = 1.0,
        model_type: Optional[str] = None,
    ):
        super().__init__()
        configs = [split_item(item)[1] for item in loss_config_list]
        self.names = [config["name"] for config in configs]
        self.losses = nn.LayerList([build_loss(config, model_type) for config in configs])
        self.weights = (weight_1, weight_2)

    @staticmethod
    def reads_of(arguments):
        """Returns the labels of the branches that have a loss, and their lengths."""
        guided = {name in GUIDES for item in arguments.get("loss_config_list", ()) for name in item}
        return (*(label for label, guides in zip(BRANCH_LABELS, (False, True)) if guides in guided), "length")

    @staticmethod
    def check_arguments(loss_config_list):
        """Yields losses that belong to no branch."""
        for name in (name for item in loss_config_list for name in item):
            if name != "CTCLoss" and name not in GUIDES:
                yield "loss_config_list", f"'{name}' belongs to no branch; known: CTCLoss, {', '.join(GUIDES)}"

    @staticmethod
    def nested_components(arguments):
        """Yields every listed loss."""
        for i, item in enumerate(arguments.get("loss_config_list", ())):
            yield Nested(LOSSES, ("loss_config_list", i, *item), split_item(item)[1], ("model_type",))

    def forward(self, preds, batch):
        """Returns ``loss`` and the weighted loss of each branch by its name.

        Args:
            preds: outputs of the branches: ``ctc``, and ``sar`` or ``gtc``.
            batch: has ``label_ctc``, the label of the guiding branch if it has a loss, and what these read besides.
        """
        losses = {}
        for name, loss in zip(self.names, self.losses):
            branch = GUIDES.get(name, "ctc")
            value = loss(preds[branch], branch_batch(batch, branch))["loss"]
            losses[name] = value * self.weights[branch != "ctc"]
        return {"loss": sum(losses.values()), **losses}

    def time_steps(self, preds):
        """Returns the fewest time steps with which a branch aligns a text by CTC; None where none does."""
        branches = (GUIDES.get(name, "ctc") for name in self.names)
        aligning = [(loss, preds[b]) for loss, b in zip(self.losses, branches) if hasattr(loss, "time_steps")]
        return min((loss.time_steps(scores) for loss, scores in aligning), default=None)
