"""Conversion of Paddle inference models to ONNX."""

import importlib.util
import subprocess
import sys

import paddle

from ppocr.errors import ConfigError, ExportError
from ppocr.inference.exported import ONNX, PROGRAMS, WEIGHTS

TELLING = ("ERROR", "Error", "Due to the operator", "not support")  # words of a line that says why it failed
OPSET = 17  # the first with layer normalisation as one operator

# Runs in a process of its own, since it ends that process where an operator is unknown to it.
# Its own optimisation stays off: it installs packages, and ONNX Runtime optimises when it loads a model.
CONVERTER = """
import inspect, sys, paddle2onnx
known = inspect.signature(paddle2onnx.export).parameters
options = {"optimize_tool": "None"} if "optimize_tool" in known else {}
paddle2onnx.export(*sys.argv[1:4], opset_version=int(sys.argv[4]), **options)
"""


def require_converter():
    """Checks that the converter is installed.

    Raises:
        ConfigError: it is not.
    """
    if importlib.util.find_spec("paddle2onnx") is None:
        wanted = "paddle2onnx==1.3.1" if paddle.__version__.startswith("2.") else "paddle2onnx>=2.1"
        raise ConfigError(f"--onnx needs a converter: pip install '{wanted}' onnxruntime")


def convert(folder):
    """Writes ``inference.onnx`` beside a Paddle inference model; sizes that may differ stay free.

    Raises:
        ExportError: an operator of the model cannot be converted.
    """
    program = next(folder / name for name in PROGRAMS if (folder / name).exists())
    files = [str(path) for path in (program, folder / WEIGHTS, folder / ONNX)]
    done = subprocess.run([sys.executable, "-c", CONVERTER, *files, str(OPSET)], capture_output=True, text=True)
    if done.returncode or not (folder / ONNX).exists():
        raise ExportError(f"{folder}: the model cannot be converted to ONNX: {_reason(done.stdout + done.stderr)}")


def _reason(text) -> str:
    """Returns the first line that tells of an error, of what the converter printed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in TELLING)]
    return (telling or lines[-1:] or ["no reason given"])[0]
