"""Images of a run: curves of loss and metric, and samples with what the model made of them."""

import cv2
import numpy as np

from ppocr.data.batch import fields_of, slice_samples
from ppocr.drawing.text import TextRenderer

BLACK, GREEN, RED = (0, 0, 0), (0, 200, 0), (0, 0, 255)  # BGR
_RIGHT, _WRONG = (0, 120, 0), (0, 0, 200)  # of texts: darker, so that thin strokes can be read on white
_ROW, _GAP, _WIDEST = 48, 8, 640  # pixels on a sheet: of a row, beside an image, of an image
_TITLE, _PAGE = 28, 640  # pixels that the line above samples and a page are high
_PAGES = 3  # pages side by side


def draw_samples(evaluator, model, count: int):
    """Draws samples of an evaluation set with what a model makes of them, those with errors first.

    They are chosen from the first ``4 * count`` samples of the set; a line above them says how many of these are wrong.

    Args:
        evaluator: :class:`ppocr.engine.evaluator.Evaluator`.
        model: the model.
        count: samples to draw.

    Returns:
        uint8 BGR ``(H, W, 3)``, or None where there is nothing that can be drawn.
    """
    metric = evaluator.metric.single
    samples = [sample for batch in evaluator.examples(model, 4 * count) for sample in _one_by_one(*batch)]
    marked = sorted(((_is_right(metric, sample), sample) for sample in samples), key=lambda pair: pair[0])
    image = _sheet([sample for _, sample in marked[:count]])
    if image is None:
        return None
    wrong = sum(not right for right, _ in marked)
    title = f"{wrong} of the first {len(marked)} samples are wrong" + ("; these come first" if wrong else "")
    return _stack([_coloured(_scaled(TextRenderer().draw(title), _TITLE), BLACK), image])


def _one_by_one(images, results, batch):
    """Yields the samples of a batch as batches of one; none where results are of a kind that is not drawn."""
    parts = results if isinstance(results, tuple) else (results,)
    if not all(isinstance(part, list) for part in parts):
        return
    for i in range(len(images)):
        of_one = [part[i : i + 1] for part in parts]
        yield (
            images[i : i + 1],
            tuple(of_one) if isinstance(results, tuple) else of_one[0],
            slice_samples(batch, i, i + 1),
        )


def _is_right(metric, sample):
    _, results, batch = sample
    metric.reset()
    metric.update(results, batch)
    right = metric.all_right()
    metric.reset()
    return right


def _sheet(samples):
    """Draws samples: texts on one sheet below each other, pages side by side; None where nothing can be drawn."""
    if not samples:
        return None
    if isinstance(samples[0][1], tuple):
        images, results, batches = zip(*samples)
        read, truths = ([part[i][0] for part in results] for i in range(2))
        return draw_examples([image[0] for image in images], (read, truths), batches)
    pages = [draw_examples(*sample) for sample in samples]
    if any(page is None for page in pages):
        return None
    small = [_scaled(page, min(len(page), _PAGE)) for page in pages]
    return _stack([_beside(small[i : i + _PAGES]) for i in range(0, len(small), _PAGES)])


def _beside(images):
    """Puts images side by side, on white where they are lower than the highest."""
    height = max(map(len, images))
    padded = [np.pad(p, ((0, height - len(p)), (0, _GAP), (0, 0)), constant_values=255) for p in images]
    return np.hstack(padded)


def _stack(images):
    """Puts images below each other, on white where they are narrower than the widest."""
    width = max(image.shape[1] for image in images)
    return np.vstack([np.pad(p, ((0, _GAP), (0, width - p.shape[1]), (0, 0)), constant_values=255) for p in images])


def draw_examples(images, results, batch):
    """Draws what a model made of some images: texts and classes, or boxes; other results are not drawn.

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
        shapes, polys = fields_of(batch, ("shape", "polys"))
        ratios = [np.asarray(shape)[[3, 2]] for shape in shapes]  # the shapes hold height first, points x first
        found = [[np.asarray(p) * r for p in result["points"]] for result, r in zip(results, ratios)]
        truths = [[np.asarray(p) * r for p in polygons] for polygons, r in zip(polys, ratios)]
        return draw_boxes(images, found, truths)
    return None


def draw_texts(images, results) -> np.ndarray:
    """Draws images with the text (or class) that the model read, green if right, and the true one; returns uint8 BGR.

    Args:
        images: float array ``[N, C, H, W]`` as the model gets it.
        results: list of ``((text, confidence), true text)``.
    """
    rows = []
    for image, ((text, confidence), truth) in zip(images, results):
        read = f"{text}  ({confidence:.2f})", _RIGHT if text == truth else _WRONG
        rows.append((to_image(image), [read, (f"{truth}  (truth)", BLACK)]))
    return text_sheet(rows, TextRenderer())


def text_sheet(rows, lettering) -> np.ndarray:
    """Returns a sheet with a row for each of some images and, to its right, lines of text; uint8 BGR.

    Args:
        rows: list of (uint8 BGR image, lines), lines being a list of (text, BGR colour).
        lettering: :class:`ppocr.drawing.text.TextRenderer`.
    """
    pairs = [(_scaled(image, _ROW, _WIDEST), _text_block(lines, lettering)) for image, lines in rows]
    left = max(small.shape[1] for small, _ in pairs) + _GAP
    right = max(block.shape[1] for _, block in pairs)
    step = _ROW + _GAP
    sheet = np.full((step * len(pairs), left + right, 3), 255, np.uint8)
    for top, (small, block) in zip(range(0, len(sheet), step), pairs):
        sheet[top : top + _ROW, : small.shape[1]] = small
        sheet[top : top + len(block), left : left + block.shape[1]] = block
    return sheet


def _text_block(lines, lettering):
    """Draws lines of text below each other, as high together as a row of a sheet."""
    strips = [(_scaled(lettering.draw(text), _ROW // len(lines)), colour) for text, colour in lines]
    width = max(strip.shape[1] for strip, _ in strips)
    padded = [(np.pad(strip, ((0, 0), (0, width - strip.shape[1]))), colour) for strip, colour in strips]
    return np.vstack([_coloured(strip, colour) for strip, colour in padded])


def _coloured(coverage, colour):
    """Returns ink of a colour on white."""
    ink = coverage[..., None] / np.float32(255)
    return np.round(255 + ink * (np.float32(colour) - 255)).astype(np.uint8)


def _scaled(image, height, widest=None):
    """Returns an image at a height, and narrowed where it is wider than ``widest`` then."""
    width = max(round(image.shape[1] * height / image.shape[0]), 1)
    how = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(image, (min(width, widest or width), height), interpolation=how)


def draw_boxes(images, found, truths) -> np.ndarray:
    """Draws images with the boxes that the model found (green) and the true ones (red, thin); returns uint8 BGR.

    Args:
        images: float array ``[N, C, H, W]`` as the model gets it.
        found, truths: for each image a list of polygons in its pixels.
    """
    drawn = []
    for image, boxes, true_boxes in zip(map(to_image, images), found, truths):
        for polygons, colour, width in ((true_boxes, RED, 1), (boxes, GREEN, 2)):
            outline(image, polygons, colour, width)
        drawn.append(image)
    return np.hstack(drawn)


def outline(image, polygons, colour, width: int):
    """Draws the edges of polygons (points, 2) on a uint8 BGR image, in place."""
    for polygon in polygons:
        points = np.round(np.asarray(polygon)).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(image, [points], True, colour, width)


def to_image(image) -> np.ndarray:
    """Returns a model's input ``[C, H, W]``, however normalised, as uint8 BGR ``(H, W, 3)`` with full contrast."""
    image = np.asarray(image, dtype=np.float32).transpose(1, 2, 0)
    low, high = float(image.min()), float(image.max())
    scaled = ((image - low) * (255.0 / max(high - low, 1e-6))).astype(np.uint8)
    return np.repeat(scaled, 3, axis=2) if scaled.shape[2] == 1 else np.ascontiguousarray(scaled)
