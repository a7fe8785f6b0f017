"""Tells where the time of a training step goes, and what to change: ``python tools/doctor.py -c config.yml``.

Trains a few steps as the configuration says, with a stopwatch; nothing of it is kept.
"""

import argparse
import contextlib
import dataclasses
import sys
import time
from pathlib import Path

from ppocr import preflight
from ppocr.commands.arguments import ArgsParser
from ppocr.config import load, override
from ppocr.data import build_dataloader
from ppocr.doctor import Plan, Workload, advise, collect, draw, measure, table, to_json
from ppocr.engine import preparation
from ppocr.engine.build import build_stepper, build_training_metric
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.options import global_options


def main(arguments=None):
    """Prints the table (or JSON) and draws the image.

    Args:
        arguments: command-line words; by default those of the process.

    Raises:
        UserError: the run cannot be started, or the image not be written.
    """
    args = parse(arguments)
    # Standard output is for the result alone; data sets and decoders may have warnings to give.
    with contextlib.redirect_stdout(sys.stderr):
        config, device, logger = prepare(args)
        result = examine(config, args.config, device, logger, Plan(args.steps, args.seconds))
    advice = advise(result)
    print((to_json if args.json else table)(result, advice))
    image = args.image or Path(global_options(config).save_model_dir) / "doctor.png"
    draw(result, image)
    print(f"image: {image}", file=sys.stderr)


def parse(arguments=None):
    """Reads the command line."""
    parser = ArgsParser(description=__doc__)
    parser.add_argument("--steps", type=_positive(int), default=Plan.steps, help="steps to measure (%(default)s)")
    parser.add_argument(
        "--seconds", type=_positive(float), default=Plan.seconds, help="begin no step after that time (%(default)s)"
    )
    parser.add_argument("--image", metavar="FILE", help="where to draw it (save_model_dir/doctor.png)")
    parser.add_argument("--json", action="store_true", help="print a JSON object instead of the table")
    return parser.parse_args(arguments)


def _positive(kind):
    def convert(text):
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"must be above 0, not {text}")
        return value

    return convert


def prepare(args):
    """Returns resolved configuration, device and logger, after the checks that training begins with."""
    merged = override(load(args.config), args.opt)
    config, device, logger, _ = preparation.prepare(merged, args.config, check=preflight.cheap_warnings)
    return config, device, logger


def examine(config, name, device, logger, plan, clock=time.perf_counter):
    """Builds what training builds and measures it.

    Args:
        config: resolved configuration.
        name: its file.
        device: name of the device.
        logger: for warnings.
        plan: :class:`ppocr.doctor.Plan`.
        clock: gives seconds.

    Returns:
        :class:`ppocr.doctor.Result`.
    """
    options = global_options(config)
    loader = build_dataloader(config, "Train", device, logger, options.seed)
    # The run must not end before the plan does, and an epoch with the metric is the one to measure.
    epochs = options.epoch_num + plan.warm_up + plan.steps
    longer = dataclasses.replace(options, epoch_num=epochs, max_steps=None, calc_epoch_interval=1)
    schedule = TrainSchedule.from_options(longer, len(loader), evaluates=False)
    stepper = build_stepper(config, longer, schedule, device, loader, keeps_bad_batches=False)
    facts = collect(config, name, options, device, loader, stepper.guard)
    metric = build_training_metric(config, options, logger)
    with contextlib.closing(loader):
        return measure(Workload(stepper, loader, schedule, metric, options.log_smooth_window), facts, plan, clock)
