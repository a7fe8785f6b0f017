"""Evaluates a run once more and keeps what the model made of every sample."""

from dataclasses import dataclass, field
from typing import Any

from ppocr.config import override
from ppocr.data import build_dataloader
from ppocr.data.batch import count_samples
from ppocr.engine.build import build_evaluator
from ppocr.engine.preparation import prepare
from ppocr.engine.trained_model import load_trained
from ppocr.errors import ConfigError, UserError
from ppocr.inference.in_use import differences
from ppocr.metrics import build_metric
from ppocr.options import global_options
from ppocr.postprocess import build_post_process
from ppocr.tasks import Task, asking, task_of


@dataclass
class Evaluated:
    """What an evaluation gave.

    Attributes:
        task: :class:`ppocr.tasks.base.Task` of the metric.
        weights: prefix of the weights.
        metrics: values of the metric.
        dataset: the evaluation set.
        post_process: of the evaluation; see ``watched`` of the task.
        samples: what the task compares; empty where it compares nothing.
        unused: what could not be read, in one line; empty where all could.
        lost: how many samples these are; they count as wrong.
        remarks: sentences that belong beside the metrics.
        failure: why the task could compare nothing, in one line; empty where it did not fail.
    """

    task: Task
    weights: str
    metrics: dict
    dataset: Any
    post_process: Any = None
    samples: list = field(default_factory=list)
    unused: str = ""
    lost: int = 0
    remarks: list = field(default_factory=list)
    failure: str = ""


def evaluate(config, path, weights) -> Evaluated:
    """Evaluates weights on the ``Eval`` set of a configuration.

    Args:
        config: the merged configuration; sets that are only watched are left out.
        path: where it comes from, for messages.
        weights: prefix of the weights.

    Raises:
        UserError: the device, the weights or the data cannot be used.
    """
    alone = override(config, ["Global.cal_loss_during_eval=false", "GuardEval=null"])
    alone["Global"]["checkpoints"] = weights
    resolved, device, logger, _ = prepare(alone, path)
    if not resolved.get("Eval"):
        raise ConfigError("Eval: this section is missing, so there is nothing to evaluate on")
    options = global_options(resolved)
    model, amp = load_trained(resolved, options, device, logger, "evaluate")
    loader = build_dataloader({key: resolved[key] for key in ("Global", "Eval")}, "Eval", device, logger, options.seed)
    keeper = SampleKeeper(resolved)
    evaluator = build_evaluator(resolved, loader, amp, on_batch=keeper, post_process=keeper.post_process)
    metrics = evaluator(model)
    lost = sum(loader.report.counts.values())
    remarks = [*evaluator.remarks, *differences(resolved, model, evaluator)]
    return Evaluated(
        keeper.task,
        weights,
        metrics,
        loader.dataset,
        keeper.post_process,
        keeper.samples,
        loader.report.summary(),
        lost,
        remarks,
        keeper.failure,
    )


class SampleKeeper:
    """Keeps what an evaluation compares: an observer of its batches.

    Of several networks the one is kept by which the best model is chosen.

    Attributes:
        task: of the metric.
        post_process: of the evaluation.
        samples: the list that fills up during the evaluation.
        failure: see :class:`Evaluated`; the evaluation goes on.

    Args:
        config: the resolved configuration.
    """

    def __init__(self, config):
        self._metric = build_metric(config["Metric"], config["Global"].get("model_type"))
        self.task, self.samples, self.failure = task_of(self._metric.single.task), [], ""
        with asking(self.task, "the post-processing"):
            self.post_process = self.task.watched(build_post_process(config["PostProcess"], config["Global"]))

    def __call__(self, result, batch):
        """Takes what a batch gave."""
        if self.failure:
            return
        try:
            self.samples += self._compared(result, batch)
        except UserError as error:
            self.samples, self.failure = [], str(error)

    def _compared(self, result, batch):
        keys = batch.sample_keys or [None] * count_samples(batch)
        with asking(self.task, "the samples of an evaluation batch"):
            result, metric = self._metric.main_result(result), self._metric.single
            return list(self.task.compare(result, batch, metric, keys, self.post_process))
