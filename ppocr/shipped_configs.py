"""The configurations that come with the project: in a checkout, and in an installed package."""

import difflib
import os
from pathlib import Path

_PLACES = (Path(__file__).parent / "configs", Path(__file__).parents[1] / "configs")


def config_folder() -> Path:
    """Returns the folder of the configurations that come with the project."""
    return next((place for place in _PLACES if place.is_dir()), _PLACES[-1])


def find_config(path) -> Path:
    """Returns ``path`` where there is such a file, else the configuration of that name that comes with the project.

    ``quickstart/rec.yml`` and ``configs/quickstart/rec.yml`` name the same one; a file that the user has comes first.
    """
    path = Path(path)
    if os.path.exists(path) or path.is_absolute():  # not Path.exists, which fails for names that are too long
        return path
    parts = path.parts[1:] if path.parts[:1] == ("configs",) else path.parts
    shipped = config_folder().joinpath(*parts)
    return shipped if parts and os.path.isfile(shipped) else path


def near_configs(path) -> list:
    """Returns up to three names of configurations that come with the project and resemble ``path``."""
    folder = config_folder()
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.y*ml"))
    wanted = Path(path).as_posix()
    by_name = [name for name in names if Path(name).name == Path(path).name]
    return (by_name or difflib.get_close_matches(wanted.removeprefix("configs/"), names))[:3]
