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
        results.write(ImageResult(Path("a/1.png"), IMAGE, None), ["号", "0.5"], row)
        results.write(ImageResult(Path("a/2.png"), IMAGE, None), ["", "0.0"], {"text": ""})
    assert (tmp_path / "new/predicts.txt").read_text(encoding="utf-8") == "a/1.png\t号\t0.5\na/2.png\t\t0.0\n"
    rows = [json.loads(line) for line in (tmp_path / "new/predicts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows[0] == {"path": "a/1.png", "size": [30, 20], "text": "号", "score": 0.5, "points": [[1, 2]]}
    assert rows[1] == {"path": "a/2.png", "size": [30, 20], "text": ""}


def test_a_file_name_that_is_not_utf8(tmp_path):
    path = Path(b"ros\xe9.png".decode("utf-8", "surrogateescape"))
    with ResultFiles(tmp_path / "predicts.txt") as results:
        results.write(ImageResult(path, IMAGE, None), ["x"], {})
    assert (tmp_path / "predicts.txt").read_bytes() == b"ros\xe9.png\tx\n"
    assert write_image(tmp_path / path, IMAGE).exists()  # OpenCV 5 itself ends the process at such a name


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
    with pytest.raises(UserError, match="in/det_results/a.png: is to be read, and drawn over; name another Global"):
        ImageFolder(tmp_path / "in/../in/det_results", paths)


def test_an_image_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        write_image(tmp_path / "file/a.png", IMAGE)
