"""One configuration of each family in mixed precision as a GPU computes it, on a CPU.

Takes the GPU wheel of Paddle 2.6.2 and an emulator, a folder with ``softgpu.py``, ``harness.py`` and ``tiny.py`` beside
the checkout; skipped elsewhere.
"""

import importlib.metadata
import math
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("PPOCR_SOFT_GPU", ROOT.parent / "shared" / "soft_gpu"))
WHEEL = "2.6.2"
STEPS = 4
MODES = ("O1-float16", "O2-float16", "O2-bfloat16")
CONFIGS = {
    "cls": "cls/cls_mv3.yml",
    "det DB": "det/PP-OCRv5/PP-OCRv5_mobile_det.yml",
    "det DB++": "det/det_r50_db++_icdar15.yml",
    "det DB, refined": "det/PP-OCRv4/PP-OCRv4_server_det.yml",
    "det DB, further maps": "det/PP-OCRv6/PP-OCRv6_tiny_det.yml",
    "det distillation": "det/PP-OCRv3/PP-OCRv3_det_dml.yml",
    "rec CTC": "rec/rec_mv3_none_bilstm_ctc.yml",
    "rec SVTR": "rec/rec_svtrnet.yml",
    "rec MultiHead, SAR": "rec/PP-OCRv3/PP-OCRv3_mobile_rec.yml",
    "rec MultiHead, NRTR": "rec/PP-OCRv5/PP-OCRv5_mobile_rec.yml",
    "rec SRN": "rec/rec_r50_fpn_srn.yml",
    "rec VisionLAN": "rec/rec_r45_visionlan.yml",
    "rec distillation": "rec/ch_PP-OCRv2/ch_PP-OCRv2_rec_distillation.yml",
}
OPTIONS = {
    "Global.device": "gpu",
    "Global.epoch_num": 1000,
    "Global.max_steps": STEPS,
    "Global.eval_batch_step": STEPS,
    "Global.eval_batch_epoch": None,
    "Global.print_batch_step": 1,
    "Global.log_smooth_window": 1,
    "Global.save_epoch_step": 1000,
}


def _missing():
    """Returns why nothing can be run here; empty: all is there."""
    if not (FOLDER / "softgpu.py").exists():
        return f"no {FOLDER}/softgpu.py (PPOCR_SOFT_GPU names its folder)"
    try:
        installed = importlib.metadata.version("paddlepaddle-gpu")
    except importlib.metadata.PackageNotFoundError:
        return f"paddlepaddle-gpu=={WHEEL} is not installed"
    return "" if installed == WHEEL else f"needs paddlepaddle-gpu=={WHEEL}, this is {installed}"


pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(_missing()), reason=_missing())]


@pytest.fixture
def emulated(tmp_path_factory):
    """``emulated(family, mode)`` -> the run of its configuration, in a process of its own; its checkpoints go again."""
    folder = tmp_path_factory.mktemp("emulated")
    sys.path.insert(0, str(FOLDER))
    try:
        import harness
        import tiny
    finally:
        sys.path.remove(str(FOLDER))
    data, runs = tiny.make_data(folder / "data"), harness.Runs(ROOT, folder)

    def run(family, mode):
        name = f"{family.replace(' ', '_')}-{mode}"
        config = tiny.write_config(ROOT, f"configs/{CONFIGS[family]}", data, folder / f"{name}.yml")
        return runs(name, mode, OPTIONS, config=config, small=False, spy=_uncaptured)

    yield run
    shutil.rmtree(folder)  # up to a gigabyte


def _uncaptured(seen):
    """Has the process of a run write to its own output, which its parent's pytest does not read."""
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("family", CONFIGS)
def test_a_family_trains_is_evaluated_and_saved(emulated, family, mode):
    run = emulated(family, mode)
    if family == "det DB++" and mode == "O2-bfloat16":  # its optimizer has no such kernel in this Paddle
        assert run.ended(2) == "" and "no bfloat16 kernel of Momentum" in run.output
        return
    assert run.ended() == "", run.output[-3000:]
    losses = [record["loss"] for record in run.records()]
    assert len(losses) == STEPS and all(map(math.isfinite, losses))
    assert len(run.records("eval")) == 1
    assert all(np.isfinite(value).all() for value in run.weights().values())
    assert int(run.seen["counts"].get("skipped", 0)) < STEPS, "no update was made"
    assert [event for event in run.seen["events"] if event[0] in ("no kernel", "in place")] == []
