"""Saving and loading of models: the documented names, in this project's form and in PaddleOCR's."""

import paddle

from ppocr.checkpoint.files import write_checkpoint
from ppocr.checkpoint.loading import load_run
from ppocr.utils import family_calls

__all__ = ["load_model", "save_model"]


def save_model(target, contents, *others, **options):
    """Writes the files of one checkpoint, each whole or not at all, and their manifest.

    Args:
        target: path without suffix; the folder must exist.
        contents: ``{suffix: content}`` as :func:`ppocr.checkpoint.writing.capture` gives it.
        *others, **options: ``counters``: where the run stood; ``keep_previous``: whether the checkpoint that is
            replaced is kept, as ``<name>_previous``.

    PaddleOCR's call, with a model and an optimizer first, is :func:`ppocr.utils.family_calls.save_model`.

    Raises:
        CheckpointError: the files cannot be written (the message says why); what was there before is still there.
    """
    if isinstance(target, paddle.nn.Layer):
        family_calls.save_model(target, contents, *others, **options)
    else:
        _write(target, contents, *others, **options)


def _write(prefix, contents, counters=None, keep_previous=False):
    write_checkpoint(prefix, contents, counters or {}, keep_previous)


def load_model(options, *others, **named):
    """Loads what ``Global.checkpoints`` or ``Global.pretrained_model`` names.

    See :func:`ppocr.checkpoint.loading.load_run`.  PaddleOCR's call, with a configuration and a model first, is
    :func:`ppocr.utils.family_calls.load_model`.
    """
    return (family_calls.load_model if isinstance(options, dict) else load_run)(options, *others, **named)
