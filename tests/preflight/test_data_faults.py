"""Faults planted in label files and pictures."""

import pytest

E, W = "error", "warning"
CONFIG = "config.yml"


# Each fault changes a site and returns (severity, file, line, words of the finding).
def wrong_delimiter(site):
    return W, "train.txt", site.append("train.txt", "x.png ab\n"), r"no delimiter between path and label ('\t'"


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
        f"2 characters are not in the dictionary and will be left out: 'X' 3 times, first in line {line}, 'Y' 1 times"
    )
    return W, "train.txt", line, words


def too_many_bad_lines(site):
    site.append("train.txt", "no delimiter\n" * 11)
    return E, CONFIG, site.line_of("train.txt"), "11 of 15 lines cannot be used"


def no_usable_line(site):
    site.write("eval.txt", "one\ntwo\n")
    return E, CONFIG, site.line_of("eval.txt"), "Eval.dataset.label_file_list: 2 of 2 lines cannot be used"


def repeated_path(site):
    return W, "train.txt", site.append("train.txt", "train1.png\tab\n"), "repeats the path of line 2: 'train1.png'"


def path_in_two_files(site):
    site.write("more.txt", "x.png\tab\n./train2.png\tab\n")
    site.replace("train.txt]", f"train.txt, {site.path('more.txt')}]")
    return W, "more.txt", 2, "train.txt, line 3"


def train_and_eval_share_a_picture(site):
    line = site.append("eval.txt", "train3.png\tda\n")
    return W, "eval.txt", line, "1 of 3 pictures of Eval are in Train, too; first 'train3.png'"


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
    return W, "train.txt", line, "box 1: ValueError"


def no_boxes(site):
    return W, "eval.txt", site.append("eval.txt", "x.png\t[]\n"), "an empty list of boxes"


def too_few_points(site):
    return (
        W,
        "train.txt",
        site.append("train.txt", f"x.png\t{site.boxes_label(site.box[:3])}\n"),
        "fewer than 4 points (box 1 has 3)",
    )


def box_without_area(site):
    line = site.append("train.txt", f"x.png\t{site.boxes_label([[1, 1], [9, 1], [9, 1], [1, 1]])}\n")
    return W, "train.txt", line, "a box has no area (box 1"


def no_picture_file(site):
    return W, "train.txt", site.append("train.txt", "none.png\tab\n"), "'none.png' is not there"


def empty_picture(site):
    site.write("x.png", b"")
    return W, "train.txt", site.append("train.txt", "x.png\tab\n"), "'x.png' is an empty file"


def picture_that_is_none(site):
    site.write("x.png", b"GIF is what it says")
    return W, "eval.txt", site.append("eval.txt", "x.png\tab\n"), "'x.png' is no picture"


def tiny_picture(site):
    site.picture("x.png", (4, 30))
    return W, "train.txt", site.append("train.txt", "x.png\tab\n"), "a side of less than 5 pixels"


def endless_picture(site):
    site.picture("x.png", (8, 401))
    return W, "train.txt", site.append("train.txt", "x.png\tab\n"), "more than 50 times as long as wide"


def picture_missing_in_a_list(site):
    line = site.append("train.txt", '["train0.png", "gone.png"]\tab\n')
    return W, "train.txt", line, "'gone.png' is not there"


REC_FAULTS = [
    wrong_delimiter,
    no_path,
    no_label,
    line_not_utf8,
    text_too_long,
    empty_lines_count_as_lines,
    no_known_character,
    unknown_characters,
    too_many_bad_lines,
    no_usable_line,
    repeated_path,
    path_in_two_files,
    train_and_eval_share_a_picture,
    no_picture_file,
    empty_picture,
    picture_that_is_none,
    tiny_picture,
    endless_picture,
    picture_missing_in_a_list,
]
CLS_FAULTS = [unknown_class_label]
DET_FAULTS = [
    label_no_json,
    label_no_list,
    box_without_points,
    point_of_three_numbers,
    no_boxes,
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
