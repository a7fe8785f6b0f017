"""Evaluation of a model on a data set."""

import sys
import time

import paddle
from tqdm import tqdm

from ppocr.engine.stepper import MixedPrecision, call_model, to_float32
from ppocr.errors import DataError
from ppocr.metrics import build_metric
from ppocr.postprocess import build_post_process


class Evaluator:
    """Runs a model over a data set and computes its metric; the same in training and in ``tools/eval.py``.

    Attributes:
        metric: names ``main_indicator`` and says whether ``higher_is_better``.

    Args:
        dataloader: gives batches and, in ``dataloader.report``, what could not be read.
        post_process: turns predictions into results (``process``).
        metric: compares results with a batch (``update_from``).
        amp: mixed precision, on or off.
    """

    def __init__(self, dataloader, post_process, metric, amp=None):
        self.dataloader, self.post_process, self.metric = dataloader, post_process, metric
        self._amp = amp or MixedPrecision()

    def __call__(self, model) -> dict:
        """Returns the metrics and ``fps`` (samples per second of model, post-processing and metric).

        The model runs in evaluation mode and is left in the mode that it was in.

        Raises:
            DataError: no sample could be read.
        """
        was_training = model.training
        model.eval()
        try:
            samples, seconds = self._run(model)
        finally:
            if was_training:
                model.train()
        if not samples:
            raise DataError(f"Eval: no sample could be read; {self.dataloader.report.summary()}")
        return {**self.metric.get_metric(), "fps": samples / max(seconds, 1e-9)}

    def examples(self, model, count: int):
        """Returns (images, results, batch) of up to ``count`` samples of the first batch, or None if there is none.

        ``images`` are arrays as the model gets them, ``results`` what post-processing makes of the predictions.
        """
        was_training = model.training
        model.eval()
        with paddle.no_grad():
            for batch in self.dataloader:
                batch = [field[:count] for field in batch]
                with self._amp.autocast():
                    predictions = call_model(model, batch)
                if was_training:
                    model.train()
                arrays = to_numpy(batch)
                return arrays[0], self.post_process.process(to_float32(predictions), arrays), arrays
        return None

    def _run(self, model):
        self.metric.reset()
        samples, seconds = 0, 0.0
        bar = tqdm(self.dataloader, desc="eval", leave=False, disable=not sys.stderr.isatty())
        with paddle.no_grad():
            for batch in bar:
                start = time.perf_counter()
                with self._amp.autocast():
                    predictions = call_model(model, batch)
                arrays = to_numpy(batch)
                result = self.post_process.process(to_float32(predictions), arrays)
                self.metric.update_from(result, arrays)
                seconds += time.perf_counter() - start
                samples += len(batch[0])
        # Nothing is replaced in evaluation: what could not be read counts as wrong.
        self.metric.add_unreadable(self.dataloader.report.take_unreadable())
        return samples, seconds


def to_numpy(batch) -> list:
    """Returns the fields of a batch with tensors as NumPy arrays."""
    return [field.numpy() if isinstance(field, paddle.Tensor) else field for field in batch]


class TrainingMetric:
    """Computes the metric of one training batch: ``(predictions, batch) -> dict``."""

    def __init__(self, post_process, metric):
        self._post_process, self._metric = post_process, metric

    def __call__(self, predictions, batch):
        arrays = to_numpy(batch)
        self._metric.update_from(self._post_process.process(predictions, arrays), arrays)
        return self._metric.get_metric()


def build_training_metric(config, options, logger):
    """Returns a :class:`TrainingMetric` if ``Global.cal_metric_during_train`` asks for one, else None.

    Training batches of detectors hold maps instead of boxes, so that their metrics have nothing to compare with; their
    classes say so with ``on_training_batches = False``.
    """
    if not options.cal_metric_during_train:
        return None
    metric = build_metric(config["Metric"])
    if not metric.on_training_batches:
        name = config["Metric"]["name"]
        logger.warning("Global.cal_metric_during_train: %s cannot be computed on training batches", name)
        return None
    return TrainingMetric(build_post_process(config["PostProcess"], config["Global"]), metric)
