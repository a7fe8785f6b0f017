"""The first batch of each evaluation set is tried before training, and leaves nothing behind."""

import logging
import re

import cv2
import numpy as np
import paddle
import pytest

from ppocr.data import build_dataloader
from ppocr.data.batch import Batch
from ppocr.engine.dry_run import dry_run
from ppocr.engine.evaluation import EarlyStopping, EvaluationSuite, ExtraEval
from ppocr.engine.evaluator import Evaluator, TrainingMetric
from ppocr.engine.stepper import Stepper
from ppocr.errors import ConfigError, DataError
from ppocr.failures import StageError
from ppocr.metrics import build_metric
from ppocr.postprocess import build_post_process

NAMES = ["0", "90", "180"]


class Model(paddle.nn.Layer):
    """Three classes from the mean of a normalised image."""

    def __init__(self, width=8):
        super().__init__()
        self.norm, self.head = paddle.nn.BatchNorm2D(3), paddle.nn.Linear(width, 3)

    def forward(self, images):
        scores = self.head(self.norm(images).mean([1, 2]))
        return scores if self.training else paddle.nn.functional.softmax(scores)


@pytest.fixture
def make(tmp_path):
    """``make(images, metric=..., loss=...)``: the evaluator of a set of which these images can be read."""
    (tmp_path / "labels.txt").write_text("".join(f"{i}.png\t{NAMES[i % 3]}\n" for i in range(4)), encoding="utf-8")

    def make(images=(0, 1, 2, 3), metric="ClsMetric", loss=None, workers=0):
        for i in range(4):
            (tmp_path / f"{i}.png").unlink(missing_ok=True)
        for i in images:
            cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((8, 8, 3), 40 * i, np.uint8))
        transforms = [{"DecodeImage": None}, {"ClsLabelEncode": {"label_list": NAMES}}]
        transforms += [{"ClsResizeImg": {"image_shape": [3, 8, 8]}}, {"KeepKeys": {"keep_keys": ["image", "label"]}}]
        dataset = {
            "name": "SimpleDataSet",
            "data_dir": str(tmp_path),
            "label_file_list": [str(tmp_path / "labels.txt")],
        }
        section = {"dataset": {**dataset, "transforms": transforms}, "loader": {"batch_size_per_card": 2}}
        section["loader"]["num_workers"] = workers
        dataloader = build_dataloader({"Global": {}, "Eval": section}, "Eval", "cpu", logging.getLogger("dry_run"), 0)
        decode = build_post_process({"name": "ClsPostProcess", "label_list": NAMES})
        return Evaluator(dataloader, decode, build_metric({"name": metric}), loss=loss)

    return make


def no_loss(predictions, batch):
    raise IndexError("list index out of range")


def mean(predictions, batch):
    return {"loss": predictions.mean()}


def test_it_leaves_nothing_behind(make, caplog):
    """The first batch cannot be read; the evaluation that follows counts it as if nothing had been tried."""
    model, evaluator, guard = Model(), make(images=(2, 3), workers=2), make(images=(2, 3))
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    with caplog.at_level(logging.WARNING, "dry_run"):
        dry_run(EvaluationSuite(evaluator, {"old": ExtraEval(guard)}), model)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])
    assert model.training and model.norm.training and not caplog.records
    report = evaluator.dataloader.report
    assert (report.summary(), report.take_events(), evaluator.metric.records) == ("", [], [])
    assert evaluator.dataloader._workers is None
    untried = make(images=(2, 3))(model)
    found = guard(model)
    assert {**found, "fps": 0} == {**untried, "fps": 0} and "2 unreadable image" in guard.dataloader.report.summary()


def test_a_model_that_cannot_take_the_images_is_named_with_the_fields_that_it_got(make):
    with pytest.raises(
        StageError, match=r"Architecture: the model fails on the first batch of Eval .fields: image, label"
    ):
        dry_run(EvaluationSuite(make()), Model(width=5))


def test_a_metric_of_another_task_is_named(make):
    with pytest.raises(
        StageError, match="^Metric: it fails on the first batch of Eval .*: the batch has no field shape, polys"
    ) as caught:
        dry_run(EvaluationSuite(make(metric="DetMetric")), Model())
    assert caught.value.path == ("Metric",) and "\n" not in str(caught.value)


def test_a_guard_set_and_the_loss_are_tried_too(make):
    words = "Loss: it fails on the first batch of GuardEval.old .*cal_loss_during_eval.: IndexError: list index"
    with pytest.raises(StageError, match=words):
        dry_run(EvaluationSuite(make(), {"old": ExtraEval(make(loss=no_loss))}), Model())


def test_a_set_of_which_nothing_can_be_read(make):
    with pytest.raises(DataError, match="^Eval: no sample could be read; samples not used: 4 unreadable image"):
        dry_run(EvaluationSuite(make(images=())), Model())


def test_an_indicator_that_the_metric_does_not_give(make):
    evaluator = make()
    evaluator.metric.main_indicator = "hmean"
    with pytest.raises(StageError, match="^Metric.main_indicator: the metric gives no hmean, but acc"):
        dry_run(EvaluationSuite(evaluator), Model())


@pytest.mark.parametrize("metric", ["acc", "fps", "old_acc", "loss", None])
def test_what_early_stopping_may_watch(make, metric):
    main = make(loss=lambda predictions, batch: {"loss": predictions.mean()})
    dry_run(EvaluationSuite(main, {"old": ExtraEval(make())}, EarlyStopping(2, metric=metric)), Model())


def test_what_early_stopping_cannot_watch(make):
    with pytest.raises(ConfigError, match="early_stopping.metric: an evaluation gives no accc, but fps, acc"):
        dry_run(EvaluationSuite(make(), stopping=EarlyStopping(2, metric="accc")), Model())


def stepper(loss, width=8):
    model = Model(width)
    return Stepper(model, loss, paddle.optimizer.SGD(0.1, parameters=model.parameters()), 0.1)


def batch(images=None):
    return [paddle.ones([2, 3, 8, 8]) if images is None else images, paddle.zeros([2], "int64")]


def test_a_training_batch_of_a_new_shape_tells_of_its_section_and_another_one_of_the_place_in_the_code():
    words = "^Architecture: the model fails on a training batch .image .2, 3, 8, {}..: ValueError"
    with pytest.raises(StageError, match=words.format(8)):
        stepper(no_loss, width=5)([batch()], 0)
    with pytest.raises(StageError, match="^Loss: it fails on a training batch .image .2, 3, 8, 8..: IndexError"):
        stepper(no_loss)([batch()], 0)
    late = stepper(mean)
    late([batch()], 0)
    late.loss = no_loss
    with pytest.raises(IndexError):
        late([batch()], 1)
    with pytest.raises(StageError, match=words.format(16)):
        late([batch(paddle.ones([2, 3, 8, 16]))], 2)


def test_inputs_of_a_new_shape_count_as_such_where_the_images_are_alike_or_missing():
    class Sums(paddle.nn.Layer):
        inputs = ("mask", "points")

        def __init__(self):
            super().__init__()
            self.head = paddle.nn.Linear(8, 1)

        def forward(self, x):
            return self.head(x[0]) + x[1].sum()

    def fields(width):
        names = ("points", "image", "mask")
        return Batch([paddle.ones([2, 4]), paddle.ones([2, 3, 8, 8]), paddle.ones([2, width])], names=names)

    model = Sums()
    steps = Stepper(model, mean, paddle.optimizer.SGD(0.1, parameters=model.parameters()), 0.1)
    words = "^Architecture: the model fails on a training batch .mask .2, {}., points .2, 4..: ValueError"
    with pytest.raises(StageError, match=words.format(5)):
        steps([fields(5)], 0)
    steps([fields(8)], 0)
    with pytest.raises(StageError, match=words.format(7)):
        steps([fields(7)], 1)


@pytest.mark.parametrize(
    "gives, words",
    [
        (lambda scores: scores.mean(), "not a Tensor"),
        (lambda scores: {"total": scores.mean()}, "not {total: Tensor}"),
        (lambda scores: {"loss": 1.0}, "not {loss: float}"),
    ],
)
def test_what_a_loss_must_give(make, gives, words):
    def my_loss(predictions, batch):
        return gives(predictions)

    words = f"my_loss must give a mapping with the tensor 'loss', on which the model trains, {re.escape(words)}$"
    with pytest.raises(StageError, match=f"^Loss: it fails on a training batch .*: {words}"):
        stepper(my_loss)([batch()], 0)
    with pytest.raises(StageError, match=f"^Loss: it fails on the first batch of Eval .*: {words}"):
        dry_run(EvaluationSuite(make(loss=my_loss)), Model())


def test_a_metric_that_training_batches_do_not_fit(make):
    metric = TrainingMetric(build_post_process({"name": "ClsPostProcess"}), build_metric({"name": "DetMetric"}))
    with pytest.raises(StageError, match="^Metric: it fails on a training batch .Global.cal_metric_during_train.: "):
        metric(paddle.ones([2, 3]), batch())


class BrokenDecoder:
    def process(self, predictions, batch):
        raise IndexError("list index out of range")


def test_a_decoder_that_fails_is_named_wherever_it_decodes(make):
    metric = TrainingMetric(BrokenDecoder(), build_metric({"name": "ClsMetric"}))
    with pytest.raises(StageError, match="^PostProcess: it fails on a training batch .Global.cal_metric_during_train"):
        metric(paddle.ones([2, 3]), batch())
    evaluator = make()
    evaluator.post_process = BrokenDecoder()
    with pytest.raises(StageError, match="^PostProcess: it fails on an evaluation batch: IndexError"):
        next(evaluator.examples(Model(), 1))


def test_a_model_that_fails_where_the_loss_is_evaluated_is_named(make):
    evaluator, model = make(loss=mean), Model()
    model.forward = lambda images: Model.forward(model, images[:, :, :, :5] if model.training else images)
    words = "^Architecture: the model fails on the first batch of Eval .*Global.cal_loss_during_eval.: ValueError"
    with pytest.raises(StageError, match=words):
        dry_run(EvaluationSuite(evaluator), model)


def test_images_of_several_sizes_are_said_at_any_step():
    good = stepper(mean)
    good([batch()], 0)
    with pytest.raises(StageError, match=r"different sizes .3x8x8, 3x8x9.: .*batch_size_per_card to 1 .*PadCollator"):
        good([batch([np.ones((3, 8, 9)), np.ones((3, 8, 8))])], 1)
