"""Faults planted in label files and images."""

import cv2
import numpy as np
import pytest

E, W = "error", "warning"
CONFIG = "config.yml"


# Each fault changes a site and returns (severity, file, line, words of the finding).
def wrong_delimiter(site):
    return W, "train.txt", site.append("train.txt", "x.png ab\n"), r"no delimiter between path and label ('\t'"


def blanks_for_the_tab(site):
    return W, "train.txt", site.append("train.txt", "x.png ab\n"), "there are blanks where the tab should be"


def text_behind_a_tab(site):
    return W, "train.txt", site.append("train.txt", "train0.png\tab\tcd\n"), "what follows is not read ('cd')"


def line_in_gbk(site):
    line = site.append("train.txt", "x.png\t中文字\n".encode("gbk"))
    return W, "train.txt", line, "the line is not UTF-8 (it looks like GBK: iconv -f GBK -t UTF-8"


def file_in_utf_16(site):
    site.write("eval.txt", "eval0.png\tab\n".encode("utf-16"))
    return W, "eval.txt", 1, "the line is not UTF-8 (it looks like UTF-16: iconv -f UTF-16 -t UTF-8"


def another_case(site):
    line = site.append("train.txt", "train1.PNG\tab\n")
    return W, "train.txt", line, f"'train1.PNG' is not there ({site.path('train1.PNG')}; there is 'train1.png')"


def several_files_with_a_comma(site):
    both = f"{site.path('train.txt')},{site.path('eval.txt')}"
    site.replace(f"[{site.path('train.txt')}]", f'"{both}"')
    words = f"several files are a list: [{site.path('train.txt')}, {site.path('eval.txt')}]"
    return E, CONFIG, site.line_of(both), words


def label_file_in_the_data_folder(site):
    line = site.replace(f"[{site.path('train.txt')}]", "[train.txt]")
    return E, CONFIG, line, f"label file 'train.txt' is not there; data_dir holds it: write {site.path('train.txt')}"


def class_without_an_image(site):
    for name in ("train.txt", "eval.txt"):
        site.replace("180", "0", name, times=9)
    return W, CONFIG, site.line_of("eval.txt"), "no label is the class '180', which is not judged"


def line_that_stands_upright(site):
    site.image("x.png", (60, 20))
    return W, "train.txt", site.append("train.txt", "x.png\tab\n"), "the line 'x.png' is at least 1.5 times as high"


def no_path(site):
    return W, "train.txt", site.append("train.txt", "\tab\n"), "the path is empty"


def no_label(site):
    return W, "train.txt", site.append("train.txt", "train0.png\t\n"), "the label is empty"


def line_not_utf8(site):
    return W, "eval.txt", site.append("eval.txt", b"x.png\t\xff\n"), "not UTF-8"


def text_too_long(site):
    return W, "train.txt", site.append("train.txt", "x.png\tabcdabc\n"), "7 characters, at most 6: 'abcdabc'"


def empty_lines_count_as_lines(site):
    site.append("train.txt", "\r\n\n")
    return W, "train.txt", site.append("train.txt", "x.png\tabcdabc\n"), "too long"


def no_known_character(site):
    return W, "train.txt", site.append("train.txt", "x.png\tXY\n"), "no character of the label is in the dictionary"


def unknown_characters(site):
    line = site.append("train.txt", "x.png\taXX\n")
    site.append("train.txt", "y.png\tXYa\n")
    words = (
        f"2 characters are not in the dictionary and will be left out: 'X' 3 times, first in line {line}, 'Y' 1 time"
    )
    return W, "train.txt", line, words


def unknown_characters_in_evaluation(site):
    words = "1 character is not in the dictionary and labels with them count as wrong: 'X' 1 time"
    return W, "eval.txt", site.append("eval.txt", "x.png\taX\n"), words


def too_many_bad_lines(site):
    site.append("train.txt", "no delimiter\n" * 11)
    return E, CONFIG, site.line_of("train.txt"), "11 of 15 lines cannot be used"


def too_many_bad_lines_for_a_null(site):
    """A null stands for the usual share, as everywhere."""
    site.replace("    transforms:", "    max_bad_ratio: null\n    transforms:")
    return too_many_bad_lines(site)


def no_usable_line(site):
    site.write("eval.txt", "one\ntwo\n")
    return E, CONFIG, site.line_of("eval.txt"), "Eval.dataset.label_file_list: 2 of 2 lines cannot be used"


def repeated_path(site):
    return W, "train.txt", site.append("train.txt", "train1.png\tab\n"), "repeats the path of line 2: 'train1.png'"


def path_in_two_files(site):
    site.write("more.txt", "x.png\tab\n./train2.png\tab\n")
    site.replace("train.txt]", f"train.txt, {site.path('more.txt')}]")
    return W, "more.txt", 2, "train.txt, line 3"


def train_and_eval_share_an_image(site):
    line = site.append("eval.txt", "train3.png\tda\n")
    return W, "eval.txt", line, "1 of 3 images of Eval are in Train, too; first 'train3.png'"


def unknown_class_label(site):
    return W, "train.txt", site.append("train.txt", "x.png\t90\n"), "the label is no class of label_list ('90')"


def label_no_json(site):
    return W, "train.txt", site.append("train.txt", "x.png\t[{'transcription': 'a'}]\n"), "the label is no JSON"


def label_no_list(site):
    return W, "train.txt", site.append("train.txt", 'x.png\t{"a": 1}\n'), "no list of {transcription, points}"


def box_without_points(site):
    return W, "train.txt", site.append("train.txt", 'x.png\t[{"transcription": "a"}]\n'), "box 1: KeyError 'points'"


def point_of_three_numbers(site):
    line = site.append("train.txt", f"x.png\t{site.boxes_label([[1, 2, 3]] * 4)}\n")
    return W, "train.txt", line, "box 1: a polygon must be a list of [x, y] points"


def text_that_is_none(site):
    line = site.append("train.txt", f"train1.png\t{site.boxes_label(text=None)}\n")
    return W, "train.txt", line, "box 1: the transcription must be a text, not null"


def nested_without_end(site):
    return W, "train.txt", site.append("train.txt", "x.png\t" + "[" * 100000 + "\n"), "brackets are nested too deep"


def empty_list_that_is_left_out(site):
    site.replace("DetLabelEncode:", "DetLabelEncode: {keep_empty: false}", times=2)
    return W, "eval.txt", site.append("eval.txt", "x.png\t[]\n"), "keep_empty is false: the image is left out"


def crossing_corners(site):
    row_by_row = [site.box[i] for i in (0, 1, 3, 2)]
    line = site.append("train.txt", f"train1.png\t{site.boxes_label(row_by_row)}\n")
    return W, "train.txt", line, "sides of a box cross; its corners are put in order (box 1: [[8.0, 8.0]"


def crossing_outline(site):
    star = [[0, 0], [40, 40], [60, 0], [60, 40], [40, 0], [0, 40]]
    line = site.append("train.txt", f"train1.png\t{site.boxes_label(star)}\n")
    return W, "train.txt", line, "the outline of a box crosses itself; the box is ignored"


def coordinate_beyond_any_image(site):
    line = site.append("train.txt", f"train1.png\t{site.boxes_label([[1e9, 1], [9, 1], [9, 9], [1, 9]])}\n")
    return W, "train.txt", line, "a coordinate is no number, or beyond any image"


def box_outside_of_its_image(site):
    site.image("x.png", (64, 64))
    line = site.append("train.txt", f"x.png\t{site.boxes_label([[70, 8], [99, 8], [99, 30], [70, 30]])}\n")
    words = "a box lies outside of its image 'x.png' (box 1: [[70.0, 8.0], [99.0, 8.0], [99.0, 30.0], [70.0, 30.0]], "
    return W, "train.txt", line, words + "the image has 64 x 64 pixels)"


def box_outside_for_the_most_part(site):
    site.image("x.png", (64, 64))
    line = site.append("train.txt", f"x.png\t{site.boxes_label([[50, 8], [99, 8], [99, 30], [50, 30]])}\n")
    return W, "train.txt", line, "more than half of a box lies outside of its image 'x.png'"


def image_of_one_colour(site):
    site.write("x.png", cv2.imencode(".png", np.full((20, 30, 3), 7, np.uint8))[1].tobytes())
    return W, "train.txt", site.append("train.txt", "x.png\tab\n"), "the image 'x.png' is of one single colour"


def no_box_counts(points, text, words):
    """Returns a fault: all boxes of the training set have these points and this text."""

    def plant(site):
        site.write("train.txt", "".join(f"train{i}.png\t{site.boxes_label(points, text)}\n" for i in range(4)))
        return E, CONFIG, site.line_of("train.txt"), f"none of 4 boxes counts, so nothing can be learnt: 4 {words}"

    plant.__name__ = words.replace(" ", "_")
    return plant


def no_box_at_all(site):
    site.write("eval.txt", "eval0.png\t[]\neval1.png\t[]\n")
    return E, CONFIG, site.line_of("eval.txt"), "no label holds a box, so nothing can be judged"


def too_few_points(site):
    return (
        W,
        "train.txt",
        site.append("train.txt", f"x.png\t{site.boxes_label(site.box[:3])}\n"),
        "fewer than 4 points (box 1: [[8.0, 8.0]",
    )


def box_without_area(site):
    line = site.append("train.txt", f"x.png\t{site.boxes_label([[1, 1], [9, 1], [9, 1], [1, 1]])}\n")
    return W, "train.txt", line, "a box has no area (box 1"


def no_image_file(site):
    return W, "train.txt", site.append("train.txt", "none.png\tab\n"), "'none.png' is not there"


def empty_image(site):
    site.write("x.png", b"")
    return W, "train.txt", site.append("train.txt", "x.png\tab\n"), "'x.png' is an empty file"


def image_that_is_none(site):
    site.write("x.png", b"GIF is what it says")
    return W, "eval.txt", site.append("eval.txt", "x.png\tab\n"), "'x.png' is no image"


def tiny_image(site):
    site.image("x.png", (4, 30))
    return W, "train.txt", site.append("train.txt", "x.png\tab\n"), "a side of less than 5 pixels"


def endless_image(site):
    site.image("x.png", (8, 401))
    return W, "train.txt", site.append("train.txt", "x.png\tab\n"), "more than 50 times as long as wide"


def image_missing_in_a_list(site):
    line = site.append("train.txt", '["train0.png", "gone.png"]\tab\n')
    return W, "train.txt", line, "'gone.png' is not there"


REC_FAULTS = [
    wrong_delimiter,
    blanks_for_the_tab,
    text_behind_a_tab,
    line_in_gbk,
    file_in_utf_16,
    another_case,
    several_files_with_a_comma,
    label_file_in_the_data_folder,
    line_that_stands_upright,
    no_path,
    no_label,
    line_not_utf8,
    text_too_long,
    empty_lines_count_as_lines,
    no_known_character,
    unknown_characters,
    unknown_characters_in_evaluation,
    too_many_bad_lines,
    too_many_bad_lines_for_a_null,
    no_usable_line,
    repeated_path,
    path_in_two_files,
    train_and_eval_share_an_image,
    no_image_file,
    empty_image,
    image_that_is_none,
    tiny_image,
    endless_image,
    image_of_one_colour,
    image_missing_in_a_list,
]
CLS_FAULTS = [unknown_class_label, class_without_an_image]
DET_FAULTS = [
    label_no_json,
    label_no_list,
    box_without_points,
    point_of_three_numbers,
    text_that_is_none,
    nested_without_end,
    empty_list_that_is_left_out,
    crossing_corners,
    crossing_outline,
    coordinate_beyond_any_image,
    box_outside_of_its_image,
    box_outside_for_the_most_part,
    no_box_at_all,
    no_box_counts([[8, 8], [40, 8], [40, 30], [8, 30]], "###", "to be ignored"),
    no_box_counts([[8, 8], [40, 30]], "ab", "of fewer than three points"),
    no_box_counts([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]], "ab", "with coordinates between 0 and 1"),
    no_box_counts([[8, 8], [40, 8], [40, 8], [8, 8]], "ab", "without area"),
    no_box_counts([[80, 8], [99, 8], [99, 30], [80, 30]], "ab", "outside of their images"),
    too_few_points,
    box_without_area,
]
FAULTS = (
    [("rec", plant) for plant in REC_FAULTS]
    + [("cls", plant) for plant in CLS_FAULTS]
    + [("det", plant) for plant in DET_FAULTS]
)


@pytest.mark.parametrize("task, plant", FAULTS, ids=[plant.__name__ for _, plant in FAULTS])
def test_a_planted_fault_is_found_where_it_is(task, plant, find_planted):
    expected, found, everything = find_planted(task, plant)
    assert found == [expected], everything


def test_coordinates_may_be_texts_and_images_without_text(make_site, serious):
    """What training can use is no fault."""
    site = make_site("det")
    site.image("x.png", (64, 64))
    site.append("train.txt", f"x.png\t{site.boxes_label([[str(x), str(y)] for x, y in site.box])}\n")
    site.image("y.png", (64, 60))
    line = site.append("train.txt", "y.png\t[]\n")
    findings = site.check()
    assert not serious(findings), list(map(str, serious(findings)))
    told = f"1 of {line} images have no text: all of such an image is background"
    assert [finding.file for finding in findings if finding.what == told] == [site.path("train.txt")]


def test_boxes_that_cross_are_counted(make_site):
    site = make_site("det")
    row_by_row = [site.box[i] for i in (0, 1, 3, 2)]
    site.write("train.txt", "".join(f"train{i}.png\t{site.boxes_label(row_by_row)}\n" for i in range(4)))
    (told,) = [finding.what for finding in site.check() if "sides of a box cross" in finding.what]
    assert told.endswith("; the same of 3 further boxes")


def test_a_class_that_a_cut_file_lacks_is_not_missed(make_site):
    """The start of a run looks at the first lines alone."""
    site = make_site("cls")
    site.write("train.txt", "".join(f"train{i % 4}.png\t{label}\n" for label in ("0", "180") for i in range(4)))
    whole = [f.what for f in site.check(label_limit=9) if "no label is the class" in f.what]
    assert whole == [f.what for f in site.check(label_limit=8) if "no label is the class" in f.what] == []
    assert not [f for f in site.check(label_limit=4) if "no label is the class" in f.what and "Train" in f.what]
