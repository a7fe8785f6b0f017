"""``tools/export_model.py`` through its command line, in this process."""

import logging
import re

import paddle
import pytest

from ppocr import commands
from ppocr.commands import export_model
from ppocr.config import load
from ppocr.deploy import verification
from ppocr.engine.preparation import resolve
from ppocr.inference.exported import load_exported
from ppocr.modeling.architectures import build_model

CONFIG = """
Global: {max_text_length: 10, save_model_dir: OUT/train, save_inference_dir: OUT/inference}
Architecture:
  model_type: rec
  Backbone: {name: VGG, channels: [4, 4, 4, 4, 8]}
  Neck: {name: SequenceEncoder, encoder_type: reshape}
  Head: {name: CTCHead}
Loss: {name: CTCLoss}
Optimizer: {name: Adam, lr: {learning_rate: 0.001}}
PostProcess: {name: CTCLabelDecode}
Metric: {name: RecMetric}
Train: &data
  dataset:
    name: SyntheticTextDataSet
    length: 4
    fonts: [DejaVuSans.ttf]
    transforms:
      - CTCLabelEncode:
      - RecResizeImg: {image_shape: [3, 32, 64]}
      - KeepKeys: {keep_keys: [image, label, length]}
  loader: {batch_size_per_card: 2}
Eval: *data
"""


@pytest.fixture(autouse=True)
def restored_logger():
    yield
    logger = logging.getLogger("ppocr")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


@pytest.fixture
def arguments(tmp_path):
    """The command line for a tiny model with random weights."""
    path = tmp_path / "plates.yml"
    path.write_text(CONFIG.replace("OUT", str(tmp_path)))
    model = build_model(resolve(load(path))["Architecture"])
    paddle.save(model.state_dict(), str(tmp_path / "weights.pdparams"))
    return ["-c", str(path), "-o", f"Global.checkpoints={tmp_path}/weights"]


def run(arguments):
    return commands.run(lambda: export_model.main(arguments))


def test_the_command_exports_and_verifies(arguments, tmp_path, capsys):
    assert run([*arguments, "--verify", "--samples", "3"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"inference +paddle +3 +\S+e[+-]\d\d +1e-04 +3 of 3\n", said)
    assert "fused" not in said  # nothing was
    exported = load_exported(tmp_path / "inference")
    assert exported.config["Global"]["model_name"] == "plates"
    assert [name for operator in exported.config["PreProcess"]["transform_ops"] for name in operator] == [
        "DecodeImage",
        "RecResizeImg",
        "KeepKeys",
    ]


def test_a_file_that_differs_ends_with_one_line(arguments, monkeypatch, capsys):
    monkeypatch.setitem(verification.LIMITS, "paddle", -1.0)
    assert run([*arguments, "--verify", "--samples", "1"]) == 2
    said = capsys.readouterr()
    (error,) = [line for line in said.err.splitlines() if "ERROR" in line]
    assert "inference (paddle): " in error and "-1e+00" in said.out


def test_wrong_arguments(arguments, capsys):
    assert run([*arguments, "--verify", "--samples", "0"]) == 2
    assert "--samples 0: must be at least 1" in capsys.readouterr().err
    assert run([*arguments, "Global.checkpoints=gone"]) == 2
    assert "gone.pdparams" in capsys.readouterr().err
