"""How batches go through an evaluation: without gradients, in mixed precision, and with little to copy or to hold."""

import contextlib
import weakref

import numpy as np
import paddle
import pytest

from ppocr.engine.evaluator import Evaluator, TrainingMetric


class Reader:
    """Stands in for post-processing and metric; notes what it is handed."""

    main_indicator, higher_is_better, records = "acc", True, ()

    def __init__(self):
        self.predictions, self.batches = [], []

    def process(self, predictions, batch):
        self.predictions.append((weakref.ref(predictions), predictions.stop_gradient, predictions.dtype))

    def update_from(self, result, batch):
        self.batches.append(batch)

    def reset(self):
        pass

    def merge(self, records):
        pass

    def add_unreadable(self, labels):
        pass

    def remarks(self):
        return []

    def get_metric(self):
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
