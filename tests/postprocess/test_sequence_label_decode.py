"""Tests of the decoders of one class for each place: RARE, SPIN, SAR, NRTR, SRN, VisionLAN."""

import numpy as np
import paddle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data.imaug import create_operators, transform
from ppocr.errors import ConfigError
from ppocr.postprocess import build_post_process
from ppocr.postprocess.sequence_label_decode import (
    AttnLabelDecode,
    NRTRLabelDecode,
    SARLabelDecode,
    SPINLabelDecode,
    SRNLabelDecode,
    VLLabelDecode,
)

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
CHARACTERS = len(ALPHABET)
MARK = CHARACTERS + 1  # start and end of SAR


def scores(paths, classes, high=0.75):
    """Scores (batch, places, classes) whose best classes are ``paths``; the others share the rest."""
    array = np.full((len(paths), len(paths[0]), classes), (1 - high) / (classes - 1), dtype=np.float32)
    np.put_along_axis(array, np.array(paths)[..., None], high, axis=2)
    return array


def test_the_vocabulary_and_how_much_of_it_is_special():
    assert AttnLabelDecode().character == ["sos", *ALPHABET, "eos"]
    assert SARLabelDecode().character == [*ALPHABET, "<UKN>", "<BOS/EOS>", "<PAD>"]
    assert NRTRLabelDecode().character == ["blank", "<unk>", "<s>", "</s>", *ALPHABET]
    assert SRNLabelDecode().character == [*ALPHABET, "sos", "eos"]
    assert VLLabelDecode().character == [*ALPHABET]
    kinds = (SARLabelDecode, NRTRLabelDecode, SRNLabelDecode, VLLabelDecode)
    assert [kind().codec.num_classes - CHARACTERS for kind in kinds] == [3, 4, 2, 0]


@pytest.mark.parametrize(
    "path, text", [([0, 11, 12, 37, 13], "ab"), ([11, 0, 12, 37], "ab"), ([11, 12, 12], "abb"), ([0, 37, 11], "")]
)
def test_attention_skips_the_start_and_stops_at_the_end(path, text):
    assert AttnLabelDecode()(scores([path], CHARACTERS + 2)) == [(text, 0.75 if text else 0.0)]


@pytest.mark.parametrize("path, text", [([12, 13, 1, 14], "ab"), ([0, 12, 13, 13], "abb"), ([1, 12, 13], "")])
def test_spin_skips_the_start_and_stops_at_the_end(path, text):
    assert SPINLabelDecode()(scores([path], CHARACTERS + 2)) == [(text, 0.75 if text else 0.0)]


@pytest.mark.parametrize(
    "path, text",
    [
        ([10, 11, MARK, 12], "ab"),
        ([10, CHARACTERS, 11, MARK], "a<UKN>b"),
        ([10, MARK + 1, 11, MARK], "ab"),
        ([10, 10, 11, 11], "aabb"),
        ([MARK, 10, 11, 12], ""),
    ],
)
def test_the_end_ends_a_text_of_sar(path, text):
    """Also in the first place: the mark there is no start."""
    assert SARLabelDecode()(scores([path], CHARACTERS + 3)) == [(text, 0.75 if text else 0.0)]


def test_sar_needs_no_score_of_the_padding():
    assert SARLabelDecode()(paddle.to_tensor(scores([[10, MARK]], CHARACTERS + 2))) == [("a", 0.75)]
    with pytest.raises(ConfigError, match="SARLabelDecode: the model gives 7 classes, the dictionary makes 38 or 39"):
        SARLabelDecode()(scores([[1]], 7))


def test_confidence_is_the_mean_over_the_characters():
    preds = scores([[10, 11, MARK, 12]], CHARACTERS + 3)
    preds[0, [0, 1, 2, 3], [10, 11, MARK, 12]] = 0.5, 1.0, 0.125, 0.125
    assert SARLabelDecode()(preds) == [("ab", 0.75)]


def test_a_start_mark_in_a_label_is_no_end():
    labels = np.array([[MARK, 10, 11, MARK, MARK + 1], [10, 11, 12, 13, 14]])
    _, texts = SARLabelDecode()(scores([[1], [1]], CHARACTERS + 3), label=labels)
    assert texts == [("ab", 1.0), ("abcde", 1.0)]


def test_sar_may_leave_symbols_out(tmp_path):
    path = tmp_path / "dict.txt"
    path.write_text("A\n-\n中\né\n4\n", encoding="utf-8")
    preds = scores([[0, 1, 2, 3, 4]], 8)
    assert SARLabelDecode(str(path))(preds)[0][0] == "A-中é4"
    results, labels = SARLabelDecode(str(path), rm_symbol=True)(preds, label=np.array([[0, 1, 6]]))
    assert results[0][0] == "a中4" and labels == [("a", 1.0)]


def test_nrtr_takes_classes_with_their_probabilities():
    decode = NRTRLabelDecode()
    ids = np.array([[2, 14, 15, 3, 16], [2, 3, 3, 3, 3]])
    probabilities = np.array([[1, 0.5, 0.25, 0.125, 0], [1, 0.5, 0.5, 0.5, 0.5]], dtype=np.float32)
    for pair in ([ids, probabilities], (paddle.to_tensor(ids), paddle.to_tensor(probabilities))):
        assert decode(pair) == [("ab", 0.375), ("", 0.0)]
    assert decode([ids[:, 1:], probabilities[:, 1:]]) == [("ab", 0.375), ("", 0.0)]


def test_two_score_maps_are_no_pair():
    """The class beyond the vocabulary, which no label has, is never the best."""
    preds = scores([[14, 15, 3], [16, 3, 3]], CHARACTERS + 5)
    preds[0, 1, -1] = 0.9
    for batch in (preds, paddle.to_tensor(preds)):
        assert NRTRLabelDecode()(batch) == [("ab", 0.75), ("c", 0.75)]


def test_classes_beyond_the_vocabulary_are_left_out():
    assert NRTRLabelDecode()([np.array([[14, 40, 99, 15]]), np.full((1, 4), 0.5)]) == [("ab", 0.5)]


def test_srn_splits_the_row_of_places():
    preds = {"predict": scores([[10, 11, 37], [12, 36, 13]], 38).reshape(6, 38)}
    results, labels = SRNLabelDecode(max_text_length=3)(preds, label=np.array([[10, 37, 37], [10, 11, 12]]))
    assert results == [("ab", 0.75), ("cd", 0.75)] and labels == [("a", 1.0), ("abc", 1.0)]


def test_visionlan_gives_the_geometric_mean_up_to_the_end():
    logits = np.log(scores([[11, 12, 0, 13], [0, 1, 1, 1], [1, 2, 3, 4]], CHARACTERS + 1, high=0.5))
    logits[0, 1] = np.log(scores([[12]], CHARACTERS + 1, high=0.25))
    results = VLLabelDecode()((logits.transpose(1, 0, 2), "tokens"))
    assert [text for text, _ in results] == ["ab", "", "0123"]
    np.testing.assert_allclose([c for _, c in results], [(0.5 * 0.25 * 0.5) ** (1 / 3), 0.5, 0.5], rtol=1e-5)


def test_values_of_global_and_the_second_entry_of_a_batch(tmp_path):
    path = tmp_path / "dict.txt"
    path.write_text("x\ny\n", encoding="utf-8")
    options = {"character_dict_path": str(path), "use_space_char": True, "max_text_length": 2}
    decode = build_post_process({"name": "SRNLabelDecode"}, options)
    assert decode.character == ["x", "y", " ", "sos", "eos"] and decode.max_text_length == 2
    batch = ["image", paddle.to_tensor([[0, 2]]), "length"]
    result = decode.process({"predict": paddle.to_tensor(scores([[1, 4]], 5)[0])}, batch)
    assert result == ([("y", 0.75)], [("x ", 1.0)])


def test_a_key_that_nothing_reads_is_said(ppocr_caplog):
    build_post_process({"name": "VLLabelDecode", "max_text_length": 25})
    assert "the model says how many places there are" in ppocr_caplog.text


PAIRS = [
    ("SARLabelEncode", SARLabelDecode),
    ("NRTRLabelEncode", NRTRLabelDecode),
    ("SRNLabelEncode", SRNLabelDecode),
    ("VLLabelEncode", VLLabelDecode),
]


@pytest.mark.parametrize("encoder, decoder", PAIRS, ids=[encoder for encoder, _ in PAIRS])
@settings(max_examples=25, deadline=None)
@given(text=st.text(ALPHABET, min_size=1, max_size=4))
def test_decoders_turn_labels_back_into_texts(encoder, decoder, text):
    ops = create_operators([{encoder: {"max_text_length": 6}}])
    label = transform({"label": text}, ops, np.random.default_rng(0))["label"]
    codec = decoder().codec
    assert codec.decode_labels(label[None]) == [(text, 1.0)]
    read = label[1:] if codec.symbols.start else label  # what the model gives for it
    assert codec.decode(read[None], np.ones((1, len(read)))) == [(text, 1.0)]


def test_visionlan_refuses_logits_that_are_no_list_of_outputs():
    with pytest.raises(ConfigError, match=r"needs logits \(places, batch, classes\), not \[2, 37\]"):
        VLLabelDecode()(np.zeros((5, 2, 37), "float32"))
