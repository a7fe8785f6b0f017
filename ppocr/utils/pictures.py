"""Pictures of a run: curves of loss and metric, and samples with what the model made of them."""

import json
import math
from pathlib import Path

import cv2
import numpy as np


def _figure(rows, columns, size):
    """Returns a matplotlib figure that needs no screen, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False).ravel()


def draw_curves(folder, indicator: str):
    """Draws loss and main metric over the steps of ``<folder>/metrics.jsonl`` as ``<folder>/curves.png``.

    Args:
        folder: ``Global.save_model_dir``.
        indicator: name of the metric.

    Returns:
        path of the picture, or None where there is nothing to draw.
    """
    curves = read_curves(Path(folder) / "metrics.jsonl", indicator)
    if not any(curves.values()):
        return None
    figure, axes = _figure(1, 2, (10, 4))
    styles = {("train", "loss"): (0, "-"), ("train", indicator): (1, "-"), ("eval", indicator): (1, "o-")}
    for (split, key), (place, style) in styles.items():
        points = sorted(curves[split, key].items())
        if points:
            axes[place].plot(*zip(*points), style, label=f"{split} {key}")
    for axis in axes:
        axis.set_xlabel("step")
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend()
    path = Path(folder) / "curves.png"
    figure.savefig(path, dpi=100)
    return path


def read_curves(path, indicator: str) -> dict:
    """Returns ``{(split, key): {step: value}}`` of loss and metric; numbers that are not finite are left out.

    A row ``start`` says from which step a run began or went on: what was written for later steps before is void.
    """
    curves = {("train", "loss"): {}, ("train", indicator): {}, ("eval", indicator): {}}
    if not Path(path).exists():
        return curves
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == "start":
            curves = {key: {s: v for s, v in points.items() if s <= row["step"]} for key, points in curves.items()}
        for (split, key), points in curves.items():
            if row["split"] == split and isinstance(row.get(key), (int, float)) and math.isfinite(row[key]):
                points[row["step"]] = row[key]
    return curves


def draw_examples(images, results, batch, path):
    """Draws what a model made of some pictures: texts and classes, or boxes; other results are not drawn.

    Args:
        images: float array ``[N, C, H, W]`` as the model gets it.
        results: what post-processing gave for them: a pair of lists (predictions, truths) of (text, confidence), or a
            list of dicts with ``points``.
        batch: the batch in detection: image, shapes ``(N, 4)``, true polygons.
        path: file to write.

    Returns:
        path, or None where nothing was drawn.
    """
    if isinstance(results, tuple):
        truths = [str(text) for text, _ in results[1]]
        draw_texts(images, [((str(text), score), truth) for (text, score), truth in zip(results[0], truths)], path)
        return path
    if isinstance(results, list) and results and "points" in results[0]:
        ratios = [np.asarray(shape)[[3, 2]] for shape in batch[1]]  # the shapes hold height first, points x first
        found = [[np.asarray(p) * r for p in result["points"]] for result, r in zip(results, ratios)]
        truths = [[np.asarray(p) * r for p in polygons] for polygons, r in zip(batch[2], ratios)]
        draw_boxes(images, found, truths, path)
        return path
    return None


def draw_texts(images, results, path):
    """Draws pictures with the text (or class) that the model read and the true one.

    Args:
        images: float array ``[N, C, H, W]`` as the model gets it.
        results: list of ``((text, confidence), true text)``.
        path: file to write.
    """
    columns = 2
    rows = math.ceil(len(results) / columns)
    figure, axes = _figure(rows, columns, (8, 0.9 * rows + 0.3))
    for axis in axes:
        axis.axis("off")
    for axis, image, ((text, confidence), truth) in zip(axes, images, results):
        axis.imshow(to_picture(image)[:, :, ::-1])
        right = text == truth
        label = f"{text!r} ({confidence:.2f})" + ("" if right else f", truth {truth!r}")
        axis.set_title(label, fontsize=9, color="green" if right else "red", parse_math=False)
    figure.savefig(path, dpi=110)


def draw_boxes(images, found, truths, path):
    """Draws pictures with the boxes that the model found (green) and the true ones (red, thin).

    Args:
        images: float array ``[N, C, H, W]`` as the model gets it.
        found, truths: for each picture a list of polygons in its pixels.
        path: file to write.
    """
    pictures = []
    for image, boxes, true_boxes in zip(images, found, truths):
        picture = to_picture(image)
        for polygons, colour, width in ((true_boxes, (0, 0, 255), 1), (boxes, (0, 200, 0), 2)):
            for polygon in polygons:
                points = np.round(np.asarray(polygon)).astype(np.int32).reshape(-1, 1, 2)
                cv2.polylines(picture, [points], True, colour, width)
        pictures.append(picture)
    cv2.imwrite(str(path), np.hstack(pictures))


def to_picture(image) -> np.ndarray:
    """Returns a model's input ``[C, H, W]``, however normalised, as uint8 BGR ``(H, W, 3)`` with full contrast."""
    image = np.asarray(image, dtype=np.float32).transpose(1, 2, 0)
    low, high = float(image.min()), float(image.max())
    scaled = ((image - low) * (255.0 / max(high - low, 1e-6))).astype(np.uint8)
    return np.repeat(scaled, 3, axis=2) if scaled.shape[2] == 1 else np.ascontiguousarray(scaled)
