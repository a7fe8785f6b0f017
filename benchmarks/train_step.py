"""What the training loop adds to a bare forward, backward and step.

Prints the ratio of one step of the training loop (stepper, counters, statistics, log lines, finite check) to a
bare loop on the same batch, as the median over interleaved pairs.

Usage: ``python benchmarks/train_step.py [--pairs 60] [--metric] [--ema]``
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
warnings.filterwarnings("ignore", message="No ccache found|When training, we now always track")

from ppocr.config import load, override
from ppocr.data import build_dataloader
from ppocr.engine.build import build_stepper, build_training_metric
from ppocr.engine.preparation import resolve
from ppocr.engine.progress import Progress
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.options import global_options
from ppocr.utils.loggers import build_loggers
from ppocr.utils.logging import get_logger

CONFIG = Path(__file__).resolve().parents[1] / "configs/quickstart/rec.yml"
CRNN = ["Architecture.Neck={name: SequenceEncoder, encoder_type: rnn, hidden_size: 48}", "Global.device=cpu"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--metric", action="store_true", help="with the metric of training batches")
    parser.add_argument("--ema", action="store_true", help="with an average of the weights")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options = [*CRNN, f"Global.save_model_dir={folder}", f"Global.cal_metric_during_train={args.metric}"]
        options.append(f"Global.use_ema={args.ema}")
        bare, looped = measure(resolve(override(load(CONFIG), options)), Path(folder), args.pairs)
    ratio = statistics.median(b / a for a, b in zip(bare, looped))
    print(
        f"bare step {statistics.median(bare) * 1e3:.2f} ms, step of the loop {statistics.median(looped) * 1e3:.2f} ms"
    )
    print(f"training step / bare step: {ratio:.4f} (at most 1.02)")


def measure(config, folder, pairs):
    """Returns the seconds of each bare step and of the looped step after it."""
    options = global_options(config)
    loader = build_dataloader(config, "Train", "cpu", None, options.seed)
    batch = next(iter(loader))
    schedule = TrainSchedule.from_options(options, 10**6, evaluates=False)
    logger = get_logger(folder / "train.log")
    logger.handlers = logger.handlers[2:]  # the file alone
    bare, looped = (build_stepper(config, options, schedule, "cpu") for _ in range(2))
    metric = build_training_metric(config, options, logger)
    progress = Progress(schedule, logger, build_loggers(config, options), options.log_smooth_window, metric)
    state = schedule.state
    steps = progress.watch(iter(lambda: [batch], None), state)
    times = ([], [])
    for number in range(pairs + 5):
        start = time.perf_counter()
        bare_step(bare, batch)
        middle = time.perf_counter()
        loop_step(steps, looped, state, progress, schedule)
        end = time.perf_counter()
        if number >= 5:
            times[0].append(middle - start)
            times[1].append(end - middle)
    return times


def bare_step(parts, batch):
    """Forward, loss, backward, step, clear: what any training has to do."""
    loss = parts.loss(parts.model(batch[0]), batch)["loss"]
    loss.backward()
    parts.optimizer.step()
    parts.optimizer.clear_grad()
    parts.lr_scheduler.step()


def loop_step(steps, stepper, state, progress, schedule):
    """One turn of the training loop."""
    batches = next(steps)
    predictions, losses = stepper(batches, state.global_step)
    state.advance()
    progress.record(losses, stepper.lr, predictions, batches, state)
    del predictions
    if schedule.log_due():
        progress.log_line(state)
        stepper.resolve_pending()


if __name__ == "__main__":
    main()
