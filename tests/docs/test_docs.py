"""The documentation says what is true: links, files, keys, YAML, Python; with ``-m slow`` its commands are run too."""

import ast
import importlib
import importlib.util
import json
import logging
import re
import runpy
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import paddle
import pytest
import yaml

from ppocr import commands
from ppocr.commands import make_dictionary
from ppocr.config import Config, check, load, merge, override, snapshot
from ppocr.data.datasets.synthetic_doc import SyntheticDocDataSet
from ppocr.data.datasets.synthetic_text import SyntheticTextDataSet
from ppocr.engine.preparation import resolve
from ppocr.errors import ConfigError
from ppocr.ignored_keys import IGNORED_KEYS
from ppocr.inference.loading import from_exported
from ppocr.modeling.architectures import build_model
from ppocr.options import GlobalOptions

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# Page written by hand: the configuration that its keys and fragments are for.
PAGES = {
    "index.md": "configs/quickstart/rec.yml",
    "quickstart.md": "configs/quickstart/rec.yml",
    "finetune_recogniser.md": "configs/examples/plates_rec.yml",
    "finetune_detector.md": "configs/examples/receipts_det.yml",
    "read_pages.md": "configs/e2e/e2e_r50_vd_pg.yml",
    "few_images.md": "configs/det/det_mv3_db.yml",
    "migrating.md": "configs/quickstart/rec.yml",
    "extending.md": "configs/quickstart/rec.yml",
    "distributed.md": "configs/quickstart/rec.yml",
    "gpu.md": "configs/examples/plates_rec.yml",
    "training_loop.md": "configs/quickstart/rec.yml",
}
SECTIONS = "Global|Architecture|Loss|Optimizer|PostProcess|Metric|Train|Eval"

# Overrides with which a documented run takes seconds.
SHORT = [
    "Global.device=cpu",
    "Global.max_steps=2",
    "Global.print_batch_step=1",
    "Train.loader.num_workers=0",
    "Train.loader.batch_size_per_card=2",
    "Eval.loader.num_workers=0",
]
SMALL = {
    "configs/quickstart/rec.yml": ["Train.dataset.length=8", "Eval.dataset.length=6"],
    "configs/quickstart/rec_attention.yml": ["Train.dataset.length=8", "Eval.dataset.length=6"],
    "configs/quickstart/det.yml": ["Train.dataset.length=4", "Eval.dataset.length=2"],
    "configs/quickstart/det_curved.yml": ["Train.dataset.length=4", "Eval.dataset.length=2"],
    "configs/examples/plates_rec.yml": [],
    "my_rec.yml": [],
    "my_det.yml": ["Eval.dataset.transforms.2.DetResizeForTest.limit_side_len=96"],
    "my_db.yml": ["Train.dataset.transforms.3.EastRandomCropData.size=[96, 96]"],
    "my_drawn_pages.yml": [
        "Train.dataset.length=4",
        "Train.dataset.transforms.1.PGProcessTrain.image_shape=[128, 128]",
        "Eval.dataset.length=2",
        "Eval.dataset.transforms.1.E2EResizeForTest.max_side_len=128",
    ],
    "my_words.yml": [],
    "count.yml": [],
    "my_v5.yml": ["Train.sampler.first_bs=2", "Eval.loader.batch_size_per_card=2"],
    "my_v5_det.yml": [
        "Train.dataset.transforms.4.EastRandomCropData.size=[96, 96]",
        "Eval.dataset.transforms.2.DetResizeForTest={limit_side_len: 96, limit_type: min}",
    ],
}


@dataclass
class Block:
    """A fenced block: its place, the word behind the fence, its text, and the comment on the line before."""

    page: str
    line: int
    language: str
    text: str
    remark: str

    @property
    def file(self):
        """The file that the block is to be saved as, which its first line names; empty for a fragment."""
        found = re.match(r"# (\w+\.(?:py|yml))$", self.text.split("\n")[0])
        return found.group(1) if found else ""

    @property
    def reason(self):
        """Why it is not run here; empty if it is."""
        without, package = re.match(r"(?:<!-- (?:not run: (.+)|needs: (\w+)) -->)?$", self.remark).groups()
        missing = package and importlib.util.find_spec(package) is None
        return without or (f"{package} is not installed" if missing else "")

    def commands(self):
        """The words of each command line."""
        assert self.language == "bash"
        lines = self.text.replace("\\\n", " ").splitlines()
        return [shlex.split(line) for line in lines if line and not line.startswith("#")]


def blocks_of(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    pattern = re.compile(r"(?:^(<!--[^\n]*-->)\n)?^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        Block(page, text.count("\n", 0, found.start(3)), found[2], found[3], found[1] or "")
        for found in pattern.finditer(text)
    ]


def all_blocks(*languages):
    return [block for page in PAGES for block in blocks_of(page) if block.language in languages]


def prose(page):
    """The text of a page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def place(block):
    return f"{block.page}:{block.line}"


@pytest.fixture
def workspace(tmp_path, monkeypatch, forgotten_modules):
    """The current folder, with ``configs`` and dictionaries; modules and classes made in it are forgotten."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    (tmp_path / "ppocr/utils").mkdir(parents=True)
    for dictionary in (ROOT / "ppocr/utils").glob("*dict.txt"):
        shutil.copy(dictionary, tmp_path / "ppocr/utils")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    logger = logging.getLogger("ppocr")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def save_files(page, folder):
    """Writes the blocks of a page that are files."""
    for block in blocks_of(page):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")


# ------------------------------------------------------------------------------------------------ words
def heading_anchors(path):
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", [*PAGES, "models.md", "../README.md"])
def test_links_lead_somewhere(page):
    path = DOCS / page
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", path.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        file = path.parent / target if target else path
        assert file.exists(), f"{page}: {target}"
        assert not anchor or anchor in heading_anchors(file), f"{page}: {target}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_are_there(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    named = re.findall(r"\b(?:tools|configs|ppocr|docs|benchmarks)/[\w./+-]*\w", text)
    own = {name for name in named if not name.startswith("tools/infer/")}  # that folder is PaddleOCR's
    assert {name for name in own if not (ROOT / name).exists()} == set()


def test_the_index_lists_every_page():
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")} - {"index.md"}
    assert set(re.findall(r"\]\(([^)]+)\)", (DOCS / "index.md").read_text(encoding="utf-8"))) >= pages


# ------------------------------------------------------------------------------------------------ keys
@pytest.mark.parametrize("page", PAGES)
def test_keys_that_are_named_exist(page):
    config = load(ROOT / PAGES[page])
    text = re.sub(r"\[([\w.]+)\]\(.*?\)", r"\1", prose(page))
    for path in set(re.findall(rf"`(?:-o )?((?:{SECTIONS})(?:\.\w+)+)", text)):
        section, key = path.split(".")[:2]
        assert section != "Global" or key in GlobalOptions.__dataclass_fields__, path
        wrong = [str(problem) for problem in check(override(config, [f"{path}=null"])).problems]
        assert [problem for problem in wrong if "has no key" in problem or "unknown" in problem] == []


@pytest.mark.parametrize("page", PAGES)
def test_overrides_of_commands_are_valid(page, workspace):
    save_files(page, workspace)
    import_modules(page)
    runs = {load(path)["Global"]["save_model_dir"]: path for path in configurations(workspace)}
    for block in blocks_of(page):
        for words in block.commands() if block.language == "bash" else ():
            name, overrides = option(words, "-c"), option_list(words, "-o")
            if name is None or not name.endswith(".yml"):
                continue
            path = runs[f"./{Path(name).parent}"] if name.endswith("/config.yml") else name
            found = check(override(load(path), overrides))
            assert [str(problem) for problem in found.problems] == [], place(block)
            runs.update({one.partition("=")[2]: path for one in overrides if one.startswith("Global.save_model_dir=")})


def import_modules(page):
    """Imports the modules of a page, so that the classes in them are known."""
    for block in blocks_of(page):
        if re.match(r"(my|count)_\w+\.py", block.file):
            importlib.import_module(Path(block.file).stem)


def configurations(folder):
    own = [path for path in folder.glob("*.yml") if path.name != "twice.yml"]
    return [*(folder / "configs/quickstart").glob("*.yml"), *own]


def option(words, name):
    return words[words.index(name) + 1] if name in words else None


def option_list(words, name):
    """What follows an option, up to the next one."""
    values = []
    for word in words[words.index(name) + 1 :] if name in words else ():
        if word.startswith("-"):
            break
        values.append(word)
    return values


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=place)
def test_yaml_is_a_configuration_or_part_of_one(block, workspace):
    save_files(block.page, workspace)
    import_modules(block.page)
    if block.file == "twice.yml":
        return  # on purpose; see below
    assert isinstance(yaml.safe_load(block.text), dict)
    if block.file:
        config = load(block.file)
    else:
        config = merge(load(PAGES[block.page]), Config(yaml.safe_load(block.text)))
    found = check(config)
    assert [str(problem) for problem in found.problems + found.warnings] == []


def test_what_is_refused_is_refused_with_these_words(workspace):
    save_files("migrating.md", workspace)
    lines = [line for block in all_blocks("text refused") for line in block.text.splitlines()]
    assert len(lines) >= 5
    for line in lines:
        assignment = re.match(r"-o (\S+): ", line).group(1)
        try:
            said = [str(problem) for problem in check(override(load(PAGES["migrating.md"]), [assignment])).problems]
        except ConfigError as error:
            said = [str(error)]
        assert said == [line]
    (block,) = all_blocks("text refused by twice.yml")
    with pytest.raises(ConfigError, match=re.escape(block.text.strip())):
        load("twice.yml")


def test_the_table_of_keys_that_nothing_reads():
    rows = [
        f"| `{kind.rpartition('/')[2]}` | `{key}` | {why} |"
        for kind, keys in IGNORED_KEYS.items()
        for key, why in keys.items()
    ]
    text = (DOCS / "migrating.md").read_text(encoding="utf-8")
    table = re.search(r"<!-- table: unread keys -->\n.*\n\|---\|---\|---\|\n(.*?)<!-- end -->", text, re.DOTALL)[1]
    assert table.splitlines() == rows


# ------------------------------------------------------------------------------------------------ code
@pytest.mark.parametrize("block", all_blocks("python"), ids=place)
def test_python_is_python_and_has_a_name(block):
    ast.parse(block.text)
    assert block.file.endswith(".py")


def test_the_classes_of_extending_pass_the_tests_beside_them(workspace):
    save_files("extending.md", workspace)
    module = importlib.import_module("test_my_ocr")
    tests = [function for name, function in vars(module).items() if name.startswith("test_")]
    assert len(tests) >= 5
    for test in tests:
        test()


# ------------------------------------------------------------------------------------------------ commands
def test_the_task_of_extending_goes_the_whole_way(workspace, monkeypatch, capsys):
    """An image in, a number out: train, eval, report, export, infer."""
    shorten("configs/quickstart/rec.yml")
    save_files("extending.md", workspace)
    shorten("count.yml")
    (block,) = [block for block in all_blocks("bash") if "count.yml" in block.text]
    tools = [Path(words[1]).stem for words in block.commands()]
    assert tools == ["train", "eval", "report", "export_model", "show_data", "infer_count"]
    for words in block.commands():
        assert run(words, monkeypatch) == 0, f"{shlex.join(words)}\n{capsys.readouterr().err}"
    said = capsys.readouterr().out
    assert re.search(r"cur metric, error: 0\.\d+", said) and "4 of 4 images read" in said
    rows = [json.loads(line) for line in Path("output/count/predicts_count.jsonl").read_text().splitlines()]
    columns = [line.split("\t") for line in Path("output/count/predicts_count.txt").read_text().splitlines()]
    assert len(rows) == 4 and [f"{row['characters']:.2f}" for row in rows] == [column[1] for column in columns]
    report = Path("output/count/report.html").read_text(encoding="utf-8")
    assert "Worst samples" in report and "Characters" in report and "No sample" not in report
    with pytest.raises(ConfigError, match="model of type count, but what is wanted here is rec"):
        from_exported("output/count_inference", ["Global.device=cpu"], 1, "rec")


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if any(b.language == "bash" for b in blocks_of(page))])
def test_commands_run_in_their_order(page, workspace, monkeypatch, capsys):
    for path in SMALL:
        if path.startswith("configs/quickstart/"):
            shorten(path)
    make_data(workspace / "DIR", SyntheticDocDataSet if "detector" in page else SyntheticTextDataSet)
    for block in blocks_of(page):
        if block.file:
            (workspace / block.file).write_text(block.text, encoding="utf-8")
            if block.file in SMALL:
                make_weights(block.file)
                shorten(block.file)
        for words in block.commands() if block.language == "bash" and not block.reason else ():
            code = run(words, monkeypatch)
            assert code == 0, f"{place(block)}: {shlex.join(words)}\n{capsys.readouterr().err}"
    named = set(re.findall(r"`((?:\./)?output/[\w./]+\w)`", prose(page)))
    assert {name for name in named if not Path(name).exists()} == set()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("paddle2onnx") is None, reason="needs paddle2onnx")
def test_the_recipe_of_the_readme(workspace):
    text = re.search(
        r"<!-- python -->\n```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )[1]
    assert len(text.splitlines()) <= 15
    make_data(workspace / "my_data", SyntheticTextDataSet)
    make_dictionary.main(["--labels", "my_data/train.txt", "my_data/test.txt", "--out", "my_data/dict.txt"])
    example = "configs/examples/plates_rec.yml"
    shorten(example)
    config = override(load(example), ["Global.character_dict_path=my_data/dict.txt"])
    paddle.save(build_model(resolve(config)["Architecture"]).state_dict(), "weights.pdparams")
    exec(compile(text, "README.md", "exec"), {})
    assert {"inference.yml", "inference.pdiparams", "inference.onnx"} <= {
        file.name for file in Path("inference").iterdir()
    }


@pytest.mark.slow
@pytest.mark.parametrize("block", [block for block in all_blocks("bash") if block.reason], ids=place)
def test_commands_that_are_not_run(block):
    pytest.skip(f"{place(block)}: {block.reason}")


def run(words, monkeypatch):
    """Runs a command in this process; returns its exit code."""
    if words[0] == "python":
        words = words[1:]
    if words[0] == "-c":
        exec(compile(words[1], "python -c", "exec"), {})
        return 0
    if words[0].startswith("tools/"):
        words = ["ppocr", Path(words[0]).stem, *words[1:]]
    monkeypatch.setattr(sys, "argv", words + ["--steps", "2"] * ("doctor" in words))
    try:
        commands.main() if words[0] == "ppocr" else runpy.run_path(words[0], run_name="__main__")
    except SystemExit as end:
        return end.code or 0
    return 0


def shorten(path):
    """Replaces a configuration by one that differs in sizes only."""
    text = snapshot(override(load(path), [*SHORT, *SMALL[path]]))
    Path(path).write_text(text, encoding="utf-8")


def make_data(folder, kind):
    """Draws images with label files and a dictionary."""
    (folder / "images").mkdir(parents=True)
    lines = []
    for number, sample in enumerate(kind(length=26, transforms=[], fonts=["DejaVuSans.ttf"])):
        cv2.imwrite(str(folder / f"images/{number}.png"), sample["image"])
        lines.append(f"images/{number}.png\t{sample['label']}\n")
    (folder / "train.txt").write_text("".join(lines[6:]), encoding="utf-8")
    (folder / "test.txt").write_text("".join(lines[:6]), encoding="utf-8")


def make_weights(path):
    """Stands in for published weights, with their dictionary, where a configuration names some."""
    config = load(path)
    file = config["Global"].get("pretrained_model")
    if file is None:
        return
    Path(file).parent.mkdir()
    dictionary = config["Global"].get("pretrained_dict_path")
    if dictionary:
        Path(dictionary).write_text(yaml.safe_dump({"PostProcess": {"character_dict": [*"0123456789ABC"]}}))
        config["Global"]["character_dict_path"] = dictionary
    paddle.save(build_model(resolve(config)["Architecture"]).state_dict(), file)
