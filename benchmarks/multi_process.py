"""What the training loop adds to a bare data-parallel loop on a CPU, in several processes of one thread.

Prints images per second of the training loop (stepper, exchange of gradients, finite check, signals,
statistics, log lines) to those of a bare loop with ``paddle.DataParallel``, as the median over interleaved pairs of
steps.  Both read their batches in the training process.

Usage: ``python benchmarks/multi_process.py [--processes 2] [--pairs 60]``
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
warnings.filterwarnings("ignore", message="No ccache found|When training, we now always track")

import paddle
from train_step import CONFIG, CRNN, bare_step, loop_step

from ppocr.config import load, override
from ppocr.data import build_dataloader
from ppocr.distributed import processes
from ppocr.engine import setup
from ppocr.engine.build import build_stepper
from ppocr.engine.interruption import Interruption
from ppocr.engine.preparation import resolve
from ppocr.engine.progress import Progress
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.options import global_options
from ppocr.utils.loggers import build_loggers
from ppocr.utils.loggers.metric_loggers import MetricLoggers
from ppocr.utils.logging import get_logger

WARM_UP = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=60)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if "PADDLE_TRAINER_ID" in os.environ:
            report(*measure(Path(folder), args.pairs))
            return
        launch = ["-m", "paddle.distributed.launch", "--nproc_per_node", str(args.processes), "--log_dir", folder]
        words = [sys.executable, *launch, __file__, "--pairs", str(args.pairs)]
        done = subprocess.run(words, capture_output=True, text=True)
        lines = [line for line in done.stdout.splitlines() if line.startswith(("bare", "images"))]
        print("\n".join(lines) if done.returncode == 0 else done.stdout[-3000:])
        sys.exit(done.returncode)


def report(bare, looped, images):
    """Prints the figures of the first process; the others wait for each other in every step, so theirs are the same."""
    if processes.rank() == 0:
        rates = [images / statistics.median(times) for times in (bare, looped)]
        print(f"bare loop {rates[0]:.1f} images/s, training loop {rates[1]:.1f} images/s in all processes")
        ratio = statistics.median(a / b for a, b in zip(bare, looped))
        print(f"images per second of the training loop / of the bare loop: {ratio:.4f} (at least 0.98)")


def measure(folder, pairs):
    """Returns the seconds of each bare step and of the looped step after it, and the images of a step."""
    setup.set_up_processes("cpu")
    options = ["Train.loader.num_workers=0", "Train.dataset.length=1000000", f"Global.save_model_dir={folder}"]
    config = resolve(override(load(CONFIG), [*CRNN, *options]))
    options = global_options(config)
    schedule = TrainSchedule.from_options(options, 10**6, evaluates=False)
    logger = get_logger(folder / "train.log", processes.rank())
    logger.handlers = logger.handlers[2:]  # the file alone
    bare, looped = (build_stepper(config, options, schedule, "cpu") for _ in range(2))
    bare.model = paddle.DataParallel(bare.model)
    looped.distribute(options, "cpu")
    loggers = build_loggers(config, options) if processes.rank() == 0 else MetricLoggers()
    progress, state = Progress(schedule, logger, loggers, options.log_smooth_window), schedule.state
    loaders = [iter(build_dataloader(config, "Train", "cpu", None, options.seed)) for _ in range(2)]
    steps = progress.watch(([batch] for batch in loaders[1]), state)
    times = ([], [])
    with Interruption() as interruption:
        for number in range(pairs + WARM_UP):
            start = time.perf_counter()
            bare_step(bare, next(loaders[0]))
            middle = time.perf_counter()
            loop_step(steps, looped, state, progress, schedule)
            interruption.agree(state.global_step)
            end = time.perf_counter()
            if number >= WARM_UP:
                times[0].append(middle - start)
                times[1].append(end - middle)
    size = config["Train"]["loader"]["batch_size_per_card"]
    return *times, size * paddle.distributed.get_world_size()


if __name__ == "__main__":
    main()
