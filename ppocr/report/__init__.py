"""The report of a run: one HTML page with curves, configuration, data, and what the model gets wrong."""

from ppocr.config import override
from ppocr.errors import UserError
from ppocr.metrics import build_metric
from ppocr.report.curve_sections import Best, curves_section, overview
from ppocr.report.data_sections import data_section, look_at_data
from ppocr.report.page import render
from ppocr.report.page_sections import page_sections
from ppocr.report.reading_sections import class_sections, text_sections
from ppocr.report.run_folder import read_run
from ppocr.report.samples import BOXES, CLASSES, TEXTS, evaluate, kind_of
from ppocr.report.settings import settings_section
from ppocr.report.thumbnails import Thumbnails
from ppocr.user_modules import import_modules

_SAMPLE_SECTIONS = {TEXTS: text_sections, CLASSES: class_sections, BOXES: page_sections}


def build_report(folder, options=()) -> str:
    """Returns the page about a run; what is missing or cannot be read is said on it.

    Args:
        folder: ``Global.save_model_dir``.
        options: ``key.path=value`` overrides of the run's configuration, for the evaluation and the data.

    Raises:
        UserError: the folder holds no run, or an override has no meaning.
    """
    run = read_run(folder)
    title = f"Run {run.folder.resolve().name}"
    if run.config is None:
        best = Best(run.series)
        return render(title, [overview(run, best, None), curves_section(run.series, best)])
    config = override(run.config, options)
    _import_modules(run, config)
    evaluated = _evaluate(run, config)
    metric = _metric(config)
    best = Best(run.series, metric and metric.main_indicator, metric is None or metric.higher_is_better, run.kept_step)
    sections = [curves_section(run.series, best)] if run.series else []
    if evaluated is not None:
        sections += _sample_sections(evaluated, run.missing)
    data = look_at_data(config, run.missing)
    if data:
        unused = evaluated.unused if evaluated else ""
        sections.append(data_section(data, metric and kind_of(metric), unused, run.facts))
    return render(title, [overview(run, best, evaluated, options), *sections, settings_section(run)])


def _import_modules(run, config):
    try:
        import_modules(config)
    except UserError as error:
        run.missing.append(f"Classes of your own are not known here: {error}")


def _evaluate(run, config):
    weights = run.weights()
    if weights is None:
        run.missing.append("There are no weights (best_accuracy or latest), so no sample can be shown.")
        return None
    try:
        return evaluate(config, run.folder / "config.yml", weights)
    except UserError as error:
        run.missing.append(f"No sample can be shown: {error}")
        return None


def _metric(config):
    """The metric, which knows by which value the best model was chosen; None where the configuration has none."""
    try:
        return build_metric(config.get("Metric"))
    except UserError:
        return None


def _sample_sections(evaluated, missing):
    show = _SAMPLE_SECTIONS.get(evaluated.kind)
    if show is None:
        missing.append("Samples are shown of recognisers, detectors and classifiers only.")
        return []
    return show(evaluated, Thumbnails(evaluated.dataset))
