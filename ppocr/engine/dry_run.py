"""What a run meets first in an evaluation, tried before its first step: what does not fit shows in seconds."""

from dataclasses import dataclass
from typing import Any

import paddle

from ppocr.data.batch import count_samples, names_of, of_one_shape
from ppocr.distributed import processes
from ppocr.engine.freezing import set_training_mode
from ppocr.engine.static_graph import without_static_graph
from ppocr.errors import ConfigError, DataError
from ppocr.failures import stage


@dataclass
class DryRunResult:
    """What the model made of a batch.

    Attributes:
        batch: list of fields.
        predictions: of the model, float32.
        values: losses in training, metrics in evaluation.
    """

    batch: list
    predictions: Any
    values: dict

    @property
    def sample_bytes(self) -> int:
        """Bytes of the tensors of one sample."""
        tensors = [field.numpy() for field in self.batch if isinstance(field, paddle.Tensor)]
        return sum(tensor.nbytes for tensor in tensors) // max(count_samples(self.batch), 1)


def dry_run(evaluation, model):
    """Takes the first readable batch of each evaluation set through everything that an evaluation does with it.

    Nothing of it stays: no value, no count of bad samples, no statistics of the model; training draws its random
    numbers from the seed of each step.

    Args:
        evaluation: :class:`ppocr.engine.evaluation.EvaluationSuite`.
        model: the model, which is left in training mode.

    Raises:
        StageError: a section does not fit the data or the others.
        DataError: no sample of a set can be read.
        ConfigError: a value that early stopping watches is none of the metrics.
    """
    values, everywhere = {"fps": 0.0}, True
    for name, evaluator in evaluation.evaluators.items():
        main = evaluator is evaluation.main
        section = name if main else f"GuardEval.{name}"
        batch = _first_batch(evaluator.dataloader, section)
        everywhere &= batch is not None
        if batch is not None:
            found = try_evaluation(evaluator, model, batch, section).values
            values.update(found if main else {f"{name}_{key}": value for key, value in found.items()})
    watched = evaluation.stopping and evaluation.stopping.metric
    if watched and everywhere and watched not in values:
        raise ConfigError(f"Global.early_stopping.metric: an evaluation gives no {watched}, but {', '.join(values)}")


def _first_batch(dataloader, section):
    """Returns the first batch of the share of this process of which anything can be read; None if it has no such.

    Raises:
        DataError: no process has one.
    """
    batch, events = dataloader.first_batch()
    if not any(processes.gather(batch is not None)):
        dataloader.report.add(events)
        raise DataError(f"{section}: no sample could be read; {dataloader.report.summary()}")
    return batch


def try_evaluation(evaluator, model, batch, section="Eval") -> DryRunResult:
    """Takes one batch through model, post-processing, metric and, if there is one, loss.

    Args:
        evaluator: :class:`ppocr.engine.evaluator.Evaluator`.
        model: the model, which is left in training mode.
        batch: of the section.
        section: name of the section, as messages give it.

    Raises:
        StageError: one of them fails; its path says which.
    """
    fields = ", ".join(names_of(batch))
    first = f"the first batch of {section}" + (f" (fields: {fields})" if fields else "")
    batch = next(of_one_shape(batch))
    model.eval()
    try:
        with paddle.no_grad(), without_static_graph():
            evaluator.metric.reset()
            predictions = evaluator.judge(model, batch, first)
            with stage("Metric", doing=f"it fails on {first}"):
                values = evaluator.metric.compute()
            if evaluator.loss is not None:
                values["loss"], _ = evaluator.loss_of(model, batch, first)
    finally:
        set_training_mode(model)
        evaluator.metric.reset()
    indicator = evaluator.metric.main_indicator
    if indicator not in values:
        with stage("Metric", "main_indicator"):
            raise ConfigError(f"the metric gives no {indicator}, but {', '.join(values)}")
    return DryRunResult(batch, predictions, values)
