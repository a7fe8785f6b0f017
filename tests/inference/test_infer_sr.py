"""tools/infer_sr.py on a trained checkpoint and on what is exported of it, which give the same images."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr import commands
from ppocr import config as configuration
from ppocr.commands import export_model, infer_sr, train
from ppocr.config import load, override

ROOT = Path(__file__).resolve().parents[2]
TINY = [
    "Global.device=cpu", "Global.epoch_num=1", "Global.max_steps=2",
    "Architecture.Transform.srb_nums=1", "Architecture.Transform.hidden_units=2", "Train.dataset.length=4",
    "Train.loader.batch_size_per_card=2", "Train.loader.num_workers=0", "Eval.dataset.length=3",
]  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run of two steps."""
    folder = tmp_path_factory.mktemp("trained")
    merged = override(load(ROOT / "configs/examples/words_sr.yml"), [*TINY, f"Global.save_model_dir={folder}"])
    (folder / "run.yml").write_text(configuration.snapshot(merged), encoding="utf-8")
    assert commands.run(lambda: train.main(["-c", str(folder / "run.yml")])) == 0
    return folder


def enlarged(folder, output, *words):
    """Returns the image that was written of one of 40 x 90 pixels, and its row."""
    path = folder / "word.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (40, 90, 3)).astype(np.uint8))
    words = [*words, "-o", f"Global.save_res_path={output / 'found.txt'}"]
    assert commands.run(lambda: infer_sr.main([*words, "--input", str(path)])) == 0
    row = json.loads((output / "found.jsonl").read_text(encoding="utf-8").splitlines()[0])
    return cv2.imread(str(next((output / "sr_results").iterdir()))), row


def test_a_run_is_measured_and_its_model_enlarges_images(trained, tmp_path):
    best = f"Global.checkpoints={trained / 'best_accuracy'}"
    image, row = enlarged(trained, tmp_path, "-c", str(trained / "config.yml"), "-o", best)
    assert image.shape == (32, 128, 3) and (row["width"], row["height"]) == (128, 32)
    exported = ["-c", str(trained / "config.yml"), "-o", best, f"Global.save_inference_dir={tmp_path / 'exported'}"]
    assert commands.run(lambda: export_model.main(exported)) == 0
    (tmp_path / "again").mkdir()
    again, _ = enlarged(trained, tmp_path / "again", "--model_dir", str(tmp_path / "exported"))
    np.testing.assert_allclose(again.astype(float), image.astype(float), atol=1)
