import re

import numpy as np
import pytest

from ppocr.drawing.charts import (
    Axis,
    Bin,
    Line,
    bins,
    histogram,
    line_chart,
    log_ticks,
    round_limits,
    round_ticks,
    short_count,
    thinned,
)
from ppocr.drawing.html import Html, bar, foreign, number, shortened, table, tag
from ppocr.drawing.section import Section
from ppocr.report.page import render

HOSTILE = "\"'<script>alert(1)</script>&"


def test_everything_that_is_no_element_is_escaped():
    element = tag("p", HOSTILE, [1, tag("b", "x"), None], class_="a", title=HOSTILE, hidden=True, id=None)
    assert element == (
        '<p class="a" title="&quot;&#x27;&lt;script&gt;alert(1)&lt;/script&gt;&amp;" hidden>'
        "&quot;&#x27;&lt;script&gt;alert(1)&lt;/script&gt;&amp;1<b>x</b></p>"
    )
    assert isinstance(element, Html)


def test_names_of_attributes_and_elements_without_content():
    assert tag("line", stroke_width=2, viewBox="0") == '<line stroke-width="2" viewBox="0"/>'
    assert tag("td") == "<td></td>"


def test_a_foreign_text_is_cut_and_isolated():
    assert foreign("<b>") == "<bdi>&lt;b&gt;</bdi>"
    assert shortened("abcdef", 4) == "abc…" and shortened("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    "value, text",
    [
        (0.98321, "0.9832"),
        (12.345, "12.35"),
        (1520, "1520"),
        (3e-05, "3e-05"),
        (0.0, "0"),
        (60.0, "60"),
        (True, "True"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_have_as_many_digits_as_help(value, text):
    assert number(value) == text


def test_a_table_takes_cells_and_finished_rows():
    made = table(["a"], [["<"], tag("tr", "x")], class_="c", sortable=True)
    assert '<table class="c sortable"><thead><tr><th scope="col">a</th></tr></thead>' in made
    assert "<tbody><tr><td>&lt;</td></tr><tr>x</tr></tbody>" in made


def test_a_bar_is_as_long_as_its_share():
    assert "width:25.0%" in bar(0.25) and "25.0 %" in bar(0.25)


def test_ticks_are_round():
    assert round_ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert round_ticks(3, 47) == [10, 20, 30, 40]
    assert round_ticks(-0.01, 0.02) == [-0.01, 0, 0.01, 0.02]
    assert log_ticks(0.2, 300) == [1, 10, 100]
    assert log_ticks(2, 30) == [2, 5, 10, 20]
    assert log_ticks(1e-3, 1e30) == [10.0**power for power in range(-3, 31, 4)]


@pytest.mark.parametrize(
    "low, high, limits", [(5.68, 8.1, (5, 9)), (0, 58.9, (0, 60)), (-1, 3, (-1, 3)), (2, 2, (2, 2))]
)
def test_the_ends_of_an_axis_are_values_that_it_labels(low, high, limits):
    assert round_limits(low, high) == limits
    if low != high:
        assert (round_ticks(*limits)[0], round_ticks(*limits)[-1]) == limits


def test_an_axis_maps_ends_to_ends():
    linear, logarithmic = Axis(0, 10, 100, 0), Axis(0.1, 1000, 0, 400, logarithmic=True)
    assert [linear(v) for v in (0, 5, 10)] == [100, 50, 0]
    assert [logarithmic(v) for v in (0.1, 1, 1000)] == [0, 100, 400]
    assert Axis(3, 3, 0, 10)(3) == 5 and Axis(0, 0, 0, 10)(0) == 5


def test_counts_of_the_axis():
    assert [short_count(n) for n in (0, 900, 1500, 20000, 2_500_000)] == ["0", "900", "1.5k", "20k", "2.5M"]


def test_thinning_keeps_peaks():
    points = {step: 0.0 for step in range(10_000)}
    points[5_001], points[7_777] = 9.0, -4.0
    kept = thinned(points, 100)
    assert len(kept) <= 100 and (5_001, 9.0) in kept and (7_777, -4.0) in kept
    assert [step for step, _ in kept] == sorted(step for step, _ in kept)


def test_a_curve_ends_at_the_right_edge_and_says_its_last_value():
    chart = line_chart("Loss <x>", [Line("training", {0: 4.0, 100: 2.0}), Line("evaluation", {100: 3.0})], 100)
    assert "Loss &lt;x&gt;" in chart and "<b>2</b>" in chart and "<b>3</b>" in chart
    assert 'points="56.0,12.0 446.0,204.0"' in chart
    assert '<circle cx="446.0" cy="108.0" r="3"><title>step 100: 3</title></circle>' in chart


def test_a_loss_over_decades_gets_a_logarithmic_axis():
    labels = re.findall(r'text-anchor="end">([^<]+)<', line_chart("Loss", [Line("a", {1: 1000.0, 2: 0.1})], 2))
    assert labels == ["0.1", "1", "10", "100", "1000"]


def test_many_curves_can_be_told_apart():
    chart = line_chart("Loss", [Line(f"part {i}", {1: i, 2: i}) for i in range(18)], 2)
    looks = re.findall('<li class="([^"]+)"', chart)
    assert len(set(looks)) == 18 and looks == re.findall('class="curve ([^"]+)"', chart)


def test_few_whole_numbers_have_a_bar_each():
    assert bins([2, 2, 4]) == [Bin(2, 2, 2), Bin(3, 3, 0), Bin(4, 4, 1)]
    assert [str(item) for item in bins([2, 2, 4])] == ["2", "3", "4"]


def test_many_numbers_share_bars_and_none_is_lost():
    values = np.arange(1000) / 7
    made = bins(values)
    assert len(made) == 20 and sum(item.count for item in made) == 1000
    assert made[0].low == values[0] and made[-1].high == values[-1]


def test_a_histogram_says_what_is_typical():
    made = histogram("Width", [10, 20, 20])
    assert "from 10 to 20, median 20" in made and made.count("<rect") == 11


def test_the_page_is_whole_and_loads_nothing():
    page = render("<run>", [Section("one", "One & two", [tag("p", "text")])])
    assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>")
    assert "<title>&lt;run&gt;</title>" in page and '<a href="#one">One &amp; two</a>' in page
    assert "default-src &#x27;none&#x27;" in page and "$" not in page.replace("${", "")
    assert not re.search(r"(src|href)=\"(?!#|data:)", page) and "@import" not in page and "url(" not in page
