"""The commands as functions: a configuration in, a result out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from ppocr import config as configuration
from ppocr.commands import eval as evaluation
from ppocr.commands import train as training
from ppocr.commands.arguments import prepare_training
from ppocr.commands.export_model import prepare_export
from ppocr.deploy.exporting import Export, name_of
from ppocr.deploy.exporting import export as write_model
from ppocr.distributed import processes
from ppocr.engine.preparation import prepare
from ppocr.options import global_options

ConfigLike = Union[str, Path, dict]
Overrides = Union[list, tuple, dict]


@dataclass(frozen=True)
class Training:
    """What a training made.

    Attributes:
        folder: ``Global.save_model_dir``.
        best: metrics of the best evaluation; empty if there was none.
        steps: optimizer updates of the run, those before a resume included.
        weights: prefix of the best weights, or of the latest if nothing was evaluated.
    """

    folder: Path
    best: dict
    steps: int
    weights: str


@processes.exit_together()
def train(config: ConfigLike, overrides: Overrides = ()) -> Training:
    """Trains as ``tools/train.py`` does.

    Args:
        config: a configuration file, or its content as a mapping.
        overrides: ``["Global.epoch_num=10", ...]`` as on the command line, or ``{"Global.epoch_num": 10, ...}``.

    Raises:
        UserError: the configuration, the data or the weights cannot be used.
        SystemExit: a signal ended the run, after a checkpoint.
    """
    merged, path = merged_config(config, overrides)
    prepared = prepare_training(merged, path)
    state = training.train(*prepared)
    folder = Path(global_options(merged).save_model_dir)
    return Training(folder, state.best, state.global_step, str(folder / ("best_accuracy" if state.best else "latest")))


@processes.exit_together()
def evaluate(config: ConfigLike, weights: Optional[str] = None, overrides: Overrides = ()) -> dict:
    """Evaluates as ``tools/eval.py`` does and returns the metrics.

    Args:
        config, overrides: see :func:`train`.
        weights: prefix or ``.pdparams`` file; None: what ``Global.checkpoints`` or ``Global.pretrained_model`` names.

    Raises:
        UserError: see :func:`train`.
    """
    merged, path = merged_config(config, overrides)
    if weights:
        merged = configuration.override(merged, {"Global.checkpoints": str(weights)})
    resolved, device, logger, _ = prepare(merged, path)
    return evaluation.evaluate(resolved, device, logger)


def export(
    config: ConfigLike, weights: Optional[str], folder, onnx: bool = False, verify=None, overrides: Overrides = ()
) -> Export:
    """Exports as ``tools/export_model.py`` does, on the CPU.

    Args:
        config, overrides: see :func:`train`.
        weights: see :func:`evaluate`.
        folder: where the files go.
        onnx: write ``inference.onnx`` too.
        verify: :class:`ppocr.deploy.verification.Samples` to compare the files with the model on; None for none. What
            they differ in is in ``problems`` of the result.

    Raises:
        UserError: see :func:`train`; the model cannot be exported.
    """
    merged, path = merged_config(config, overrides)
    resolved, _ = prepare_export(merged, path)
    return write_model(resolved, weights, folder, onnx, verify, path and name_of(path))


def merged_config(config: ConfigLike, overrides: Overrides):
    """Returns (the merged configuration, the file it comes from or None).

    Raises:
        ConfigError: the file cannot be read, or an override leads nowhere.
    """
    if isinstance(config, dict):
        return configuration.override(config, overrides), None
    return configuration.override(configuration.load(config), overrides), str(config)
