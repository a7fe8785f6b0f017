"""The report of a run: one HTML page with curves, configuration, data, and what the model gets wrong."""

from dataclasses import dataclass
from typing import Any, Optional

from ppocr.checkpoint.facts import UnfitCheckpoint
from ppocr.config import override, shared_values
from ppocr.errors import ConfigError, UserError
from ppocr.failures import FAILURES, describe
from ppocr.imports import import_modules
from ppocr.metrics import build_metric
from ppocr.report.comparison import NO_SAMPLES, comparison_sections, names_of
from ppocr.report.curve_sections import Best, curves_section, overview
from ppocr.report.data_sections import data_section, look_at_data
from ppocr.report.page import render
from ppocr.report.run_folder import RunFolder, read_run
from ppocr.report.samples import Evaluated, evaluate
from ppocr.report.settings import settings_section
from ppocr.report.thumbnails import Thumbnails
from ppocr.tasks import asking, task_for


@dataclass
class Judged:
    """A run and what a new evaluation of it gave.

    Attributes:
        run: what lies in its folder.
        best: the main metric, and which evaluation was best.
        config: the configuration with its overrides, or None.
        metric: of the configuration, or None.
        evaluated: the new evaluation, or None.
    """

    run: RunFolder
    best: Best
    config: Optional[dict] = None
    metric: Any = None
    evaluated: Optional[Evaluated] = None


def judge(folder, options=()) -> Judged:
    """Reads a folder and evaluates what is in it; what cannot be done is noted in ``run.missing``.

    Args:
        folder, options: see :func:`build_report`.

    Raises:
        UserError: see :func:`build_report`.
    """
    run = read_run(folder)
    if run.config is None:
        return Judged(run, Best(run.series))
    config = override(run.config, options)
    evaluated = _evaluate(run, config) if _imported(run, config) else None
    metric = _metric(config)
    best = Best(run.series, metric and metric.main_indicator, metric is None or metric.higher_is_better, run.kept_step)
    return Judged(run, best, config, metric, evaluated)


def build_comparison(folders, options=()) -> str:
    """Returns the page that sets several runs side by side.

    Args:
        folders: ``Global.save_model_dir`` of each.
        options: see :func:`build_report`.

    Raises:
        UserError: see :func:`build_report`.
    """
    names = names_of(folders)
    judged = [judge(folder, options) for folder in folders]
    return render(f"Runs {', '.join(names)}", comparison_sections(names, judged))


def build_report(folder, options=()) -> str:
    """Returns the page about a run; what is missing or cannot be read is said on it.

    Args:
        folder: ``Global.save_model_dir``.
        options: ``key.path=value`` overrides of the run's configuration, for the evaluation and the data.

    Raises:
        UserError: the folder holds no run, or an override has no meaning.
    """
    judged = judge(folder, options)
    run, best, evaluated = judged.run, judged.best, judged.evaluated
    sections = [curves_section(run.series, best, run.clock)] if run.series else []
    if evaluated is not None:
        sections += _unless_it_fails(_sample_sections, judged, "No sample can be shown")
    if judged.config is not None:
        sections += [*_unless_it_fails(_data_sections, judged, "The data cannot be shown"), settings_section(run)]
    return render(f"Run {run.folder.resolve().name}", [overview(run, best, evaluated, options), *sections])


def _unless_it_fails(make, judged, instead: str) -> list:
    """Returns the sections that ``make`` gives, which asks classes of the run's own; without them it is said why."""
    try:
        return make(judged)
    except FAILURES as error:
        judged.run.missing.append(f"{instead}: {describe(error, place=True)}")
        return []


def _data_sections(judged):
    data = look_at_data(judged.config, judged.run.missing)
    unused = judged.evaluated.unused if judged.evaluated else ""
    labels = task_for(judged.config).labels
    return [data_section(data, labels, unused, judged.run.facts)] if data else []


def _imported(run, config) -> bool:
    """Imports ``Global.imports``; without them there is no evaluation."""
    try:
        import_modules(config)
    except UserError as error:
        run.missing.append(f"Classes of your own are not known here, so that no sample can be shown: {error}")
        return False
    return True


def _evaluate(run, config):
    weights = run.weights()
    if weights is None:
        run.missing.append("There are no weights (best_accuracy or latest), so no sample can be shown.")
        return None
    try:
        return evaluate(config, run.folder / "config.yml", weights)
    except UnfitCheckpoint:
        raise
    except FAILURES as error:
        run.missing.append(f"No sample can be shown: {describe(error, place=True)}")
        return None


def _metric(config):
    """The metric, which knows by which value the best model was chosen; None where the configuration has none."""
    try:
        return build_metric(config.get("Metric"), shared_values(config).get("model_type"))
    except UserError:
        return None


def _sample_sections(judged):
    evaluated = judged.evaluated
    if evaluated.failure:
        raise ConfigError(evaluated.failure)
    with asking(evaluated.task, "the sections of a report"):
        sections = list(evaluated.task.report_sections(evaluated, Thumbnails(evaluated.dataset)))
    if not sections:
        judged.run.missing.append(NO_SAMPLES)
    return sections
