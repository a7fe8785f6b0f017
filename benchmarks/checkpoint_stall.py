"""How long training stands still for a checkpoint, as a share of the time that writing it takes.

Usage: ``python benchmarks/checkpoint_stall.py [--megabytes 200] [--saves 8]``
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
warnings.filterwarnings("ignore", message="No ccache found")

import paddle

from ppocr.checkpoint.state import TrainState
from ppocr.checkpoint.writing import Checkpointer, capture
from ppocr.engine.stepper import Stepper
from ppocr.utils.logging import get_logger
from ppocr.utils.save_load import save_model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200, help="size of a checkpoint")
    parser.add_argument("--saves", type=int, default=8)
    args = parser.parse_args()
    stepper = make_stepper(args.megabytes)
    logger = get_logger()
    logger.handlers.clear()
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = Checkpointer(folder, stepper, logger)
        stalls, writes = [], []
        for step in range(args.saves):
            start = time.perf_counter()
            checkpoints.save_latest(TrainState(global_step=step))
            stalls.append(time.perf_counter() - start)
            checkpoints.finish()
            contents = capture(stepper, TrainState(global_step=step))
            start = time.perf_counter()
            save_model(Path(folder) / "direct", contents, {"global_step": step}, keep_previous=True)
            writes.append(time.perf_counter() - start)
    stall, write = statistics.median(stalls), statistics.median(writes)
    print(
        f"checkpoint of {args.megabytes} MB: training stands still {stall * 1e3:.1f} ms, writing {write * 1e3:.1f} ms"
    )
    print(f"stall / writing: {stall / write:.3f} (at most 0.1)")


def make_stepper(megabytes):
    """A model whose weights and Adam moments make up a checkpoint of that size."""
    width = int((megabytes * 2**20 / 12 / 8) ** 0.5)
    model = paddle.nn.Sequential(*(paddle.nn.Linear(width, width) for _ in range(8)))
    optimizer = paddle.optimizer.Adam(0.001, parameters=model.parameters())
    stepper = Stepper(model, lambda p, b: {"loss": p.mean()}, optimizer, 0.001)
    stepper([[paddle.ones([1, width])]], 0)
    return stepper


if __name__ == "__main__":
    main()
