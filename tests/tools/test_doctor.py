"""``tools/doctor.py``: what is measured, the limit and the advice that follow, the output."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import paddle
import pytest

from ppocr import doctor
from ppocr.commands import run
from ppocr.commands.doctor import main
from ppocr.data.bad_samples import BadSampleLog
from ppocr.data.datasets.base import OcrDataset
from ppocr.data.imaug.operator import Operator
from ppocr.data.loader import BatchLoader, LoaderOptions
from ppocr.data.sampling import EpochSampler
from ppocr.doctor import parts
from ppocr.doctor.table import summary
from ppocr.engine.stepper import Stepper
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.errors import UserError
from ppocr.utils.timing import StepPart

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """\
_BASE_: {root}/configs/quickstart/cls.yml
Global: {{device: cpu, save_model_dir: {folder}/output}}
Architecture:
  Backbone: {{name: MobileNetV3, scale: 0.35, model_name: small}}
Train:
  dataset: {{length: 8}}
  loader: {{batch_size_per_card: 2, num_workers: 0}}
Eval:
  dataset: {{length: 4}}
"""
FACTS = doctor.Facts("tiny.yml", "cpu", cores=4, workers=0, batch_size=2, samples=6)


class Clock:
    """Stands still but for what is spent."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def spends(self, seconds, function=lambda *arguments: None):
        def call(*arguments):
            self.now += seconds
            return function(*arguments)

        return call


class Doubled(Operator):
    def __init__(self, clock):
        self.work = clock.spends(2)

    def __call__(self, data):
        self.work()
        return [2 * data["image"]]


class Rows(OcrDataset):
    def __init__(self, clock):
        super().__init__([], training=True)
        self.ops, self.work = [Doubled(clock)], clock.spends(5)

    def sample_count(self):
        return 6

    def load(self, index, key, rng):
        self.work()
        return {"image": np.ones(3, np.float32)}


class Model(paddle.nn.Linear):
    def __init__(self, clock):
        super().__init__(3, 1)
        self.work = clock.spends(20)

    def forward(self, x):
        self.work()
        return super().forward(x)


def tiny_run(clock, workers=0, accumulate=1):
    dataset, options = Rows(clock), LoaderOptions(2, num_workers=workers)
    collate = clock.spends(1, lambda samples: [np.stack([image for (image,) in samples])])
    sampler = EpochSampler(dataset, 2, shuffle=True, drop_last=False, training=True)
    loader = BatchLoader(dataset, sampler, collate, options, BadSampleLog(6, True, None), "cpu")
    model = Model(clock)
    optimizer = paddle.optimizer.SGD(0.1, parameters=model.parameters())
    loss = clock.spends(3, lambda predictions, batch: {"loss": predictions.mean()})
    schedule = TrainSchedule(99, 3, accumulate, total_steps=999, print_interval=2)
    metric = clock.spends(7, lambda predictions, batch: {"acc": 1.0})
    return doctor.Workload(Stepper(model, loss, optimizer, 0.1), loader, schedule, metric)


# --- what is measured


def test_parts_follow_one_another_without_workers():
    clock = Clock()
    result = doctor.measure(tiny_run(clock), FACTS, doctor.Plan(steps=4, seconds=999, warm_up=1), clock)
    spent = {part: ms for part, ms in result.parts.items() if ms}
    doubled = parts.Part("loader", "Doubled")
    assert spent == {
        parts.READ: 10_000,
        doubled: 4_000,
        parts.COLLATE: 1_000,
        parts.FORWARD: 20_000,
        parts.LOSS: 3_000,
        parts.METRIC: 7_000,
    }
    assert list(result.parts)[:4] == [parts.READ, doubled, parts.COLLATE, parts.LOADER_REST]
    assert (result.steps, result.step, result.work, result.trainer) == (4, 45_000, 15_000, 30_000)
    assert sum(result.in_step.values()) == pytest.approx(result.step, rel=0.05) and result.accounted == 1


def test_a_step_of_two_batches_has_twice_the_parts():
    clock = Clock()
    result = doctor.measure(tiny_run(clock, accumulate=2), FACTS, doctor.Plan(steps=2, seconds=999, warm_up=2), clock)
    assert (result.of(parts.READ), result.of(parts.FORWARD), result.of(parts.METRIC)) == (15_000, 30_000, 7_000)
    assert result.step == 15_000 + 6_000 + 1_500 + 30_000 + 4_500 + 7_000  # every second step is the odd third batch


@pytest.mark.parametrize("name", ["resolve_pending", "snapshot"])
def test_a_part_of_a_step_that_is_not_there_is_noticed(monkeypatch, name):
    run = tiny_run(Clock())
    monkeypatch.delattr(type(run.stepper.guard), name)
    with pytest.raises(AttributeError, match=name):
        doctor.measure(run, FACTS, doctor.Plan(steps=1, warm_up=1))


def test_every_part_that_a_step_tells_of_is_measured():
    assert set(parts.OF_STEP) == set(StepPart)
    result = doctor.measure(tiny_run(Clock()), FACTS, doctor.Plan(steps=2, seconds=999, warm_up=1))
    assert set(parts.OF_STEP.values()) <= set(result.parts)


def test_workers_tell_what_they_spent():
    clock = Clock()
    facts = replace(FACTS, workers=2)
    result = doctor.measure(tiny_run(clock, workers=2), facts, doctor.Plan(steps=4, seconds=999, warm_up=1), clock)
    assert (result.of(parts.READ), result.work, result.loader) == (10_000, 15_000, 7_500)
    assert (result.step, result.trainer, result.waiting) == (30_000, 30_000, 0)
    assert {parts.START, parts.WAIT} <= set(result.parts) and parts.HAND_OVER not in result.parts


def test_time_runs_out():
    clock = Clock()
    assert doctor.measure(tiny_run(clock), FACTS, doctor.Plan(steps=9, seconds=50, warm_up=1), clock).steps == 2


def test_inner_parts_count_for_themselves_alone():
    clock, waited = Clock(), []
    watch = doctor.Stopwatch(clock, lambda: waited.append(clock.now))
    outer, inner = parts.Part("trainer", "outer"), parts.Part("loader", "inner")
    with pytest.raises(KeyError), watch.part(outer):
        clock.now += 1
        with watch.part(inner):
            clock.now += 2
            raise KeyError
    clock.now += 4
    assert watch.elapsed() == 7 and watch.seconds == {outer: 1, inner: 2, parts.REST: 4}
    assert waited == [100, 103]  # for the trainer's parts alone
    assert watch.take("loader") == {inner: 2} and inner not in watch.seconds


# --- what follows from it


def made_up(work=10.0, trainer=100.0, waiting=0.0, step=None, spent=None, **facts):
    """A result with ``work`` of reading, ``trainer`` of forward, and other parts as given."""
    facts = replace(FACTS, **facts)
    found = {parts.READ: work, parts.FORWARD: trainer, **(spent or {})}
    if facts.workers:
        found[parts.WAIT] = waiting
    total = sum(ms for part, ms in found.items() if part.side == "trainer" or not facts.workers)
    return doctor.Result(facts, 20, step or total, found)


CACHEABLE = {"cache": "off", "image": 2**21, "samples": 500, "memory": 2**33, "input": 4e5}


@pytest.mark.parametrize(
    "result, setting, number",
    [
        (made_up(30, 60), "Train.loader.num_workers=1 (now 0)", "a batch is 30 ms of work"),
        (made_up(150, 60, waiting=90, workers=1), "Train.loader.num_workers=3 (now 1)", "one every 60 ms"),
        (made_up(600, 60, waiting=540, workers=1), "Train.loader.num_workers=3 (now 1)", "10 would keep up, but"),
        (made_up(600, 60, waiting=540, workers=1, device="gpu:0"), "Train.loader.num_workers=4 (now 1)", "4 cores"),
        (made_up(50, 100, workers=8), "Train.loader.num_workers=1 (now 8)", "this machine has 4 cores, one of which"),
        (
            made_up(20, 20, waiting=40, workers=2),
            "Train.loader.num_workers=0 (now 2)",
            "that is 40 ms, but a step",
        ),
        (
            made_up(80, 60, **CACHEABLE),
            "Train.dataset.cache=memory Train.dataset.cache_size_gb=3",
            "reading and decoding take 80 ms of the loader's 80 ms; 500 decoded images are 2.9 GiB, 8.0 GiB",
        ),
        (made_up(80, 60, **{**CACHEABLE, "memory": None}), "Train.dataset.cache=disk", "cache_size_gb=3"),
        (
            made_up(10, 60, spent={parts.DECODE: 40}, **CACHEABLE),
            "smaller image files",
            "40 ms of the loader",
        ),
        (made_up(1, 90, device="gpu"), "Global.use_amp=true", "90 ms (99 %) of a step"),
        (made_up(1, 59, spent={parts.UPDATE: 40}), "Train.loader.batch_size_per_card=4 (now 2)", "20 ms a sample"),
        (made_up(1, 89, spent={parts.METRIC: 10}), "Global.calc_epoch_interval=5 (now 1)", "10 ms (10 %)"),
        (made_up(1, 91, spent={parts.CHECK: 8}), "Global.check_finite=log (now step)", "8 ms (8 %)"),
        (made_up(1, 91, spent={parts.LOG: 8}), "Global.print_batch_step=50 (now 10)", "8 ms (8 %)"),
    ],
)
def test_advice_names_the_setting_and_the_number(result, setting, number):
    said = [str(advice) for advice in doctor.advise(result)]
    assert [line for line in said if setting in line and number in line], said


@pytest.mark.parametrize(
    "result",
    [
        made_up(5, 95),
        made_up(50, 100, waiting=2, workers=1),
        made_up(300, 60, waiting=40, workers=3),  # more workers have no core
        made_up(5, 95, spent={parts.METRIC: 10}, metric_interval=5),
        made_up(5, 95, spent={parts.CHECK: 10}, check_finite="log"),
        made_up(5, 95, device="gpu", amp=True),
        made_up(50, 100, workers=1, **CACHEABLE),  # the trainer does not wait
    ],
)
def test_no_advice_without_numbers(result):
    assert doctor.advise(result) == []


def test_a_trainer_that_waits_gains_nothing_from_less_to_do():
    result = made_up(600, 60, waiting=90, workers=3, spent={parts.METRIC: 50})
    assert result.loader_matters and not result.trainer_matters and doctor.advise(result) == []


def test_the_limit_is_the_longer_of_the_two():
    assert doctor.limit(made_up(83 * 2, 30, waiting=53, workers=2)) == (
        "the loader: 83 ms a batch with 2 workers; the trainer could take one every 30 ms; "
        "the trainer waits 53 ms (64 %) of a step"
    )
    assert doctor.limit(made_up(20, 60, workers=1)).startswith("the trainer: 60 ms a step; the loader could give")
    assert doctor.limit(made_up(20, 60)).endswith("20 ms and 60 ms a step, so the trainer waits 25 % of the time")
    restarting = made_up(20, 60, workers=1, spent={parts.START: 15})
    assert doctor.limit(restarting).endswith("mostly at the start of an epoch, for which nothing is read ahead")


def test_notes_tell_how_to_read_the_numbers():
    assert doctor.notes(made_up()) == []
    assert ["1 worker " in note for note in doctor.notes(made_up(workers=1))] == [True]
    assert ["cache" in note for note in doctor.notes(made_up(cache="disk"))] == [True]
    assert "one epoch of 3" in doctor.notes(made_up(metric_interval=3, spent={parts.METRIC: 1}))[0]


# --- what is shown


def test_the_table_has_a_line_for_each_part():
    result = made_up(30, 60)
    lines = doctor.table(result, doctor.advise(result)).splitlines()
    assert "trainer: forward                       60.00   66.7 %  ###########################" in lines
    assert [line.split()[-4:-2] for line in lines if line.startswith("whole step")] == [["90.00", "100.0"]]
    assert "sum of the timed parts of a step       90.00  100.0 %  " + 40 * "#" in lines
    assert lines[-1].startswith("change Train.loader.num_workers=1 (now 0): a batch is 30 ms")
    assert doctor.table(made_up(5, 95), []).endswith("change nothing: no setting would gain much")
    assert summary(made_up(workers=2))["loader (2 workers)"] == 5


def test_an_image_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    for name in ("file/doctor.png", "doctor.what"):
        with pytest.raises(UserError, match=f"--image .*{name}: cannot be written"):
            doctor.draw(made_up(), tmp_path / name)


# --- the command


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.yml"
    path.write_text(CONFIG.format(root=ROOT, folder=tmp_path), encoding="utf-8")
    return path


def test_the_command_measures_a_run_and_leaves_an_image_alone(config, capsys, ppocr_caplog):
    main(["-c", str(config), "--json", "--steps", "2", "-o", "Global.calc_epoch_interval=4"])
    found = json.loads(capsys.readouterr().out)
    names = [part["name"] for part in found["parts"]]
    assert names[:5] == ["read or draw", "ClsLabelEncode", "ClsResizeImg", "KeepKeys", "collate"]
    expected = (*parts.TRAINER_PARTS[2:-1],)
    assert {part.name for part in expected} <= set(names)
    assert (found["steps"], found["device"], found["batch_size"], found["input"]) == (2, "cpu", 2, 3200)
    assert sum(part["ms"] for part in found["parts"]) == pytest.approx(found["step_ms"], rel=0.05)
    assert "one epoch of 4" in " ".join(found["notes"])
    assert sorted(path.name for path in config.parent.rglob("*")) == ["config.yml", "doctor.png", "output"]


def test_wrong_input_ends_with_one_line_and_exit_code_2(config, capsys, ppocr_caplog):
    arguments = ["-c", str(config), "-o", "Global.epoch_nun=3"]
    assert run(lambda: main(arguments)) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1 and "epoch_nun" in printed.err
    with pytest.raises(SystemExit) as ended:
        main(["-c", str(config), "--steps", "0"])
    assert ended.value.code == 2 and not (config.parent / "output").exists()
