"""The page in a browser without a screen: laid out, quiet, harmless."""

import json
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest

from ppocr.commands import report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")
WIDTHS, HEIGHT = (1280, 400), 12_000
LARGEST = 15_000_000  # bytes of a page
# Looks into the page from outside: the page itself lets no script run but its own.  The frames are as high as the page,
# so that one image shows all of it.
PROBE = """<!doctype html><style>body {{ margin: 0; display: flex }} iframe {{ border: 0; flex: none }}</style>
{frames}
<script>
onload = () => {{
  const found = [...document.querySelectorAll("iframe")].map((frame) => {{
    const page = frame.contentDocument, samples = page.getElementById("samples-list");
    const overflow = page.documentElement.scrollWidth - frame.clientWidth;
    const seen = {{title: page.title, scripts: page.scripts.length, overflow, left: frame.offsetLeft}};
    const nav = page.querySelector("nav");
    seen.navigation = nav.scrollWidth - nav.clientWidth;
    seen.broken = [...page.images].filter((image) => !image.complete || !image.naturalWidth).length;
    {actions}
    seen.sections = [...page.querySelectorAll("main section")].map((section) => {{
      const box = section.getBoundingClientRect();
      return [section.id, Math.round(box.top), Math.round(box.bottom)];
    }});
    return seen;
  }});
  console.log("found " + JSON.stringify(found));
}};
</script>"""
# Types into the filter, clicks on a title of a table and on a confusion, smooths the curves and shows the first half.
ACTIONS = """
    const visible = () => [...samples.children].filter((item) => !item.hidden).length;
    [...page.querySelectorAll("#confusions td.heat a")].find((link) => link.textContent === "1").click();
    seen.behind = visible();
    page.querySelector("#samples-chosen button").click();
    seen.all = visible();
    const loss = page.querySelector("#curves figure");
    const curve = () => loss.querySelector("polyline").getAttribute("points");
    const labels = () => [...loss.querySelectorAll(".grid text")].map((text) => text.textContent);
    const change = (input, value, kind) => {
      input.value = value;
      input.dispatchEvent(new frame.contentWindow.Event(kind));
    };
    seen.before = curve();
    change(page.querySelector("[data-smooth]"), 80, "input");
    seen.smooth = curve();
    change(page.querySelector("[data-smooth]"), 0, "input");
    seen.again = curve();
    const svg = loss.querySelector("svg"), area = svg.getBoundingClientRect();
    svg.setPointerCapture = () => {};
    for (const [kind, share] of [["pointerdown", 0], ["pointermove", 0.3], ["pointerup", (56 + 195) / 460]]) {
      const place = {clientX: area.left + share * area.width, pointerId: 1};
      svg.dispatchEvent(new frame.contentWindow.PointerEvent(kind, place));
    }
    seen.half = labels();
    page.querySelector("[data-whole]").click();
    change(page.querySelector("[data-axis]"), "hours", "change");
    seen.hours = labels();
    change(page.querySelector("[data-axis]"), "steps", "change");
    const filter = page.querySelector("input[type=search]");
    filter.value = "plain";
    filter.dispatchEvent(new frame.contentWindow.Event("input"));
    seen.filtered = [...samples.children].filter((item) => !item.hidden).length;
    const table = page.querySelector("#characters table");
    const column = () => [...table.tBodies[0].rows].map((row) => parseFloat(row.cells[1].textContent));
    table.querySelectorAll("th button")[1].click();
    seen.falling = column();
    table.querySelectorAll("th button")[1].click();
    seen.rising = column();
"""


def look(page, folder, actions=""):
    """Shows a page at each width in one image; returns what the probe finds, with the pixels of each section.

    The console must stay empty, and the file small.
    """
    frames = "".join(f'<iframe src="{page.as_uri()}" width="{width}" height="{HEIGHT}"></iframe>' for width in WIDTHS)
    (folder / "probe.html").write_text(PROBE.format(frames=frames, actions=actions), encoding="utf-8")
    console = browse((folder / "probe.html").as_uri(), folder, f"--screenshot={folder / 'page.png'}")
    assert len(console) == 1, console
    assert page.stat().st_size < LARGEST
    found = json.loads(re.search("found (\\[.*\\])", console[0])[1])
    image = cv2.imread(str(folder / "page.png"), cv2.IMREAD_GRAYSCALE)
    for seen, width in zip(found, WIDTHS):
        left = seen["left"]
        assert seen["sections"][-1][2] <= HEIGHT
        seen["sections"] = {n: image[top:bottom, left : left + width] for n, top, bottom in seen["sections"]}
    return found


def browse(address, folder, *words):
    """Runs the browser once; returns what it logs."""
    quiet = [
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--disable-sync",
        "--hide-scrollbars",
    ]
    command = [BROWSER, "--headless", "--no-sandbox", *quiet, f"--user-data-dir={folder / 'profile'}"]
    log = ["--enable-logging=stderr", "--v=0", "--allow-file-access-from-files", "--virtual-time-budget=3000"]
    size = f"--window-size={sum(WIDTHS)},{HEIGHT}"
    done = subprocess.run(
        [*command, *log, size, *words, address], capture_output=True, text=True, timeout=120, check=True
    )
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def positions(points):
    """All numbers of the points of a curve."""
    return [float(value) for point in points.split() for value in point.split(",")]


def assert_inked(section):
    """A section has ink in its title and from there down to its end, with no gap of half a screen."""
    dark = np.flatnonzero((section < 160).mean(axis=1) > 0.002)
    assert len(section) > 60 and (section < 160).mean() > 0.002
    assert dark[0] < 60 and np.diff(dark, append=len(section)).max() < 400


def test_labels_that_are_markup_do_nothing(hostile_run, tmp_path):
    page = report.main(["--run", str(hostile_run)])
    for seen in look(page, tmp_path, ACTIONS):
        assert seen["title"] == "Run a <run>" and seen["scripts"] == 1
        assert len(seen["sections"]) == 9 and seen["overflow"] <= 0 and seen["broken"] == 0
        assert seen["filtered"] == 1
        assert (seen["behind"], seen["all"]) == (1, 2)
        first, *_ = zip(*(point.split(",") for point in seen["before"].split()))
        assert seen["smooth"] != seen["before"] and [p.split(",")[0] for p in seen["smooth"].split()] == list(first)
        assert positions(seen["again"]) == pytest.approx(positions(seen["before"]), abs=0.2)
        assert seen["half"][-1] == "30" and seen["hours"][-1] == "0.6 h"
        assert seen["rising"] == sorted(seen["rising"]) and seen["falling"] == seen["rising"][::-1]


def test_what_the_browser_has_no_font_for_is_drawn(make_run, tmp_path):
    """Each text is there once, as text or drawn; which depends on the fonts of the machine."""
    data = tmp_path / "data"
    data.mkdir()
    cv2.imwrite(str(data / "a.png"), np.full((32, 64, 3), 200, np.uint8))
    (data / "labels.txt").write_text("a.png\t京א\n", encoding="utf-8")
    (data / "dict.txt").write_text("京\nא\n", encoding="utf-8")
    transforms = "{DecodeImage: }, {CTCLabelEncode: }, {RecResizeImg: {image_shape: [3, 32, 100]}}, "
    dataset = f"{{name: SimpleDataSet, data_dir: {data}, label_file_list: {data}/labels.txt, transforms: [{transforms}"
    dataset += "{KeepKeys: {keep_keys: [image, label, length]}}]}"
    options = [f"Global.character_dict_path={data}/dict.txt", f"Train.dataset={dataset}", f"Eval.dataset={dataset}"]
    page = report.main(["--run", str(make_run("rec", *options))])
    if 'class="glyphs"' not in page.read_text(encoding="utf-8"):
        pytest.skip("no font here has these characters")
    asked = """
    const glyphs = [...page.querySelectorAll("[data-needs]")].map((one) => [...one.children]);
    seen.shown = glyphs.map((parts) => parts.filter((part) => part.offsetWidth > 0).length);
    """
    for seen in look(page, tmp_path, asked):
        assert len(seen["shown"]) > 2 and set(seen["shown"]) == {1} and seen["broken"] == 0


@pytest.mark.parametrize(
    "task, expected",
    [
        ("rec", ["samples", "confusions", "characters", "lengths", "scores"]),
        ("det", ["pages", "by-page", "by-size", "box-thresh"]),
        ("cls", ["confusions", "samples", "scores"]),
    ],
)
def test_every_section_is_laid_out_and_painted(make_run, tmp_path, task, expected):
    page = report.main(["--run", str(make_run(task))])
    for seen in look(page, tmp_path):
        assert list(seen["sections"]) == ["overview", "curves", *expected, "data", "configuration"]
        assert seen["overflow"] <= 0 and seen["broken"] == 0
        assert seen["navigation"] <= 0 or seen["left"] > 0  # it may scroll on a narrow screen only
        for section in seen["sections"].values():
            assert_inked(section)


def test_long_names_of_runs_stand_beside_what_was_read(differing_runs, tmp_path):
    first, second = differing_runs
    second = second.rename(second.with_name("second_run_with_a_lower_rate"))
    page = report.main(["--run", str(first), str(second), "--out", str(tmp_path / "page.html")])
    asked = """
    const width = (node) => {
      const range = page.createRange();
      range.selectNodeContents(node);
      return range.getBoundingClientRect();
    };
    seen.gaps = [...page.querySelectorAll("#samples .line")].map(
      (line) => width(line.lastElementChild).left - width(line.firstElementChild).right);
    """
    for seen in look(page, tmp_path, asked):
        assert len(seen["gaps"]) == 3 and min(seen["gaps"]) > 0
