"""tools/infer_e2e.py on a checkpoint and on what is exported of it, which give the same."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import paddle
import pytest

from ppocr import commands
from ppocr import config as configuration
from ppocr.commands import infer_e2e
from ppocr.config import load, override
from ppocr.deploy.exporting import export
from ppocr.engine.preparation import resolve
from ppocr.modeling.architectures import build_model
from ppocr.utils.save_load import save_model

ROOT = Path(__file__).resolve().parents[2]
# all of a page is a centre line, so that something is found whatever the weights
SMALL = ["Global.device=cpu", "Architecture.Backbone.layers=18", "PostProcess.score_thresh=0.0"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with ``config.yml`` and random weights ``best_accuracy``."""
    folder = tmp_path_factory.mktemp("trained")
    merged = override(load(ROOT / "configs/e2e/e2e_r50_vd_pg.yml"), SMALL)
    (folder / "config.yml").write_text(configuration.snapshot(merged), encoding="utf-8")
    paddle.seed(3)
    model = build_model(resolve(merged)["Architecture"])
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    save_model(folder / "best_accuracy", {".pdparams": weights})
    return folder


@pytest.fixture
def read(monkeypatch, tmp_path):
    """``read(folder, words...)`` -> rows of the JSON file that the tool writes."""

    def call(folder, *words):
        cv2.imwrite(
            str(tmp_path / "page.png"), np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
        )
        arguments = [*map(str, words), "--input", str(tmp_path / "page.png"), "-o", "Global.device=cpu"]
        monkeypatch.setattr(sys, "argv", ["tool", *arguments, f"Global.save_res_path={folder}/results.txt"])
        assert commands.run(infer_e2e.main) == 0
        return [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]

    return call


def live(trained):
    return ["-c", trained / "config.yml", "-o", f"Global.checkpoints={trained}/best_accuracy"]


@pytest.mark.slow
def test_a_page_is_read_written_and_drawn_and_exported_files_read_the_same(trained, read, tmp_path):
    (row,) = read(tmp_path, *live(trained))
    assert row["size"] == [120, 90] and row["lines"]
    for line in row["lines"]:
        assert line["transcription"] and 0 < line["score"] <= 1
        assert all(0 <= x <= 120 and 0 <= y <= 90 for x, y in line["points"])
    assert (tmp_path / "results.txt").read_text(encoding="utf-8").split("\t")[1].startswith('[{"transcription": ')
    assert cv2.imread(str(tmp_path / "e2e_results/page.png")).shape == (90, 240, 3)
    config = resolve(load(trained / "config.yml"))
    export(config, trained / "best_accuracy", tmp_path / "exported", onnx=True)
    for backend in ("paddle", "onnx"):
        (again,) = read(tmp_path, "--model_dir", tmp_path / "exported", "--backend", backend)
        assert [line["transcription"] for line in again["lines"]] == [line["transcription"] for line in row["lines"]]
        for line, expected in zip(again["lines"], row["lines"]):
            np.testing.assert_allclose(line["points"], expected["points"], atol=1)
