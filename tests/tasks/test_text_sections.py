import base64
from collections import Counter

import cv2
import numpy as np
import pytest

from ppocr.drawing.leads import Leads
from ppocr.drawing.page_text import DrawnTexts, may_lack
from ppocr.metrics import build_metric
from ppocr.tasks.compared import TextSample, read_texts
from ppocr.tasks.sections.text_errors import NOTHING, Edit, Share, by_length, count_characters, edits, most_confused
from ppocr.tasks.sections.texts import _class_errors, _show_text, _text_errors, heat_table, visible, worst_first


@pytest.mark.parametrize(
    "truth, prediction, expected",
    [
        ("", "", []),
        ("abc", "abc", [("same", "abc", "abc")]),
        ("abc", "axc", [("same", "a", "a"), ("replaced", "b", "x"), ("same", "c", "c")]),
        ("abc", "ac", [("same", "a", "a"), ("missed", "b", ""), ("same", "c", "c")]),
        ("ac", "abc", [("same", "a", "a"), ("added", "", "b"), ("same", "c", "c")]),
        ("", "ab", [("added", "", "ab")]),
        ("ab", "", [("missed", "ab", "")]),
        ("京A1", "苏A1", [("replaced", "京", "苏"), ("same", "A1", "A1")]),
    ],
)
def test_edits_lead_from_the_truth_to_the_reading(truth, prediction, expected):
    assert edits(truth, prediction) == [Edit(*edit) for edit in expected]


TEXTS = DrawnTexts(lambda length: True)


def test_characters_are_counted_as_right_confused_missed_and_added():
    counts = count_characters([("o0o", "000"), ("ab", "a"), ("a", "ax"), ("", "")])
    assert counts.seen == {"o": 2, "0": 1, "a": 2, "b": 1}
    assert counts.right == {"0": 1, "a": 2}
    assert counts.confused == {("o", "0"): 2, ("b", ""): 1, ("", "x"): 1}


def test_accuracy_by_length_of_the_truth():
    pairs = [("a", "a"), ("a", "b"), ("abc", "abc"), ("", "x")]
    assert by_length(pairs) == [Share("0", 0, 1), Share("1", 1, 2), Share("3", 1, 1)]
    assert by_length(pairs)[1].accuracy == 0.5


def test_many_lengths_are_taken_together():
    pairs = [("a" * n, "a" * n if n % 2 else "") for n in range(1, 11)]
    assert by_length(pairs, most=4) == [
        Share("0 to 2", 1, 2),
        Share("3 to 5", 2, 3),
        Share("6 to 8", 1, 3),
        Share("9 to 11", 1, 2),
    ]


def test_the_most_confused_come_first_and_readings_belong_to_the_truths_kept():
    confused = Counter({("o", "0"): 5, ("l", "1"): 3, ("l", "i"): 4, ("q", "g"): 1})
    assert most_confused(confused, rows=2, columns=9) == (["l", "o"], ["0", "i", "1"])
    assert most_confused(confused, rows=1, columns=1) == (["l"], ["i"])


def test_wrong_and_sure_is_worst_and_right_but_unsure_comes_before_right():
    far, near = TextSample(0, "abcd", "wxyz", 0.2, 1.0), TextSample(1, "abcd", "abcx", 0.9, 0.25)
    unsure = TextSample(2, "abcd", "abcx", 0.5, 0.25)
    doubtful, sure = TextSample(3, "a", "a", 0.4, 0.0), TextSample(4, "a", "a", 0.99, 0.0)
    assert worst_first([sure, doubtful, unsure, near, far]) == [far, near, unsure, doubtful, sure]


def test_texts_in_rare_scripts_have_a_drawing_in_reserve():
    assert may_lack("aé京Ж号京…") == "京号" and may_lack("ab α→") == ""
    room = []
    texts = DrawnTexts(lambda length: room.append(length) or len(room) < 2)
    assert texts.element("ab") == "<bdi>ab</bdi>" and not room
    drawn = texts.element("שלום<")
    assert drawn.startswith(
        '<span class="glyphs" data-needs="שלום"><bdi>שלום&lt;</bdi><img src="data:image/png;base64,'
    )
    encoded = base64.b64decode(drawn.split("base64,")[1].split('"')[0])
    assert cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)[..., -1].max() > 200
    assert texts.element("שלום") == "<bdi>שלום</bdi>" and len(room) == 2  # there is no room left


def test_a_gap_is_as_wide_as_what_is_missing():
    assert "--n:2;--w:2" in _show_text(TextSample(0, "a京号b", "", None, 1.0), TEXTS)[0][1]


def test_blanks_and_control_characters_can_be_seen():
    assert [visible(c) for c in ("a", " ", "", "\u200b", "中")] == ["a", "␣", "nothing", "U+200B", "中"]


def test_the_hottest_cell_is_the_most_frequent_error():
    counts = Counter({("0", "0"): 90, ("0", "1"): 16, ("1", "0"): 4})
    table = heat_table(counts, ["0", "1"], ["0", "1"], Leads([], None), TEXTS, corner="", diagonal=True)
    assert '<td class="right">90</td>' in table
    assert '<td class="heat" style="--heat:1.00">16</td>' in table and '--heat:0.50">4</td>' in table
    assert "--heat:1.00" in heat_table(counts, ["0"], ["0"], Leads([], None), TEXTS, corner="")


def reading(truth, prediction):
    return TextSample(0, truth, prediction, 0.5, float(truth != prediction))


def test_a_number_leads_to_its_samples():
    samples = [reading("ab", "xb"), reading("aa", "xx"), reading("ba", "b"), reading("c", "c")]
    leads = Leads(samples, _text_errors)
    assert leads.listed == [0, 1, 2, 3]
    assert [leads.attributes(i)["id"] for i in (0, 3)] == ["sample-0", "sample-3"]
    names = [set((leads.attributes(i)["data_errors"] or "").split()) for i in range(4)]
    assert (
        names[0] == names[1] and len(names[0] & names[2]) == 1 and names[3] == set()
    )  # an "a" that is not read as one
    read_as_x = leads.link(("a", "x"), 3)
    assert 'href="#sample-0"' in read_as_x and read_as_x.split('data-error="')[1].split('"')[0] in names[0] - names[2]
    assert 'href="#sample-2"' in leads.link(("a", NOTHING), 1) and leads.link(("c", "x"), 5) == 5


def test_rare_errors_among_many_samples_are_listed_for_the_tables():
    """The worst hundred are all alike; three samples of each other error are listed besides, 200 at most."""
    alike, rare = [reading("a", "b")] * 500, [reading("c", chr(1000 + i // 5)) for i in range(400)]
    leads = Leads([*alike, *rare], _class_errors)
    assert len(leads.listed) == 300 - 200 % 3 and leads.listed[:100] == list(range(100))
    assert leads.listed[100:106] == [500, 501, 502, 505, 506, 507]
    assert "sample-500" in leads.link(("c", chr(1000)), 5)


def test_readings_are_those_that_the_metric_counts():
    result = [("ab", 0.5), ("", 0.5), ("x", 0.5)], [("ab#", 1.0), ("-", 1.0), ("x", 1.0)]
    for options, truths in (({}, ["ab#", "-", "x"]), ({"is_filter": True}, ["ab", "x"])):
        metric = build_metric({"name": "RecMetric", **options})
        assert [reading.truth for reading in read_texts(result, metric, [1, 2, 3])] == truths
