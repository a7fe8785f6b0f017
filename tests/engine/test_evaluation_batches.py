"""How batches go through an evaluation: without gradients, in mixed precision, and with little to copy or to hold."""

import contextlib
import weakref

import numpy as np
import paddle
import pytest

from ppocr.engine.evaluator import Evaluator, TrainingMetric
from ppocr.modeling.layers.drop import DropPath


class Reader:
    """Stands in for post-processing and metric; notes what it is handed."""

    main_indicator, higher_is_better, records = "acc", True, ()

    def __init__(self):
        self.predictions, self.batches = [], []

    def process(self, predictions, batch):
        self.predictions.append((weakref.ref(predictions), predictions.stop_gradient, predictions.dtype))

    def update(self, result, batch):
        self.batches.append(batch)

    def reset(self):
        pass

    def merge(self, records):
        pass

    def add_unreadable(self, labels):
        pass

    def remarks(self):
        return []

    def compute(self):
        return {}


class Loader(list):
    """Two batches of images and labels, and a report in which nothing stands."""

    def __init__(self):
        super().__init__([[paddle.rand([2, 3, 8, 8]), paddle.ones([2, 3], "int64")] for _ in range(2)])
        self.report = self

    def take_events(self):
        return []

    def count_new(self, events):
        pass


class Precision:
    """Counts the contexts in which a model runs."""

    entered = active = 0

    @contextlib.contextmanager
    def autocast(self):
        self.entered, self.active = self.entered + 1, self.active + 1
        yield
        self.active -= 1


class Model(paddle.nn.Layer):
    """A convolution that gives half precision and looks at what is going on around it."""

    def __init__(self, precision, reader):
        super().__init__()
        self.conv, self.reader, self._precision = paddle.nn.Conv2D(3, 1, 1), reader, [precision]
        self.inside, self.held = [], []

    def forward(self, images):
        self.inside.append(self._precision[0].active)
        self.held.append(any(reference() is not None for reference, *_ in self.reader.predictions))
        return self.conv(images).astype("float16")


@pytest.fixture
def evaluated():
    reader, precision = Reader(), Precision()
    model = Model(precision, reader)
    values = Evaluator(Loader(), reader, reader, precision)(model)
    return reader, precision, model, values


def test_the_model_runs_without_gradients_in_mixed_precision_and_gives_float32(evaluated):
    reader, precision, model, _ = evaluated
    assert precision.entered == 2 and model.inside == [1, 1]
    assert [(stop, dtype) for _, stop, dtype in reader.predictions] == [(True, paddle.float32)] * 2


def test_samples_per_second_are_told(evaluated):
    assert evaluated[-1]["fps"] > 0


def test_predictions_of_a_batch_are_let_go_before_the_next(evaluated):
    assert evaluated[2].held == [False, False]


def test_images_stay_where_they_are_and_labels_come_to_the_host(evaluated, monkeypatch):
    reader, loader = evaluated[0], Loader()
    copies, numpy = [], paddle.Tensor.numpy
    monkeypatch.setattr(paddle.Tensor, "numpy", lambda tensor: copies.append(tensor.size) or numpy(tensor))
    TrainingMetric(reader, reader)(paddle.ones([1]), loader[0])
    assert copies == [6] and len(reader.batches) == 3
    for images, labels in reader.batches:
        assert isinstance(images, paddle.Tensor) and isinstance(labels, np.ndarray)


class Noisy(paddle.nn.Layer):
    """Dropout of every kind, between outputs that differ in training."""

    def __init__(self, *, own):
        super().__init__()
        self.norm = paddle.nn.BatchNorm1D(4)
        self.lstm = paddle.nn.LSTM(4, 4, num_layers=2, dropout=0.5)
        self.attention = paddle.nn.MultiHeadAttention(4, 2, dropout=0.5)
        self.path, self.own = DropPath(0.5), own

    def forward(self, images):
        x = self.lstm(self.norm(images.reshape([-1, 4, 4])))[0]
        x = self.attention(x) + self.path(x)
        if self.own:
            x = paddle.nn.functional.dropout(x, 0.5, training=self.training)
        return {"trained": x} if self.training else {}


def losses_of(model, count=2):
    """The loss of evaluations of the same batches, one after the other."""
    paddle.seed(3)
    loader = Loader()
    evaluate = Evaluator(
        loader, Reader(), Reader(), loss=lambda predictions, batch: {"loss": predictions["trained"].sum()}
    )
    evaluate.post_process.process = lambda *_: None
    for batch in loader:
        batch[0] = paddle.arange(64, dtype="float32").reshape([2, 2, 4, 4]).sin()
    return [evaluate(model)["loss"] for _ in range(count)]


def test_the_loss_of_an_evaluation_draws_nothing_and_changes_nothing():
    paddle.seed(1)
    model = Noisy(own=False)
    before = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
    first, second = losses_of(model)
    model.eval()
    x = paddle.arange(64, dtype="float32").reshape([-1, 4, 4]).sin()
    x = model.lstm(model.norm(x))[0]
    expected = (model.attention(x) + x).sum().item()
    assert first == second == pytest.approx(expected, rel=1e-5)
    assert not any(layer.training for layer in model.sublayers(include_self=True))
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), before[name])


def test_what_a_layer_draws_by_itself_is_at_least_the_same_each_time():
    first, second = losses_of(Noisy(own=True))
    assert first == second != losses_of(Noisy(own=False), 1)[0]
