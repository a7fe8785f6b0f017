"""``Global.imports``: modules with classes of the user's own."""

import sys
from pathlib import Path

import pytest

from ppocr import config as configuration
from ppocr.commands.arguments import preprocess
from ppocr.config import load, override
from ppocr.errors import ConfigError, UserError
from ppocr.imports import import_modules
from ppocr.inference.loading import from_exported
from ppocr.registry import LOSSES
from ppocr.report import build_report

QUICKSTART = Path(__file__).resolve().parents[1] / "configs/quickstart/rec.yml"
LOSS = """
from ppocr.losses.rec_ctc_loss import CTCLoss
from ppocr.registry import LOSSES

@LOSSES.register()
class {}(CTCLoss):
    pass
"""


@pytest.fixture
def here(tmp_path, monkeypatch, forgotten_modules):
    """The current folder, with a module, a file in a folder that imports another one there, and faulty files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts").mkdir()
    files = {
        "own_loss.py": LOSS.format("OwnLoss"),
        "parts/own-losses.py": "import own_helper\n" + LOSS.format("OtherLoss"),
        "parts/own_helper.py": "",
        "own_fault.py": "\n\nraise ValueError('broken\\nindeed')\n",
        "own_needs.py": "import no_such_package\n",
        "own_syntax.py": "def f(:\n",
        "own_exit.py": "import sys\nsys.exit(1)\n",
        "json.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def imports(*items):
    return {"Global": {"imports": list(items)}}


def test_modules_and_files_are_imported_once(here):
    path = list(sys.path)
    for _ in range(2):
        import_modules(imports("own_loss", "parts/own-losses.py", "own_loss.py", "json"))
    assert {"OwnLoss", "OtherLoss"} <= set(LOSSES.names()) and "own_helper" in sys.modules
    assert sys.path == path


@pytest.mark.parametrize(
    "item, message",
    [
        ("no_such", "there is no module 'no_such', neither installed nor in {here}; a file is named with its .py"),
        ("no_such.inner", "there is no module 'no_such.inner', neither"),
        ("parts/no_such.py", "there is no file 'parts/no_such.py'; paths start at {here}"),
        ("own_fault", "own_fault fails when it is imported: ValueError: broken ({here}/own_fault.py:3)"),
        ("own_needs.py", "own_needs.py fails when it is imported: ModuleNotFoundError: No module named 'no_such_pack"),
        ("own_syntax", "own_syntax fails when it is imported: SyntaxError: "),
        ("own_exit", "own_exit fails when it is imported: SystemExit: 1 ({here}/own_exit.py:2)"),
        ("", "fails when it is imported: ValueError: Empty module name"),
        ("json.py", "json.py: another module has the name 'json' ("),
        (3, "must be a list of modules and .py files, not [3]"),
    ],
)
def test_what_cannot_be_imported_is_one_line(here, item, message):
    path = list(sys.path)
    with pytest.raises(ConfigError) as caught:
        import_modules(imports(item))
    text = str(caught.value)
    assert text.startswith("Global.imports: ") and message.format(here=here) in text and "\n" not in text
    assert sys.path == path


@pytest.mark.parametrize("config", [{}, {"Global": None}, {"Global": {"imports": None}}, {"Global": 3}, imports()])
def test_nothing_is_imported_where_nothing_is_listed(config):
    import_modules(config)


def test_the_line_of_a_list_that_is_inherited(here):
    (here / "base.yml").write_text("Global:\n  seed: 1\n  imports: own_loss\n", encoding="utf-8")
    (here / "own.yml").write_text("_BASE_: base.yml\nGlobal: {seed: 2}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="^base.yml:3: Global.imports: must be a list of .*, not 'own_loss'$"):
        import_modules(configuration.load("own.yml"))


def test_reading_and_validating_a_configuration_runs_no_code(here):
    given = override(load(QUICKSTART), ["Global.imports=[own_fault]"])
    assert configuration.validate(given) == []


def test_commands_know_the_classes(here):
    arguments = ["-c", str(QUICKSTART), "-o", "Global.device=cpu", "Loss.name=OwnLoss"]
    with pytest.raises(ConfigError, match="unknown loss 'OwnLoss'"):
        preprocess(arguments=arguments)
    config, *_ = preprocess(arguments=[*arguments, "Global.imports=[own_loss]"])
    assert config["Global"]["imports"] == ["own_loss"]
    with pytest.raises(ConfigError, match=r"^-o Global.imports=\[no_such\]: Global.imports: there is no module"):
        preprocess(arguments=[*arguments, "Global.imports=[no_such]"])


def test_an_exported_model_takes_them_from_the_command_line(here):
    with pytest.raises(UserError, match="inference.yml"):
        from_exported("nowhere", ["Global.device=cpu", "Global.imports=[own_loss]"], 1, "rec")
    assert "OwnLoss" in LOSSES.names()


def test_a_report_of_a_run_whose_modules_are_elsewhere_says_so(here):
    (here / "run").mkdir()
    (here / "run/config.yml").write_text("Global: {imports: [no_such]}\n", encoding="utf-8")
    assert "Classes of your own are not known here" in build_report("run")
