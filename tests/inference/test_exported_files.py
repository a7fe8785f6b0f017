"""Files of exported models that somebody has changed, and files of PaddleOCR, which say nothing of the network."""

import importlib.util
import json

import numpy as np
import pytest
import yaml

from ppocr.commands.arguments import preprocess
from ppocr.deploy.exporting import export
from ppocr.errors import CheckpointError, ConfigError, UserError
from ppocr.inference.backends import OpenNetwork, program_shapes
from ppocr.inference.exported import load_exported, read_config
from ppocr.inference.loading import from_exported

BACKENDS = ("paddle", "onnx") if importlib.util.find_spec("paddle2onnx") else ("paddle",)
LEAST = {"PreProcess": {"transform_ops": []}, "PostProcess": {"name": "CTCLabelDecode"}}


def write(folder, content):
    (folder / "inference.yml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ([1], r"Network must be a mapping, not \[1\]"),
        ("abc", "Network must be a mapping, not 'abc'"),
        ({"inputs": ["image"]}, "Network.inputs must map names to shapes"),
        ({"inputs": True}, "Network.inputs must map names to shapes, not be true"),
        ({"inputs": {}}, "Network.inputs must map names to shapes"),
        ({"inputs": {3: [1]}}, "Network.inputs must map names to shapes"),
        ({"inputs": {"image": 5}}, "Network.inputs.image must be a list of sizes, null for one that may differ, not 5"),
        ({"input": 5}, "Network.input must be a list of sizes"),
        ({"input": [None, 3, 0]}, "Network.input must be a list of sizes"),
        ({"input": [True]}, "Network.input must be a list of sizes"),
        ({"output": "x"}, "Network.output must be the number of an output, or lists and mappings of such numbers"),
        ({"output": True}, "Network.output must be the number of an output"),
        ({"output": 1.5}, "Network.output must be the number of an output"),
        ({"output": {"maps": []}}, "Network.output must be the number of an output"),
    ],
)
def test_what_cannot_be_said_of_a_network_is_refused(network, message, tmp_path):
    write(tmp_path, {**LEAST, "Network": network})
    with pytest.raises(CheckpointError, match=f"{tmp_path}/inference.yml: {message}"):
        read_config(tmp_path)


@pytest.mark.parametrize("network", [None, {}, {"inputs": {"image": None}}, {"input": None, "output": None}])
def test_what_a_file_does_not_say_of_its_network_is_open(network, tmp_path):
    write(tmp_path, {**LEAST, "Network": network})
    assert read_config(tmp_path)["Network"] == network


@pytest.fixture
def exported(trained, tmp_path):
    """``(folder, content)`` of an exported recogniser of lines 32 pixels high."""
    trained_at = trained("rec")
    config, *_ = preprocess(arguments=["-c", str(trained_at / "config.yml")])
    export(config, trained_at / "best_accuracy", tmp_path / "exported")
    return tmp_path / "exported", read_config(tmp_path / "exported")


def test_outputs_that_the_network_does_not_give(exported):
    folder, _ = exported
    images = np.zeros((1, 3, 32, 64), np.float32)
    with pytest.raises(CheckpointError, match="inference.yml: Network.output names output 5, but the network gives 1"):
        load_exported(folder, overrides=["Network.output=5"]).run(images)
    assert load_exported(folder, overrides=["Network.output=[0]"]).run(images)[0].shape == (1, 16, 37)


def test_messages_name_the_file(exported, word):
    folder, content = exported
    *operators, _ = content["PreProcess"]["transform_ops"]
    for keys in (5, "image"):
        write(folder, {**content, "PreProcess": {"transform_ops": [*operators, {"KeepKeys": {"keep_keys": keys}}]}})
        with pytest.raises(ConfigError, match="exported/inference.yml: KeepKeys: 'keep_keys' must be a list"):
            from_exported(folder, [], 1, "rec")
    write(folder, {**content, "PostProcess": {"name": "Unknown"}})
    with pytest.raises(ConfigError, match="exported/inference.yml: unknown post-process 'Unknown'"):
        from_exported(folder, [], 1, "rec")
    write(folder, {**content, "Network": {"output": {"head_out": 0}}})
    with pytest.raises(ConfigError, match="inference.yml: CTCLabelDecode fails on what the model gives: KeyError"):
        from_exported(folder, [], 1, "rec").predictor([word("abc")])


@pytest.mark.parametrize("backend", BACKENDS)
def test_lines_of_another_height_are_refused_without_a_network_section(backend, trained, exported, word):
    folder, content = exported
    if backend == "onnx":
        config, *_ = preprocess(arguments=["-c", str(folder.parent / "trained_rec/config.yml")])
        export(config, folder.parent / "trained_rec/best_accuracy", folder, True)
    del content["Network"]
    for height, width in ((16, 64), (48, 64), (32, 128)):
        content["PreProcess"]["transform_ops"][1]["RecResizeImg"]["image_shape"] = [3, height, width]
        write(folder, content)
        predictor = from_exported(folder, [], 1, "rec", backend).predictor
        if height == 32:
            assert len(predictor([word("abc")])) == 1
            continue
        given = rf"\(1, 3, {height}, {width}\)"
        with pytest.raises(UserError, match=rf"of shape \[None, 3, 32, None\], and was given {given}"):
            predictor([word("abc")])


def test_what_a_network_fails_with_is_one_line():
    class OfTheBackend(Exception):
        pass

    def run(fields):
        raise OfTheBackend("\n  got invalid dimensions\nmore")

    network = OpenNetwork("folder/inference.onnx", {"x": None}, run)
    with pytest.raises(CheckpointError) as caught:
        network({"image": np.zeros((1, 3))})
    assert str(caught.value) == "folder/inference.onnx: fails on x of shape (1, 3) (got invalid dimensions)"


@pytest.mark.parametrize("content", ["rubbish", "{}", '{"program": {"regions": []}}', '{"program": 5}', "[1]"])
def test_a_program_in_another_form_says_nothing_of_its_inputs(content, tmp_path):
    (tmp_path / "inference.json").write_text(content)
    assert program_shapes(tmp_path / "inference.json") == {}


def test_sizes_that_a_program_leaves_open(tmp_path):
    values = [{"N": "name", "AT": {"D": "x"}}, {"N": "shape", "AT": {"D": [-1, 3, 48, 320]}}]
    blocks = [{"ops": [{"#": "1.relu", "A": []}, {"#": "1.data", "A": values}]}]
    (tmp_path / "inference.json").write_text(json.dumps({"program": {"regions": [{"blocks": blocks}]}}))
    assert program_shapes(tmp_path / "inference.json") == {"x": [None, 3, 48, None]}
