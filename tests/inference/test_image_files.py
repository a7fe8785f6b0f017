"""Which images are read, in which order, and what becomes of those that cannot be."""

import logging

import cv2
import numpy as np
import pytest

from ppocr.errors import DataError, Dropped
from ppocr.inference.images import ImageFiles, find_images


@pytest.fixture
def folder(tmp_path):
    """b.png, a.jpg, sub/c.PNG, and files that are no images."""
    (tmp_path / "sub").mkdir()
    for number, name in enumerate(("b.png", "a.jpg", "sub/c.PNG")):
        cv2.imwrite(str(tmp_path / name), np.full((4, 6 + number, 3), 9, np.uint8))
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "label.txt").write_text("b.png\tb\n")
    return tmp_path


def names(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_folders_are_searched_to_the_bottom_and_sorted(folder):
    assert names(find_images(folder), folder) == ["a.jpg", "b.png", "sub/c.PNG"]


def test_patterns_files_and_folders_together_each_image_once(folder):
    sources = [str(folder / "b.png"), str(folder / "*.[jp]*g"), folder, folder / "**" / "*.PNG", folder / "none.png"]
    assert names(ImageFiles(sources).paths, folder) == ["b.png", "a.jpg", "sub/c.PNG", "none.png"]


def test_a_file_whose_name_looks_like_a_pattern(folder):
    (folder / "x[1].png").write_bytes((folder / "b.png").read_bytes())
    assert names(find_images(folder / "x[1].png"), folder) == ["x[1].png"]


def test_a_source_without_images(folder):
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match="empty: no images there"):
        ImageFiles([folder / "empty"])


def test_a_source_without_images_among_others_is_said(folder, ppocr_caplog):
    (folder / "empty").mkdir()
    files = ImageFiles([folder / "*.webp", folder / "b.png", folder / "empty"])
    assert names(files.paths, folder) == ["b.png"]
    files.report(logging.getLogger("ppocr"))
    said = [record.getMessage() for record in ppocr_caplog.records]
    assert said == [f"no images there: {folder}/*.webp", f"no images there: {folder}/empty"]


class Widths:
    """Stands for a predictor: gives the width of each image and keeps how many it got at a time."""

    batch_size = 1

    def __init__(self):
        self.calls = []

    def open(self, content):
        if not content.startswith((b"\x89PNG", b"\xff\xd8")):
            raise Dropped("unreadable_image", "no image")
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        return image, image.shape[1]

    def predict(self, samples):
        self.calls.append(len(samples))
        return samples


def test_every_image_gets_its_own_result_and_bad_ones_are_listed(folder, ppocr_caplog):
    (folder / "broken.png").write_bytes(b"rubbish")
    files, predictor = ImageFiles([folder, folder / "none.png"]), Widths()
    readings = list(files.read(predictor))
    assert names([r.path for r in readings], folder) == ["a.jpg", "b.png", "sub/c.PNG"]
    assert [r.result for r in readings] == [r.image.shape[1] for r in readings] == [7, 6, 8]
    assert predictor.calls == [3]
    files.report(logging.getLogger("ppocr"))
    assert "broken.png: unreadable_image: no image" in ppocr_caplog.text
    assert "none.png: No such file or directory" in ppocr_caplog.text


def test_images_are_read_a_few_batches_at_a_time(folder):
    predictor = Widths()
    assert len(list(ImageFiles([folder / "b.png", *[folder / "sub"], folder]).read(predictor))) == 3
    for number in range(9):
        (folder / f"d{number}.png").write_bytes((folder / "b.png").read_bytes())
    predictor.calls.clear()
    assert len(list(ImageFiles([folder]).read(predictor))) == 12
    assert predictor.calls == [4, 4, 4]


def test_a_name_that_the_system_refuses_is_left_out(folder, ppocr_caplog):
    files = ImageFiles([folder / "b.png", folder / ("x" * 300)])
    assert len(list(files.read(Widths()))) == 1
    files.report(logging.getLogger("ppocr"))
    assert "File name too long" in ppocr_caplog.text


def test_nothing_at_all_that_can_be_read(folder):
    files = ImageFiles([folder / "notes.txt", folder / "none.png"])
    assert list(files.read(Widths())) == []
    with pytest.raises(DataError, match="none of 2 images could be read; .*notes.txt"):
        files.report(None)
