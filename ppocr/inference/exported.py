"""Exported models: a folder with ``inference.yml`` and the network for Paddle Inference or for ONNX Runtime."""

from pathlib import Path
from typing import Optional

import numpy as np

from ppocr.config import override
from ppocr.errors import CheckpointError, ConfigError
from ppocr.inference.backends import fits, open_onnx, open_paddle
from ppocr.inference.description import of_one_network
from ppocr.inference.outputs import filled, flattened
from ppocr.postprocess import build_post_process
from ppocr.values import shown
from ppocr.wording import counted
from ppocr.yaml_text import FastLoader, NotYaml, parse

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
            CheckpointError: it fails on them, or gives other outputs than ``inference.yml`` says.
        """
        if len(fields) != len(self.inputs):
            taken = ", ".join(self.inputs)
            raise ConfigError(f"{self.folder / CONFIG}: the network takes {taken}, not {len(fields)} fields")
        given = {name: _contiguous(field) for name, field in zip(self.inputs, fields)}
        for name, shape in self.inputs.items():
            self._check_shape(given[name].shape, shape)
        outputs = self._network(given)
        arranged = self._network_section.get("output")
        if arranged is None:
            arranged = 0 if len(outputs) == 1 else list(range(len(outputs)))
        if max(flattened(arranged)) >= len(outputs):
            named = f"names output {max(flattened(arranged))}, but the network gives {counted(len(outputs), 'output')}"
            raise CheckpointError(f"{self.folder / CONFIG}: Network.output {named}, counted from 0")
        return filled(arranged, outputs)

    def _check_shape(self, given, taken):
        if fits(given, taken):
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
        CheckpointError: it is missing, lacks a section, or says of the network what cannot be.
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
    if content.get("Network") is not None:
        _check_network(content["Network"], path)
    return content


def _check_network(section, path):
    """Refuses a ``Network`` section of another form than :func:`ppocr.inference.description.describe` gives.

    Raises:
        CheckpointError: it is.
    """
    for fault in _network_faults(section):
        raise CheckpointError(f"{path}: Network{fault}")


def _network_faults(section):
    if not isinstance(section, dict):
        yield f" must be a mapping, not {shown(section)}"
        return
    inputs = section.get("inputs")
    if inputs is not None and not (isinstance(inputs, dict) and inputs and all(isinstance(n, str) for n in inputs)):
        yield f".inputs must map names to shapes, not be {shown(inputs)}"
        return
    named = {f"inputs.{name}": shape for name, shape in (inputs or {}).items()}
    for key, shape in {"input": section.get("input"), **named}.items():
        if shape is not None and not _is_shape(shape):
            yield f".{key} must be a list of sizes, null for one that may differ, not {shown(shape)}"
    output = section.get("output")
    if output is not None and not _is_output(output):
        yield f".output must be the number of an output, or lists and mappings of such numbers, not {shown(output)}"


def _is_shape(value):
    return isinstance(value, list) and bool(value) and all(s is None or type(s) is int and s > 0 for s in value)


def _is_output(value):
    numbers = flattened(value)
    return bool(numbers) and all(type(number) is int and number >= 0 for number in numbers)


def _existing(path):
    if not path.exists():
        raise CheckpointError(f"{path}: no such file; is {path.parent} the folder of an exported model?")
    return path


def _contiguous(field):
    dtype = np.float32 if field.dtype.kind == "f" else field.dtype
    return np.ascontiguousarray(field, dtype=dtype)
