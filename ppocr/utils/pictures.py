"""Pictures of a run: curves of loss and metric, and samples with what the model made of them."""

import math
from pathlib import Path

import cv2
import numpy as np

from ppocr.utils.metrics_file import read_series


def new_figure(rows, columns, size):
    """Returns a matplotlib figure that needs no screen, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False).ravel()


def draw_curves(folder):
    """Draws losses and metrics over the steps of ``<folder>/metrics.jsonl`` as ``<folder>/curves.png``.

    Args:
        folder: ``Global.save_model_dir``.

    Returns:
        path of the picture, or None where there is nothing to draw.
    """
    series = {name: points for name, points in read_series(folder).items() if name[0] in ("train", "eval")}
    metrics = {key for split, key in series if split == "eval"} - {"epoch", "fps"}
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


def draw_samples(evaluator, model, count: int):
    """Draws samples of an evaluation set with what a model makes of them; see :func:`draw_examples`.

    Args:
        evaluator: :class:`ppocr.engine.evaluator.Evaluator`.
        model: the model.
        count: samples to draw, at most a batch.
    """
    examples = evaluator.examples(model, count)
    return draw_examples(*examples) if examples else None


def draw_examples(images, results, batch):
    """Draws what a model made of some pictures: texts and classes, or boxes; other results are not drawn.

    Args:
        images: float array ``[N, C, H, W]`` as the model gets it.
        results: what post-processing gave for them: a pair of lists (predictions, truths) of (text, confidence), or a
            list of dicts with ``points``.
        batch: the batch in detection: image, shapes ``(N, 4)``, true polygons.

    Returns:
        uint8 BGR ``(H, W, 3)``, or None where nothing was drawn.
    """
    if isinstance(results, tuple):
        truths = [str(text) for text, _ in results[1]]
        return draw_texts(images, [((str(text), score), truth) for (text, score), truth in zip(results[0], truths)])
    if isinstance(results, list) and results and "points" in results[0]:
        ratios = [np.asarray(shape)[[3, 2]] for shape in batch[1]]  # the shapes hold height first, points x first
        found = [[np.asarray(p) * r for p in result["points"]] for result, r in zip(results, ratios)]
        truths = [[np.asarray(p) * r for p in polygons] for polygons, r in zip(batch[2], ratios)]
        return draw_boxes(images, found, truths)
    return None


def draw_texts(images, results) -> np.ndarray:
    """Draws pictures with the text (or class) that the model read and the true one; returns uint8 BGR.

    Args:
        images: float array ``[N, C, H, W]`` as the model gets it.
        results: list of ``((text, confidence), true text)``.
    """
    columns = 2
    rows = math.ceil(len(results) / columns)
    figure, axes = new_figure(rows, columns, (8, 0.9 * rows + 0.3))
    for axis in axes:
        axis.axis("off")
    for axis, image, ((text, confidence), truth) in zip(axes, images, results):
        axis.imshow(to_picture(image)[:, :, ::-1])
        right = text == truth
        label = f"{text!r} ({confidence:.2f})" + ("" if right else f", truth {truth!r}")
        axis.set_title(label, fontsize=9, color="green" if right else "red", parse_math=False)
    figure.set_dpi(110)
    figure.canvas.draw()
    return cv2.cvtColor(np.asarray(figure.canvas.buffer_rgba()), cv2.COLOR_RGBA2BGR)


def draw_boxes(images, found, truths) -> np.ndarray:
    """Draws pictures with the boxes that the model found (green) and the true ones (red, thin); returns uint8 BGR.

    Args:
        images: float array ``[N, C, H, W]`` as the model gets it.
        found, truths: for each picture a list of polygons in its pixels.
    """
    pictures = []
    for image, boxes, true_boxes in zip(images, found, truths):
        picture = to_picture(image)
        for polygons, colour, width in ((true_boxes, (0, 0, 255), 1), (boxes, (0, 200, 0), 2)):
            outline(picture, polygons, colour, width)
        pictures.append(picture)
    return np.hstack(pictures)


def outline(picture, polygons, colour, width: int):
    """Draws the edges of polygons (points, 2) on a uint8 BGR picture, in place."""
    for polygon in polygons:
        points = np.round(np.asarray(polygon)).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(picture, [points], True, colour, width)


def to_picture(image) -> np.ndarray:
    """Returns a model's input ``[C, H, W]``, however normalised, as uint8 BGR ``(H, W, 3)`` with full contrast."""
    image = np.asarray(image, dtype=np.float32).transpose(1, 2, 0)
    low, high = float(image.min()), float(image.max())
    scaled = ((image - low) * (255.0 / max(high - low, 1e-6))).astype(np.uint8)
    return np.repeat(scaled, 3, axis=2) if scaled.shape[2] == 1 else np.ascontiguousarray(scaled)
