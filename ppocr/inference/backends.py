"""Files of networks, opened with Paddle Inference or with ONNX Runtime."""

import json
import logging
from pathlib import Path

from ppocr.errors import CheckpointError, ConfigError

logger = logging.getLogger("ppocr")
_WIDTH = 3  # the axis of images that Paddle's recognisers leave open, whatever their file says


class OpenNetwork:
    """The network of a file: ``network({name: array}) -> list of arrays``.

    Args:
        file: where it lies.
        shapes: ``{name: shape}`` of its inputs, as the file says: None for a size that may differ, and in place of a
            shape that it does not say.
        run: the same function, for fields that it takes.
    """

    def __init__(self, file, shapes: dict, run):
        self._file, self._shapes, self._run = file, shapes, run

    def __call__(self, fields: dict) -> list:
        """Runs the network; see :class:`OpenNetwork`.

        Raises:
            CheckpointError: it takes other fields, or fails on these.
        """
        fields = self._by_input(fields)
        for name, shape in self._shapes.items():
            if not fits(fields[name].shape, shape):
                given = fields[name].shape
                raise CheckpointError(f"{self._file}: takes {name} of shape {shape}, and was given {given}")
        try:
            return self._run(fields)
        except Exception as error:  # noqa: BLE001 (each backend has kinds of its own)
            given = ", ".join(f"{name} of shape {value.shape}" for name, value in fields.items())
            raise CheckpointError(f"{self._file}: fails on {given} ({_first_line(error)})") from error

    def _by_input(self, fields):
        """Returns the fields under the names of the file's inputs; the only input of a file may have any name."""
        names = list(self._shapes)
        if len(names) == len(fields) == 1:
            return dict(zip(names, fields.values()))
        if set(names) != set(fields):
            named = ", ".join(fields)
            raise CheckpointError(
                f"{self._file}: takes {', '.join(names)}; its description names {named} (Network.inputs)"
            )
        return fields


def fits(given, taken) -> bool:
    """Tells whether an array of a shape is what a network takes; see :class:`OpenNetwork`."""
    return taken is None or len(taken) == len(given) and all(a in (None, b) for a, b in zip(taken, given))


def open_paddle(program, weights, device: str = "cpu") -> OpenNetwork:
    """Opens a Paddle inference model.

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

    def run(fields):
        for name, value in fields.items():
            handle = predictor.get_input_handle(name)
            handle.reshape(value.shape)
            handle.copy_from_cpu(value)
        predictor.run()
        return [predictor.get_output_handle(output).copy_to_cpu() for output in predictor.get_output_names()]

    said = program_shapes(program)
    return OpenNetwork(program, {name: said.get(name) for name in predictor.get_input_names()}, run)


def program_shapes(program) -> dict:
    """Returns ``{name: shape}`` of the inputs that a program of Paddle 3 (``.json``) declares.

    Paddle itself compares no input with its program, and reads lines of another height without a word.  The width of
    images is left open.
    """
    try:
        operators = json.loads(Path(program).read_bytes())["program"]["regions"][0]["blocks"][0]["ops"]
        values = [
            {value["N"]: value["AT"].get("D") for value in operator["A"]}
            for operator in operators
            if operator["#"].endswith(".data")
        ]
        return {value["name"]: _open_axes(value["shape"]) for value in values}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}  # of Paddle 2, or of a version that writes it down otherwise


def _open_axes(shape):
    """None in place of sizes that may differ."""
    return [None if size < 0 or axis == _WIDTH else size for axis, size in enumerate(shape)]


def open_onnx(path, device: str = "cpu") -> OpenNetwork:
    """Opens an ONNX model.

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
    shapes = {one.name: [s if isinstance(s, int) else None for s in one.shape] for one in session.get_inputs()}
    return OpenNetwork(path, shapes, lambda fields: session.run(None, fields))


def _damaged(files, error):
    return CheckpointError(f"{files}: damaged or incomplete ({_first_line(error)}); export the model again")


def _first_line(error):
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _number(device):
    return int(device.partition(":")[2] or 0)
