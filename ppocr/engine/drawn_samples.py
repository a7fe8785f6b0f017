"""Samples of an evaluation with what the model made of them, as an image."""

from ppocr.data.batch import slice_samples
from ppocr.drawing.samples import titled
from ppocr.tasks import task_of


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
    marked = sorted(((_is_right(metric, *sample[1:]), sample) for sample in samples), key=lambda pair: pair[0])
    shown = [sample for _, sample in marked[:count]]
    sheet = task_of(metric.task).draw_samples(shown, metric) if shown else None
    if sheet is None:
        return None
    wrong = sum(not right for right, _ in marked)
    title = f"{wrong} of the first {len(marked)} samples are wrong" + ("; these come first" if wrong else "")
    return titled(sheet, title)


def _one_by_one(images, results, batch):
    """Yields (image, result, batch) of each sample; none where results have no entry for each."""
    for i in range(len(images)):
        result = _of_sample(results, i)
        if result is None:
            return
        yield images[i], result, slice_samples(batch, i, i + 1)


def _of_sample(results, i):
    """Returns what post-processing gives for a batch, for one sample alone; None where that cannot be told."""
    if isinstance(results, list) or hasattr(results, "shape"):
        return results[i : i + 1]
    if isinstance(results, tuple):
        parts = tuple(_of_sample(part, i) for part in results)
        return None if any(part is None for part in parts) else parts
    if isinstance(results, dict):
        parts = {name: _of_sample(part, i) for name, part in results.items()}
        return None if any(part is None for part in parts.values()) else parts
    return None


def _is_right(metric, result, batch):
    metric.reset()
    metric.update(result, batch)
    right = metric.all_right()
    metric.reset()
    return right
