"""Tests of CTC decoding, of the text functions and of the word groups."""

import numpy as np
import paddle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.errors import ConfigError
from ppocr.postprocess.ctc_label_decode import CTCLabelDecode
from ppocr.postprocess.word_groups import group_words


def scores(path, classes=37, high=0.75):
    """Scores (1, steps, classes) whose best classes are ``path``."""
    array = np.full((len(path), classes), (1 - high) / (classes - 1), dtype=np.float32)
    array[np.arange(len(path)), path] = high
    return array[None]


def dictionary(folder, characters, name="dict.txt"):
    path = folder / name
    path.write_text("\n".join(characters) + "\n", encoding="utf-8")
    return str(path)


def test_repeats_merge_and_blanks_separate():
    # classes: 0 is the blank, 1..10 are 0..9, 11..36 are a..z
    assert CTCLabelDecode()(scores([0, 11, 11, 0, 11, 12, 0, 1])) == [("aab0", 0.75)]


def test_confidence_is_the_mean_over_the_kept_steps():
    preds = np.zeros((2, 4, 37), dtype=np.float32)
    preds[0, [0, 1, 2, 3], [11, 11, 0, 12]] = 0.9, 0.1, 0.3, 0.5  # the repeat (0.1) and the blank (0.3) do not count
    preds[1, :, 0] = 1
    result = CTCLabelDecode()(preds)
    assert [text for text, _ in result] == ["ab", ""]
    np.testing.assert_allclose([c for _, c in result], [(0.9 + 0.5) / 2, 0.0], rtol=1e-6)


def test_labels_lose_the_padding_only():
    results, labels = CTCLabelDecode()(scores([11, 11]), label=np.array([[11, 11, 12, 0, 0]]))
    assert results == [("a", 0.75)]
    assert labels == [("aab", 1.0)]


def test_forms_of_the_predictions():
    decode, other = CTCLabelDecode(), scores([12, 12])
    for preds in (
        scores([11, 0]),
        paddle.to_tensor(scores([11, 0])),
        (other, scores([11, 0])),
        {"ctc": scores([11, 0])},
    ):
        assert decode(preds) == [("a", 0.75)]


def test_batch_entries_of_evaluation():
    batch = ["image", paddle.to_tensor([[11, 12, 0]]), "length"]
    assert CTCLabelDecode().process(paddle.to_tensor(scores([11, 12])), batch) == ([("ab", 0.75)], [("ab", 1.0)])


def test_wrong_number_of_classes_is_refused():
    with pytest.raises(ConfigError, match="12 classes, the dictionary makes 37"):
        CTCLabelDecode()(scores([0, 1], classes=12))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 36), st.integers(1, 3), st.integers(0, 2)), max_size=12))
def test_any_path_of_a_text_gives_the_text(runs):
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
    path, previous = [0], None
    for symbol, repeats, blanks in runs:
        path += [0] * (symbol == previous) + [symbol] * repeats + [0] * blanks
        previous = None if blanks else symbol
    assert CTCLabelDecode()(scores(path))[0][0] == "".join(alphabet[symbol - 1] for symbol, _, _ in runs)


ARABIC = ["ا", "ب", "ت", "ث", "1", "2", "(", ")", "a", "b"]


@pytest.mark.parametrize("name", ["arabic_dict.txt", "dict.txt"])
def test_the_letters_of_a_dictionary_give_the_direction_and_not_its_name(tmp_path, name):
    decode = CTCLabelDecode(dictionary(tmp_path, ARABIC, name))
    path = scores([7, 5, 6, 8, 3, 2, 1], classes=11)  # from left to right: (12)تبا
    results, labels = decode(path, label=np.array([[5, 6, 2, 1, 0]]))
    assert results[0][0] == "ابت(12)"
    assert labels[0][0] == "اب12"
    few = CTCLabelDecode(dictionary(tmp_path, ["ا", "ب", "ت", "1"], name))
    assert few(scores([3, 2, 4], classes=5))[0][0] == "تب1"


def test_texts_may_be_asked_for_from_left_to_right(tmp_path):
    decode = CTCLabelDecode(dictionary(tmp_path, ARABIC), text_direction="ltr")
    assert decode(scores([9, 10, 7, 5, 6, 8, 3, 2, 1], classes=11))[0][0] == "ab(12)تبا"


def test_word_boxes(tmp_path):
    decode = CTCLabelDecode(dictionary(tmp_path, ["a", "b", "2", "中", "文"]), use_space_char=True)
    preds = scores([0, 1, 2, 0, 6, 0, 3, 3, 0, 4, 5, 0], classes=7)
    (result,) = decode(preds, return_word_box=True, wh_ratio_list=[4.0], max_wh_ratio=8.0)
    words = [["a", "b"], ["2"], ["中", "文"]]
    assert result == ("ab 2中文", 0.75, [6.0, words, [[1, 2], [6], [9, 10]], ["en&num", "en&num", "cn"]])


@pytest.mark.parametrize(
    "text, words",
    [
        ("it's 3.14", ["it's", "3.14"]),
        ("state-of-art", ["state-of-art"]),
        ("end. -5", ["end", "5"]),
        ("a-", ["a"]),
        ("中a文", ["中", "a", "文"]),
        ("a,b", ["a", "b"]),
        ("", []),
    ],
)
def test_word_groups(text, words):
    groups, steps, kinds = group_words(list(text), list(range(len(text))))
    assert ["".join(group) for group in groups] == words
    assert [[text[step] for step in group] for group in steps] == groups
    assert kinds == ["cn" if word in ("中", "文") else "en&num" for word in words]


def test_a_wide_gap_ends_a_word():
    assert group_words(["a", "b", "c"], [0, 5, 11]) == ([["a", "b"], ["c"]], [[0, 5], [11]], ["en&num", "en&num"])


def test_a_repeated_entry_is_read_from_each_of_its_places(tmp_path):
    decode = CTCLabelDecode(dictionary(tmp_path, ["é", "ปั", "é"]))
    assert decode(scores([1, 2, 0, 3], classes=4)) == [("éปัé", 0.75)]
