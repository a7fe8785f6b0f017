"""Evaluation of a model on a data set."""

import contextlib
import itertools
import math
import sys
import time
from typing import NamedTuple

import paddle
from paddle import nn
from tqdm import tqdm

from ppocr.data.bad_samples import UNKNOWN_CHARACTERS
from ppocr.data.batch import (
    Batch,
    count_samples,
    facts_of,
    images_of,
    of_one_shape,
    slice_samples,
    with_fields,
    with_images,
)
from ppocr.distributed import processes
from ppocr.engine.forward import call_loss, call_model, to_float32
from ppocr.engine.freezing import running_statistics, set_training_mode
from ppocr.engine.static_graph import without_static_graph
from ppocr.engine.stepper import MixedPrecision
from ppocr.engine.unaligned import unaligned
from ppocr.errors import DataError
from ppocr.failures import stage

_CONTAINERS = (object, nn.Layer, nn.Sequential, nn.LayerList, nn.LayerDict)


class EvalShard(NamedTuple):
    """What one process has seen of an evaluation.

    Attributes:
        records: those of the metric.
        events: the :class:`ppocr.data.bad_samples.BadSample` that it met.
        losses: the sum of the losses of each batch; empty where no loss is asked for.
        samples: how many could be read.
        seconds: that model, post-processing and metric took.
        wider: how many samples inference would make wider.
        too_long: how many samples the losses leave out; see :mod:`ppocr.engine.unaligned`.
    """

    records: object
    events: list
    losses: list
    samples: int
    seconds: float
    wider: int = 0
    too_long: int = 0


class Evaluator:
    """Runs a model over a data set and computes its metric; the same in training and in ``tools/eval.py``.

    In a distributed run every process evaluates its share, with the running statistics of the first one, and all of
    them return the values of the whole set: the same, to the last digit, as those of a single process.

    Attributes:
        metric: names ``main_indicator`` and says whether ``higher_is_better``.
        loss: see below; None where none is asked for.
        remarks: sentences about the last evaluation that belong beside its values.
        samples: how many samples it has judged.
        wider: how many of them inference would make wider; see :mod:`ppocr.inference.in_use`.

    Args:
        dataloader: gives batches and, in ``dataloader.report``, what could not be read.
        post_process: turns predictions into results (``process``).
        metric: compares results with a batch (``update``).
        amp: mixed precision, on or off.
        loss: ``loss(predictions, batch) -> dict``; its mean over the samples becomes the value ``loss``.
        heartbeat: called after each batch, to show that the run gets on.
        on_batch: ``on_batch(result, batch)`` sees what the metric compares, with the batch as arrays; or None.
    """

    def __init__(self, dataloader, post_process, metric, amp=None, loss=None, heartbeat=None, on_batch=None):
        self.dataloader, self.post_process, self.metric = dataloader, post_process, metric
        self._amp, self.loss = amp or MixedPrecision(), loss
        self._heartbeat, self._on_batch = heartbeat or (lambda: None), on_batch
        self.remarks, self.samples, self.wider = [], 0, 0

    def __call__(self, model) -> dict:
        """Returns the metrics and ``fps`` (samples per second of model, post-processing and metric).

        The model runs in evaluation mode and is left in the mode that it was in.

        Raises:
            DataError: no sample could be read.
        """
        processes.broadcast_parameters(running_statistics(model))
        was_training = model.training
        model.eval()
        try:
            share = self._run(model)
        finally:
            if was_training:
                set_training_mode(model)
        return self._values(processes.gather(share))

    def _values(self, shares):
        """Returns the metrics of what all processes have seen."""
        report, events = self.dataloader.report, list(itertools.chain.from_iterable(share.events for share in shares))
        report.count_new(events)
        samples = sum(share.samples for share in shares)
        if not samples:
            raise DataError(f"Eval: no sample could be read; {report.summary()}")
        self.metric.merge([share.records for share in shares])
        # Nothing is replaced in evaluation: what could not be read counts as wrong.
        lost = [event.label for event in events if not event.kept]
        self.metric.add_unreadable(lost)
        self.samples, self.wider = samples + len(lost), sum(share.wider for share in shares)
        too_long = sum(share.too_long for share in shares)
        self.remarks = [*_remarks(events, too_long, self.samples), *self.metric.remarks()]
        values = self.metric.compute()
        self.metric.reset()
        if self.loss is not None:
            values["loss"] = math.fsum(itertools.chain.from_iterable(share.losses for share in shares)) / samples
        return {**values, "fps": samples / max(1e-9, *(share.seconds for share in shares))}

    def examples(self, model, count: int):
        """Yields (images, results, batch) of batch after batch until there are ``count`` samples, or no more.

        The model is in evaluation mode until then.  ``images`` are arrays as the model gets them, ``results`` what
        post-processing makes of the predictions (of several networks, of that by which the best model is chosen).
        """
        was_training = model.training
        model.eval()
        try:
            with paddle.no_grad(), without_static_graph():
                for batch in itertools.chain.from_iterable(map(of_one_shape, self.dataloader)):
                    batch = slice_samples(batch, 0, count)
                    count -= count_samples(batch)
                    predictions = self._predict(model, batch, "an evaluation batch")
                    arrays = as_arrays(batch)
                    results = _decoded(self.post_process, predictions, arrays, "an evaluation batch")
                    yield images_of(arrays), self.metric.main_result(results), arrays
                    if count <= 0:
                        break
        finally:
            if was_training:
                set_training_mode(model)

    def _run(self, model) -> EvalShard:
        """Evaluates the share of this process."""
        self.metric.reset()
        self.dataloader.report.take_events()  # of examples that were looked at
        samples, wider, too_long, seconds, losses = 0, 0, 0, 0.0, []
        bar = tqdm(self.dataloader, desc="eval", leave=False, disable=not sys.stderr.isatty())
        with paddle.no_grad(), without_static_graph():
            for batch in itertools.chain.from_iterable(map(of_one_shape, bar)):
                start = time.perf_counter()
                self.judge(model, batch)
                seconds += time.perf_counter() - start
                samples += count_samples(batch)
                wider += sum(facts.wider for facts in facts_of(batch))
                if self.loss is not None:
                    loss, left_out = self.loss_of(model, batch)
                    losses.append(loss * count_samples(batch))
                    too_long += left_out
                self._heartbeat()
                processes.check_contact()
        events = self.dataloader.report.take_events()
        return EvalShard(self.metric.records, events, losses, samples, seconds, wider, too_long)

    def judge(self, model, batch, where="an evaluation batch"):
        """Takes a batch through model, post-processing and metric; returns the predictions, which nothing here holds.

        Raises:
            StageError: one of them fails; ``where`` is what the line calls the batch.
        """
        predictions = self._predict(model, batch, where)
        fields = on_host(batch)
        result = _decoded(self.post_process, predictions, fields, where)
        with stage("Metric", doing=f"it fails on {where}"):
            self.metric.update(result, fields)
        if self._on_batch is not None:
            self._on_batch(result, fields)
        return predictions

    def _predict(self, model, batch, where):
        with stage("Architecture", doing=f"the model fails on {where}"), self._amp.autocast():
            predictions = call_model(model, batch)
        return to_float32(predictions)

    def loss_of(self, model, batch, where="an evaluation batch"):
        """Returns the mean loss of a batch and the number of samples that have no part in it.

        Heads give what they give in training, while normalisation and dropout do not train.

        Raises:
            StageError: see :meth:`judge`.
        """
        paddle.seed(0)  # a dropout that a layer of somebody's own does by itself: at least the same each time
        where = f"{where} (Global.cal_loss_during_eval)"
        with training_outputs(model):
            predictions = self._predict(model, batch, where)
        with stage("Loss", doing=f"it fails on {where}"):
            loss = call_loss(self.loss, predictions, batch)["loss"]
            return loss.mean().item(), len(unaligned(self.loss, predictions, batch)[1])


def _decoded(post_process, predictions, fields, where):
    """Returns what post-processing makes of predictions."""
    with stage("PostProcess", doing=f"it fails on {where}"):
        return post_process.process(predictions, fields)


def _remarks(events, too_long, samples):
    """Yields remarks about labels that hold what the dictionary lacks, and about those that the loss leaves out."""
    found = {event.index for event in events if event.reason == UNKNOWN_CHARACTERS}
    if found:
        lacking = f"{len(found)} of {samples} labels hold characters that the dictionary lacks"
        yield f"{lacking}, and are compared as they stand"
    if too_long:
        yield f"{too_long} of {samples} labels need more time steps than there are in training: no part of the loss"


@contextlib.contextmanager
def training_outputs(model):
    """Has layers give what they give in training, without drawing at random or changing statistics.

    Paddle's own layers (normalisations, dropout, recurrent ones with dropout between) run as in evaluation: this is
    all that training changes in them.  So do others that say ``draws_at_random = True``.
    """
    for layer in model.sublayers(include_self=True):
        layer.training = not (_is_from_paddle(layer) or getattr(layer, "draws_at_random", False))
    try:
        yield
    finally:
        model.eval()


def _is_from_paddle(layer):
    """Tells whether a layer is one of Paddle's, or derived from one, and no mere container."""
    kinds = (kind for kind in type(layer).__mro__ if kind not in _CONTAINERS)
    return any(kind.__module__.split(".")[0] == "paddle" for kind in kinds)


def as_arrays(batch) -> Batch:
    """Returns a batch with tensors as NumPy arrays."""
    return with_fields(batch, [field.numpy() if isinstance(field, paddle.Tensor) else field for field in batch])


def on_host(batch) -> Batch:
    """Returns what post-processing and metrics read, as :func:`as_arrays` does; images, which they do not, stay."""
    return with_images(as_arrays(with_images(batch, None)), images_of(batch))


class TrainingMetric:
    """Computes the metric of one training batch: ``(predictions, batch) -> dict``."""

    def __init__(self, post_process, metric):
        self._post_process, self._metric = post_process, metric

    def __call__(self, predictions, batch):
        fields, where = on_host(batch), "a training batch (Global.cal_metric_during_train)"
        result = _decoded(self._post_process, predictions, fields, where)
        with stage("Metric", doing=f"it fails on {where}"):
            self._metric.update(result, fields)
            values = self._metric.compute()
            self._metric.reset()
            return values
