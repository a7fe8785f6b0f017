"""Order of checks, what is left out and why, and how findings are shown."""

import json

import cv2
import numpy as np
import pytest

from ppocr import preflight
from ppocr.config import Config, Source, load
from ppocr.failures import StageError, describe
from ppocr.findings import CannotRun, line_in
from ppocr.preflight import Check, Finding, box_checks, context


def found(severity, what="x"):
    return lambda context: [Finding(severity, what)]


def refuse(context):
    raise CannotRun("there is nothing to look at")


def fail(context):
    yield Finding("note", "lost")
    raise StageError(("Loss", "name"), "it fails")


def run(*checks):
    config = Config({"Loss": {"name": "A"}}, sources={("Loss",): Source("a.yml", 3)})
    return preflight.run(preflight.Context(config, "a.yml"), checks)


def test_what_needs_a_failed_check_is_left_out_and_said():
    findings = run(
        Check("one", found("error")),
        Check("two", found("error", "never"), ("one",)),
        Check("three", found("error", "never"), ("two",)),
        Check("four", found("warning", "y")),
        Check("five", found("note", "z"), ("four",)),
    )
    assert [(f.severity, f.what, f.check) for f in findings] == [
        ("error", "x", "one"),
        ("warning", "y", "four"),
        ("note", "z", "five"),
        ("note", "not checked: two, three; there are errors in: one", "two, three"),
    ]


def test_a_check_that_cannot_run_says_why():
    assert [str(f) for f in run(Check("one", refuse))] == ["not checked: one; there is nothing to look at"]


def test_a_failure_is_blamed_on_the_nearest_line():
    assert run(Check("one", fail)) == [Finding("error", "it fails", "a.yml", 3, "one")]


def test_the_same_is_told_once():
    assert len(run(Check("one", found("warning")), Check("two", found("warning")))) == 1


FINDINGS = [Finding("note", "n"), Finding("warning", "w", "label.txt", 12), Finding("error", "e", "config.yml")]


def test_table_puts_the_gravest_first():
    assert preflight.table(FINDINGS).split("\n") == [
        "error    config.yml    e",
        "warning  label.txt:12  w",
        "note     -             n",
    ]
    assert preflight.summary(FINDINGS) == "1 error, 1 warning, 1 note"
    assert preflight.summary([]) == "0 errors, 0 warnings, 0 notes"


def test_json():
    rows = json.loads(preflight.to_json(FINDINGS))
    assert rows[1] == {"severity": "warning", "what": "w", "file": "label.txt", "line": 12, "check": None}
    assert rows[2] == {"severity": "note", "what": "n", "file": None, "line": None, "check": None}
    assert preflight.to_json([]) == "[]"


@pytest.mark.parametrize(
    "message, file, line, what",
    [
        ("a/b.yml:7: not YAML", "a/b.yml", 7, "not YAML"),
        ("b.yml: no such file", "config.yml", 0, "b.yml: no such file"),
        ("-o x: must have", "config.yml", 0, "-o x: must have"),
    ],
)
def test_messages_that_name_their_place(message, file, line, what):
    finding = preflight.from_message(message, "config.yml")
    assert (finding.file, finding.line, finding.what) == (file, line, what)


def test_lines_in_messages():
    assert line_in("d.txt: line 5 repeats 'b' of line 2") == 5
    assert line_in("entry 5 repeats") == 0


def test_errors_are_told_in_one_line():
    paddle = (
        "\n\n-----\nC++ Traceback\n0 phi::x\n\nError Message Summary:\n(InvalidArgument) Sizes differ.\n  [Hint: y]\n"
    )
    assert describe(ValueError(paddle)) == "ValueError: (InvalidArgument) Sizes differ."
    assert describe(KeyError("ctc")) == "KeyError: 'ctc'"
    assert describe(MemoryError()) == "MemoryError"


def test_cheap_findings_read_the_first_lines_and_no_image(make_site):
    site = make_site("rec")
    for name in ("train0.png", "eval1.png"):
        site.write(name, b"")
    site.append("train.txt", "".join(f"x{i}.png\tab\n" for i in range(995)) + "no delimiter\n" * 2)
    config = load(site.config)
    assert [(f.severity, f.file, f.line) for f in preflight.cheap_findings(config)] == [
        ("warning", site.path("train.txt"), 1000)
    ]


def test_a_sample_of_the_images(make_site):
    site = make_site("rec")
    for i in range(1, 3):
        site.write(f"train{i}.png", b"")
    findings = site.check(sample=2)
    assert [f.what for f in findings if f.check == "images"] == [
        "2 of 4 lines: only the images of these were looked at"
    ]
    site.write("train3.png", b"")
    assert [f.line for f in site.check(sample=2) if f.check == "images" and f.severity == "warning"] == [4]


def test_images_in_several_processes(make_site):
    site = make_site("rec")
    site.append("train.txt", "".join(f"gone{i}.png\tab\n" for i in range(150)))
    warnings = [f for f in site.check(processes=2) if f.severity == "warning"]
    assert [(f.line, f.what) for f in warnings] == [
        (5, f"the image 'gone0.png' is not there ({site.path('gone0.png')}); so are 149 further ones")
    ]


def test_lines_that_are_not_checked_are_said(make_site):
    site = make_site("rec")
    site.replace(
        f"    name: SimpleDataSet\n    data_dir: {site.folder}\n    label_file_list: [{site.path('eval.txt')}]\n",
        "    name: SyntheticTextDataSet\n    length: 4\n    characters: abcd\n    fonts: [DejaVuSans.ttf]\n",
    )
    head, tail = site.config.read_text(encoding="utf-8").split("Eval:")
    site.write("config.yml", head + "Eval:" + tail.replace("      - DecodeImage: {img_mode: BGR}\n", ""))
    notes = [f.what for f in site.check() if f.what.startswith("not checked")]
    assert notes == ["not checked: labels and images of Eval; SyntheticTextDataSet has no lines of path and label"]


def site_with_database(make_site, labels, count=None):
    """A recogniser that is trained on an LMDB database with these labels (None: there is none)."""
    lmdb = pytest.importorskip("lmdb")
    site = make_site("rec")
    image = cv2.imencode(".png", np.random.default_rng(0).integers(0, 256, (16, 32, 3), np.uint8))[1].tobytes()
    with lmdb.open(site.path("db"), map_size=1 << 22) as environment, environment.begin(write=True) as transaction:
        for number, label in enumerate(labels, start=1):
            transaction.put(f"image-{number:09d}".encode(), image)
            if label is not None:
                transaction.put(f"label-{number:09d}".encode(), label)
        transaction.put(b"num-samples", str(len(labels)).encode())
    site.replace(
        f"SimpleDataSet\n    data_dir: {site.folder}\n    label_file_list: [{site.path('train.txt')}]",
        f"LMDBDataSet\n    data_dir: {site.path('db')}",
    )
    return site


def test_labels_of_databases_are_looked_at(make_site, serious):
    site = site_with_database(make_site, [b"ab", b"abcdabc", None, b"aX", b"\xff", b"cd"])
    findings = site.check()
    assert [(f.line, f.what) for f in serious(findings) if f.file == site.path("db")] == [
        (2, "the label is too long (7 characters, at most 6: 'abcdabc')"),
        (3, "the label is empty"),
        (5, "the line is not UTF-8 (invalid start byte)"),
        (4, "1 character is not in the dictionary and will be left out: 'X' 1 time, first in line 4"),
    ]
    assert "not checked: images of Train, which lie in a database" in [f.what for f in findings]


def test_a_part_of_the_labels_of_a_large_database(make_site, monkeypatch):
    monkeypatch.setattr(context, "STORED_LABELS", 5)
    site = site_with_database(make_site, [b"ab"] * 8 + [b"abcdabc"])
    assert [f.what for f in site.check() if f.file == site.path("db")] == [
        "the label is too long (7 characters, at most 6: 'abcdabc')",
        "5 of 9 labels, spread evenly, were looked at",
    ]


def test_a_database_that_is_cut_off_is_one_error(make_site, serious):
    site = site_with_database(make_site, [b"ab"] * 40)
    with open(site.path("db/data.mdb"), "r+b") as file:
        file.truncate(20000)
    (found,) = preflight.cheap_findings(load(site.config))
    assert found.severity == "error" and "data.mdb has 20000 of" in found.what


def test_a_batch_of_which_no_box_is_learnt_is_warned_of(make_site, serious):
    site = make_site("det")
    line = site.replace("MakeShrinkMap:", "MakeShrinkMap: {min_text_size: 100}")
    (found,) = serious(site.check())
    assert (found.severity, found.line < line) == ("warning", True)
    assert "no box of the first training batch is learnt: of 2 boxes, 2 boxes below min text size" in found.what


def test_a_run_does_not_start_where_no_box_counts(make_site, monkeypatch):
    """One image is opened if its boxes count; if none does, all of the set is looked at."""
    site, opened = make_site("det"), []
    size = box_checks.image_size
    monkeypatch.setattr(box_checks, "image_size", lambda file, decode: opened.append(file) or size(file, decode))
    assert preflight.cheap_findings(load(site.config)) == []
    assert opened == [site.path("train0.png"), site.path("eval0.png")]
    beyond = site.boxes_label([[64, 8], [99, 8], [99, 30], [64, 30]])
    site.write("train.txt", "".join(f"train{i}.png\t{beyond}\n" for i in range(4)))
    (found,) = preflight.cheap_findings(load(site.config))
    assert found.severity == "error" and found.line == site.line_of("train.txt")
    assert "none of 4 boxes counts, so nothing can be learnt: 4 outside of their images" in found.what
    site.append("train.txt", f"eval0.png\t{site.boxes_label()}\n")
    assert "error" not in [finding.severity for finding in preflight.cheap_findings(load(site.config))]
