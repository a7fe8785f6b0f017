"""``tools/check.py``: exit code and output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ppocr.commands import check

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """\
_BASE_: {root}/configs/quickstart/rec.yml
Global:
  save_model_dir: {folder}/output
Train:
  dataset: {{length: 8}}
  loader: {{batch_size_per_card: 4, num_workers: 0}}
Eval:
  dataset: {{length: 4}}
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.yml"
    path.write_text(CONFIG.format(root=ROOT, folder=tmp_path), encoding="utf-8")
    return str(path)


def test_nothing_wrong(config, capsys):
    assert check.main(["-c", config]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith(f"{config}: 0 errors, 0 warnings, ")
    assert all(line.startswith("note ") for line in lines[:-1])


def test_an_error_gives_exit_code_2_and_its_line(config, capsys):
    assert check.main(["-c", config, "-o", "Global.epoch_nun=3"]) == 2
    first = capsys.readouterr().out.splitlines()[0].split(maxsplit=1)
    assert first[0] == "error" and first[1].startswith("-o Global.epoch_nun=3")


def test_json_lists_the_findings(config, capsys):
    assert check.main(["-c", config, "--json", "--sample", "1", "-o", "Global.eval_batch_epoch=null"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["severity"], row["check"]) for row in rows][:2] == [("warning", "schedule"), ("note", "label lines")]
    assert all(set(row) == {"severity", "what", "file", "line", "check"} for row in rows)


def test_a_file_that_is_no_yaml_is_a_finding(tmp_path, capsys):
    path = tmp_path / "broken.yml"
    path.write_text("Global:\n  a: [1\nLoss: 2\n", encoding="utf-8")
    assert check.main(["-c", str(path), "--json"]) == 2
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["severity"], row["file"], row["line"]) == ("error", str(path), 3)


def test_the_command(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "check.py"), "-c", str(tmp_path / "none.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "none.yml: no such config file" in done.stdout
