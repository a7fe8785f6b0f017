"""The page in a browser without a screen: laid out, quiet, harmless."""

import json
import re
import shutil
import subprocess
from html import unescape

import cv2
import pytest

from ppocr.commands import report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")
WIDTHS = (1280, 400)
# Looks into the page from outside: the page itself lets no script run but its own.
PROBE = """<!doctype html><pre id="found"></pre>
{frames}
<script>
onload = () => {{
  const found = [...document.querySelectorAll("iframe")].map((frame) => {{
    const page = frame.contentDocument, samples = page.getElementById("samples-list");
    const heights = [...page.querySelectorAll("main section")].map((s) => [s.id, s.getBoundingClientRect().height]);
    const overflow = page.documentElement.scrollWidth - frame.clientWidth;
    const seen = {{title: page.title, scripts: page.scripts.length, heights, overflow}};
    seen.broken = [...page.images].filter((image) => !image.complete || !image.naturalWidth).length;
    {actions}
    return seen;
  }});
  document.getElementById("found").textContent = JSON.stringify(found);
}};
</script>"""
# Types into the filter and clicks on a title of a table.
ACTIONS = """
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


def browse(address, folder, *words):
    """Runs the browser once; returns what it prints and what it logs."""
    quiet = [
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--disable-sync",
        "--hide-scrollbars",
    ]
    command = [BROWSER, "--headless", "--no-sandbox", *quiet, f"--user-data-dir={folder / 'profile'}"]
    log = ["--enable-logging=stderr", "--v=0", "--allow-file-access-from-files", "--virtual-time-budget=3000"]
    done = subprocess.run([*command, *log, *words, address], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def look(page, folder, actions=""):
    """What the probe finds at each width; the console must stay empty."""
    frames = "\n".join(f'<iframe src="{page.as_uri()}" width="{width}" height="900"></iframe>' for width in WIDTHS)
    (folder / "probe.html").write_text(PROBE.format(frames=frames, actions=actions), encoding="utf-8")
    printed, console = browse((folder / "probe.html").as_uri(), folder, "--dump-dom")
    assert console == []
    return json.loads(unescape(re.search('<pre id="found">(.*?)</pre>', printed, re.DOTALL)[1]))


def test_labels_that_are_markup_do_nothing_and_every_section_is_laid_out(hostile_run, tmp_path):
    page = report.main(["--run", str(hostile_run)])
    for seen in look(page, tmp_path, ACTIONS):
        assert seen["title"] == "Run a <run>" and seen["scripts"] == 1
        assert len(seen["heights"]) == 8 and all(height > 60 for _, height in seen["heights"])
        assert seen["overflow"] <= 0 and seen["broken"] == 0
        assert seen["filtered"] == 1
        assert seen["rising"] == sorted(seen["rising"]) and seen["falling"] == seen["rising"][::-1]


def test_a_detectors_page_is_laid_out(make_run, tmp_path):
    page = report.main(["--run", str(make_run("det"))])
    for seen in look(page, tmp_path):
        assert [name for name, _ in seen["heights"]][2:4] == ["pages", "by-page"]
        assert all(height > 60 for _, height in seen["heights"]) and seen["overflow"] <= 0


@pytest.mark.parametrize("width", WIDTHS)
def test_a_screenshot_shows_ink_over_the_whole_page(make_run, tmp_path, width):
    page, picture = report.main(["--run", str(make_run("rec"))]), tmp_path / "page.png"
    _, console = browse(page.as_uri(), tmp_path, f"--window-size={width},1600", f"--screenshot={picture}")
    assert console == []
    shown = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    assert shown.shape == (1600, width)
    dark = (shown < 160).mean(axis=1)
    assert all(dark[top : top + 400].max() > 0.01 for top in range(0, 1600, 400))
