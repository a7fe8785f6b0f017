"""What an installation brings, and what is said where Paddle or OpenCV are left out."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

import ppocr
from ppocr import commands, config
from ppocr.errors import ConfigError
from ppocr.packages import missing_packages
from ppocr.shipped_configs import config_folder, find_config

ROOT = Path(__file__).resolve().parents[1]
BOTH_MISSING = "not installed: Paddle, as paddlepaddle or paddlepaddle-gpu; OpenCV, as opencv-python-headless"


@pytest.fixture
def nothing_installed(monkeypatch):
    found = importlib.util.find_spec

    def find_spec(name, *rest):
        return None if name in ("paddle", "cv2") else found(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


def requirements():
    """What ``setup.py`` gives to setuptools."""
    with mock.patch("setuptools.setup") as setup:
        exec(compile((ROOT / "setup.py").read_text(), str(ROOT / "setup.py"), "exec"), {"__file__": ROOT / "setup.py"})
    return setup.call_args.kwargs


def test_no_wheel_is_put_over_another_one():
    given = requirements()
    names = {line.split(">")[0] for line in given["install_requires"]}
    assert "numpy" in names and not names & {"paddlepaddle", "paddlepaddle-gpu", "opencv-python-headless"}
    extras = {name: sorted(line.split(">")[0] for line in lines) for name, lines in given["extras_require"].items()}
    assert extras["cpu"] == ["opencv-python-headless", "paddlepaddle"]
    assert extras["gpu"] == ["opencv-python-headless", "paddlepaddle-gpu"]
    both = {*given["install_requires"], *given["extras_require"]["cpu"]}
    assert both == set((ROOT / "requirements.txt").read_text().split())


def test_all_is_there():
    assert missing_packages() == ""


def test_a_command_without_paddle_ends_with_one_line(nothing_installed, capsys):
    assert commands.run_command("train") == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and said[0].startswith(f"error: {BOTH_MISSING}") and "'.[gpu]' on a machine" in said[0]


def test_a_function_without_paddle_is_one_line(nothing_installed):
    with pytest.raises(ImportError, match=BOTH_MISSING):
        _ = ppocr.train


@pytest.mark.parametrize("name", ["quickstart/rec.yml", "configs/quickstart/rec.yml"])
def test_configurations_of_the_project_are_found_from_anywhere(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config(name) == config_folder() / "quickstart/rec.yml"
    assert (
        config.load(name)["Global"]["epoch_num"]
        == config.load(ROOT / "configs/quickstart/rec.yml")["Global"]["epoch_num"]
    )
    mine = tmp_path / "quickstart"
    mine.mkdir()
    (mine / "rec.yml").write_text("Global: {epoch_num: 77}\n")
    assert config.load("quickstart/rec.yml") == {"Global": {"epoch_num": 77}}


def test_a_configuration_that_is_not_there_names_those_like_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ConfigError, match=r"^rec_icdar15_train.yml: no such config file \(did you mean rec/rec_icdar15"
    ):
        config.load("rec_icdar15_train.yml")
    with pytest.raises(
        ConfigError, match=r"^configs/quickstart/rek.yml: no such config file \(did you mean quickstart/rec"
    ):
        config.load("configs/quickstart/rek.yml")


def run_main(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["ppocr", *words])
    with pytest.raises(SystemExit) as end:
        commands.main()
    return end.value.code, capsys.readouterr()


def test_help_has_a_line_for_each_command(monkeypatch, capsys):
    code, said = run_main(monkeypatch, capsys, "--help")
    assert code == 0
    rows = dict(line.split(None, 1) for line in said.out.split("commands:\n")[1].splitlines())
    assert set(rows) >= {path.stem for path in (ROOT / "tools").glob("*.py")} - {"program"}
    assert rows["train"] == "Trains a model" and all(rows.values())


def test_version_and_unknown_commands(monkeypatch, capsys):
    assert run_main(monkeypatch, capsys, "--version") == (0, (f"ppocr {ppocr.__version__}\n", ""))
    code, said = run_main(monkeypatch, capsys, "trian")
    assert (code, said.err) == (2, "error: unknown command 'trian' (did you mean 'train'?); ppocr --help lists them\n")
    assert run_main(monkeypatch, capsys)[0] == 2


@pytest.mark.slow
def test_an_installed_package_trains_a_configuration_of_the_project(tmp_path):
    """A wheel is built and unpacked, and trains outside of the checkout."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path / "site"), str(ROOT)]
    subprocess.run(pip, check=True)
    words = ["train", "-c", "quickstart/rec.yml", "-o", "Global.max_steps=1", "Eval=null"]
    command = [sys.executable, "-c", "from ppocr.commands import main; main()", *words]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "output/quickstart_rec/latest.pdparams").exists()
