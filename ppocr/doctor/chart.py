"""A result as an image."""

import textwrap
from pathlib import Path

from ppocr.doctor.advice import limit
from ppocr.doctor.parts import LOADER, TRAINER
from ppocr.doctor.table import summary
from ppocr.drawing.figures import new_figure
from ppocr.errors import UserError

_SUMMARY = "loader and trainer beside each other"
_COLOURS = {LOADER: "#d97706", TRAINER: "#2563eb", _SUMMARY: "#6b7280"}


def draw(result, path):
    """Draws the parts as bars, and below them loader, trainer and whole step.

    Args:
        result: :class:`ppocr.doctor.result.Result`.
        path: file to write; its folder is made.

    Raises:
        UserError: it cannot be written.
    """
    bars = [(part.side, part.name, ms) for part, ms in result.parts.items()]
    bars += [(_SUMMARY, name, ms) for name, ms in summary(result).items()]
    figure, (axis,) = new_figure(1, 1, (9, 0.28 * len(bars) + 1.6))
    for side, colour in _COLOURS.items():
        places = [i for i, bar in enumerate(bars) if bar[0] == side]
        axis.barh(places, [bars[i][2] for i in places], color=colour, label=side)
    for place, (_, _, ms) in enumerate(bars):
        text = f"  {ms:.1f} ms, {100 * ms / result.step:.0f} %"
        axis.text(ms, place, text, verticalalignment="center", fontsize=8)
    axis.set_yticks(range(len(bars)), [name for _, name, _ in bars], fontsize=9)
    axis.set_xlim(0, 1.2 * max(ms for _, _, ms in bars))
    axis.set_xlabel("milliseconds of a step")
    title = f"{result.facts.config} on {result.facts.device}\n{textwrap.fill(limit(result), 110)}"
    axis.set_title(title, fontsize=9, parse_math=False)
    axis.margins(y=0.01)
    axis.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:  # a folder that cannot be written, an ending that names no image
        raise UserError(f"--image {path}: cannot be written ({error}); name another") from None
