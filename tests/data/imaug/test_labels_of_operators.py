"""What operators say of the labels that they learn from."""

from dataclasses import dataclass

from ppocr.data.imaug import create_operators
from ppocr.data.imaug.rec_label import BaseRecLabelEncode
from ppocr.formats.labels import BoxLabels, ClassLabels
from ppocr.text.codecs import CtcCodec


def labels_of(operator):
    (built,) = create_operators([operator], {"max_text_length": 8})
    return built.labels()


def test_operators_that_read_no_label_say_nothing():
    assert labels_of({"DecodeImage": None}) is None


def test_labels_of_detectors():
    labels = labels_of({"DetLabelEncode": {"keep_empty": False}})
    assert labels == BoxLabels(frozenset({"*", "###"}), False, False)
    flat = labels_of({"CTLabelEncode": None})
    assert flat.flat and flat.keep_empty and "###" in flat.ignored


def test_labels_of_recognisers_fit_the_encoder_with_the_least_room():
    one, both = labels_of({"CTCLabelEncode": None}), labels_of({"MultiLabelEncode": None})
    assert one.longest == 8 and one.ctc and one.lower and {"a", "7"} < one.characters
    assert both.longest == 6 and both.ctc
    assert not labels_of({"NRTRLabelEncode": None}).ctc


def test_an_encoder_of_ones_own_is_of_ctc_if_its_codec_is():
    @dataclass(eq=False, repr=False)
    class Own(BaseRecLabelEncode):
        family = CtcCodec

    own, facts = Own(max_text_length=8), {}
    assert own.labels().ctc
    own({"label": "aab", "facts": facts, "notes": []})
    assert facts["steps"] == 4  # a blank has to stand between the equal ones


def test_labels_of_classifiers():
    assert labels_of({"ClsLabelEncode": {"label_list": ["0", "180"]}}) == ClassLabels(frozenset({"0", "180"}))
