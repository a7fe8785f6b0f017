"""tools/infer_rec.py, infer_det.py and infer_cls.py through their command line, on tiny models with random weights."""

import json
import sys

import cv2
import numpy as np
import paddle
import pytest

from ppocr import commands
from ppocr.commands import infer_cls, infer_det, infer_rec
from ppocr.commands.arguments import preprocess
from ppocr.config import load
from ppocr.deploy.exporting import export
from ppocr.engine.run_info import describe_outputs
from ppocr.inference.loading import from_config
from ppocr.json_text import to_json
from ppocr.tasks import task_of
from ppocr.tasks.rec import Recognition
from ppocr.tasks.results import Boxes, Text
from ppocr.utils.save_load import save_model

TOOLS = {"rec": infer_rec, "det": infer_det, "cls": infer_cls}


@pytest.fixture
def images(tmp_path, word):
    """A folder with three words, one of them in a folder of its own, and a broken file."""
    folder = tmp_path / "words"
    (folder / "more").mkdir(parents=True)
    for name, text, width in (("b.png", "abc", 60), ("a.png", "xyz9", 90), ("more/c.png", "q", 200)):
        cv2.imwrite(str(folder / name), word(text, width))
    (folder / "bad.png").write_bytes(b"rubbish")
    return folder


@pytest.fixture
def run(monkeypatch, tmp_path):
    """``run(task, words...)`` -> exit code; results go to ``results.txt`` in ``tmp_path``."""

    def call(task, *words):
        arguments = [*map(str, words), "-o", f"Global.save_res_path={tmp_path}/results.txt", "Global.device=cpu"]
        monkeypatch.setattr(sys, "argv", ["tool", *arguments])
        return commands.run(TOOLS[task].main)

    return call


def live(folder):
    return ["-c", folder / "config.yml", "-o", f"Global.checkpoints={folder}/best_accuracy"]


def columns(tmp_path):
    return [line.split("\t") for line in (tmp_path / "results.txt").read_text(encoding="utf-8").splitlines()]


def rows(tmp_path):
    return [json.loads(line) for line in (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()]


def expected(folder, task, paths):
    loaded = from_config(folder / "config.yml", [f"Global.checkpoints={folder}/best_accuracy"], 8, task)
    return loaded.predictor([cv2.imread(str(path)) for path in paths])


@pytest.mark.parametrize(("task", "key"), [("rec", "text"), ("cls", "label")])
def test_texts_and_classes_of_a_folder(task, key, trained, images, run, tmp_path, capsys):
    folder = trained(task)
    assert run(task, *live(folder), "--input", images, "--batch_size", 2, "--draw") == 0
    paths = [images / name for name in ("a.png", "b.png", "more/c.png")]
    results = expected(folder, task, paths)
    assert [line[0] for line in columns(tmp_path)] == [str(path) for path in paths]
    for line, row, path, result in zip(columns(tmp_path), rows(tmp_path), paths, results):
        value, score = vars(result).values()
        assert line[1] == row[key] == value and float(line[2]) == row["score"] == round(score, 5)
        assert row["path"] == str(path) and row["size"] == list(cv2.imread(str(path)).shape[1::-1])
    said = capsys.readouterr().out
    assert "left out: " in said and "bad.png: unreadable_image" in said and "3 of 4 images read" in said
    assert cv2.imread(str(tmp_path / "results.png")).shape[0] == 3 * 56


def test_boxes_of_a_folder(trained, images, run, tmp_path):
    folder = trained("det")
    assert run("det", *live(folder), "--input", images) == 0
    paths = [images / name for name in ("a.png", "b.png", "more/c.png")]
    for line, row, path, result in zip(columns(tmp_path), rows(tmp_path), paths, expected(folder, "det", paths)):
        points = result.points.tolist()
        assert line == [str(path), json.dumps([{"transcription": "", "points": p} for p in points])]
        assert [box["points"] for box in row["boxes"]] == points
        assert [box["score"] for box in row["boxes"]] == [round(score, 5) for score in result.scores.tolist()]
        drawn = cv2.imread(str(tmp_path / "det_results" / path.relative_to(images)))
        assert drawn.shape == cv2.imread(str(path)).shape
        assert (drawn == [0, 200, 0]).all(axis=2).any()
    assert all(len(row["boxes"]) > 5 for row in rows(tmp_path))
    assert len(rows(tmp_path)) == 3 and not (tmp_path / "det_results/bad.png").exists()


def test_infer_img_and_pretrained_model_as_in_the_family(trained, images, run, tmp_path):
    folder = trained("rec")
    words = ["-c", folder / "config.yml", "-o", f"Global.pretrained_model={folder}/best_accuracy"]
    assert run("rec", *words, f"Global.infer_img={images}/a.png") == 0
    assert [row["path"] for row in rows(tmp_path)] == [f"{images}/a.png"]


def test_patterns_and_files(trained, images, run, tmp_path):
    words = live(trained("rec"))
    assert run("rec", *words, "--input", images / "b.png", f"{images}/[ab].png", f"{images}/none.png") == 0
    assert [row["path"] for row in rows(tmp_path)] == [f"{images}/b.png", f"{images}/a.png"]


def test_the_results_of_several_networks(trained, images, run, tmp_path, monkeypatch):
    folder = trained("rec")
    monkeypatch.setattr(
        "ppocr.inference.predictor.Predictor.predict",
        lambda self, samples: [{"Student": Text("号", 0.5), "Teacher": Text("b", 0.25)}] * len(samples),
    )
    assert run("rec", *live(folder), "--input", images / "a.png") == 0
    said = {"Student": {"label": "号", "score": 0.5}, "Teacher": {"label": "b", "score": 0.25}}
    assert columns(tmp_path)[0][1] == json.dumps(said, ensure_ascii=False)
    assert rows(tmp_path)[0]["Student"] == {"text": "号", "score": 0.5}
    points = [[1, 2], [9, 2], [9, 8], [1, 8]]
    found = {"Student": Boxes(np.array([points])), "Teacher": Boxes([])}
    (column,), row = task_of("det").row(found)
    assert json.loads(to_json(column)) == {"Student": [{"transcription": "", "points": points}], "Teacher": []}
    assert task_of("det").summary(found) == "1 box"
    assert row["boxes"]["Student"][0]["points"].tolist() == points and "score" not in row["boxes"]["Student"][0]


@pytest.mark.parametrize(
    ("task", "words", "message"),
    [
        ("rec", [], "name either a configuration"),
        ("rec", ["-c", "{folder}/config.yml", "--model_dir", "x"], "name either a configuration"),
        ("rec", ["-c", "{folder}/config.yml"], "Global.checkpoints: name the weights to run"),
        ("det", ["-c", "{folder}/config.yml"], "Architecture.model_type is rec"),
        ("rec", ["--model_dir", "/nowhere"], "/nowhere/inference.yml: no such file"),
        ("rec", ["{live}"], "Global.infer_img: name an image"),
        ("rec", ["{live}", "--input", ""], "Global.infer_img: name an image"),
        ("rec", ["{live}", "--input", "{images}/bad.png", "/none.png"], "none of 2 images could be read"),
        ("rec", ["{live}", "--input", "{images}", "--batch_size", "0"], "--batch_size: must be at least 1"),
        ("rec", ["{live}", "--input", "{images}", "--font", "/none.ttf", "--draw"], "font /none.ttf"),
        ("rec", ["{live}", "Eval=", "--input", "{images}"], "Eval.dataset.transforms is missing"),
        ("rec", ["{live}", "--input", "{images}", "--backend", "onnx"], "--backend onnx: is for exported models"),
    ],
)
def test_what_the_user_can_mend_is_one_line(task, words, message, trained, images, run, capsys):
    folder = trained("rec")
    filled = []
    for item in words:
        filled += live(folder) if item == "{live}" else [item.format(folder=folder, images=images)]
    assert run(task, *filled) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1


def test_a_sheet_does_not_replace_the_image_that_it_shows(trained, images, run, tmp_path, capsys):
    folder, image = trained("rec"), tmp_path / "results.png"
    image.write_bytes((images / "a.png").read_bytes())
    assert run("rec", *live(folder), "--input", image, "--draw") == 2
    assert f"{image}: is to be read, and would be written over; name another" in capsys.readouterr().err
    assert image.read_bytes() == (images / "a.png").read_bytes()
    assert run("rec", *live(folder), "--input", image) == 0


@pytest.mark.parametrize(
    ("name", "answer", "message"),
    [
        ("result", None, "task 'rec': Recognition.result gives None"),
        ("row", None, "a.png: row of the task must give a list of columns and a mapping, not null"),
        ("row", KeyError("x"), "task 'rec' (Recognition) fails on "),
        ("draws_pages", True, "Recognition says draws_pages, but has no draw"),
    ],
)
def test_a_mistake_in_a_task_is_one_line(name, answer, message, trained, images, run, monkeypatch, capsys):
    def given(self, *args):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(Recognition, name, answer if answer is True else given)
    assert run("rec", *live(trained("rec")), "--input", images / "a.png") == 2
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1


def test_incomplete_weights_are_refused(trained, images, run, capsys):
    folder = trained("rec")
    save_model(folder / "part", {".pdparams": {"head.fc.bias": paddle.zeros([37]).numpy()}})
    assert run("rec", "-c", folder / "config.yml", "-o", f"Global.checkpoints={folder}/part", "--input", images) == 2
    assert "does not hold all weights of this model" in capsys.readouterr().err


@pytest.mark.parametrize("task", ["rec", "det"])
def test_an_exported_model_gives_what_the_model_gives(task, trained, images, run, tmp_path):
    folder = trained(task)
    config, *_ = preprocess(arguments=["-c", str(folder / "config.yml")])
    export(config, folder / "best_accuracy", tmp_path / "exported")
    words = ["--model_dir", tmp_path / "exported", "--input", images]
    assert run(task, *words) == 0
    paths = [images / name for name in ("a.png", "b.png", "more/c.png")]
    for row, result in zip(rows(tmp_path), expected(folder, task, paths)):
        if task == "rec":
            assert (row["text"], row["score"]) == (result.text, pytest.approx(result.score, abs=1e-4))
        else:
            assert [box["points"] for box in row["boxes"]] == result.points.tolist()
    assert len(rows(tmp_path)) == 3
    if task == "det":
        assert run(task, *words, "-o", "PostProcess.box_thresh=1.0") == 0
        assert [row["boxes"] for row in rows(tmp_path)] == [[], [], []]


@pytest.fixture
def exported(trained, tmp_path):
    """``exported(task)`` -> folder of an exported model."""

    def make(task):
        folder = trained(task)
        config, *_ = preprocess(arguments=["-c", str(folder / "config.yml")])
        export(config, folder / "best_accuracy", tmp_path / f"exported_{task}")
        return tmp_path / f"exported_{task}"

    return make


@pytest.mark.parametrize("given", ["rec", "cls"])
def test_a_model_of_another_kind_in_a_folder(given, exported, images, run, capsys):
    folder = exported(given)
    for wanted in set(TOOLS) - {given}:
        assert run(wanted, "--model_dir", folder, "--input", images) == 2
        assert f"a model of type {given}, but what is wanted here is {wanted}" in capsys.readouterr().err


def test_what_an_exported_model_would_pass_over_is_refused(exported, images, run, capsys):
    words = ["--model_dir", exported("rec"), "--input", images / "a.png", "-o"]
    for assignment, message in (
        ("Architecture.Head.name=X", "an exported model has no section Architecture; it has Global, PreProcess, PostP"),
        ("PostProcess.character_dict=[a]", "the dictionary of an exported model is the one in its inference.yml"),
        ("Global.character_dict_path=x.txt", "the dictionary of an exported model is the one in its inference.yml"),
    ):
        assert run("rec", *words, assignment) == 2
        assert f"-o {assignment}: {message}" in capsys.readouterr().err


def test_the_width_grows_with_the_line_only_where_there_is_a_dictionary(trained, word, tmp_path):
    dictionary = tmp_path / "dict.txt"
    dictionary.write_text("\n".join("abcdefghij"))
    shapes = []
    for path in ("", str(dictionary)):
        folder = trained("rec", f"Global.character_dict_path={path}")
        loaded = from_config(folder / "config.yml", [f"Global.checkpoints={folder}/best_accuracy"], 8, "rec")
        shapes.append(loaded.predictor.open(cv2.imencode(".png", word("ab", 200))[1].tobytes())[1]["image"].shape)
    assert shapes == [(3, 32, 64), (3, 32, 200)]


@pytest.mark.parametrize("task, changed", [("rec", "dictionary"), ("cls", "label_list")])
def test_weights_that_were_trained_for_other_outputs_are_refused(trained, run, images, tmp_path, capsys, task, changed):
    """Of the same number, in another order: nothing else than the facts of the checkpoint would tell."""
    (tmp_path / "dict.txt").write_text("\n".join("0123456789abcdefghijklmnopqrstuvwxyz"))
    given = {
        "rec": f"Global.character_dict_path={tmp_path}/dict.txt",
        "cls": "Global.label_list=['0', '180']",
    }[task]
    folder = trained(task, given)
    config = load(folder / "config.yml")
    save_model(folder / "best_accuracy", {".train_state": {"run": describe_outputs(config)}})
    assert run(task, *live(folder), given, "--input", images) == 0
    (tmp_path / "dict.txt").write_text("\n".join("abcdefghijklmnopqrstuvwxyz0123456789"))
    other = given.replace("['0', '180']", "['180', '0']")
    capsys.readouterr()
    assert run(task, *live(folder), other, "--input", images) == 2
    (error,) = capsys.readouterr().err.splitlines()
    place = {"rec": "symbol 1 was '0', now 'a'", "cls": "class 0 was '0', now '180'"}[task]
    assert f"was trained with another {changed} " in error and place in error
