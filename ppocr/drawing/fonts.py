"""Font files: those that come with matplotlib, and which characters a font has."""

import importlib.util
import os

from PIL import ImageFont

from ppocr.errors import ConfigError, DataError

EM = 40  # pixels of a glyph's em square
_UNASSIGNED = "\U0010fffe"
_DEFAULT_FONTS = (
    *(f"DejaVuSans{style}.ttf" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}.ttf" for style in ("", "-Bold", "-Italic")),
    *(f"DejaVuSansMono{style}.ttf" for style in ("", "-Bold")),
    *(f"STIXGeneral{style}.ttf" for style in ("", "Bol", "Italic")),
)


def default_fonts() -> list:
    """Returns the paths of twelve fonts that come with matplotlib: DejaVu Sans, Serif and Mono, and STIX.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    folder = _matplotlib_folder()
    if folder is None:
        raise ConfigError("the default fonts come with matplotlib: pip install matplotlib, or give fonts: [file, ...]")
    return [path for path in (os.path.join(folder, name) for name in _DEFAULT_FONTS) if os.path.isfile(path)]


def _matplotlib_folder():
    found = importlib.util.find_spec("matplotlib")
    return found and os.path.join(os.path.dirname(found.origin), "mpl-data", "fonts", "ttf")


def load_font(path, layout=ImageFont.Layout.BASIC):
    """Opens a font file, or, for a bare name, the font of that name that comes with matplotlib.

    Args:
        path: file or name.
        layout: how Pillow places characters.

    Raises:
        DataError: it is no font.
    """
    if not os.path.exists(path) and not os.path.dirname(path):
        path = os.path.join(_matplotlib_folder() or "", path)
    try:
        return ImageFont.truetype(str(path), EM, layout_engine=layout)
    except OSError as error:
        raise DataError(f"font {path}: {error}") from error


def missing_characters(font, characters) -> list:
    """Returns the characters, each once, that come out as the box that stands for no glyph."""
    box = bytes(font.getmask(_UNASSIGNED))
    return [c for c in dict.fromkeys(characters) if not c.isspace() and bytes(font.getmask(c)) == box]
