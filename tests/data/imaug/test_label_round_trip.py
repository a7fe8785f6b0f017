"""Label encoders and decoders are inverses of each other, for any dictionary and any text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr.data.imaug import create_operators, run_operators
from ppocr.data.imaug.rec_label import TextOperator
from ppocr.errors import Dropped
from ppocr.postprocess import build_post_process
from ppocr.registry import OPERATORS, POST_PROCESSES

LONGEST = 10  # characters
SIZE = 2 * LONGEST  # entries of a label: room for characters and marks


def one_hot(ids, classes):
    """Returns scores (batch, places, classes) whose best classes are ``ids`` (batch, places)."""
    return np.eye(classes, dtype=np.float32)[ids]


def after_start(labels, classes):
    return one_hot(labels[:, 1:], classes)


def between_blanks(labels, classes):
    return one_hot(np.insert(labels, np.arange(labels.shape[1]), 0, axis=1), classes)


def ended(labels, classes):
    """As a model that fills up with ends (0) what the loss leaves out."""
    return one_hot(np.where(labels < classes, labels, 0), classes)


# What a model that has learned the labels gives.
PREDICTIONS = {
    "ABINetLabelEncode": ended,
    "AttnLabelEncode": one_hot,
    "CPPDLabelEncode": ended,
    "CTCLabelEncode": between_blanks,
    "NRTRLabelEncode": lambda labels, classes: (labels, np.ones(labels.shape)),
    "PRENLabelEncode": one_hot,
    "ParseQLabelEncode": lambda labels, classes: ended(labels[:, 1:], classes - 2),  # never start and padding
    "RFLLabelEncode": lambda labels, classes: (None, one_hot(labels, classes)),
    "SARLabelEncode": after_start,
    "SATRNLabelEncode": after_start,
    "SEEDLabelEncode": lambda labels, classes: {"rec_pred": one_hot(labels, classes)},
    "SPINLabelEncode": after_start,
    "SRNLabelEncode": lambda labels, classes: {"predict": one_hot(labels, classes).reshape(-1, classes)},
    "ViTSTRLabelEncode": one_hot,
    "VLLabelEncode": lambda labels, classes: [one_hot(labels, classes).transpose(1, 0, 2) * 50],
}
OWN_KEYS = {"SPINLabelEncode": {"lower": False}}  # by default it gives back lower-case texts only


ENCODERS = [name for name in OPERATORS.names() if issubclass(OPERATORS.get(name), TextOperator)]


def decoder_of(encoder):
    return encoder.replace("Encode", "Decode")


def test_every_encoder_with_a_decoder_is_here():
    decoders = POST_PROCESSES.names("rec")
    assert {name for name in ENCODERS if decoder_of(name) in decoders} == PREDICTIONS.keys()


CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\n\r\ufeff")


@st.composite
def vocabularies(draw):
    """Returns the characters of a dictionary, whether the space is one more, and texts of all of these."""
    characters = draw(st.lists(CHARACTERS, min_size=1, max_size=30, unique=True))
    space = draw(st.booleans())
    known = [*characters, " "] if space else characters
    return characters, space, draw(st.lists(st.text(st.sampled_from(known), min_size=1, max_size=LONGEST), min_size=1))


@pytest.mark.parametrize("encoder", sorted(PREDICTIONS))
@settings(max_examples=40, deadline=None, derandomize=True)
@given(vocabulary=vocabularies())
def test_texts_come_back(encoder, vocabulary, tmp_path_factory):
    characters, space, texts = vocabulary
    file = tmp_path_factory.getbasetemp() / "round_trip.txt"
    file.write_bytes("".join(f"{character}\n" for character in characters).encode())
    options = {"character_dict_path": str(file), "use_space_char": space, "max_text_length": SIZE}
    ops = create_operators([{encoder: OWN_KEYS.get(encoder)}], options)
    samples = [run_operators({"label": text}, ops, np.random.default_rng(0)) for text in texts]
    labels = np.stack([sample["label"] for sample in samples])
    decode = build_post_process({"name": decoder_of(encoder)}, options)
    read, labelled = decode(PREDICTIONS[encoder](labels, ops[0].codec.label_classes), label=labels)
    expected = [decode.writing.read(decode.writing.written(text)) for text in texts]
    assert [text for text, _ in labelled] == expected
    assert [text for text, _ in read] == expected
    if decode.writing.text_direction != "rtl":  # where several texts may look the same
        assert expected == texts


RIGHT_TO_LEFT = ["احمد", "1,234.50", "١٢/٣٤", "(12)", "12 دمحا", "سعر: 12", "(عدد)", "[سد] ab", "لا 12-34"]


@pytest.mark.parametrize("encoder", sorted(PREDICTIONS))
@pytest.mark.parametrize("direction", [None, "rtl", "ltr"])
def test_texts_that_are_written_from_right_to_left_come_back(tmp_path, encoder, direction):
    entries = [*sorted(set("".join(RIGHT_TO_LEFT)) - {" "}), "لا"]
    (tmp_path / "dict.txt").write_text("".join(f"{entry}\n" for entry in entries), encoding="utf-8")
    options = {
        "character_dict_path": str(tmp_path / "dict.txt"),
        "use_space_char": True,
        "max_text_length": SIZE,
        "text_direction": direction,
    }
    (op,) = create_operators([{encoder: None}], options)
    samples = [run_operators({"label": text}, [op], np.random.default_rng(0)) for text in RIGHT_TO_LEFT]
    labels = np.stack([sample["label"] for sample in samples])
    decode = build_post_process({"name": decoder_of(encoder)}, options)
    read, labelled = decode(PREDICTIONS[encoder](labels, op.codec.label_classes), label=labels)
    assert [text for text, _ in read] == [text for text, _ in labelled] == RIGHT_TO_LEFT
    first = op.indices({"label": "احمد"})[0] - op.codec.first
    assert entries[first] == ("ا" if direction == "ltr" else "د")  # what stands at the left of the image


def test_both_branches_get_texts_in_one_direction(tmp_path):
    (tmp_path / "dict.txt").write_text("א\nב\nג\nד\n", encoding="utf-8")
    settings = {
        "character_dict_path": str(tmp_path / "dict.txt"),
        "max_text_length": 9,
        "gtc_encode": "NRTRLabelEncode",
    }
    for direction, order in ((None, [2, 1, 0]), ("ltr", [0, 1, 2])):
        (op,) = create_operators([{"MultiLabelEncode": {**settings, "text_direction": direction}}])
        sample = op({"label": "אבג"})
        assert sample["label_ctc"][:3].tolist() == [1 + i for i in order]
        assert sample["label_gtc"][1:4].tolist() == [4 + i for i in order]


@pytest.mark.parametrize("encoder", ENCODERS)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(texts=st.lists(st.text("0aZ \u00e9", max_size=SIZE + 2), min_size=2, max_size=8), limit=st.integers(4, SIZE))
def test_labels_of_all_texts_have_one_shape(encoder, texts, limit):
    """The samples of a batch can be stacked, however close their texts come to the longest one."""
    (op,) = create_operators([{encoder: {"max_text_length": limit}}])
    shapes = set()
    for text in texts:
        try:
            sample = run_operators({"label": text}, [op], np.random.default_rng(0))
        except Dropped:
            continue
        arrays = {key: np.shape(sample[key]) for key in op.writes if key not in ("img_path", "label_order")}
        shapes.add(tuple(sorted(arrays.items())))
    assert len(shapes) <= 1
