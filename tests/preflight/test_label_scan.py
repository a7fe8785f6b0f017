"""Label files read in parts: line numbers, limits and rules."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_tokenizer import tokenizer_file

from ppocr.data.imaug import create_operators
from ppocr.data.imaug.rec_label import BaseRecLabelEncode
from ppocr.formats.labels import (
    ALL_UNKNOWN,
    FEW_POINTS,
    LOOKS_OTHERWISE,
    NO_BOXES,
    NO_CLASS,
    NO_LABEL,
    NO_TEXT,
    TOO_LONG,
    BoxLabels,
    ClassLabels,
    Fault,
    Labels,
    SubwordLabels,
    SymbolLabels,
    Tally,
    TextLabels,
)
from ppocr.formats.lines import meant_delimiter
from ppocr.preflight import label_scan
from ppocr.preflight.label_lines import DELIMITER, Job, LineRule, path_hash, read_job
from ppocr.registry import OPERATORS
from ppocr.text.direction import Writing
from ppocr.text.subword import BpeCodec

TEXT = LineRule(TextLabels(frozenset("abcd"), longest=4, ctc=True))


def formulas(longest=9):
    return SubwordLabels(BpeCodec(tokenizer_file()), longest)


def context(limit=None, processes=1):
    return SimpleNamespace(label_limit=limit, processes=processes, progress=False)


def write(folder, text):
    path = folder / "label.txt"
    path.write_bytes(text)
    return str(path)


@pytest.mark.parametrize("chunk", [1, 7, 16, 1 << 20])
@pytest.mark.parametrize("processes", [1, 2])
def test_parts_of_any_size_give_the_same(tmp_path, monkeypatch, chunk, processes):
    monkeypatch.setattr(label_scan, "CHUNK", chunk)
    path = write(tmp_path, b"\xef\xbb\xbfx0\tab\n\n\r\nx1 ab\nx2\taXb\r\nx3\tabcda\nx4\taabb\nx5\tX")
    (scan,) = label_scan.scan_files([path], "/data", TEXT, context(processes=processes))
    seen = scan.seen
    assert seen.numbers.tolist() == [1, 4, 5, 6, 7, 8] and seen.lines == 8
    assert seen.faults == {
        DELIMITER: Tally(1, 4, rf"'\t' in 'x1 ab'{meant_delimiter('x1 ab')}"),
        TOO_LONG: Tally(1, 6, "5 characters, at most 4: 'abcda'"),
        ALL_UNKNOWN: Tally(1, 8, "'X'"),
    }
    assert seen.unusable == 3
    assert seen.unknown == {"X": Tally(2, 5)}
    assert seen.steps == {2: Tally(2, 1), 6: Tally(1, 7)}
    names = [b"x0", None, b"x2", b"x3", b"x4", b"x5"]
    assert seen.hashes.tolist() == [path_hash(b"/data/", name.decode()) if name else 0 for name in names]


def test_only_the_first_lines(tmp_path):
    path = write(tmp_path, b"x\tab\n" * 5 + b"bad\n")
    assert label_scan.parts_of(path, 3) == [(0, 15)]
    (scan,) = label_scan.scan_files([path], "/data", TEXT, context(limit=3))
    assert scan.seen.lines == 3 and scan.seen.faults == {}


def test_several_files_keep_their_own_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(label_scan, "CHUNK", 4)
    first = write(tmp_path, b"x\tab\ny\tab\n")
    second = tmp_path / "second.txt"
    second.write_bytes(b"z\tab\n./x\tab\n")
    scans = label_scan.scan_files([first, str(second)], "/data", TEXT, context())
    assert [scan.path for scan in scans] == [first, str(second)]
    assert scans[1].seen.numbers.tolist() == [1, 2]
    assert scans[0].seen.hashes[0] == scans[1].seen.hashes[1] != scans[1].seen.hashes[0]
    assert scans[0].seen.hashes.dtype == np.uint64


@pytest.mark.parametrize(
    "labels, label, faults, unusable",
    [
        (Labels(), "anything", {}, 0),
        (Labels(), "", {NO_LABEL}, 1),
        (ClassLabels(classes=frozenset({"0"})), "0", {}, 0),
        (ClassLabels(classes=frozenset({"0"})), "1", {NO_CLASS}, 1),
        (TextLabels(characters=frozenset("ab"), lower=True), "AB", {}, 0),
        (TextLabels(characters=frozenset("ab")), "AB", {ALL_UNKNOWN}, 1),
        (SymbolLabels(frozenset({"\\frac", "x"}), lower=True), "\\frac  X", {}, 0),
        (SymbolLabels(frozenset({"x"})), " ", {NO_TEXT}, 0),
        (SymbolLabels(frozenset({"x"})), "xx y", {ALL_UNKNOWN}, 1),
        (formulas(longest=4), "a^", {}, 0),
        (formulas(longest=3), "a^", {TOO_LONG}, 1),
        (formulas(), "", {NO_TEXT}, 0),
        (formulas(), "!", {ALL_UNKNOWN}, 1),
        (BoxLabels(), '[{"transcription": "a", "points": [[0, 0], [2, 0], [2, 2]]}]', {FEW_POINTS}, 0),
        (BoxLabels(), '[{"transcription": "a", "points": 5}]', {NO_BOXES}, 1),
        (BoxLabels(), '[{"transcription": "a", "points": [["a", 0]]}]', {NO_BOXES}, 1),
        (BoxLabels(ignored=frozenset("*")), '[{"transcription": "*", "points": [[0, 0]]}]', {}, 0),
        (BoxLabels(), "3", {NO_BOXES}, 1),
    ],
)
def test_rules(tmp_path, labels, label, faults, unusable):
    path = write(tmp_path, f"x.png\t{label}\n".encode())
    seen = read_job(Job(path, 0, len(f"x.png\t{label}\n".encode()), "/data", LineRule(labels)))
    assert set(seen.faults) == set(faults) and seen.unusable == unusable


@pytest.mark.parametrize("processes", [1, 2])
def test_characters_that_a_tokenizer_cannot_write_are_counted(tmp_path, monkeypatch, processes):
    monkeypatch.setattr(label_scan, "CHUNK", 1)  # a part of its own for each line
    path = write(tmp_path, b"x.png\ta!?b\ny.png\t\\frac{a}!!\n")
    (scan,) = label_scan.scan_files([path], "/", LineRule(formulas(99)), context(processes=processes))
    assert scan.seen.unknown == {"!": Tally(3, 1), "?": Tally(1, 1)} and scan.seen.unusable == 0


def test_another_delimiter_and_what_stands_behind_the_label(tmp_path):
    path = write(tmp_path, b"x.png|ab\t90\t30\n")
    (scan,) = label_scan.scan_files([path], "/", LineRule(TextLabels(frozenset("ab")), "|"), context())
    assert scan.seen.faults == {} and scan.seen.unknown == {}


LONGEST = {
    "CTCLabelEncode": 8,
    "AttnLabelEncode": 6,
    "RFLLabelEncode": 6,
    "NRTRLabelEncode": 6,
    "SARLabelEncode": 6,
    "SATRNLabelEncode": None,
    "SRNLabelEncode": 8,
    "SEEDLabelEncode": 7,
    "ViTSTRLabelEncode": 7,
    "ABINetLabelEncode": 7,
    "CPPDLabelEncode": 7,
    "ParseQLabelEncode": 5,
    "SPINLabelEncode": 8,
    "PRENLabelEncode": 7,
    "VLLabelEncode": 8,
    "MultiLabelEncode": 6,
}


def test_the_longest_text_of_every_encoder_is_known():
    kinds = {name: OPERATORS.get(name) for name in OPERATORS.names()}
    encoders = {name for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, BaseRecLabelEncode)}
    assert encoders == LONGEST.keys()


@pytest.mark.parametrize("name, longest", LONGEST.items())
def test_the_longest_text_is_that_of_the_encoder(tmp_path, name, longest):
    (encoder,) = create_operators([{name: None}], {"max_text_length": 8})
    assert encoder.longest == longest
    (tmp_path / "dict.txt").write_text("ปั\nก\n", encoding="utf-8")  # an entry of several characters counts as one
    settings = {"max_text_length": 8, "character_dict_path": str(tmp_path / "dict.txt")}
    (encoder,) = create_operators([{name: None}], settings)
    assert encoder.longest == longest


def test_texts_are_counted_by_entries_of_the_dictionary(tmp_path):
    rule = LineRule(
        TextLabels(characters=frozenset(["ก", "ปั", ""]), writing=Writing(["ก", "ปั", ""]), longest=3, ctc=True)
    )
    path = write(tmp_path, "x\tกปัป\ny\tปัปัก\nz\tปัปัปัปั\n".encode())
    (scan,) = label_scan.scan_files([path], "/", rule, context(processes=2))
    assert scan.seen.unknown == {"ป": Tally(1, 1)}
    assert scan.seen.steps == {2: Tally(1, 1), 4: Tally(1, 2)}
    assert scan.seen.faults == {TOO_LONG: Tally(1, 3, "4 characters, at most 3: 'ปัปัปัปั'")}


def test_formulas_are_counted_by_symbols(tmp_path):
    path = write(tmp_path, b"a\tx \\frac x\nb\txx \\frac xx\n")
    (scan,) = label_scan.scan_files([path], "/", LineRule(SymbolLabels(frozenset({"x", "\\frac"}))), context())
    assert scan.seen.unknown == {"xx": Tally(2, 2)} and scan.seen.unusable == 0
    assert SymbolLabels.size_of("x \\frac  x") == 3


def test_texts_that_look_like_others_are_named(tmp_path):
    rule = LineRule(TextLabels(characters=frozenset("אבגד 12kg"), writing=Writing("אבגד 12kg")))
    path = write(tmp_path, "x\tאב 12\ny\tאב 12 kg\nz\tאב kg 12\n".encode())
    (scan,) = label_scan.scan_files([path], "/", rule, context())
    assert scan.seen.faults == {LOOKS_OTHERWISE: Tally(1, 2, "'אב 12 kg' like 'אב kg 12'")} and scan.seen.unusable == 0


@dataclass(frozen=True)
class Sums(Labels):
    """Labels of somebody's own, with faults of their own."""

    def check(self, label, number, seen):
        """Tells of labels below zero, and of those that are no number."""
        if not label.lstrip("-").isdigit():
            return Fault("the label is no sum"), repr(label)
        return (Fault("the sum is negative", unusable=False), label) if label[0] == "-" else None


def test_labels_of_ones_own_have_faults_of_their_own(make_site, serious, monkeypatch):
    monkeypatch.setattr(OPERATORS.get("ClsLabelEncode"), "labels", lambda self: Sums())
    site = make_site("cls")
    site.write("train.txt", "train0.png\t0\ntrain1.png\t-1\ntrain2.png\t-2\ntrain3.png\t7\n")
    site.write("eval.txt", "eval0.png\t180\neval1.png\tabout 3\n")
    found = [(f.what, f.file, f.line) for f in serious(site.check()) if f.check == "label lines"]
    assert found == [
        ("the sum is negative (-1); the same of 1 further lines", site.path("train.txt"), 2),
        ("the label is no sum ('about 3')", site.path("eval.txt"), 2),
    ]
