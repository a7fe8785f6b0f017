"""The model of a run tried on its first batches."""

import copy
from functools import cached_property
from typing import Optional

import paddle

from ppocr.checkpoint.optimizer_state import create_state
from ppocr.data import build_dataloader
from ppocr.data.batch import images_of, shape_of_images, slice_samples, with_images
from ppocr.engine.build import build_evaluator, build_network, build_training_loss
from ppocr.engine.dry_run import DryRunResult, try_evaluation
from ppocr.engine.forward import call_loss, call_model, to_float32
from ppocr.engine.setup import choose_device, set_up_seed
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.engine.unaligned import time_steps
from ppocr.failures import stage
from ppocr.optimizer import build_optimizer

BATCH = 4  # samples of the first batches


class DryRun:
    """Model, loaders and first batches of a run, each made when it is first asked for.

    Every attribute may raise :class:`ppocr.failures.StageError`.

    Args:
        context: :class:`ppocr.preflight.context.Context`.

    Attributes:
        device: name of the device that the run asks for.
        reports: ``{section: BadSampleLog}`` of the first batches.
    """

    def __init__(self, context):
        self._context = context
        self._config = context.resolved
        self._loaders = {}
        self.reports = {}
        self.device = choose_device(context.options)

    def loader(self, name):
        """Returns the loader of a section as the run has it."""
        if name not in self._loaders:
            self._loaders[name] = self._build_loader(name, self._config)
        return self._loaders[name]

    @cached_property
    def schedule(self) -> TrainSchedule:
        """The schedule of the run."""
        batches = len(self.loader("Train"))
        with stage("Global"):
            return TrainSchedule.from_options(self._context.options, batches, self._context.section("Eval") is not None)

    @cached_property
    def model(self):
        """The model with fresh weights."""
        paddle.set_device(self.device)
        set_up_seed(self._context.options.seed)
        return build_network(self._config)

    @cached_property
    def optimizer(self):
        """The optimizer of the run, which freezes what the run freezes."""
        epochs, steps = self._context.options.epoch_num, self.schedule.steps_per_epoch
        with stage("Optimizer"):
            optimizer, _ = build_optimizer(self._config["Optimizer"], epochs, steps, self.model)
        create_state(optimizer)
        return optimizer

    @cached_property
    def loss(self):
        """The loss of the run."""
        return build_training_loss(self._config)

    def time_steps(self, width: Optional[int] = None):
        """Returns the fewest time steps in which the model aligns a text by CTC in training; None if it does not.

        Args:
            width: of the images in pixels, other than that of the first training batch.
        """
        predictions = self.training.predictions
        if width is not None and width != self.image_width:
            images = images_of(self.training.batch)
            repeats = [1] * (len(images.shape) - 1) + [-(-width // self.image_width)]
            self.model.train()
            with stage("Architecture", doing=f"the model fails on images {width} wide"), paddle.no_grad():
                predictions = call_model(
                    self.model, with_images(self.training.batch, paddle.tile(images, repeats)[..., :width])
                )
        return time_steps(self.loss, predictions)

    @property
    def image_width(self) -> int:
        """Width of the images of the first training batch, in pixels."""
        return shape_of_images(self.training.batch)[-1]

    @cached_property
    def training(self) -> DryRunResult:
        """A training batch through model and loss."""
        batch, loss = self._first_batch("Train"), self.loss
        self.model.train()
        with stage("Architecture", doing="the model fails on the first training batch"):
            predictions = to_float32(call_model(self.model, batch))
        with stage("Loss", doing="the loss fails on the first training batch"):
            return DryRunResult(batch, predictions, call_loss(loss, predictions, batch))

    @cached_property
    def evaluation(self) -> DryRunResult:
        """An evaluation batch through model, post-processing and metric."""
        batch = self._first_batch("Eval")
        evaluator = build_evaluator(self._config, self.loader("Eval"), post_process=self._context.post_process)
        return try_evaluation(evaluator, self.model, batch)

    def _build_loader(self, name, config):
        with stage(name, doing="the data cannot be used"):
            return build_dataloader(config, name, self.device, None, self._context.options.seed)

    def _first_batch(self, name):
        config = {"Global": self._config["Global"], name: copy.deepcopy(self._config[name])}
        loader = config[name]["loader"]
        size = min(loader.get("batch_size_per_card", BATCH), BATCH)
        loader.update(batch_size_per_card=size, num_workers=0, drop_last=False)
        batches = self._build_loader(name, config)
        self.reports[name] = batches.report
        with stage(name, doing="the first batch cannot be read"):
            batch = next(iter(batches), None)
            if batch is None:
                raise ValueError(f"no sample of it can be used; {batches.report.summary()}")
            # samplers, and data sets in groups, have a batch size of their own
            own_size = config[name].get("sampler") or batches.batch_size != size
            return slice_samples(batch, 0, BATCH) if own_size else batch
