"""Exported models: a folder with ``inference.yml`` and the network for Paddle Inference or for ONNX Runtime."""

import logging
from pathlib import Path
from typing import Optional

import numpy as np

from ppocr.config import override
from ppocr.errors import CheckpointError, ConfigError
from ppocr.inference.description import of_one_network
from ppocr.inference.outputs import filled
from ppocr.postprocess import build_post_process
from ppocr.yaml_text import FastLoader, NotYaml, parse

logger = logging.getLogger("ppocr")
STEM = "inference"
CONFIG, WEIGHTS, ONNX = f"{STEM}.yml", f"{STEM}.pdiparams", f"{STEM}.onnx"
PROGRAMS = (f"{STEM}.json", f"{STEM}.pdmodel")  # of Paddle 3 and of Paddle 2
BACKENDS = ("paddle", "onnx")
REQUIRED = (("PreProcess", "transform_ops", list), ("PostProcess", "name", str))


class ExportedModel:
    """An exported network that is ready to run.

    Attributes:
        config: content of ``inference.yml``: ``Global.model_name``, ``PreProcess.transform_ops`` (a list of operators)
            and ``PostProcess`` (``name``, its keys, ``character_dict`` where there is one).
        backend: ``paddle`` or ``onnx``.
        folder: where it lies.

    Args:
        folder, config, backend: see above.
        network: ``network({name: array}) -> list of arrays``.
    """

    def __init__(self, folder, config: dict, backend: str, network):
        self.folder, self.config, self.backend = Path(folder), config, backend
        self._network = network

    def __call__(self, batch):
        """Runs the network on a :class:`ppocr.data.batch.Batch` of arrays; see :meth:`run`."""
        return self.run(*batch.select(*self.inputs))

    def run(self, *fields: np.ndarray):
        """Runs the network.

        Args:
            *fields: one batch of each of ``inputs``, as the pre-processing gives them: mostly just the images, float32
                ``[N, C, H, W]``.

        Returns:
            What the post-processing takes, made of float32 arrays: a single one, or a list or dict of them.

        Raises:
            ConfigError: the network takes fields of another shape.
        """
        if len(fields) != len(self.inputs):
            taken = ", ".join(self.inputs)
            raise ConfigError(f"{self.folder / CONFIG}: the network takes {taken}, not {len(fields)} fields")
        given = {name: _contiguous(field) for name, field in zip(self.inputs, fields)}
        for name, shape in self.inputs.items():
            self._check_shape(given[name].shape, shape)
        outputs = self._network(given)
        default = 0 if len(outputs) == 1 else list(range(len(outputs)))
        return filled(self._network_section.get("output", default), outputs)

    def _check_shape(self, given, taken):
        if taken is None or len(taken) == len(given) and all(a in (None, b) for a, b in zip(taken, given)):
            return
        raise ConfigError(f"{self.folder / CONFIG}: PreProcess gives {given}, but the network takes {taken}")

    @property
    def inputs(self) -> dict:
        """Names of the fields that the network takes, and their shapes: None for a size that may differ, and in place
        of a shape that ``inference.yml`` does not say."""
        return self._network_section.get("inputs") or {"image": self._network_section.get("input")}

    @property
    def _network_section(self):
        return self.config.get("Network") or {}

    def build_post_process(self):
        """Builds what turns outputs into results; the dictionary is the one inside ``inference.yml``.

        Files that do not say whether the space is one more character have models that count it. The section of several
        networks that were trained together stands for the one that was exported.

        Raises:
            UserError: the section or the dictionary cannot be used.
        """
        section = dict(self.config["PostProcess"])
        has_dictionary = section.pop("character_dict", None) is not None
        section.pop("character_dict_path", None)
        shared = {"use_space_char": section.pop("use_space_char", True)}
        if has_dictionary:
            shared["character_dict_path"] = str(self.folder / CONFIG)
        name, values = of_one_network(section, shared)
        return build_post_process({"name": name, **values})


def load_exported(folder, device: str = "cpu", backend: Optional[str] = None, overrides=()) -> ExportedModel:
    """Loads an exported model.

    Args:
        folder: holds ``inference.yml`` and ``inference.json`` or ``inference.pdmodel`` with ``inference.pdiparams``,
            or ``inference.onnx``.
        device: ``cpu``, ``gpu`` or ``gpu:1``.
        backend: ``paddle`` or ``onnx``; by default Paddle if its files are there.
        overrides: ``key.path=value`` assignments for the content of ``inference.yml``.

    Raises:
        CheckpointError: files are missing, damaged or cannot be used.
        ConfigError: another backend, or the package of the backend is missing.
    """
    folder = Path(folder)
    config = read_config(folder, overrides)
    program = next((folder / name for name in PROGRAMS if (folder / name).exists()), None)
    backend = backend or ("paddle" if program else "onnx")
    if backend not in BACKENDS:
        raise ConfigError(f"backend {backend!r}: must be one of {', '.join(BACKENDS)}")
    if backend == "onnx":
        return ExportedModel(folder, config, backend, open_onnx(_existing(folder / ONNX), device))
    program = _existing(program or folder / PROGRAMS[0])
    return ExportedModel(folder, config, backend, open_paddle(program, _existing(folder / WEIGHTS), device))


def read_config(folder, overrides=()) -> dict:
    """Returns the content of a folder's ``inference.yml`` with ``key.path=value`` assignments applied.

    Raises:
        CheckpointError: it is missing or lacks a section.
        ConfigError: an assignment cannot be applied.
    """
    path = _existing(Path(folder) / CONFIG)
    try:
        content = parse(path.read_bytes(), FastLoader)
    except NotYaml as error:
        raise CheckpointError(f"{path}: not YAML ({error})") from None
    content = content if isinstance(content, dict) else {}
    content = override(content, overrides) if overrides else content
    for section, key, kind in REQUIRED:
        inner = content.get(section)
        if not isinstance(inner, dict) or not isinstance(inner.get(key), kind):
            raise CheckpointError(
                f"{path}: has no {section}.{key} ({kind.__name__}); damaged, or no model of PaddleOCR's form"
            )
    return content


def open_paddle(program, weights, device: str = "cpu"):
    """Returns ``network({name: array}) -> list of arrays`` of a Paddle inference model.

    On a CPU oneDNN, which is on by default, is turned off: it moves the outputs, and some models do not run with it.
    The same is true of the passes over the graph of Paddle 2 (``.pdmodel``), without which nothing is slower.

    Raises:
        CheckpointError: the files are damaged or do not belong together.
    """
    from paddle import inference

    options = inference.Config(str(program), str(weights))
    options.disable_glog_info()
    if device.startswith("gpu"):
        options.enable_use_gpu(100, _number(device))
    else:
        options.disable_gpu()
        options.disable_mkldnn()
        options.switch_ir_optim(not str(program).endswith(".pdmodel"))
    try:
        predictor = inference.create_predictor(options)
    except Exception as error:  # noqa: BLE001 (each part of Paddle's reader has another kind)
        raise _damaged(f"{program} with {Path(weights).name}", error) from None

    def network(fields):
        for name, value in _by_input(predictor.get_input_names(), fields, program).items():
            handle = predictor.get_input_handle(name)
            handle.reshape(value.shape)
            handle.copy_from_cpu(value)
        predictor.run()
        return [predictor.get_output_handle(output).copy_to_cpu() for output in predictor.get_output_names()]

    return network


def open_onnx(path, device: str = "cpu"):
    """Returns ``network({name: array}) -> list of arrays`` of an ONNX model.

    Raises:
        CheckpointError: the file is damaged.
        ConfigError: ONNX Runtime is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise ConfigError("ONNX models need ONNX Runtime: pip install onnxruntime") from None
    on_gpu = device.startswith("gpu") and "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    wanted = [("CUDAExecutionProvider", {"device_id": _number(device)})] if on_gpu else []
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; it would list each constant that it folds
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=[*wanted, "CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 (ONNX Runtime's errors have no other base)
        raise _damaged(path, error) from None
    if device.startswith("gpu") and "CUDAExecutionProvider" not in session.get_providers():
        logger.warning("%s: ONNX Runtime cannot use a GPU here and takes the CPU; install onnxruntime-gpu", path)
    names = [value.name for value in session.get_inputs()]
    return lambda fields: session.run(None, _by_input(names, fields, path))


def _existing(path):
    if not path.exists():
        raise CheckpointError(f"{path}: no such file; is {path.parent} the folder of an exported model?")
    return path


def _damaged(files, error):
    return CheckpointError(f"{files}: damaged or incomplete ({_first_line(error)}); export the model again")


def _first_line(error):
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _contiguous(field):
    dtype = np.float32 if field.dtype.kind == "f" else field.dtype
    return np.ascontiguousarray(field, dtype=dtype)


def _by_input(names, fields: dict, path) -> dict:
    """Returns the fields under the names of a file's inputs; the only input of a file may have any name."""
    if len(names) == len(fields) == 1:
        return dict(zip(names, fields.values()))
    if set(names) != set(fields):
        named = ", ".join(fields)
        raise CheckpointError(f"{path}: takes {', '.join(names)}; {CONFIG} names {named} (Network.inputs)")
    return fields


def _number(device):
    return int(device.partition(":")[2] or 0)
