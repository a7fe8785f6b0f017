"""Tests of the codecs: what a text becomes in numbers, and what numbers become in text, for every family."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.text.codec import Codec, DictionaryKeys, Symbols, codec_of, values_of_keys
from ppocr.text.codecs import (
    FAMILIES,
    SYMBOL_NAMES,
    AbinetCodec,
    CtcCodec,
    NrtrCodec,
    ParseqCodec,
    PrenCodec,
    SarCodec,
    SatrnCodec,
    SrnCodec,
    VitstrCodec,
    VlCodec,
    parts_of,
)

ALL = (*FAMILIES, SatrnCodec)
families = pytest.mark.parametrize("family", ALL, ids=[family.__name__ for family in ALL])


def test_symbols_know_their_classes():
    symbols = Symbols(before=("pad", "go"), after=("stop",), end="stop")
    assert symbols.names == ("pad", "go", "stop") and symbols.around("ab") == ["pad", "go", "a", "b", "stop"]
    assert [symbols.index(name, 2) for name in ("pad", "go", "stop", None)] == [0, 1, 4, None]


@families
def test_the_parts_of_every_codec_are_among_its_symbols(family):
    symbols = family.symbols
    parts = {symbols.start, symbols.end, symbols.padding, symbols.unknown} - {None}
    assert parts and parts <= {*symbols.names} <= SYMBOL_NAMES


@pytest.mark.parametrize(
    "family, vocabulary, outputs, padding",
    [
        (CtcCodec, ["blank", "a", "b"], [3], 0),
        (NrtrCodec, ["blank", "<unk>", "<s>", "</s>", "a", "b"], [6, 7], 0),
        (SarCodec, ["a", "b", "<UKN>", "<BOS/EOS>", "<PAD>"], [4, 5], 4),
        (SrnCodec, ["a", "b", "sos", "eos"], [4], 3),
        (ParseqCodec, ["[E]", "a", "b", "[B]", "[P]"], [3], 4),
        (VlCodec, ["a", "b"], [3], 0),
    ],
)
def test_vocabulary_numbers_of_classes_and_padding(family, vocabulary, outputs, padding):
    codec = family("ab")
    assert codec.vocabulary == vocabulary and codec.num_classes == len(vocabulary)
    assert codec.outputs == outputs and codec.padding == padding
    sibling = CtcCodec(["a", "b"]).sibling(family)
    assert type(sibling) is family and sibling.vocabulary == vocabulary


def test_a_sibling_writes_in_the_same_direction():
    entries = ["א", "ב", "ג", "ד"]
    assert [CtcCodec(entries, way).sibling(NrtrCodec).writing.text_direction for way in ("ltr", "rtl")] == [
        "ltr",
        "rtl",
    ]


def test_characters_that_the_dictionary_lacks_are_told_and_kept_where_the_family_has_a_class_for_them():
    assert CtcCodec("ab").encode("bxay") == ([2, 1], 4, ["x", "y"])
    assert NrtrCodec("ab").encode("bxay") == ([5, 4], 4, ["x", "y"])
    assert PrenCodec("ab").encode("bxay") == ([4, 2, 3, 2], 4, ["x", "y"])
    assert CtcCodec("ab").encode("") == ([], 0, [])
    assert CtcCodec(["x", "ab", "a", "x"]).encode("abxa") == ([2, 4, 3], 3, [])


def test_a_label_fits_or_there_is_none():
    sar, srn = SarCodec("ab"), SrnCodec("ab")
    assert sar.label([0, 1], 5).tolist() == [3, 0, 1, 3, 4] and sar.label([0, 1], 3) is None
    assert srn.label([0, 1], 2).tolist() == [0, 1] and srn.label([0, 1], 3).tolist() == [0, 1, 3]
    assert SatrnCodec("ab").label([0, 1, 0], 3).tolist() == [3, 0, 1]
    assert VitstrCodec("ab", ignore_index=9).label([2], 4).tolist() == [9, 2, 1, 9]
    assert AbinetCodec("ab").label([2], 4).tolist() == [2, 0, 100, 100]
    assert sar.label([0], 3).dtype == np.int64


@families
@settings(max_examples=25, deadline=None, derandomize=True)
@given(texts=st.lists(st.text("abé中", max_size=8), min_size=1, max_size=5))
def test_texts_come_back_from_labels(family, texts):
    codec = pickle.loads(pickle.dumps(family("abé中")))
    labels = np.stack([codec.label(codec.encode(text).classes, 12) for text in texts])
    assert codec.decode_labels(labels) == [(text, 1.0) for text in texts]


def test_repeats_of_ctc_are_one_character_in_what_a_model_gives():
    ids, scores = np.array([[1, 1, 0, 1, 2]]), np.array([[0.5, 0.1, 0.1, 0.25, 0.75]])
    assert CtcCodec("ab").decode(ids, scores) == [("aab", 0.5)]
    assert CtcCodec("ab").decode_labels(ids) == [("aaab", 1.0)]
    assert [CtcCodec.steps_needed(text) for text in ("", "ab", "aab", "aaa")] == [0, 2, 4, 5]


def test_the_first_end_ends_a_text_but_a_start_in_front_of_a_label_does_not():
    sar = SarCodec("ab")
    ids, scores = np.array([[3, 0, 3], [0, 2, 7]]), np.full((2, 3), 0.5)
    assert sar.decode(ids, scores) == [("", 0.0), ("a<UKN>", 0.5)]
    assert sar.decode_labels(ids) == [("a", 1.0), ("a<UKN>", 1.0)]


def test_the_confidence_of_visionlan_counts_the_end():
    (result,) = VlCodec("ab").decode(np.array([[1, 2, 0, 1]]), np.array([[0.5, 0.5, 0.25, 0.1]]))
    assert result == ("ab", pytest.approx((0.5 * 0.5 * 0.25) ** (1 / 3)))


def test_the_codec_of_a_decoder_of_a_users_own_follows_from_its_characters():
    codec = CtcCodec("ab")
    assert codec_of(SimpleNamespace(codec=codec)) is codec
    assert codec_of(SimpleNamespace(character=["blank", "a"])).num_classes == 2
    assert codec_of(SimpleNamespace(character=None)) is codec_of(object()) is None
    assert type(codec_of(SimpleNamespace(codec=None, character=["a"]))) is Codec


def test_the_keys_of_a_dictionary_are_given_on(tmp_path):
    (tmp_path / "dict.txt").write_text("א\nב\nג\nד\n", encoding="utf-8")
    keys = DictionaryKeys(str(tmp_path / "dict.txt"), use_space_char=True, text_direction="ltr")
    codec = DictionaryKeys(**values_of_keys(DictionaryKeys, keys)).build_codec(VitstrCodec, ignore_index=7)
    assert codec.characters == ["א", "ב", "ג", "ד", " "] and codec.padding == 7
    assert codec.writing.text_direction == "ltr"
    assert DictionaryKeys().build_codec(CtcCodec).num_classes == 37


@pytest.mark.parametrize(
    "vocabulary, parts",
    [
        (["blank", "a", " "], (["blank"], ["a", " "], [])),
        (["blank", "<unk>", "<s>", "</s>", "a"], (["blank", "<unk>", "<s>", "</s>"], ["a"], [])),
        (["a", "<", "<UKN>", "<BOS/EOS>", "<PAD>"], ([], ["a", "<"], ["<UKN>", "<BOS/EOS>", "<PAD>"])),
        (["sos", "a", "blank", "b", "eos"], (["sos"], ["a", "blank", "b"], ["eos"])),
        (["blank"], (["blank"], [], [])),
        (["blank", "eos", "sos", "a", "eos"], (["blank"], ["eos", "sos", "a", "eos"], [])),
        (["sos", "<PAD>", "a", "<UKN>"], (["sos", "<PAD>"], ["a"], ["<UKN>"])),  # of no family here
        (["a", "b"], ([], ["a", "b"], [])),
        (["</s>", "<PAD>"], (["</s>"], ["<PAD>"], [])),
        (["sos", "<PAD>"], (["sos", "<PAD>"], [], [])),
        ([], ([], [], [])),
    ],
)
def test_special_symbols_stand_around_the_characters(vocabulary, parts):
    assert parts_of(vocabulary) == parts


@families
def test_the_vocabulary_of_a_family_tells_its_parts(family):
    symbols = family.symbols
    parts = list(symbols.before), ["a", "<", " "], list(symbols.after)
    assert parts_of(symbols.around(parts[1])) == parts


def test_what_pren_does_not_know_stands_in_its_labels_alone():
    codec = PrenCodec("ab")
    assert codec.encode("axb").classes == [3, 2, 4]
    assert codec.decode_labels(np.array([[3, 2, 4, 1, 0]])) == [("ab", 1.0)]
