"""Sub-words of a tokenizer, and one way to write a formula."""

import json

import numpy as np
import pytest
from tiny_tokenizer import CHARACTERS, MARKS, write_tokenizer

from ppocr.errors import DataError
from ppocr.text.latex import normalise_latex
from ppocr.text.subword import BpeCodec


def test_a_text_comes_back_from_its_classes(tmp_path):
    write_tokenizer(tmp_path)
    codec = BpeCodec(str(tmp_path))
    assert codec.vocabulary == [*MARKS, *CHARACTERS, "Ġ"] and codec.num_classes == len(codec.vocabulary)
    marked = codec.marked(codec.encode("\\a b").classes)
    assert marked[0] == codec.start and marked[-1] == codec.end
    assert codec.decode(np.array([[*marked, codec.padding, 7]])) == ["\\a b"]


def test_only_what_stands_before_the_end_is_text(tmp_path):
    codec = BpeCodec(str(write_tokenizer(tmp_path)))
    assert codec.decode(np.array([[0, 4, 2, 5], [0, 2, 4, 4], [0, 4, 5, 6]])) == ["a", "", "abc"]


def test_a_tokenizer_that_cannot_be_read_is_said_in_one_line(tmp_path):
    with pytest.raises(DataError, match="no such tokenizer; rec_char_dict_path names the published tokenizer.json"):
        BpeCodec(str(tmp_path / "nothing"))
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="no tokenizer.json of the library tokenizers"):
        BpeCodec(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (r"\frac { a } { b c }", r"\frac{a}{b c}"),
        (r"\operatorname { s i n } x", r"\operatorname{sin}x"),
        (r"x ^ { 2 } \ y", r"x^{2}\ y"),
        (r" \alpha   b  +  1 ", r"\alpha b+1"),
        (r"\text { a b }", r"\text{a b}"),
        ("", ""),
    ],
)
def test_spaces_that_mean_nothing_go(text, written):
    assert normalise_latex(text) == normalise_latex(written) == written


def changed(folder, **parts):
    path = write_tokenizer(folder)
    content = {**json.loads(path.read_text(encoding="utf-8")), **parts}
    path.write_text(json.dumps(content), encoding="utf-8")
    return content, path


def test_a_class_without_end_takes_no_memory(tmp_path):
    content, path = changed(tmp_path)
    content["model"]["vocab"]["zz"] = 4_000_000_000
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match="a class has the number 4000000000"):
        BpeCodec(str(path))


def test_labels_are_whole_whatever_the_file_asks_for(tmp_path):
    cut = {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}
    _, path = changed(tmp_path, truncation=cut)
    assert BpeCodec(str(path)).encode("abcde").length == 5


def test_what_no_sub_word_writes_is_missing(tmp_path):
    codec = BpeCodec(str(write_tokenizer(tmp_path)))
    assert codec.encode("a b").missing == [] and codec.encode("").missing == []
    assert codec.encode("aÄb!c").missing == ["!", "Ä"]


def test_characters_within_a_sub_word_are_not_missing():
    codec = BpeCodec("configs/quickstart/formula_tokenizer.json")
    assert codec.encode(r"12+\frac{3}{4}\times5^{2}").missing == [] and codec.encode("1é").missing == ["é"]
