"""PaddleOCR's calls that save and load a model with its optimizer, for scripts that have a loop of their own."""

from pathlib import Path

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.damage import refusing_damage
from ppocr.checkpoint.files import STATES, check_files, write_checkpoint
from ppocr.checkpoint.host_copy import plain
from ppocr.checkpoint.loading import restore_training
from ppocr.checkpoint.optimizer_state import (
    NAMES_KEY,
    OPTIMIZER_STATE,
    create_state,
    exact_weights,
    restore_schedule,
    restore_weights,
)
from ppocr.checkpoint.transfer import PARAMS, arrays_of, load_params, load_pretrained, strip_suffix
from ppocr.options import global_options
from ppocr.utils.logging import get_logger


def save_model(model, optimizer, model_path, logger=None, config=None, is_best=False, prefix="ppocr", **counters):
    """Writes ``<prefix>.pdparams``, ``.pdopt`` and ``.states`` into a folder, each whole or not at all.

    Args:
        model: a ``paddle.nn.Layer``.
        optimizer: a Paddle optimizer.
        model_path: the folder; it is made where it is missing.
        logger: told where the files are; by default the project's.
        config: not read; it is in PaddleOCR's call.
        is_best: whether the words say that it is the best model.
        prefix: beginning of the names.
        **counters: content of ``.states``: ``epoch``, ``global_step``, ``best_model_dict``, ...

    Raises:
        CheckpointError: the files cannot be written.
    """
    folder = Path(model_path)
    folder.mkdir(parents=True, exist_ok=True)
    names = {name: tensor.name for name, tensor in model.state_dict().items()}
    contents = {
        PARAMS: {**plain(exact_weights(model, optimizer)), NAMES_KEY: names},
        OPTIMIZER_STATE: plain(optimizer.state_dict()),
        STATES: counters,
    }
    write_checkpoint(
        folder / prefix, contents, {key: counters[key] for key in ("epoch", "global_step") if key in counters}
    )
    words = "save best model is to" if is_best else "save model in"
    (logger or get_logger()).info("%s %s", words, folder / prefix)


def load_model(config, model, optimizer=None, model_type=None) -> dict:
    """Loads what ``Global.checkpoints`` or ``Global.pretrained_model`` of a configuration names.

    Args:
        config: the configuration.
        model: receives the weights.
        optimizer: receives its state from ``Global.checkpoints``; None: the weights alone are loaded.
        model_type: not read; it is in PaddleOCR's call.

    Returns:
        The best metrics of the checkpoint, and as ``start_epoch`` the epoch to go on with; empty without a checkpoint.

    Raises:
        CheckpointError: a file is missing, damaged or does not fit.
    """
    options = global_options(config)
    if options.checkpoints:
        prefix = strip_suffix(options.checkpoints)
        with refusing_damage(prefix):
            return _resume(prefix, model, optimizer)
    if options.pretrained_model:
        report = load_pretrained(model, options.pretrained_model)
        get_logger().info("pretrained weights from %s: %s", options.pretrained_model, report)
    return {}


def _resume(prefix, model, optimizer):
    check_files(prefix)
    if optimizer is None:
        restore_weights(prefix, model.state_dict(), arrays_of(load_params(prefix)))
    else:
        create_state(optimizer)
        saved, _ = restore_training(prefix, model, optimizer)
        restore_schedule(optimizer._learning_rate, saved)
    states = safe_pickle.load_if_there(prefix + STATES)
    best = dict(states.get("best_model_dict") or {})
    return {**best, "start_epoch": states["epoch"] + 1} if "epoch" in states else best
