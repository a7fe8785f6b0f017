"""The whole page, for tiny models that were never trained."""

import base64
import sys
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from ppocr.commands import report, run
from ppocr.data.datasets.base import SampleKey
from ppocr.formats.labels import TextLabels
from ppocr.metrics import build_metric
from ppocr.metrics.detection_iou import Pairs, pair_detections
from ppocr.report.page import render
from ppocr.report.samples import Evaluated
from ppocr.report.thumbnails import Thumbnails
from ppocr.tasks import task_of
from ppocr.tasks.compared import PageSample, read_pages
from ppocr.tasks.rec import Recognition
from ppocr.tasks.sections.pages import outlines, page_sections
from ppocr.utils.save_load import save_model


def written(folder, *words):
    """The page about a run, as the command writes it."""
    return report.main(["--run", str(folder), *words]).read_text(encoding="utf-8")


def titles(page):
    return [part.split("</h2>")[0] for part in page.split("<h2>")[1:]]


def test_a_recogniser(make_run):
    page = written(make_run("rec"))
    assert titles(page) == [
        "Overview",
        "Curves",
        "Worst samples",
        "Confused characters",
        "Accuracy by character",
        "Accuracy by length",
        "Errors by score",
        "Data",
        "Configuration",
    ]
    assert "<title>Run a &lt;run&gt;</title>" in page and "What is missing" not in page
    assert page.count("data:image/jpeg;base64,") == 6 and page.count('<li id="sample-') == 6
    assert "best acc</span><b>0.75</b><small>at step 40" in page and "last acc</span><b>0.5</b>" in page
    assert "6 of 6 samples are wrong," in page
    assert (
        "Made from first.yml." in page and "Eval.dataset.length" in page and "tools/train.py -c &lt;b&gt;.yml" in page
    )
    assert "2 unreadable image (x.png)" in page


def test_weights_of_another_dictionary_are_refused_and_wider_lines_are_said(make_run, tmp_path, monkeypatch, capsys):
    folder = make_run("rec")
    save_model(folder / "best_accuracy", {".train_state": {"run": {"vocabulary": ["blank", *"abc"]}}})
    monkeypatch.setattr(sys, "argv", ["report", "--run", str(folder)])
    assert run(report.main) == 2
    assert (
        "best_accuracy: was trained with another dictionary (4 entries, now 37; symbol 1 was" in capsys.readouterr().err
    )
    (folder / "best_accuracy.train_state").unlink()
    (tmp_path / "dict.txt").write_text("\n".join("0123456789abcdefghijklmnopqrstuvwxyz"))
    options = [f"Global.character_dict_path={tmp_path}/dict.txt", "Eval.dataset.transforms.1.RecResizeImg.image_shape="]
    page = written(folder, "-o", options[0], options[1] + "[3,32,32]")
    assert "6 of 6 images are wider than image_shape; in use they are read wider than in this evaluation" in page


def test_of_several_networks_that_is_shown_by_which_the_best_is_chosen(make_run):
    network = (
        "{freeze_params: false, return_all_feats: true, model_type: rec, algorithm: Rosetta, Transform: , Backbone: "
    )
    network += "{name: VGG, channels: [4, 4, 4, 4, 8]}, Neck: {name: SequenceEncoder, encoder_type: reshape}, "
    network += "Head: {name: CTCHead}}"
    models = f"{{Teacher: {network}, Student: {network}}}"
    models = f"{{model_type: rec, name: DistillationModel, algorithm: Distillation, Models: {models}}}"
    decode = "{name: DistillationCTCLabelDecode, model_name: [Teacher, Student], key: head_out}"
    metric = "{name: DistillationMetric, base_metric_name: RecMetric, key: Student, main_indicator: norm_edit_dis}"
    options = [f"Architecture={models}", f"PostProcess={decode}", f"Metric={metric}"]
    page = written(make_run("rec", *options))
    assert titles(page)[2:6] == [
        "Worst samples",
        "Confused characters",
        "Accuracy by character",
        "Accuracy by length",
    ]
    assert "best norm_edit_dis</span><b>0.8</b>" in page and "What is missing" not in page
    assert page.count("data:image/jpeg;base64,") == 6 and "Characters in a label" in page


def test_a_detector(make_run):
    page = written(make_run("det"))
    assert titles(page) == [
        "Overview",
        "Curves",
        "Pages",
        "Precision and recall by page",
        "Precision and recall by size",
        "Precision and recall by score",
        "Data",
        "Configuration",
    ]
    assert page.count('class="page"') == 2 and page.count('<polygon points="') >= 4
    assert 'href="#page-1"' in page and 'id="page-1"' in page and "Boxes on a page" in page


def test_a_classifier(make_run):
    page = written(make_run("cls"), "-o", "Eval.loader.batch_size_per_card=2")
    assert "evaluated with</dt><dd><code>Eval.loader.batch_size_per_card=2</code>" in page
    assert titles(page) == ["Overview", "Curves", "Confusion matrix", "Worst samples", "Errors by score"] + [
        "Data",
        "Configuration",
    ]
    assert "truth \\ found" in page and "edit distance" not in page


class Parsed(HTMLParser):
    """Elements, attributes and texts of a page, as a browser would see them."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.attributes, self.texts = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.texts.append(data)


def test_markup_in_labels_names_and_settings_stays_text(hostile_run, hostile_text):
    page = written(hostile_run)
    parsed = Parsed(page)
    assert parsed.elements.count("script") == 1 and page.count("</script>") == 1
    assert not any(name.startswith("on") for name, _ in parsed.attributes)
    assert all(value.startswith(("data:", "#")) for name, value in parsed.attributes if name in ("src", "href"))
    text = "".join(parsed.texts)
    assert f"truth{hostile_text}" in text and "truth</title>&amp;" in text and "onerror=" in text
    assert text.count("</pre><script>") == 2  # among the differences, and in the whole configuration
    cards = page.split('<div class="image">')[1:]
    card = "".join(Parsed(next(card for card in cards if "amp;amp;" in card)).texts)
    assert "plain.png (labels.txt, line 3)" in card  # although the first of the batch cannot be read
    assert "2 of 2 samples are wrong, as the metric compares them. Not among them: 1 that could not be read" in text
    assert "1 unreadable image (gone<b>.png" in text  # in the evaluation
    assert "1 of these images cannot be read: gone<b>.png" in text  # in the data


def test_a_run_without_weights_or_data_gives_the_rest(make_run):
    folder = make_run("rec")
    (folder / "best_accuracy.pdparams").unlink()
    page = written(folder, "-o", "Train.dataset.fonts=[none.ttf]")
    assert "evaluated with" not in page
    assert titles(page) == ["Overview", "Curves", "Data", "Configuration"]
    assert "There are no weights (best_accuracy or latest)" in page
    assert "The data of Train cannot be shown: " in page and "<h3>Eval</h3>" in page


def test_a_run_whose_evaluation_fails_says_why(make_run):
    page = written(make_run("rec"), "-o", "Eval.dataset.fonts=[none.ttf]")
    assert "No sample can be shown: " in page and "none.ttf" in page and "Worst samples" not in page


@pytest.mark.parametrize("name", ["compare", "report_sections", "watched"])
def test_a_task_that_fails_leaves_the_rest(make_run, monkeypatch, name):
    def fail(self, *args):
        raise KeyError("a mistake")

    monkeypatch.setattr(Recognition, name, fail)
    page = written(make_run("rec"))
    assert titles(page) == ["Overview", "Curves", "Data", "Configuration"]
    missing = page.split("What is missing</h3>")[1].split("</ul>")[0]
    assert "No sample can be shown: task &#x27;rec&#x27; (Recognition) fails on" in missing and "a mistake" in missing
    assert ("acc now" in page) == (name != "watched")


def test_data_that_a_class_of_the_run_cannot_measure_is_left_out(make_run, monkeypatch):
    monkeypatch.setattr(TextLabels, "size_of", staticmethod(lambda label: label["no mapping"]))
    page = written(make_run("rec"))
    assert "Data" not in titles(page) and "Worst samples" in titles(page)
    assert "The data cannot be shown: TypeError: string indices" in page


def test_a_run_with_nothing_but_its_metrics(tmp_path, write_log):
    write_log(tmp_path)
    page = written(tmp_path)
    assert titles(page) == ["Overview", "Curves"]
    assert "config.yml is missing" in page and "best acc</span><b>0.75</b>" in page


def test_classes_of_ones_own_that_are_not_there_are_said_once(make_run):
    page = written(make_run("rec", "Global.imports=[parts_that_are_gone]"))
    assert page.count("Classes of your own are not known here") == page.count("there is no module") == 1
    assert "Worst samples" not in titles(page) and "Curves" in titles(page)


def test_a_run_without_its_base_is_compared_with_defaults(make_run):
    folder = make_run("rec")
    (folder / "base.yml").unlink()
    (folder / "metrics.jsonl").unlink()
    page = written(folder)
    assert "There is no base.yml" in page and "<code>Global.seed</code></td><td><code>1024</code>" in page
    assert "there are no curves" in page and "Curves" not in titles(page)


@pytest.mark.parametrize(
    "words, message",
    [
        (["--run", "/nowhere/x"], "/nowhere/x: no such folder"),
        (["--run", "{run}", "-o", "Global"], "must have the form key=value"),
        (["--run", "{run}", "--out", "/proc/x/page.html"], "cannot be written"),
    ],
)
def test_what_the_user_can_mend_is_one_line(tmp_path, write_log, monkeypatch, capsys, words, message):
    write_log(tmp_path)
    (tmp_path / "config.yml").write_text("Global: {}\n")
    monkeypatch.setattr(sys, "argv", ["report", *(word.replace("{run}", str(tmp_path)) for word in words)])
    assert run(report.main) == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error and len(error.strip().splitlines()) == 1


class Noise:
    """A data set of noise, which does not compress."""

    seed = 0

    def __init__(self, height=60, width=80):
        self.shape = (height, width, 3)

    def load(self, index, key, rng):
        return {"image": np.random.default_rng(index).integers(0, 255, self.shape, dtype=np.uint8)}

    def describe(self, index):
        return f"page {index}"


def test_images_end_where_the_room_ends():
    thumbnails = Thumbnails(Noise(), room=30_000)
    made = [thumbnails.element(SampleKey(0, index), (80, 60)) for index in range(10)]
    assert 0 < sum("<img" in element for element in made) < 10
    assert sum(map(len, made)) < 31_500 and "no image" in made[-1]
    assert "no image" in thumbnails.element(None, (80, 60))


def test_an_image_is_made_to_fit_and_not_enlarged():
    thumbnails = Thumbnails(Noise())
    image = Noise().load(0, None, None)["image"]
    for size, expected in (((40, 100), (30, 40)), ((400, 400), (60, 80))):
        encoded = base64.b64decode(thumbnails.address(image, size).partition(",")[2])
        assert cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR).shape[:2] == expected


def square(x, size=10):
    return [[x, 0], [x + size, 0], [x + size, size], [x, size]]


def test_boxes_are_kept_in_one_array_and_polygons_as_they_are():
    boxes, polygons = [square(0), square(20)], [square(1), square(22)[:3]]
    found = [{"points": polygons}, {"points": np.zeros((0, 4, 2))}]
    batch = [None, None, [np.array(boxes), []], [np.array([False, False]), []]]
    first, empty = read_pages(found, build_metric({"name": "DetMetric"}).truth(batch), [0, 1])
    assert first.truths.shape == (2, 4, 2) and first.truths.dtype == np.float32
    assert [len(polygon) for polygon in first.detections] == [4, 3] and len(outlines(first)) == 4
    assert len(empty.truths) == len(empty.detections) == 0 and outlines(empty) == []


def test_a_page_counts_as_the_metric_does():
    truths, ignored = [square(0), square(20), square(40)], [False, False, True]
    detections = [square(1), square(41), square(80)]
    page = PageSample(None, truths, detections, pair_detections(truths, ignored, detections))
    assert page.pairs.matches == [(0, 0)]
    assert (page.hits, page.misses, page.false_alarms) == (1, 1, 1)
    assert (page.precision, page.recall, page.hmean) == (0.5, 0.5, 0.5)
    kinds = [element.split('class="box ')[1].split('"')[0] for element in outlines(page)]
    assert kinds == ["ignored", "ignored", "truth", "hit", "false", "missed"]


def test_an_empty_page_is_right():
    page = PageSample(None, [], [], pair_detections([], [], []))
    assert (page.precision, page.recall, page.hmean, outlines(page)) == (1.0, 1.0, 1.0, [])


@pytest.mark.parametrize("boxes", [2, 1500])
def test_pages_of_noise_and_of_many_boxes_stay_in_bounds(boxes):
    truths = [square(x / 7, 5) for x in range(boxes)]
    pairs = Pairs([], np.ones(boxes, bool), np.zeros(0, bool))
    pages = [PageSample(SampleKey(0, index), truths, [], pairs) for index in range(45)]
    evaluated = Evaluated(task_of("det"), "best", {}, None, samples=pages)
    sections = page_sections(evaluated, Thumbnails(Noise(1100, 1100)))
    page = render("a", sections)
    assert 9 << 20 < len(page) < 12 << 20
    assert 0 < page.count("<image ") < 40 and page.count('<a href="#page-') == page.count("<image ")
    assert len(sections[1].body[1].split("<tr>")) == 2 + 45
