"""Lines of text, JSON lines and images beside them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr.errors import UserError
from ppocr.inference.images import ImageResult
from ppocr.inference.results import ImageFolder, ResultFiles, write_image

IMAGE = np.zeros((20, 30, 3), np.uint8)


def test_both_files_say_the_same(tmp_path):
    with ResultFiles(tmp_path / "new/predicts.txt") as results:
        row = {"text": "号", "score": np.float32(0.5), "points": np.array([[1, 2]], np.int32)}
        results.write(ImageResult(Path("a/1.png"), IMAGE, None), (["号", "0.5"], row))
        results.write(ImageResult(Path("a/2.png"), IMAGE, None), (["", "0.0"], {"text": ""}))
    assert (tmp_path / "new/predicts.txt").read_text(encoding="utf-8") == "a/1.png\t号\t0.5\na/2.png\t\t0.0\n"
    rows = [json.loads(line) for line in (tmp_path / "new/predicts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows[0] == {"path": "a/1.png", "size": [30, 20], "text": "号", "score": 0.5, "points": [[1, 2]]}
    assert rows[1] == {"path": "a/2.png", "size": [30, 20], "text": ""}


def test_a_file_name_that_is_not_utf8(tmp_path):
    path = Path(b"ros\xe9.png".decode("utf-8", "surrogateescape"))
    with ResultFiles(tmp_path / "predicts.txt") as results:
        results.write(ImageResult(path, IMAGE, None), (["x"], {}))
    assert (tmp_path / "predicts.txt").read_bytes() == b"ros\xe9.png\tx\n"
    assert write_image(tmp_path / path, IMAGE).exists()  # OpenCV 5 itself ends the process at such a name


def one_result(name="a.png"):
    return ImageResult(Path(name), IMAGE, None)


def test_earlier_results_stay_until_there_is_a_new_one(tmp_path):
    paths = [tmp_path / "predicts.txt", tmp_path / "predicts.jsonl"]
    for path in paths:
        path.write_text("earlier\n")
    with ResultFiles(paths[0]) as results:
        assert [path.read_text() for path in paths] == ["earlier\n"] * 2
    assert [path.read_text() for path in paths] == ["earlier\n"] * 2
    with ResultFiles(paths[0]) as results:
        results.write(one_result(), (["x"], {}))
    assert paths[0].read_text() == "a.png\tx\n" and paths[1].read_text().count("\n") == 1


@pytest.mark.parametrize("name", ["predicts.txt", "predicts.jsonl"])
def test_no_input_is_written_over(name, tmp_path):
    (tmp_path / name).write_text("input")
    (tmp_path / "link").symlink_to(tmp_path / name)
    for read in (tmp_path / name, tmp_path / "link"):
        with pytest.raises(UserError, match=f"{name}: is to be read, and would be written over"):
            ResultFiles(tmp_path / "predicts.txt", [read])
    assert (tmp_path / name).read_text() == "input"


def test_a_text_stays_in_its_column_and_its_line(tmp_path):
    with ResultFiles(tmp_path / "predicts.txt") as results:
        results.write(one_result("a\n.png"), (["x\ty", "z\r\n"], {"text": "x\ty"}))
    assert (tmp_path / "predicts.txt").read_bytes() == b"a .png\tx y\tz  \n"
    row = json.loads((tmp_path / "predicts.jsonl").read_text())
    assert row["path"] == "a\n.png" and row["text"] == "x\ty"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (None, "a.png: row of the task must give a list of columns and a mapping, not null"),
        ("ab", "a list of columns and a mapping, not 'ab'"),
        (("x", {}), "a list of columns and a mapping"),
        (({"x"}, {}), "a list of columns and a mapping"),
        ((["x"], ["y"]), "a list of columns and a mapping"),
        ((["x"], {"path": 1, "size": 2}), "a.png: row of the task gives path, size, which says what the image is"),
        ((["x"], {"y": {1}}), "a.png: its result cannot be written as JSON .set"),
    ],
)
def test_what_is_no_row_is_refused_in_one_line(told, message, tmp_path):
    with ResultFiles(tmp_path / "predicts.txt") as results, pytest.raises(UserError, match=message):
        results.write(one_result(), told)


def test_a_full_disk_is_one_line(tmp_path):
    (tmp_path / "predicts.txt").symlink_to("/dev/full")
    with pytest.raises(UserError, match="predicts.txt: cannot be written .No space left on device"):
        with ResultFiles(tmp_path / "predicts.txt") as results:
            results.write(one_result(), (["x"], {}))
    with pytest.raises(UserError, match="predicts.txt: cannot be written .No space left on device"):
        with ResultFiles(tmp_path / "predicts.txt") as results:
            results.write(one_result(), (["x" * 100_000], {}))


@pytest.mark.parametrize("path", ["/proc/nowhere/x.txt", "x.jsonl", "x.png"])
def test_files_that_cannot_be_written(path):
    with pytest.raises(UserError, match="Global.save_res_path"):
        ResultFiles(path)


def test_images_keep_their_folders_and_names(tmp_path):
    paths = [tmp_path / "in/a.png", tmp_path / "in/sub/a.png", tmp_path / "in/b.unknown"]
    folder = ImageFolder(tmp_path / "out", paths)
    written = [folder.write(path, IMAGE + i).relative_to(tmp_path).as_posix() for i, path in enumerate(paths)]
    assert written == ["out/a.png", "out/sub/a.png", "out/b.unknown.png"]
    assert cv2.imread(str(tmp_path / "out/sub/a.png")).max() == 1
    single = ImageFolder(tmp_path / "one", [paths[1]])
    assert single.write(paths[1], IMAGE) == tmp_path / "one/a.png"


@pytest.mark.parametrize(("suffix", "width"), [(".pbm", 30), (".jpg", 65600), (".webp", 16400), ("", 30)])
def test_what_a_form_has_no_place_for_becomes_png(suffix, width, tmp_path):
    image = np.full((2, width, 3), 9, np.uint8)
    path = write_image(tmp_path / f"a{suffix}", image)
    assert path == tmp_path / f"a{suffix}.png" and list(tmp_path.iterdir()) == [path]
    assert np.array_equal(cv2.imread(str(path)), image)


def test_no_image_is_drawn_over(tmp_path):
    paths = [tmp_path / "in/det_results/a.png"]
    ImageFolder(tmp_path / "det_results", paths)
    with pytest.raises(UserError, match="in/det_results/a.png: is to be read, and would be written over; name"):
        ImageFolder(tmp_path / "in/../in/det_results", paths)
    paths = [tmp_path / "a.xyz", tmp_path / "det_results/a.xyz.png"]  # the name that a drawing of a.xyz gets
    with pytest.raises(UserError, match="a.xyz.png: is to be read"):
        ImageFolder(tmp_path / "det_results", paths)


def test_an_image_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        write_image(tmp_path / "file/a.png", IMAGE)
