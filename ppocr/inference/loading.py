"""Predictors from what a training left behind, or from an exported model."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ppocr.config import load, override
from ppocr.data.batch import find_name
from ppocr.engine import setup
from ppocr.engine.preparation import prepare
from ppocr.engine.trained_model import load_trained
from ppocr.errors import ConfigError
from ppocr.imports import import_modules
from ppocr.inference.description import eval_transforms
from ppocr.inference.exported import CONFIG, load_exported
from ppocr.inference.in_use import differs_in_use, grows_in_use
from ppocr.inference.predictor import LiveNetwork, Predictor
from ppocr.inference.preprocessing import Preprocessing
from ppocr.options import GlobalOptions, global_options
from ppocr.postprocess import build_post_process
from ppocr.registry import POST_PROCESSES, parameters_of
from ppocr.tasks import task_for, task_of
from ppocr.utils.logging import get_logger

BEST = "best_accuracy"
_WEIGHT_KEYS = ("Global.checkpoints=", "Global.pretrained_model=")
_EXPORTED_SECTIONS = ("Global", "PreProcess", "PostProcess")


@dataclass
class Loaded:
    """A predictor and what was set up with it.

    Attributes:
        predictor: :class:`ppocr.inference.predictor.Predictor`.
        options: the ``Global`` section.
        logger: the project's logger.
        differs: images may be prepared otherwise than in the evaluation of the configuration.
    """

    predictor: Predictor
    options: GlobalOptions
    logger: object
    differs: bool = False


def from_config(path, overrides, batch_size: int, model_type: str, weights=None) -> Loaded:
    """Loads the model of a configuration with the weights of ``Global.checkpoints`` or ``Global.pretrained_model``.

    Images are prepared as those of the ``Eval`` section, in infer mode: a text line that is longer than the width in
    ``RecResizeImg`` makes the model's input wider, unless ``Global.character_dict_path`` is null or the model takes one
    width only.

    Args:
        path: YAML file.
        overrides: ``key.path=value`` assignments.
        batch_size: most images of a batch.
        model_type: name of the task, which the model must be of.
        weights: take these instead.

    Raises:
        UserError: the configuration, the device or the weights cannot be used.
    """
    merged = override(load(path), overrides)
    if weights is not None:
        merged["Global"] = {**(merged.get("Global") or {}), "checkpoints": str(weights)}
    config, device, logger, _ = prepare(merged, path)
    given = config["Architecture"]["model_type"]
    if given != model_type:
        raise ConfigError(f"{path}: Architecture.model_type is {given}, but what is wanted here is {model_type}")
    options = global_options(config)
    transforms = eval_transforms(config)
    model, amp = load_trained(config, options, device, logger, "run")
    preprocess = Preprocessing(transforms, config["Global"], grows_in_use(config, model), model.inputs)
    post_process = build_post_process(_with_scores(config["PostProcess"]), config["Global"])
    predictor = Predictor(preprocess, LiveNetwork(model, amp), post_process, batch_size, task_for(config), path)
    return Loaded(predictor, options, logger, differs_in_use(config, model))


def from_exported(folder, overrides, batch_size: int, model_type: str, backend: Optional[str] = None) -> Loaded:
    """Loads an exported model.

    Args:
        folder: what ``tools/export_model.py`` wrote.
        overrides: ``key.path=value`` assignments for its ``inference.yml`` and for ``Global``.
        batch_size, model_type: see :func:`from_config`.
        backend: ``paddle`` or ``onnx``; None takes what is there.

    Raises:
        UserError: the files or the device cannot be used.
    """
    own = override({}, overrides)
    import_modules(own)
    wanted = global_options(own)
    device = setup.set_up_device(wanted)
    logger = get_logger()
    exported = load_exported(folder, device, backend, overrides)
    config = exported.config
    has_dictionary = "character_dict" in config["PostProcess"]
    _refuse_without_effect(overrides, has_dictionary)
    file = Path(folder) / CONFIG
    with _of_file(file):
        config["PostProcess"] = _with_scores(config["PostProcess"])
        post_process = exported.build_post_process()
    task = task_of(post_process.task or model_type)
    if task.model_type not in ("", model_type):
        given, name = task.model_type, config["PostProcess"]["name"]
        raise ConfigError(f"{folder}: {name} makes it a model of type {given}, but what is wanted here is {model_type}")
    growing = has_dictionary and _may_take_any_width(exported)  # counts where a file does not say infer_mode itself
    operators, inputs = config["PreProcess"]["transform_ops"], tuple(exported.inputs)
    with _of_file(file):
        preprocess = Preprocessing(operators, config.get("Global"), growing, inputs)
    predictor = Predictor(preprocess, exported, post_process, batch_size, task, file)
    return Loaded(predictor, wanted, logger)


@contextmanager
def _of_file(file):
    """Has messages about what stands in a file begin with its name."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error


def _may_take_any_width(exported) -> bool:
    """Tells whether ``inference.yml`` says that the width of images may differ, or nothing of their shape."""
    shape = exported.inputs.get(find_name("image", exported.inputs), (0,))
    return shape is None or shape[-1] is None


def from_path(path, overrides, batch_size: int, model_type: str, weights=None, backend: Optional[str] = None) -> Loaded:
    """Loads whatever a path names: a configuration, the folder of a training run, or an exported model.

    Args:
        path: a YAML file; a folder with ``config.yml``; or a folder with ``inference.yml``.
        overrides, batch_size, model_type, backend: see :func:`from_config` and :func:`from_exported`.
        weights: checkpoint of a configuration; by default what the overrides name, else ``best_accuracy`` beside it
            if there is one, else what it names itself.

    Raises:
        UserError: see :func:`from_config` and :func:`from_exported`.
    """
    path = Path(path)
    file = path / "config.yml" if path.is_dir() else path
    if path.is_dir() and not file.exists():
        if weights is not None:
            raise ConfigError(f"{path}: weights ({weights}) are for a configuration; an exported model brings its own")
        return from_exported(path, overrides, batch_size, model_type, backend)
    beside = file.parent / BEST
    named = weights is not None or any(item.startswith(_WEIGHT_KEYS) for item in overrides)
    if not named and beside.with_suffix(".pdparams").exists():
        weights = beside
    return from_config(file, overrides, batch_size, model_type, weights)


def _with_scores(section):
    """Returns a ``PostProcess`` section that asks for the scores of boxes where it can."""
    kind = POST_PROCESSES.get(section["name"])
    return {**section, "return_scores": True} if "return_scores" in parameters_of(kind) else dict(section)


def _refuse_without_effect(overrides, has_dictionary: bool):
    for assignment in overrides:
        section, _, key = assignment.partition("=")[0].strip().partition(".")
        if section not in _EXPORTED_SECTIONS:
            known = ", ".join(_EXPORTED_SECTIONS)
            raise ConfigError(f"-o {assignment}: an exported model has no section {section}; it has {known}")
        if has_dictionary and key.startswith("character_dict"):
            raise ConfigError(f"-o {assignment}: the dictionary of an exported model is the one in its inference.yml")
