from pathlib import Path

from ppocr.engine.setup import prepare_folder
from ppocr.global_options import GlobalOptions


def test_processes_of_the_same_number_on_two_machines_do_not_disturb_each_other(tmp_path, monkeypatch):
    """In containers numbers are the same, and the probe file of one may be removed by the other."""
    monkeypatch.setattr(Path, "touch", lambda path: None)
    folder = tmp_path / "shared"
    assert prepare_folder(GlobalOptions(save_model_dir=str(folder))) == folder and not list(folder.iterdir())
