"""tools/infer_system.py through its command line: tiny models with random weights read drawn pages."""

import json
import sys

import cv2
import numpy as np
import pytest

from ppocr import commands
from ppocr.commands import infer_system
from ppocr.commands.arguments import preprocess
from ppocr.deploy.exporting import export
from ppocr.inference.loading import from_config
from ppocr.inference.system import TextSystem
from ppocr.tasks.det import Detection


@pytest.fixture
def pages(tmp_path, word):
    """A folder with two pages of a few words, and a file that is no image."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for number in range(2):
        page = np.full((96, 224, 3), 255, np.uint8)
        for x, y, width in ((10, 8, 90), (120, 10, 80), (20, 56, 120)):
            page[y : y + 32, x : x + width] = word("ab1"[: 2 + number], width)
        cv2.imwrite(str(folder / f"{number}.png"), page)
    (folder / "bad.jpg").write_bytes(b"rubbish")
    return folder


@pytest.fixture
def run(monkeypatch, tmp_path):
    def call(*words):
        options = ["-o", f"Global.save_res_path={tmp_path}/out/results.txt", "Global.device=cpu"]
        monkeypatch.setattr(sys, "argv", ["tool", *map(str, words), *options])
        return commands.run(infer_system.main)

    return call


def rows(tmp_path, suffix=".jsonl"):
    text = (tmp_path / f"out/results{suffix}").read_text(encoding="utf-8")
    return [json.loads(line) if suffix == ".jsonl" else line.split("\t") for line in text.splitlines()]


def predictor(folder, task):
    return from_config(folder / "config.yml", [f"Global.checkpoints={folder}/best_accuracy"], 8, task).predictor


def test_pages_from_detector_to_text(trained, pages, run, tmp_path, capsys):
    det, rec, cls = (trained(task) for task in ("det", "rec", "cls"))
    (det / "best_accuracy.pdparams").rename(tmp_path / "detector.pdparams")
    config, *_ = preprocess(arguments=["-c", str(rec / "config.yml")])
    export(config, rec / "best_accuracy", tmp_path / "exported")
    words = ["--det", det / "config.yml", "--det_weights", tmp_path / "detector", "--rec", tmp_path / "exported"]
    assert run(*words, "--cls", cls, "--input", pages, "--drop_score", 0) == 0
    (tmp_path / "detector.pdparams").rename(det / "best_accuracy.pdparams")
    system = TextSystem(*(predictor(folder, task) for folder, task in ((det, "det"), (rec, "rec"), (cls, "cls"))), 0)
    for number, (row, (path, column)) in enumerate(zip(rows(tmp_path), rows(tmp_path, ".txt"))):
        page = cv2.imread(str(pages / f"{number}.png"))
        lines = system(page)
        assert lines
        assert row["path"] == path == str(pages / f"{number}.png") and row["size"] == [224, 96]
        assert [line["transcription"] for line in row["lines"]] == [line.text for line in lines]
        assert [line["points"] for line in row["lines"]] == [line.points.tolist() for line in lines]
        assert [line["score"] for line in row["lines"]] == pytest.approx([line.score for line in lines], abs=1e-4)
        assert all(0 < line["box_score"] < 1 for line in row["lines"])
        items = json.loads(column)
        assert [set(item) for item in items] == [{"transcription", "points", "score"}] * len(lines)
        assert [item["points"] for item in items] == [line["points"] for line in row["lines"]]
        assert cv2.imread(str(tmp_path / f"out/system_results/{number}.png")).shape == (96, 448, 3)
    assert len(rows(tmp_path)) == 2
    said = capsys.readouterr().out
    assert "bad.jpg: unreadable_image" in said and "2 of 3 images read" in said
    assert run("--det", det, "--rec", tmp_path / "exported", "--rec_weights", "x", "--input", pages) == 2
    assert "exported: weights (x) are for a configuration; an exported model brings its own" in capsys.readouterr().err


def test_overrides_of_one_part_or_of_all(trained, pages, run, tmp_path):
    det, rec = trained("det"), trained("rec")
    words = ["--det", det, "--rec", rec, "--input", pages / "0.png", "--drop_score", 0]
    assert run(*words, "-o", "det.PostProcess.box_thresh=1.0") == 0
    assert rows(tmp_path) == [{"path": str(pages / "0.png"), "size": [224, 96], "lines": []}]
    assert rows(tmp_path, ".txt") == [[str(pages / "0.png"), "[]"]]
    given = infer_system.split_overrides(["det.PostProcess.box_thresh=1", "Global.device=cpu", "rec.Global.x=cls.y"])
    assert given == {
        "": ["Global.device=cpu"],
        "det": ["PostProcess.box_thresh=1"],
        "rec": ["Global.x=cls.y"],
        "cls": [],
    }


def test_weights_of_a_part_named_by_an_override_win(trained, pages, run, capsys):
    det, rec = trained("det"), trained("rec")
    words = ["--det", det, "--rec", rec, "--input", pages / "0.png"]
    assert run(*words, "-o", "det.Global.checkpoints=/nowhere/x") == 2
    assert "/nowhere/x.pdparams" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--det", "{rec}", "--rec", "{rec}", "--input", "{pages}"], "Architecture.model_type is rec"),
        (["--det", "/nowhere.yml", "--rec", "{rec}", "--input", "{pages}"], "/nowhere.yml: no such config file"),
        (["--det", "{pages}", "--rec", "{rec}", "--input", "{pages}"], "inference.yml: no such file"),
        (["--det", "{rec}", "--rec", "{rec}"], "Global.infer_img: name an image"),
        (["--det", "{det}", "--rec", "{rec}", "--input", "{pages}/bad.jpg"], "none of 1 images could be read"),
    ],
)
def test_what_the_user_can_mend_is_one_line(words, message, trained, pages, run, capsys):
    folders = {"pages": pages, "rec": trained("rec"), "det": trained("det")}
    assert run(*[word.format(**folders) for word in words]) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1


def test_models_whose_results_make_no_page_are_one_line(trained, pages, run, monkeypatch, capsys):
    monkeypatch.setattr(Detection, "result", lambda self, raw: "no boxes")
    assert run("--det", trained("det"), "--rec", trained("rec"), "--input", pages) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert "what these models give does not make a page: AttributeError: 'str'" in error


def test_the_detector_and_the_recogniser_are_needed(capsys):
    with pytest.raises(SystemExit):
        infer_system.parse(["--det", "x"])
    assert "--rec" in capsys.readouterr().err
