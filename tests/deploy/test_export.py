"""Exported files give what the model gives."""

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import yaml

from ppocr.data.raw_samples import decoded_images
from ppocr.deploy import to_onnx
from ppocr.deploy.exporting import export
from ppocr.deploy.verification import Comparison, Samples, difference, same, stored
from ppocr.distributed import liveness
from ppocr.engine import folder_lock
from ppocr.errors import CheckpointError, ConfigError, DataError, ExportError, UserError
from ppocr.inference.exported import load_exported, open_onnx, read_config
from ppocr.inference.outputs import flattened
from ppocr.inference.preprocessing import Preprocessing
from ppocr.modeling.heads.rec_ctc_head import CTCHead
from ppocr.text.dictionary import DEFAULT_CHARACTERS

CONVERTS = all(importlib.util.find_spec(name) for name in ("paddle2onnx", "onnxruntime"))
SHAPES = {"plain": [None, 3, 32, None], "fixed": [None, 3, 32, 64], "det": [None, 3, None, None]}
SHAPES.update(cls=[None, 3, 32, 64], crnn=[None, 3, 32, None], guided=[None, 3, 32, None], srn=[None, 1, 64, 256])


def check(config, weights, folder, onnx, shape):
    """Exports, and compares the files with the model on samples and batches with each other."""
    made = export(config, weights, folder, onnx, Samples(count=3), "tiny")
    assert made.folders == {"": folder} and not made.problems
    assert [one.backend for one in made.comparisons] == ["paddle", "onnx"][: 1 + onnx]
    for one in made.comparisons:
        # kernels of ONNX Runtime add up in an order of their own, which differs from processor to processor
        assert one.samples == 3 and one.largest < (1e-5 if one.backend == "paddle" else 1e-3)
        exported = load_exported(folder, backend=one.backend)
        assert exported.inputs == {"image": shape} and exported.config["Global"] == {"model_name": "tiny"}
        size = [fixed or other for fixed, other in zip(shape, (2, 3, 96, 160))]
        images = np.random.default_rng(1).uniform(-1, 1, size).astype("float32")
        both, first, second = (flattened(exported.run(part))[0] for part in (images, images[:1], images[1:]))
        assert difference(both, np.concatenate([first, second])) < 1e-5
    return made


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=[pytest.mark.slow] * (kind == "srn")) for kind in SHAPES])
def test_files_give_what_the_model_gives(kind, tiny, tmp_path):
    made = check(*tiny(kind), tmp_path / "out", onnx=CONVERTS, shape=SHAPES[kind])
    assert (made.fused > 0) == (kind == "guided")


def test_a_guided_head_leaves_its_guide_behind(tiny, tmp_path):
    config, weights = tiny("guided")
    export(config, weights, tmp_path / "out")
    content = next(path for path in (tmp_path / "out").glob("inference.*") if path.suffix in (".json", ".pdmodel"))
    assert b"gtc_head" not in content.read_bytes()
    assert (tmp_path / "out/inference.pdiparams").stat().st_size < weights.with_suffix(".pdparams").stat().st_size


def test_each_network_of_several_gets_a_folder(tiny, tmp_path):
    config, weights = tiny("distilled")
    made = export(config, weights, tmp_path / "out", verify=Samples(count=2))
    assert made.folders == {name: tmp_path / "out" / name for name in ("Student", "Teacher")}
    assert [one.samples for one in made.comparisons] == [2, 2] and not made.problems
    assert read_config(tmp_path / "out/Student")["PostProcess"]["name"] == "CTCLabelDecode"
    images = np.random.default_rng(1).uniform(-1, 1, (1, 3, 32, 64)).astype("float32")
    student, teacher = (load_exported(folder).run(images) for folder in made.folders.values())
    assert difference(student, teacher) > 1e-3


def test_a_dictionary_travels_with_the_model(tiny, tmp_path):
    entries = ["b", "a", " ", "=", "\x85", "\u2028", "\u3000", "null", "1", "'", "中"]
    (tmp_path / "dict.txt").write_bytes(("\n".join(entries) + "\n").encode("utf-8"))
    dictionary = str(tmp_path / "dict.txt")
    config, weights = tiny("plain", character_dict_path=dictionary, use_space_char=True)
    export(config, weights, tmp_path / "out")
    section = read_config(tmp_path / "out")["PostProcess"]
    assert section["character_dict"] == entries
    assert section["use_space_char"] is True and section["character_dict_path"] == "dict.txt"
    (tmp_path / "dict.txt").unlink()
    post_process = load_exported(tmp_path / "out").build_post_process()
    assert post_process.character == ["blank", *entries, " "]
    # the file serves as a dictionary for training, too
    again, _ = tiny("plain", character_dict_path=str(tmp_path / "out/inference.yml"), use_space_char=True)
    assert again["Architecture"]["Head"]["out_channels"] == len(entries) + 2


def test_the_dictionary_may_lie_in_the_folder_that_is_written(tiny, tmp_path):
    (tmp_path / "dict.txt").write_text("a\nb\n")
    export(*tiny("plain", character_dict_path=str(tmp_path / "dict.txt")), tmp_path / "out")
    config, weights = tiny("plain", character_dict_path=str(tmp_path / "out/inference.yml"))
    export(config, weights, tmp_path / "out")
    assert read_config(tmp_path / "out")["PostProcess"]["character_dict"] == ["a", "b"]


def test_a_refusal_leaves_an_earlier_export_alone(tiny, tmp_path):
    config, weights = tiny("plain")
    export(config, weights, tmp_path / "out")
    with pytest.raises(ConfigError, match="Eval.dataset.transforms is missing"):
        export({**config, "Eval": None}, weights, tmp_path / "out")
    assert load_exported(tmp_path / "out").run(np.zeros((1, 3, 32, 64))).shape == (1, 16, 37)


def test_characters_without_a_dictionary_are_written_down(tiny, tmp_path):
    config, weights = tiny("plain", use_space_char=True)
    export(config, weights, tmp_path / "out")
    section = read_config(tmp_path / "out")["PostProcess"]
    assert section["character_dict"] == list(DEFAULT_CHARACTERS) and section["use_space_char"] is False
    assert len(load_exported(tmp_path / "out").build_post_process().character) == 37


def test_a_file_that_does_not_speak_of_the_space_has_it(tiny, tmp_path):
    config, weights = tiny("plain")
    export(config, weights, tmp_path / "out")
    content = read_config(tmp_path / "out")
    del content["PostProcess"]["use_space_char"], content["Network"]
    (tmp_path / "out/inference.yml").write_text(yaml.safe_dump(content))
    exported = load_exported(tmp_path / "out")
    assert exported.build_post_process().character[-1] == " " and exported.inputs == {"image": None}
    assert exported.run(np.zeros((1, 3, 32, 64))).shape == (1, 16, 37)


def test_a_network_of_a_distillation_may_keep_the_section_of_all(tiny, tmp_path):
    export(*tiny("plain"), tmp_path / "out")
    path = tmp_path / "out/inference.yml"
    scores = np.random.default_rng(3).uniform(0, 1, (2, 5, 37))
    expected = load_exported(tmp_path / "out").build_post_process()(scores)
    section = "name: DistillationCTCLabelDecode\n  model_name: [Student]\n  key: head_out"
    path.write_text(path.read_text().replace("name: CTCLabelDecode", section))
    assert load_exported(tmp_path / "out").build_post_process()(scores) == expected


@pytest.mark.parametrize("direction, read", [(None, "אבגד"), ("ltr", "דגבא")])
def test_right_to_left_stays_so(tiny, tmp_path, direction, read):
    (tmp_path / "dict.txt").write_text("א\nב\nג\nד\n", encoding="utf-8")
    config, weights = tiny("plain", character_dict_path=str(tmp_path / "dict.txt"), text_direction=direction)
    export(config, weights, tmp_path / "out")
    scores = np.eye(5)[[[4, 3, 2, 1]]]
    assert load_exported(tmp_path / "out").build_post_process()(scores)[0][0] == read


def test_images_of_a_folder_and_of_a_label_file(tiny, tmp_path):
    config, _ = tiny("plain")
    (tmp_path / "data").mkdir()
    for name in ("a.png", "b.jpg"):
        image = np.random.default_rng(2).integers(0, 255, (30, 90, 3)).astype(np.uint8)
        cv2.imwrite(str(tmp_path / "data" / name), image)
    (tmp_path / "data/broken.png").write_bytes(b"no image")
    (tmp_path / "data/labels.txt").write_text("b.jpg\tb\nbroken.png\tc\nmissing.png\td\n")
    preprocess = Preprocessing([])
    for data, names, unread in (
        ("data", ["a.png", "b.jpg"], ["broken.png"]),
        ("data/labels.txt", ["b.jpg"], ["broken.png", "missing.png"]),
        (None, ["sample"] * 3, []),
    ):
        left_out = []
        samples = stored(config, data and str(tmp_path / data))
        found = list(decoded_images(samples, preprocess.open, left_out))
        assert [Path(sample.name.split(" ")[0]).name for sample, _ in found] == names
        assert all(image.dtype == np.uint8 and image.shape[2] == 3 for _, image in found)
        assert [Path(name.split(" ")[0]).name for name, _ in left_out] == unread
    with pytest.raises(ConfigError, match="no such label file or folder"):
        stored(config, str(tmp_path / "gone.txt"))


def test_what_cannot_be_compared_is_said(tiny, tmp_path, ppocr_caplog):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.png").write_bytes(b"no image")
    model = tiny("plain")
    with pytest.raises(DataError, match="data: holds no image to compare the .*; .*a.png: unreadable_image"):
        export(*model, tmp_path / "out", verify=Samples(str(tmp_path / "data")))
    cv2.imwrite(str(tmp_path / "data/b.png"), np.zeros((30, 90, 3), np.uint8))
    (comparison,) = export(*model, tmp_path / "out", verify=Samples(str(tmp_path / "data"))).comparisons
    assert comparison.samples == 1
    assert f"1 sample left out of the comparison; {tmp_path}/data/a.png: unreadable_image" in ppocr_caplog.text


def test_what_cannot_be_exported(tiny, tmp_path, monkeypatch):
    config, weights = tiny("plain")
    with pytest.raises(ConfigError, match="name the weights to export"):
        export(config, None, tmp_path / "out")
    with pytest.raises(CheckpointError, match="No such file|no such file"):
        export(config, tmp_path / "gone", tmp_path / "out")
    with pytest.raises(ConfigError, match="Eval.dataset.transforms is missing"):
        export({**config, "Eval": None}, weights, tmp_path / "out")
    larger = {**config["Architecture"], "Head": {"name": "CTCHead", "out_channels": 99}}
    with pytest.raises(CheckpointError, match="does not hold all weights"):
        export({**config, "Architecture": larger}, weights, tmp_path / "out")
    with pytest.raises(ExportError, match=r"plain.pdparams/x: cannot be written \(Not a directory\)"):
        export(config, weights, weights.with_suffix(".pdparams") / "x")
    with monkeypatch.context() as patched, pytest.raises(ExportError, match="x: loops, as some heads say"):
        patched.setattr(CTCHead, "export_obstacle", "loops, as some heads say", raising=False)
        export({**config, "Architecture": {**config["Architecture"], "algorithm": "x"}}, weights, tmp_path / "out")
    monkeypatch.setattr(to_onnx.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="--onnx needs a converter: pip install 'paddle2onnx"):
        export(config, weights, tmp_path / "out", onnx=True)


@pytest.mark.parametrize("code", [0, -6])
def test_what_cannot_be_converted_is_said_in_one_line(code, tmp_path, monkeypatch):
    said = SimpleNamespace(returncode=code, stdout="Start\n[ERROR] operator x is not supported\n", stderr="Aborted\n")
    monkeypatch.setattr(to_onnx.subprocess, "run", lambda *arguments, **options: said)
    (tmp_path / "inference.json").touch()
    with pytest.raises(ExportError, match=r"cannot be converted to ONNX: \[ERROR\] operator x is not supported$"):
        to_onnx.convert(tmp_path)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(CheckpointError, match="inference.yml: no such file"):
        load_exported(tmp_path)
    (tmp_path / "inference.yml").write_text("PostProcess: {name: DBPostProcess}")
    with pytest.raises(CheckpointError, match="has no PreProcess.transform_ops"):
        load_exported(tmp_path)
    (tmp_path / "inference.yml").write_text("PreProcess: {transform_ops: []}\nPostProcess: {name: DBPostProcess}")
    with pytest.raises(CheckpointError, match="inference.onnx: no such file"):
        load_exported(tmp_path)
    with pytest.raises(CheckpointError, match="inference.json: no such file"):
        load_exported(tmp_path, backend="paddle")
    with pytest.raises(ConfigError, match="must be one of paddle, onnx"):
        load_exported(tmp_path, backend="tensorrt")
    (tmp_path / "inference.yml").write_text("PreProcess: {transform_ops: 3}\nPostProcess: {name: DBPostProcess}")
    with pytest.raises(CheckpointError, match=r"has no PreProcess.transform_ops \(list\)"):
        load_exported(tmp_path)
    with pytest.raises(CheckpointError, match=r"has no PostProcess.name \(str\)"):
        load_exported(tmp_path, overrides=["PreProcess.transform_ops=[]", "PostProcess="])
    (tmp_path / "inference.yml").write_bytes(b"\0")
    with pytest.raises(CheckpointError, match=r"not YAML \(.*\)$"):
        load_exported(tmp_path)
    (tmp_path / "inference.yml").write_text("a: [")
    with pytest.raises(CheckpointError, match="not YAML"):
        load_exported(tmp_path)


def test_files_that_are_damaged(tiny, tmp_path):
    export(*tiny("plain"), tmp_path / "out")
    (program,) = (path for path in (tmp_path / "out").glob("inference.*") if path.suffix in (".json", ".pdmodel"))
    for path in (tmp_path / "out/inference.pdiparams", program):
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(CheckpointError, match=r"with inference.pdiparams: damaged or incomplete \(.+\)"):
            load_exported(tmp_path / "out")
        path.write_bytes(whole)
    load_exported(tmp_path / "out")
    pytest.importorskip("onnxruntime")
    (tmp_path / "out/inference.onnx").write_bytes(b"rubbish")
    with pytest.raises(CheckpointError, match="inference.onnx: damaged or incomplete"):
        load_exported(tmp_path / "out", backend="onnx")


def test_images_of_a_shape_that_the_network_does_not_take(tiny, tmp_path):
    export(*tiny("fixed"), tmp_path / "out")
    exported = load_exported(tmp_path / "out")
    for shape in ((1, 3, 48, 64), (1, 3, 32, 65), (3, 32, 64)):
        with pytest.raises(ConfigError, match=r"PreProcess gives \(.*\), but the network takes \[None, 3, 32, 64\]"):
            exported.run(np.zeros(shape))


def test_a_comparison_says_what_is_wrong():
    comparison = Comparison("folder", "paddle")
    comparison.add("one", np.ones((1, 2)), np.ones((1, 2)), [("a", 0.5)], [("a", 0.50001)])
    assert comparison.problem is None and comparison.samples == 1
    comparison.add("two", np.ones((1, 2)), np.full((1, 2), 1.5), [("a", 0.5)], [("a", 0.5)])
    assert comparison.problem == "folder (paddle): outputs differ by 5.0e-01, more than 1e-04"
    comparison.add("three", np.ones((1, 2)), np.ones((1, 2)), [("a", 0.5)], [("b", 0.5)])
    assert comparison.problem == "folder (paddle): another result for 1 sample: three"
    broken = Comparison("folder", "onnx")
    broken.add("nan", np.full((1, 2), np.nan), np.ones((1, 2)), [], [])
    broken.add("fine", np.ones((1, 2)), np.ones((1, 2)), [], [])
    assert "outputs differ by nan" in broken.problem


def test_differences_and_equality():
    assert difference({"a": [np.zeros((1, 3)), np.ones(2)]}, {"a": [np.zeros((1, 2)), np.ones(2) * 3]}) == 2.0
    assert difference(np.zeros((1, 3, 2)), np.zeros((1, 3, 4))) == float("inf")
    boxes = np.array([[1, 2]], dtype=np.int32)
    assert same({"points": boxes, "scores": np.array([0.5])}, {"points": boxes, "scores": np.array([0.5004])}, 1e-3)
    assert not same({"points": boxes}, {"points": boxes + 1}, 10)
    assert not same([("a", 0.5)], [("a", 0.6)], 1e-3) and not same([1], [1, 2], 1)


@pytest.mark.parametrize("device, works, said", [("gpu:0", False, True), ("gpu:0", True, False), ("cpu", False, False)])
def test_onnx_that_falls_back_to_the_cpu_says_so(monkeypatch, tmp_path, ppocr_caplog, device, works, said):
    providers = ["CUDAExecutionProvider"] * works + ["CPUExecutionProvider"]
    session = SimpleNamespace(
        get_inputs=lambda: [SimpleNamespace(name="x", shape=[1])], get_providers=lambda: providers
    )
    runtime = SimpleNamespace(
        get_available_providers=lambda: ["CUDAExecutionProvider"],
        SessionOptions=SimpleNamespace,
        InferenceSession=lambda *arguments, **options: session,
    )
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
    open_onnx(tmp_path / "inference.onnx", device)
    assert ("ONNX Runtime cannot use a GPU here and takes the CPU" in ppocr_caplog.text) == said


def test_a_folder_that_another_process_writes_is_left_alone(tiny, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "inference.yml").write_text("of the other one")
    parent = os.getppid()
    owner = {**folder_lock._identity(), "process": parent, "start": liveness.started(parent)}
    (folder / ".lock").write_text(json.dumps(owner))
    with pytest.raises(UserError, match=f"out: is being written by process {parent}"):
        export(*tiny("plain"), folder)
    assert (folder / "inference.yml").read_text() == "of the other one"
