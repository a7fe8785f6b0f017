"""Labels of text recognition."""

import numpy as np
import pytest

from ppocr.data.imaug import create_operators, transform
from ppocr.data.imaug.rec_label import CTCLabelEncode
from ppocr.errors import Dropped
from ppocr.text import codec

# 0-9 and a-z: without special symbols before, "a" is 10 and "z" is 35
A, B = 10, 11
LAST = 36  # the first index after the characters


@pytest.fixture
def dictionary(tmp_path):
    path = tmp_path / "dict.txt"
    path.write_text("x\ny\né\n", encoding="utf-8")
    return str(path)


def encode(name, label, rng=None, **settings):
    ops = create_operators([{name: {"max_text_length": 6, **settings}}])
    return transform({"label": label}, ops, rng)


# name, label of "ab" with max_text_length 6, longest text that fits
FRAMES = [
    ("CTCLabelEncode", [1 + A, 1 + B, 0, 0, 0, 0], 6),
    ("AttnLabelEncode", [0, 1 + A, 1 + B, 1 + LAST, 0, 0], 4),
    ("RFLLabelEncode", [0, 1 + A, 1 + B, 1 + LAST, 0, 0], 4),
    ("NRTRLabelEncode", [2, 4 + A, 4 + B, 3, 0, 0], 4),
    ("SARLabelEncode", [LAST + 1, A, B, LAST + 1, LAST + 2, LAST + 2], 4),
    ("SATRNLabelEncode", [LAST + 1, A, B, LAST + 1, LAST + 2, LAST + 2], None),
    ("SRNLabelEncode", [A, B, LAST + 1, LAST + 1, LAST + 1, LAST + 1], 6),
    ("SEEDLabelEncode", [A, B, LAST, LAST + 1, LAST + 1, LAST + 1], 5),
    ("ViTSTRLabelEncode", [0, 2 + A, 2 + B, 1, 0, 0, 0, 0], 5),
    ("ABINetLabelEncode", [1 + A, 1 + B, 0, 100, 100, 100, 100], 5),
    ("CPPDLabelEncode", [1 + A, 1 + B, 0, 100, 100, 100, 100], 5),
    ("ParseQLabelEncode", [1 + LAST, 1 + A, 1 + B, 0, 2 + LAST, 2 + LAST], 3),
    ("SPINLabelEncode", [0, 2 + A, 2 + B, 1, 0, 0, 0, 0], 6),
    ("PRENLabelEncode", [3 + A, 3 + B, 1, 0, 0, 0], 5),
    ("VLLabelEncode", [1 + A, 1 + B, 0, 0, 0, 0], 6),
]


@pytest.mark.parametrize(("name", "label", "longest"), FRAMES)
def test_frame(name, label, longest):
    data = encode(name, "aB")
    assert data["label"].dtype == np.int64
    if name == "SATRNLabelEncode":  # does not lower-case unless told to: B is unknown
        label = [LAST + 1, A, LAST, LAST + 1, LAST + 2, LAST + 2]
    assert data["label"].tolist() == label
    if name != "PRENLabelEncode":
        assert int(data["length"]) == (3 if name == "SEEDLabelEncode" else 2)


@pytest.mark.parametrize(("name", "label", "longest"), FRAMES)
def test_longest_text(name, label, longest):
    if longest is None:
        return
    assert len(encode(name, "a" * longest)["label"]) == len(label)
    assert encode(name, "a" * (longest + 1)) is None


@pytest.mark.parametrize("name", [frame[0] for frame in FRAMES])
def test_an_empty_text_is_a_text_in_the_samples_of_data_sets_alone(name):
    assert encode(name, "") is None
    full, empty = ({"label": text, "facts": {}} for text in ("ab", ""))
    operator = create_operators([{name: {"max_text_length": 6}}])[0]
    for data in (full, empty):
        operator(data, np.random.default_rng(0)) if operator.random else operator(data)
    assert full["facts"]["text"] == "ab" and empty["facts"]["text"] == ""
    marks = [index for index in full["label"].tolist() if index not in _indices_of(operator, "ab")]
    assert empty["label"].tolist()[: len(marks)] == marks
    if name != "PRENLabelEncode":
        assert int(empty["length"]) == (1 if name == "SEEDLabelEncode" else 0)


def _indices_of(operator, text):
    return {operator.codec.index[character] for character in text}


def test_satrn_cuts_a_long_text_and_can_lower_case():
    data = encode("SATRNLabelEncode", "aaaaaaaa", lower=True)
    assert data["label"].tolist() == [LAST + 1] + [A] * 5
    assert int(data["length"]) == 8
    assert encode("SATRNLabelEncode", "A", lower=True)["label"][1] == A


def test_ignore_index_and_dictionary(dictionary):
    assert encode("ABINetLabelEncode", "yx", character_dict_path=dictionary, ignore_index=9)["label"].tolist() == [
        *(2, 1, 0, 9, 9, 9, 9)
    ]
    label = encode("ViTSTRLabelEncode", "é", character_dict_path=dictionary, ignore_index=7)["label"]
    assert label.tolist() == [7, 4, 1, 7, 7, 7, 7, 7]
    assert encode("CTCLabelEncode", "x y", character_dict_path=dictionary, use_space_char=True)["label"][1] == 4


@pytest.mark.parametrize("name", ["CTCLabelEncode", "SARLabelEncode", "NRTRLabelEncode", "VLLabelEncode"])
def test_entries_of_several_characters_and_repeated_ones(tmp_path, name):
    (tmp_path / "dict.txt").write_text("x\nปั\nก\nx\n", encoding="utf-8")
    encoder = create_operators([{name: {"character_dict_path": str(tmp_path / "dict.txt"), "max_text_length": 5}}])[0]
    first = encoder.codec.first
    assert encoder.codec.label_classes == 4 + len(encoder.codec.symbols.names)
    # the longest entry that fits, and of two equal ones the last
    assert encoder.indices({"label": "กปัx"}) == [first + 2, first + 1, first + 3]
    assert encoder.indices({"label": "x"}) == [first + 3]
    sample = {"label": "ปp", "notes": []}
    with pytest.raises(Dropped, match="unknown_characters: none of 'pป'"):
        encoder.indices(sample)


def test_unknown_characters_are_left_out_and_noted(dictionary):
    data = {"label": "xQyQ", "notes": []}
    CTCLabelEncode(6, dictionary)(data)
    assert data["label"].tolist() == [1, 2, 0, 0, 0, 0]
    assert [lost[:2] for lost in data["notes"]] == [("unknown_characters", "Q")]
    with pytest.raises(Dropped, match="unknown_characters"):
        CTCLabelEncode(6, dictionary)({"label": "X"})


def test_pren_keeps_unknown_characters(dictionary):
    data = {"label": "xQ", "notes": []}
    assert encode("PRENLabelEncode", "xQ", character_dict_path=dictionary)["label"].tolist() == [3, 2, 1, 0, 0, 0]
    create_operators([{"PRENLabelEncode": {"max_text_length": 6, "character_dict_path": dictionary}}])[0](data)
    assert [lost[:2] for lost in data["notes"]] == [("unknown_characters", "Q")]


def test_counts():
    data = encode("CTCLabelEncode", "aab")
    assert data["label_ace"].tolist() == [3] + [0] * 10 + [2, 1] + [0] * 24
    data = encode("RFLLabelEncode", "aab")
    assert data["cnt_label"].tolist() == [0] * 11 + [2, 1] + [0] * 25
    assert data["cnt_label"].dtype == np.float64


def test_cppd_nodes():
    data = encode("CPPDLabelEncode", "aab")
    assert data["label_node"][:37].tolist() == [1] + [0] * 10 + [2, 1] + [0] * 24
    assert data["label_node"][37:].tolist() == [1, 1, 1, 1, 0, 0, 0]
    assert data["label_order"].tolist() == [1 + A, 1 + B]


def test_cppd_sampled_classes(tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("\n".join(map(chr, range(0x4E00, 0x4E00 + 200))) + "\n", encoding="utf-8")
    text = chr(0x4E00 + 150) + chr(0x4E00 + 3) * 2
    rng = np.random.default_rng(0)
    data = encode("CPPDLabelEncode", text, rng, ch=True, character_dict_path=str(path))
    index = data["label_index"].tolist()
    assert len(index) == len(set(index)) == 37
    assert index == sorted(index)
    counts = dict(zip(index, data["label_node"][:37].tolist()))
    assert {i: n for i, n in counts.items() if n} == {0: 1, 4: 2, 151: 1}


def test_visionlan_takes_one_character_out():
    seen = set()
    for seed in range(20):
        data = encode("VLLabelEncode", "abc", np.random.default_rng(seed))
        i = data["label_id"]
        seen.add(i)
        rest = [1 + A + j for j in range(3) if j != i]
        assert data["label_res"].tolist() == rest + [0] * 4
        assert data["label_sub"].tolist() == [1 + A + i] + [0] * 5
        assert (int(data["length_res"]), int(data["length_sub"])) == (2, 1)
    assert seen == {0, 1, 2}


@pytest.mark.parametrize("gtc", [None, "NRTRLabelEncode"])
def test_multi(gtc):
    data = encode("MultiLabelEncode", "ab", gtc_encode=gtc)
    assert data["label_ctc"].tolist() == [1 + A, 1 + B, 0, 0, 0, 0]
    if gtc:
        assert data["label_gtc"].tolist() == [2, 4 + A, 4 + B, 3, 0, 0]
    else:
        assert data["label_sar"].tolist() == [LAST + 1, A, B, LAST + 1, LAST + 2, LAST + 2]
    assert int(data["length"]) == 2
    assert data["img_path"] is None
    assert encode("MultiLabelEncode", "aaaaa", gtc_encode=gtc) is None


def test_both_branches_read_the_dictionary_once(dictionary, monkeypatch):
    read = []
    monkeypatch.setattr(codec, "character_list", lambda *keys: read.append(keys) or ["x", "y"])
    given = encode("MultiLabelEncode", "yx", character_dict_path=dictionary, gtc_encode="NRTRLabelEncode")
    assert read == [(dictionary, False)]
    assert given["label_ctc"].tolist() == [2, 1, 0, 0, 0, 0] and given["label_gtc"].tolist() == [2, 5, 4, 3, 0, 0]
