"""Every configuration trains three steps, evaluates, saves and goes on from there, on a few drawn images.

Networks keep their size; images are few and detection crops small.  One configuration of each kind of network that is
small enough runs by default, all others with ``-m slow``.
"""

import gc
import math
import sys
import types
import zlib

import numpy as np
import pytest
from small_runs import CONFIGS, RUNNABLE, records, small_run, trained

OF_EACH_FAMILY = [
    "cls/cls_mv3.yml",
    "det/PP-OCRv3/PP-OCRv3_mobile_det.yml",
    "det/PP-OCRv5/PP-OCRv5_mobile_det.yml",
    "det/PP-OCRv6/PP-OCRv6_tiny_det.yml",
    "det/ch_PP-OCRv2/ch_PP-OCRv2_det_cml.yml",
    "det/det_mv3_db.yml",
    "det/det_mv3_east.yml",
    "det/det_mv3_pse.yml",
    "rec/PP-OCRv3/en_PP-OCRv3_mobile_rec.yml",
    "rec/PP-OCRv5/PP-OCRv5_mobile_rec.yml",
    "rec/PP-OCRv6/PP-OCRv6_tiny_rec.yml",
    "rec/ch_PP-OCRv2/ch_PP-OCRv2_rec_distillation.yml",
    "rec/ch_PP-OCRv2/ch_PP-OCRv2_rec_enhanced_ctc_loss.yml",
    "rec/rec_d28_can.yml",
    "rec/rec_mv3_none_bilstm_ctc.yml",
    "rec/rec_mv3_tps_bilstm_att.yml",
    "rec/rec_svtrnet.yml",
]


class WordVectors:
    """Vectors of words as a model of fastText has them, by a rule instead of from a file."""

    def __getitem__(self, word):
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=300).astype("float32")


@pytest.fixture(autouse=True)
def fasttext(monkeypatch):
    module = types.ModuleType("fasttext")
    module.load_model = lambda path: WordVectors()
    monkeypatch.setitem(sys.modules, "fasttext", module)


def train_evaluate_resume(name, data, folder):
    config = small_run(CONFIGS / name, data, folder / "out")
    assert trained(config, folder) == 0, (folder / "out/train.log").read_text(encoding="utf-8")[-2000:]
    written = records(folder / "out")
    steps = [record for record in written if record["split"] == "train"]
    (evaluation,) = [record for record in written if record["split"] == "eval"]
    assert [record["step"] for record in steps] == [1, 2, 3]
    assert all(math.isfinite(record["loss"]) for record in steps)
    most = 101 if config["Metric"]["name"] == "SRMetric" else 1  # decibels
    assert 0 <= evaluation[config["Metric"].get("main_indicator", "acc")] <= most
    gc.collect()  # a network of 100 million weights is not kept until the collector comes by
    assert trained(config, folder, "-o", "Global.resume=auto", "Global.max_steps=4", "Global.eval_batch_step=4") == 0
    after = [record for record in records(folder / "out") if record["split"] == "train"]
    assert [record["step"] for record in after] == [1, 2, 3, 4]
    gc.collect()
    assert math.isfinite(after[-1]["loss"]) and after[-1]["loss"] != after[-2]["loss"]


@pytest.mark.parametrize("name", OF_EACH_FAMILY)
def test_a_configuration_of_each_family_trains_evaluates_saves_and_resumes(name, drawn_data, tmp_path):
    train_evaluate_resume(name, drawn_data, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(RUNNABLE) - set(OF_EACH_FAMILY)))
def test_every_other_configuration_does_so_too(name, drawn_data, tmp_path):
    train_evaluate_resume(name, drawn_data, tmp_path)
