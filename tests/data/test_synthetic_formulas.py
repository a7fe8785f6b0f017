"""Drawn formulas."""

import re
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr.data.datasets.base import SampleKey
from ppocr.data.datasets.synthetic_formula import SyntheticFormulaDataSet
from ppocr.data.formulas import MINUS, Arithmetic, Box, Fraction, Pen, Power, Row, Symbols
from ppocr.data.rendering import FontSet
from ppocr.errors import ConfigError
from ppocr.registry import DATASETS
from ppocr.text.latex import normalise_latex
from ppocr.text.subword import BpeCodec

KEEP = [{"KeepKeys": {"keep_keys": ["image", "label"]}}]
TOKENIZER = Path(__file__).resolve().parents[2] / "configs/quickstart/formula_tokenizer.json"
FORMULA = Row(
    (Fraction(Power(Symbols("23"), Symbols("4")), Symbols("5")), Symbols("\N{MULTIPLICATION SIGN}"), Symbols("67"))
)


@pytest.fixture(scope="module")
def pen():
    return Pen(FontSet(Arithmetic.characters, ["DejaVuSans.ttf"]), 0)


@pytest.fixture(scope="module")
def formulas():
    return SyntheticFormulaDataSet(200, KEEP, training=True, base_seed=1)


def solid(height, width, above):
    return Box(np.full((height, width), 255, np.uint8), above)


def test_a_formula_in_latex():
    assert FORMULA.latex == r"\frac{23^{4}}{5}\times67"


def test_an_exponent_is_small_and_begins_at_half_of_its_base(pen):
    ink, above = pen.raised(solid(20, 10, 20), solid(20, 20, 20))
    assert above == 10 + 13 and ink.shape == (23, 10 + 1 + 13)  # 0.65 of 20 are 13
    rows, columns = np.nonzero(ink[:, 11:])
    assert (rows.min(), rows.max()) == (0, 12) and (ink[3:, :10] == 255).all() and not ink[:3, :10].any()


def test_the_bar_of_a_fraction_lies_where_a_minus_does(pen):
    minus = pen.symbols(MINUS)
    ink, above = pen.stacked(solid(10, 30, 10), solid(12, 8, 12))
    thick = minus.ink.shape[0]
    assert ink.shape == (10 + 12 + 12 + thick, 38)
    assert (ink[16 : 16 + thick] == 255).all()  # ten rows and a gap of six
    assert above - 16 == minus.above  # rows from the bar to the baseline
    assert (ink[:10, 4:34] == 255).all() and not ink[:10, :4].any() and (ink[-12:, 15:23] == 255).all()


def test_parts_of_a_row_share_the_baseline(pen):
    ink, above = pen.row([solid(10, 5, 10), solid(4, 7, 1)])
    assert above == 10 and ink.shape == (13, 18)
    assert (ink[:10, :5] == 255).all() and (ink[9:, 11:] == 255).all()
    assert int((ink > 0).sum()) == 50 + 28


def test_every_part_is_drawn(pen):
    ink, _ = FORMULA.drawn(pen)
    count, *_ = cv2.connectedComponents((ink > 128).view(np.uint8))
    assert count - 1 == 8  # five digits above and beside, one below, bar and sign


def test_labels_are_the_formulas_that_were_asked_for(formulas):
    labels = [formulas.label_of(i) for i in range(200)]
    term = r"(\d{1,2}(\^\{\d\})?|\\frac(\{\d{1,2}(\^\{\d\})?\}){2})"
    assert all(re.fullmatch(rf"{term}((\+|-|\\times){term}){{0,2}}", label) for label in labels)
    terms = Counter(len(re.findall(r"\+|-|\\times", label)) + 1 for label in labels)
    assert set(terms) == {1, 2, 3} and min(terms.values()) > 40
    assert sum("frac" in label for label in labels) > 60 and sum("^" in label for label in labels) > 60
    assert all(normalise_latex(label) == label for label in labels)


def test_images_are_dark_on_light_and_fit_the_formula(formulas):
    for i in range(40):
        image, label = formulas[i]
        assert image.dtype == np.uint8 and image.ndim == 3 and label == formulas.label_of(i)
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(float)
        assert np.median(grey) > 150 and grey.min() < np.median(grey) - 60
        assert image.shape[0] >= 20 and image.shape[1] >= 20


def test_a_long_formula_is_drawn_smaller():
    long = SyntheticFormulaDataSet(2, KEEP, training=True, terms=[20, 20], font_size=[128, 128])
    assert all(long[i][0].shape[1] <= 1536 for i in range(2))


def test_a_key_determines_the_formula(formulas):
    again = SyntheticFormulaDataSet(200, KEEP, training=True, base_seed=1)
    for key in (SampleKey(0, 0), SampleKey(4, 7)):
        assert np.array_equal(formulas[key][0], again[key][0]) and formulas[key][1] == again[key][1]
        assert formulas[key][1] != formulas[key._replace(epoch=9)][1]
    assert formulas.label_of(7, 4) == formulas[SampleKey(4, 7)][1]


def test_training_and_evaluation_share_no_formula():
    kinds = [
        SyntheticFormulaDataSet(400, KEEP, training=training, terms=[1, 1], largest=9) for training in (True, False)
    ]
    train, evaluation = ({kind.label_of(i) for i in range(400)} for kind in kinds)
    assert len(train) > 100 and len(evaluation) > 10 and not train & evaluation


def test_what_cannot_be_drawn_is_refused(monkeypatch):
    with pytest.raises(ConfigError, match="'terms' must be a list of 2 in rising order"):
        DATASETS.build({"name": "SyntheticFormulaDataSet", "length": 3, "transforms": KEEP, "terms": [3, 1]})
    monkeypatch.setattr(Arithmetic, "draw", lambda self, rng: Symbols("1"))
    kinds = [SyntheticFormulaDataSet(1, KEEP, training=training) for training in (True, False)]
    with pytest.raises(ConfigError, match="'terms' and 'largest' give too few formulas"):
        [kind.label_of(0) for kind in kinds]


def test_the_tokenizer_of_the_quickstart_has_an_entry_for_each_symbol(formulas):
    codec = BpeCodec(str(TOKENIZER))
    assert codec.characters[:4] == ["<s>", "<pad>", "</s>", "<unk>"]
    found = set()
    for i in range(200):
        classes = codec.encode(formulas.label_of(i)).classes
        assert codec.decode([codec.marked(classes)]) == [formulas.label_of(i)]
        found.update(classes)
    assert found == set(range(4, codec.num_classes))
