"""Folders of runs: invented logs, and tiny models that were never trained."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest

from ppocr import config as configuration
from ppocr.commands import report
from ppocr.engine.preparation import resolve
from ppocr.modeling.architectures import build_model
from ppocr.utils.run_file import write_sessions

QUICKSTART = Path(__file__).resolve().parents[2] / "configs/quickstart"
TINY = {
    "rec": ["Train.dataset.length=8", "Eval.dataset.length=6", "Architecture.Backbone.channels=[4, 4, 4, 4, 8]"],
    "det": [
        "Train.dataset.length=3",
        "Eval.dataset.length=2",
        "Architecture.Neck.out_channels=16",
        "Train.dataset.image_size=[128, 128]",
        "Eval.dataset.image_size=[128, 128]",
        "Eval.dataset.transforms.1.DetResizeForTest.image_shape=[96, 96]",
        "PostProcess.thresh=0.01",
        "PostProcess.box_thresh=0.01",
    ],
}
TINY["cls"] = TINY["rec"]
START = 1767323050.0  # ten seconds later
SESSION = {
    "started": "2026-01-02T03:04:00+00:00",
    "first_step": 0,
    "versions": {"ppocr": "0.1.0 (commit abc)", "paddle": "3"},
    "platform": "Linux",
    "device": "cpu",
    "card": None,
    "seed": 1,
    "threads": "1",
    "command": "tools/train.py -c <b>.yml",
    "processes": 1,
    "from": None,
    "epochs": 1,
    "steps_per_epoch": 60,
    "last_step": 60,
    "evaluations": 3,
    "epoch": 1,
    "step": 60,
    "best": {"acc": 0.75},
    "hours": 0.6,
    "noted": "2026-01-02T03:40:00+00:00",
    "end": "finished",
    "train_data": "2 unreadable image (x.png)",
    "eval_data": {},
}


@pytest.fixture
def write_log():
    """``write_log(folder)`` writes the metrics of an invented run of 60 steps, and its record."""

    def write(folder):
        rows = [{"split": "start", "step": 0, "time": START}]
        for step in range(10, 70, 10):
            values = {"epoch": 1, "lr": 0.01, "loss": 100 / step, "grad_norm": 2.0, "ips": 50.0, "reader_cost": 0.001}
            rows.append({"split": "train", "step": step, "time": START + 36 * step, **values, "batch_cost": 0.2})
            if step % 20 == 0:
                acc = {20: 0.25, 40: 0.75, 60: 0.5}[step]
                rows.append({"split": "eval", "step": step, "epoch": 1, "acc": acc, "norm_edit_dis": 0.8, "fps": 100.0})
        (folder / "metrics.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
        write_sessions(folder, [SESSION])

    return write


@pytest.fixture
def make_run(tmp_path, write_log):
    """``make_run(task, *overrides)`` -> the folder of a run with weights that were never trained."""

    def make(task, *overrides):
        folder = tmp_path / "a <run>"
        folder.mkdir()
        write_log(folder)
        options = [*TINY[task], "Global.device=cpu", *overrides]
        config = configuration.override(configuration.load(QUICKSTART / f"{task}.yml"), options)
        (folder / "config.yml").write_text(configuration.snapshot(config), encoding="utf-8")
        base = configuration.snapshot(configuration.load(QUICKSTART / f"{task}.yml"))
        (folder / "base.yml").write_text("# base of first.yml\n" + base, encoding="utf-8")
        paddle.seed(1)
        model = build_model(resolve(config)["Architecture"])
        paddle.save(model.state_dict(), str(folder / "best_accuracy.pdparams"))
        return folder

    return make


@pytest.fixture
def hostile_text():
    """A label that would run if it were not escaped."""
    return "<script>document.title='pwned'</script>"


@pytest.fixture
def hostile_run(make_run, tmp_path, hostile_text):
    """A recogniser's run whose labels and file names are markup; one image of three cannot be read."""
    data = tmp_path / "data"
    data.mkdir()
    name = '"><img src=x onerror=document.title="pwned">.png'
    for file in (name, "plain.png"):
        cv2.imwrite(str(data / file), np.full((32, 64, 3), 200, np.uint8))
    lines = ["gone<b>.png\tab", f"{name}\t{hostile_text}", "plain.png\t</title>&amp;"]
    (data / "labels.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (data / "dict.txt").write_text("\n".join(sorted(set(hostile_text + "</title>&amp;ab"))) + "\n", encoding="utf-8")
    options = [f"Global.character_dict_path={data}/dict.txt", "Global.max_text_length=60"]
    options.append("Global.save_res_path=</pre><script>")
    transforms = "{CTCLabelEncode: }, {RecResizeImg: {image_shape: [3, 32, 400]}}, "
    transforms += "{KeepKeys: {keep_keys: [image, label, length]}}"
    files = f"data_dir: {data}, label_file_list: {data}/labels.txt"
    for section in ("Train", "Eval"):
        dataset = f"{{name: SimpleDataSet, {files}, transforms: [{{DecodeImage: }}, {transforms}]}}"
        options.append(f"{section}.dataset={dataset}")
    return make_run("rec", *options)


@pytest.fixture
def two_runs(make_run, tmp_path):
    """``two_runs(task)`` -> two folders of one run; the second one says that it was trained with another rate."""

    def make(task):
        first = make_run(task)
        second = tmp_path / "second"
        shutil.copytree(first, second)
        config = second / "config.yml"
        config.write_text(config.read_text(encoding="utf-8").replace("seed: 2024", "seed: 7"), encoding="utf-8")
        return first, second

    return make


@pytest.fixture
def differing_runs(two_runs, monkeypatch):
    """Two folders of one run, of which the second one reads one sample right and the first one nothing in it."""
    evaluate = report.build_comparison.__globals__["evaluate"]

    def with_one_right(config, path, weights):
        found = evaluate(config, path, weights)
        sample = found.samples[2]
        object.__setattr__(sample, "prediction", sample.truth if "second" in str(path) else "")
        return found

    monkeypatch.setitem(report.build_comparison.__globals__, "evaluate", with_one_right)
    return two_runs("rec")
