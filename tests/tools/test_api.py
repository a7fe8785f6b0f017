"""``from ppocr import train, evaluate, export``: the commands as functions."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import ppocr
from ppocr.config import load
from ppocr.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = ROOT / "configs/quickstart/rec.yml"
TINY = {
    "Global.device": "cpu",
    "Global.epoch_num": 1,
    "Global.eval_batch_step": 2,
    "Train.dataset.length": 8,
    "Eval.dataset.length": 6,
    "Train.loader.batch_size_per_card": 4,
    "Train.loader.num_workers": 0,
    "Eval.loader.batch_size_per_card": 4,
    "Eval.loader.num_workers": 0,
    "Architecture.Backbone.channels": [4, 4, 4, 4, 8],
}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return ppocr.train(QUICKSTART, {**TINY, "Global.save_model_dir": str(folder)})


def test_training_gives_what_the_run_made(result):
    assert result.steps == 2 and 0 <= result.best["acc"] <= 1
    assert Path(f"{result.weights}.pdparams").exists() and Path(result.weights).parent == result.folder
    assert load(result.folder / "config.yml")["Train"]["dataset"]["length"] == 8


def test_what_a_run_leaves_out_stands_in_its_log(tmp_path):
    long = {f"Train.dataset.{key}": 30 for key in ("min_length", "max_length")}
    options = {**TINY, **long, "Global.max_text_length": 30, "Optimizer.lr.warmup_epoch": 1}
    ppocr.train(QUICKSTART, {**options, "Global.save_model_dir": str(tmp_path), "Global.eval_batch_step": 2})
    log = (tmp_path / "train.log").read_text(encoding="utf-8")
    assert "the warm-up lasts 2 steps and the run 2, so that the learning rate gets to" in log
    assert "data: samples not used: 8 too long for the model (sample " in log
    assert re.search(r"needs 3\d time steps, the model has 25 in training", log)
    assert "data of Eval: every sample that was read was used" in log


def test_evaluation_of_a_file_or_a_mapping_gives_the_best_metrics(result):
    metrics = ppocr.evaluate(result.folder / "config.yml", result.weights)
    assert {key: metrics[key] for key in ("acc", "norm_edit_dis")} == {
        key: result.best[key] for key in ("acc", "norm_edit_dis")
    }
    again = ppocr.evaluate(dict(load(result.folder / "config.yml")), result.weights, ["Eval.dataset.length=3"])
    assert set(again) == set(metrics)


def test_export_writes_the_files(result, tmp_path):
    on_gpu = {"Global.use_gpu": True}  # training takes one; the export is made on the CPU
    made = ppocr.export(result.folder / "config.yml", result.weights, tmp_path, overrides=on_gpu)
    assert made.folders == {"": tmp_path} and (tmp_path / "inference.yml").exists()
    assert made.problems == []
    description = yaml.safe_load((tmp_path / "inference.yml").read_text(encoding="utf-8"))
    assert description["Global"]["model_name"] == result.folder.name


def test_a_mapping_trains_too_and_a_fault_is_an_exception(result, tmp_path):
    config = dict(load(result.folder / "config.yml"))
    trained = ppocr.train(config, [f"Global.save_model_dir={tmp_path}", "Eval="])
    assert trained.best == {} and trained.weights == str(tmp_path / "latest")
    with pytest.raises(ConfigError, match="epoch_nums"):
        ppocr.train(config, {"Global.epoch_nums": 3})
    with pytest.raises(AttributeError, match="no attribute 'training'"):
        _ = ppocr.training


@pytest.mark.parametrize("config", [{}, {"Global": None}, {"Global": 5}])
def test_a_mapping_without_options_is_an_exception_too(config):
    with pytest.raises(ConfigError, match="Optimizer: this section is missing|Global"):
        ppocr.evaluate(config, "weights")


def test_importing_the_package_imports_no_paddle():
    code = "import sys, ppocr, ppocr.commands; sys.exit('paddle' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
