"""What a checkpoint has to know about the run that makes it; see :mod:`ppocr.checkpoint.facts`."""

import copy
import os

import paddle

from ppocr.checkpoint.facts import OPTIMIZER, output_facts
from ppocr.config import freeze
from ppocr.postprocess import build_post_process


def describe_run(config, options, steps_per_epoch: int, device: str) -> dict:
    """Returns what a resumed run must share with the one that it goes on with, to go on exactly as that would have.

    Args:
        config: the configuration, resolved or not.
        options: its :class:`ppocr.options.GlobalOptions`.
        steps_per_epoch: optimizer updates in an epoch.
        device: mixed precision is for GPUs.
    """
    dataset = config["Train"].get("dataset", {})
    return {
        "batch_size_per_card": config["Train"]["loader"].get("batch_size_per_card"),
        **{key: dataset[key] for key in ("batch_size_per_pair",) if key in dataset},
        "processes": paddle.distributed.get_world_size(),
        "accumulate_steps": options.accumulate_steps,
        "steps_per_epoch": steps_per_epoch,
        "epoch_num": options.epoch_num,
        "seed": options.seed,
        "threads": os.environ.get("OMP_NUM_THREADS", "1"),
        **_precision(options, device),
        **describe_start(config),
    }


def describe_start(config) -> dict:
    """Returns what a configuration alone says of a run, before anything is built."""
    return {OPTIMIZER: copy.deepcopy(freeze(config["Optimizer"])), **describe_outputs(config)}


def describe_outputs(config) -> dict:
    """Returns what the outputs of a configuration's model mean: the facts for everything but training."""
    return output_facts(build_post_process(config["PostProcess"], config["Global"]))


def _precision(options, device):
    if not (options.use_amp and device.startswith("gpu")):
        return {"precision": "float32", "loss_scaling": "none"}
    follows = ", following overflows" if options.use_dynamic_loss_scaling else ""
    return {
        "precision": f"{options.amp_level} {options.amp_dtype}",
        "loss_scaling": f"{options.scale_loss:g}{follows}",
    }
