"""From a trained model to the files of an exported one."""

import contextlib
import logging
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Optional

import paddle

from ppocr.deploy import verification
from ppocr.deploy.measuring import measure
from ppocr.deploy.to_onnx import convert, require_converter
from ppocr.engine.folder_lock import FolderLock
from ppocr.engine.trained_model import load_trained
from ppocr.errors import ExportError
from ppocr.inference.description import describe, eval_transforms, input_sample, input_shapes, write
from ppocr.inference.exported import BACKENDS, CONFIG, ONNX, PROGRAMS, STEM, WEIGHTS, load_exported
from ppocr.inference.outputs import flattened, numbered
from ppocr.inference.preprocessing import fields_in_use
from ppocr.modeling.layers.reparameterise import fuse_model
from ppocr.options import global_options
from ppocr.tasks import task_for
from ppocr.utils.logging import NAME as LOGGER


@dataclass
class Export:
    """What :func:`export` made.

    Attributes:
        folders: folder of each network by its name; of a model that is one network, ``{"": folder}``.
        fused: how many layers were fused into single convolutions.
        comparisons: :class:`ppocr.deploy.verification.Comparison` for each file that was compared with its model.
        measured: :class:`ppocr.deploy.measuring.Measured` of each network whose metric was asked for.
    """

    folders: dict
    fused: int
    comparisons: list = field(default_factory=list)
    measured: list = field(default_factory=list)

    @property
    def problems(self) -> list:
        """One line for each file that does not give what its model gives."""
        return [comparison.problem for comparison in self.comparisons if comparison.problem]


def name_of(path) -> str:
    """Returns the name of a model by the file of its configuration: the run's folder for the ``config.yml`` in it."""
    path = Path(path)
    return path.resolve().parent.name if path.name == "config.yml" else path.stem


def export(config, weights, folder, onnx: bool = False, verify=None, model_name: Optional[str] = None) -> Export:
    """Writes a trained model as a Paddle inference model with ``inference.yml``, and as ONNX.

    Args:
        config: a resolved configuration; see :func:`ppocr.engine.preparation.resolve`.
        weights: prefix or ``.pdparams`` file; must hold every weight. None: ``Global.checkpoints`` or
            ``Global.pretrained_model``.
        folder: is made if need be; of a model of several networks each gets a folder of its own in it.
        onnx: write ``inference.onnx`` too.
        verify: :class:`ppocr.deploy.verification.Samples` to compare the files with the model on, and whose whole set
            to evaluate the Paddle files on; None for none.
        model_name: stands in ``inference.yml`` where there is no ``Global.model_name``; None: the folder's name.

    Raises:
        ConfigError: no weights, no ``Eval`` section, or a package is missing.
        CheckpointError: the weights cannot be used.
        ExportError: the model cannot be exported.
    """
    if onnx:
        require_converter()
    options = replace(global_options(config), use_amp=False)  # the files hold float32
    if weights:
        options.checkpoints = str(weights)
    model, _ = load_trained(config, options, "cpu", logging.getLogger(LOGGER), "export")
    folder = Path(folder)
    networks = getattr(model, "networks", None) or {"": model}
    made = Export({name: folder / name for name in networks}, fuse_model(model))
    for name, network in networks.items():
        network.return_all_feats = False
        write_network(network, config, made.folders[name], options.model_name or model_name or folder.name, onnx)
        if verify is not None:
            _verify(made, network, made.folders[name], config, verify, onnx)
    return made


def _verify(made, network, folder, config, verify, onnx):
    """Adds to what was made how its files compare with the network, and what the Paddle one reaches."""
    exported = [load_exported(folder, "cpu", backend) for backend in (BACKENDS if onnx else BACKENDS[:1])]
    made.comparisons += verification.compare(network, exported, config, verify)
    measured = measure(exported[0], config, verify.data) if verify.metric else None
    made.measured += [measured] if measured else []


def write_network(network, config, folder, model_name: str, onnx: bool):
    """Writes one network in evaluation mode with its ``inference.yml``.

    What an earlier export left in the folder is replaced once everything is known, since the dictionary may be in it.

    Raises:
        UserError: the configuration does not say what the network takes or gives, or another process writes there.
        ExportError: the folder cannot be written, or the network cannot be exported or converted to ONNX.
    """
    obstacle = getattr(network, "export_obstacle", None)
    if obstacle:
        raise ExportError(f"{config['Architecture'].get('algorithm') or folder}: {obstacle}")
    sample = input_sample(eval_transforms(config), config["Global"], fields_in_use(network))
    shapes = input_shapes(network, task_for(config), sample)
    description = describe(config, model_name, shapes, output_form(network, sample))
    with _writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with FolderLock(folder):
        with _writable(folder):
            for old in (*PROGRAMS, WEIGHTS, ONNX, CONFIG):
                (folder / old).unlink(missing_ok=True)
        save_network(network, shapes, sample, folder)
        write(description, folder / CONFIG)
        if onnx:
            convert(folder)


@contextlib.contextmanager
def _writable(folder):
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"{folder}: cannot be written ({reason}); name another Global.save_inference_dir") from None


def output_form(network, sample: dict):
    """Returns how the outputs of a network in evaluation mode are arranged; see :func:`ppocr.inference.outputs.filled`.

    Args:
        network: the network.
        sample: what it reads; see :func:`ppocr.inference.description.input_sample`.
    """
    fields = [paddle.zeros(list(value.shape), dtype_of(value)) for value in sample.values()]
    with paddle.no_grad():
        return numbered(run(network, fields), count())


def run(network, fields: list):
    """Calls a network with its :func:`ppocr.inference.preprocessing.fields_in_use`."""
    count_of_inputs = len(network.inputs)
    x, feed = as_input(fields[:count_of_inputs]), fields_in_use(network)[count_of_inputs:]
    return network(x, data=dict(zip(feed, fields[count_of_inputs:]))) if feed else network(x)


def as_input(fields: list):
    """Returns fields as a network takes them: the only one alone, several as a list."""
    return fields if len(fields) > 1 else fields[0]


def dtype_of(value) -> str:
    """Returns the dtype of a network's input: float32 for every array of floats."""
    return "float32" if value.dtype.kind == "f" else str(value.dtype)


def save_network(network, shapes: dict, sample: dict, folder):
    """Writes the network alone, in the format of the installed Paddle.

    Args:
        network: in evaluation mode.
        shapes: of its inputs, with None for what may differ.
        sample: what it reads.
        folder: where to.
    """
    only = len(shapes) == 1  # PaddleOCR's files call it x
    specs = [  # which change the list of a shape
        paddle.static.InputSpec(list(shape), dtype_of(sample[name]), name="x" if only else name)
        for name, shape in shapes.items()
    ]
    traced = paddle.jit.to_static(_Flat(network), input_spec=[as_input(specs)], full_graph=True)
    paddle.jit.save(traced, str(folder / STEM))


class _Flat(paddle.nn.Layer):
    """A network whose outputs are a plain list, in the order of :func:`numbered`."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return flattened(run(self.network, x if isinstance(x, (list, tuple)) else [x]))
