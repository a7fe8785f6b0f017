"""Figures: curves of losses and metrics over the steps of a run."""

from pathlib import Path


def draw_curves(series, folder):
    """Draws losses and metrics over the steps as ``<folder>/curves.png``.

    Args:
        series: ``{(split, key): {step: value}}`` of the splits ``train`` and ``eval``; others are left out.
        folder: where the image goes.

    Returns:
        path of the image, or None where there is nothing to draw.
    """
    series = {name: points for name, points in series.items() if name[0] in ("train", "eval")}
    metrics = {key for split, key in series if split == "eval" and key != "epoch" and not key.endswith("fps")}
    shown = {name: points for name, points in series.items() if name[1] == "loss" or name[1] in metrics}
    if not shown:
        return None
    figure, axes = new_figure(1, 2, (10, 4))
    for (split, key), points in shown.items():
        axis = axes[0] if key.endswith("loss") else axes[1]
        axis.plot(list(points), list(points.values()), "-" if split == "train" else "o-", label=f"{split} {key}")
    for axis in axes:
        axis.set_xlabel("step")
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend()
    path = Path(folder) / "curves.png"
    figure.savefig(path, dpi=100)
    return path


def new_figure(rows, columns, size):
    """Returns a matplotlib figure that needs no screen, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False).ravel()
