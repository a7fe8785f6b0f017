"""What a run does with the folder that it begins in."""

import pytest

from ppocr.config import Config
from ppocr.engine.folder import follow, open_folder
from ppocr.engine.folder_lock import FolderLock
from ppocr.errors import CheckpointError, ConfigError, UserError
from ppocr.options import GlobalOptions
from ppocr.utils.save_load import save_model

RUN = [
    "config.yml",
    "base.yml",
    "train.log",
    "metrics.jsonl",
    "run.json",
    "curves.png",
    "iter_epoch_12.pdparams",
    "vdl/events",
]
OTHERS = ["notes.txt", "dict.txt", "inference/inference.yml", "my_best.pdparams"]


@pytest.fixture
def folder(tmp_path):
    """A folder with the files of a run and others; each file holds its name."""
    for name in (*RUN, *OTHERS):
        path = tmp_path / "run" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    for name in ("latest", "best_accuracy"):
        save_model(tmp_path / "run" / name, {".pdparams": {}}, {"global_step": 3})
    return tmp_path / "run"


def files_in(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {".lock"}


def begin(folder, path=None, sections=None, facts=None, **options):
    options = {"save_model_dir": str(folder), **options}
    config = Config({"Global": options, **(sections or {})})
    opening = open_folder(config, GlobalOptions(**options), path, facts)
    follow(config, folder, opening.moved)
    return opening, config


def test_a_fresh_start_moves_the_run_that_is_there_and_nothing_else(folder):
    before = files_in(folder)
    opening, _ = begin(folder)
    assert files_in(folder) == set(OTHERS) | {f"earlier/1/{name}" for name in before - set(OTHERS)}
    assert all((folder / "earlier/1" / name).read_text() == name for name in RUN)
    assert f"{folder} held another run, whose files are in {folder}/earlier/1 now" in opening.warnings[0]
    (folder / "metrics.jsonl").write_text("second")
    begin(folder)
    assert (folder / "earlier/2/metrics.jsonl").read_text() == "second" and len(files_in(folder / "earlier/2")) == 1
    assert (folder / "earlier/1/metrics.jsonl").read_text() == "metrics.jsonl"


@pytest.mark.parametrize("key, value", [("resume", "auto"), ("checkpoints", "{}/latest"), ("checkpoints", "{}/best")])
def test_what_goes_on_in_its_folder_leaves_it_as_it_is(folder, key, value):
    before = files_in(folder)
    opening, _ = begin(folder, **{key: value.format(folder)})
    assert files_in(folder) == before and not opening.warnings and not opening.moved
    assert opening.checkpoint == (str(folder / "latest") if key == "resume" else value.format(folder))


def test_of_a_folder_and_a_named_checkpoint_the_folder_counts_and_else_the_other_one(folder, tmp_path):
    """A job that is started again and again begins with a checkpoint from elsewhere and then goes on with its own."""
    named = str(tmp_path / "other/latest")
    (tmp_path / "new").mkdir()
    assert begin(tmp_path / "new", resume="auto", checkpoints=named)[0].checkpoint == named
    assert begin(folder, resume="auto", checkpoints=named)[0].checkpoint == str(folder / "latest")


def test_a_checkpoint_from_elsewhere_does_not_replace_the_run_that_is_there(folder, tmp_path):
    opening, config = begin(folder, checkpoints=str(tmp_path / "other/latest"))
    assert (folder / "earlier/1/latest.pdparams").exists() and opening.warnings
    assert config["Global"]["checkpoints"] == str(tmp_path / "other/latest")


@pytest.mark.parametrize("place", ["run", "other"])
def test_a_checkpoint_that_the_run_cannot_go_on_from_changes_nothing(folder, tmp_path, place):
    (tmp_path / "other").mkdir()
    save_model(tmp_path / place / "latest", {".train_state": {"run": {"vocabulary": ["a", "b"]}}})
    before = files_in(folder)
    with pytest.raises(CheckpointError, match="was trained with another dictionary"):
        begin(folder, checkpoints=str(tmp_path / place / "latest.pdparams"), facts={"vocabulary": ["b", "a"]})
    assert files_in(folder) == before and not (folder / ".lock").exists()


def test_with_nothing_to_resume_from_the_rest_is_moved_and_an_earlier_run_is_named(folder):
    for name in ("latest", "best_accuracy"):
        (folder / f"{name}.pdparams").write_bytes(b"damaged")
    opening, _ = begin(folder, resume="auto")
    assert opening.checkpoint is None and (folder / "earlier/1/latest.pdparams").read_bytes() == b"damaged"
    assert len([line for line in opening.warnings if "damaged" in line]) == 2
    assert not any("would have gone on" in line for line in opening.warnings)
    opening, _ = begin(folder, resume="auto")
    assert opening.warnings == [
        f"{folder} holds nothing to resume from, so a new run begins; an earlier one is in {folder}/earlier/1: "
        f"Global.checkpoints={folder}/earlier/1/latest goes on with it"
    ]


def test_an_attempt_that_has_trained_nothing_is_no_run(tmp_path):
    (tmp_path / "train.log").write_text("an error")
    assert not begin(tmp_path)[0].warnings and files_in(tmp_path) == {"train.log"}


def test_overwrite_removes_the_run_and_nothing_else(folder):
    opening, _ = begin(folder, overwrite=True)
    assert files_in(folder) == set(OTHERS) and not (folder / "vdl").exists()
    assert "are replaced (Global.overwrite)" in opening.warnings[0]


def test_weights_in_the_folder_are_followed(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    models = {"Teacher": {"pretrained": "./run/best_accuracy.pdparams"}, "Student": {"pretrained": "run/my_best"}}
    sections = {"Architecture": {"Models": models}}
    _, config = begin(folder, sections=sections, pretrained_model="run/iter_epoch_12")
    assert config["Global"]["pretrained_model"] == "run/earlier/1/iter_epoch_12"
    assert config["Global"]["save_model_dir"] == str(folder)
    models = config["Architecture"]["Models"]
    assert models["Teacher"]["pretrained"] == "./run/earlier/1/best_accuracy.pdparams"
    assert models["Student"]["pretrained"] == "run/my_best"


def test_overwrite_removes_no_weights_that_the_run_starts_from(folder):
    before = files_in(folder)
    with pytest.raises(
        ConfigError, match="Global.overwrite: pretrained_model=.*latest lies in .*, whose files it would"
    ):
        begin(folder, overwrite=True, pretrained_model=str(folder / "latest"))
    assert files_in(folder) == before and not (folder / ".lock").exists()


def test_a_run_from_the_configuration_of_the_folder_keeps_its_base(folder):
    begin(folder, path=str(folder / "config.yml"))
    assert (folder / "base.yml").read_text() == (folder / "earlier/1/base.yml").read_text() == "base.yml"
    assert not (folder / "config.yml").exists()


def test_rests_of_a_killed_save_are_removed(folder):
    for name in ("iter_epoch_2.pdparams.tmp", "best_accuracy.manifest.tmp", "latest_previous.states.tmp", "mine.tmp"):
        (folder / name).write_text("half")
    begin(folder, resume="auto")
    assert {name for name in files_in(folder) if name.endswith(".tmp")} == {"mine.tmp"}


def test_the_folder_belongs_to_the_process_from_then_on(folder):
    begin(folder)
    assert (folder / ".lock").exists()
    FolderLock(folder).release()
    assert not (folder / ".lock").exists()


def test_a_file_in_the_place_of_the_folder_for_earlier_runs_is_one_line(folder):
    (folder / "earlier").write_text("mine")
    before = files_in(folder)
    with pytest.raises(UserError, match=f"^{folder}/earlier: is no folder, and .*; rename the file, or name another"):
        begin(folder)
    assert files_in(folder) == before
