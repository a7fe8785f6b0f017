"""Stages of backbones in a row, and the table of those that mix tokens and channels in turn."""

from typing import NamedTuple

SHRINK = "D"  # a stride, and other channels behind it
SQUEEZE = "S"  # squeeze-and-excitation


class MixerStage(NamedTuple):
    """One stage; ``blocks`` has a letter for each block: ``SHRINK``, ``SQUEEZE``, or P for neither of the two."""

    channels: int
    blocks: str
    stride: tuple = (2, 2)


def run_stages(x, stages):
    """Returns the maps that the stages give, each fed with the one before.

    A stage is a layer, or a list of layers where checkpoints name each one by itself.
    """
    maps = []
    for stage in stages:
        for layer in stage if isinstance(stage, list) else [stage]:
            x = layer(x)
        maps.append(x)
    return maps
