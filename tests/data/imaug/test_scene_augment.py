"""Augmentation of scene text lines, word embeddings, and labels of formulas."""

import pickle
import sys
import types

import numpy as np
import pytest

from ppocr.data.imaug import create_operators
from ppocr.data.imaug import scene_augment as scene
from ppocr.data.imaug.fasttext_label import Fasttext
from ppocr.data.imaug.perspective import fit_projection
from ppocr.data.imaug.rec_label_can import CANLabelEncode
from ppocr.errors import Dropped, UserError


def line():
    return np.random.default_rng(7).integers(0, 256, (32, 120, 3)).astype(np.uint8)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_turns_hold_the_whole_image():
    for seed in range(20):
        matrix, width, height = fit_projection(scene.turn(120, 32, rng(seed)), 120, 32)
        cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
        assert cos >= np.cos(np.radians(45)) - 1e-9
        assert abs(width - (120 * cos + 32 * sin)) <= 1 and abs(height - (32 * cos + 120 * sin)) <= 1


def test_slants_scale_by_a_half_to_two():
    areas = [np.linalg.det(scene.slant(120, 32, rng(seed))[:2, :2]) for seed in range(200)]
    assert 0.1 < min(areas) < 0.5 and 2 < max(areas) < 6


def test_tilts_move_corners_inwards():
    for seed in range(20):
        _, width, height = fit_projection(scene.tilt(120, 32, rng(seed)), 120, 32)
        assert 60 <= width <= 120 and 16 <= height <= 32


def test_deterioration():
    image = np.full((32, 120, 3), 100, np.uint8)
    noisy = scene.add_gaussian_noise(image, rng(3)).astype(int) - 100
    assert 0 < noisy.std() < 5 and abs(noisy.mean()) < 0.5
    assert (scene.motion_blur(image, rng()) == 100).all()
    assert all((scene.lose_resolution(image, rng(seed)) == 100).all() for seed in range(5))
    contrast = [scene.lose_resolution(line(), rng(seed)).std() for seed in range(10)]
    assert max(contrast) > 2 * min(contrast)
    lengths = [np.count_nonzero(scene.motion_blur(np.eye(31, dtype=np.uint8) * 255, rng(seed))) for seed in range(30)]
    assert min(lengths) == 31 and max(lengths) > 31


@pytest.mark.parametrize("name", ["SVTRRecAug", "ParseQRecAug", "ABINetRecAug"])
def test_probabilities(name):
    off = {"geometry_p": 0.0, "deterioration_p": 0.0, "colorjitter_p": 0.0}
    (op,) = create_operators([{name: off}])
    image = line()
    assert op({"image": image}, rng())["image"] is image
    for key in off:
        (op,) = create_operators([{name: {**off, key: 1.0}}])
        image = line()
        result = op({"image": image}, rng(1))["image"]
        assert result.dtype == np.uint8 and (result.shape != image.shape or (result != image).any())
        assert (image == line()).all()


def test_sizes_follow_the_geometry_unless_they_are_kept():
    shapes = {scene.SVTRRecAug(1, 1.0, 0, 0)({"image": line()}, rng(seed))["image"].shape for seed in range(10)}
    assert len(shapes) > 5
    shapes = {scene.ABINetRecAug(1.0, 0, 0)({"image": line()}, rng(seed))["image"].shape for seed in range(10)}
    assert shapes == {(32, 120, 3)}


def test_what_a_turn_uncovers_continues_the_edge():
    white = np.full((32, 120, 3), 255, np.uint8)
    assert all((scene.SVTRRecAug(1, 1.0, 0, 0)({"image": white}, rng(s))["image"] == 255).all() for s in range(10))


def test_word_embeddings(monkeypatch):
    module = types.ModuleType("fasttext")
    module.load_model = lambda path: {"word": [1.5, 2.5]} if path == "model.bin" else _missing(path)
    monkeypatch.setitem(sys.modules, "fasttext", module)
    op = pickle.loads(pickle.dumps(Fasttext("model.bin")))
    vector = op({"label": "word"})["fast_label"]
    assert vector.tolist() == [1.5, 2.5] and vector.dtype == np.float32
    with pytest.raises(UserError, match="cannot load the model other.bin"):
        Fasttext("other.bin")


def _missing(path):
    raise ValueError(f"{path} cannot be opened")


def test_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(UserError, match="pip install fasttext"):
        Fasttext("model.bin")


def test_formula_labels(tmp_path):
    path = tmp_path / "symbols.txt"
    path.write_text("eos\nsos\n\\frac\n{\n}\nx\n", encoding="utf-8")
    encode = CANLabelEncode(str(path))
    assert encode({"label": "\\frac { x }"})["label"] == [2, 3, 5, 4, 0]
    data = {"label": "x Q x", "notes": [], "facts": {}}
    assert encode(data)["label"] == [5, 5, 0] and data["notes"][0][:2] == ("unknown_characters", "Q")
    assert data["facts"] == {"text": "x Q x"}
    assert encode({"label": ""})["label"] == [0]
    assert CANLabelEncode(str(path), lower=True)({"label": "X"})["label"] == [5, 0]
    with pytest.raises(Dropped, match="unknown_characters"):
        encode({"label": "Q"})
