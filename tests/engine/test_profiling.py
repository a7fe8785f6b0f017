"""The options of ``-p``, and the table that a profile ends with."""

import paddle
import pytest

from ppocr.engine.profiling import build_profiler
from ppocr.errors import ConfigError


class Profiler:
    """Stands in for Paddle's and notes by what its table is sorted."""

    sorted_by = None

    def __init__(self, **options):
        Profiler.options, Profiler.steps = options, 0

    def start(self):
        pass

    def step(self):
        Profiler.steps += 1

    def stop(self):
        pass

    def summary(self, sorted_by):
        Profiler.sorted_by = sorted_by


@pytest.mark.parametrize(
    "device, text, column",
    [
        ("cpu", "sorted_key=total", "CPUTotal"),
        ("cpu", "sorted_key=ave", "CPUAvg"),
        ("cpu", "sorted_key=calls", "CPUTotal"),
        ("gpu:0", "sorted_key=total", "GPUTotal"),
        ("gpu:0", "sorted_key=max;state=GPU", "GPUMax"),
        ("gpu:0", "sorted_key=min;state=CPU", "CPUMin"),
        ("cpu", "", None),
    ],
)
def test_the_table_is_sorted_by_the_time_of_what_is_profiled(monkeypatch, device, text, column):
    monkeypatch.setattr(paddle.profiler, "Profiler", Profiler)
    monkeypatch.setattr(paddle.device, "get_device", lambda: device)
    monkeypatch.setattr(Profiler, "sorted_by", None)
    profiler = build_profiler("batch_range=[0,2];exit_on_finished=false;" + text)
    for _ in range(3):
        profiler.step()
    assert Profiler.steps == 2
    assert Profiler.sorted_by is (column and getattr(paddle.profiler.SortedKeys, column))


@pytest.mark.parametrize(
    "text",
    [
        "sorted_key=average",
        "state=gpu",
        "batch_range=[3,1]",
        "batch_range",
        "steps=3",
        "state=[",
        "sorted_key=2024-99-99",
    ],
)
def test_an_option_that_does_not_fit_is_one_line(text):
    with pytest.raises(ConfigError, match="^-p"):
        build_profiler(text)
