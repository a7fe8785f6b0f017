"""Runs side by side: figures, curves, settings, and the samples that they read differently."""

from collections import Counter
from pathlib import Path

from ppocr.drawing.charts import Line, line_chart
from ppocr.drawing.html import foreign, note, number, table, tag
from ppocr.drawing.section import Section
from ppocr.errors import UserError
from ppocr.report.curve_sections import chart_controls, metrics_of, shares
from ppocr.report.settings import ABSENT, flatten, shown_value
from ppocr.report.thumbnails import Thumbnails
from ppocr.tasks import asking
from ppocr.wording import counted

NO_SAMPLES = "No sample is shown: results of this kind are not compared sample by sample."
_OTHER_CURVES = (("train", "loss"), ("eval", "loss"), ("train", "lr"), ("train", "grad_norm"), ("train", "ips"))


def names_of(folders) -> list:
    """Returns a short name for each folder: as much of the end of its path as tells it from the others."""
    paths = [Path(folder).resolve().parts for folder in folders]
    for length in range(1, max(map(len, paths)) + 1):
        names = ["/".join(parts[-length:]) for parts in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({i})" for i, name in enumerate(names, start=1)]


def comparison_sections(names, judged) -> list:
    """Returns the sections about several runs.

    Args:
        names: a short name for each.
        judged: list of :class:`ppocr.report.Judged`.
    """
    sections = [_overview(names, judged), _curves(names, judged), _settings(names, judged), _samples(names, judged)]
    return [section for section in sections if section is not None]


def _overview(names, judged):
    rows = []
    for name, one in zip(names, judged):
        epochs, hours = one.run.series.get(("train", "epoch"), {}), one.run.clock.hours
        best, now = one.best, ""
        if one.evaluated is not None:
            now = ", ".join(f"{key} {number(v)}" for key, v in one.evaluated.metrics.items() if key != "fps")
        rows.append(
            [
                tag("b", foreign(name)),
                "" if best.value is None else f"{best.indicator} {number(best.value)} at step {best.step}",
                "" if best.last_value is None else f"{number(best.last_value)} at step {best.last_step}",
                now,
                number(max(epochs)) if epochs else "",
                f"{max(hours.values()):.2f}" if hours else "",
            ]
        )
    missing = [
        tag("li", tag("b", foreign(n)), " ", words) for n, one in zip(names, judged) for words in one.run.missing
    ]
    warning = [tag("div", tag("h3", "What is missing"), tag("ul", missing), class_="warning")] if missing else []
    head = ["run", "best", "last", "now, evaluated for this page", "steps", "hours of work"]
    return Section("overview", "Overview", [table(head, rows), *warning])


def _curves(names, judged):
    series = [one.run.series for one in judged]
    metrics = list(dict.fromkeys(key for one in series for key in metrics_of(one)))
    wanted = [_OTHER_CURVES[0], *(("eval", key) for key in metrics), *_OTHER_CURVES[1:]]
    charts = []
    for split, key in wanted:
        lines = [
            Line(name, one.run.series[split, key], split == "eval", one.run.clock.hours)
            for name, one in zip(names, judged)
            if (split, key) in one.run.series
        ]
        if lines:
            last = max(max(line.points) for line in lines)
            values = [value for line in lines for value in line.points.values()]
            limits = shares(values) if split == "eval" and key in metrics else None
            charts.append(line_chart(f"{key}, {'training' if split == 'train' else 'evaluation'}", lines, last, limits))
    if not charts:
        return None
    controls = chart_controls(any(one.run.clock.hours for one in judged))
    return Section("curves", "Curves", [controls, tag("div", charts, class_="charts")])


def _settings(names, judged):
    """What the configurations differ in."""
    flat = [flatten(one.run.config) for one in judged if one.run.config is not None]
    if len(flat) < len(judged):
        return None
    paths = dict.fromkeys(path for one in flat for path in one)
    values = {path: [one.get(path, ABSENT) for one in flat] for path in paths}
    rows = [
        [tag("code", path), *map(shown_value, found)]
        for path, found in values.items()
        if any(value != found[0] for value in found)
    ]
    body = table(["key", *names], rows, class_="settings") if rows else note("The configurations are the same.")
    return Section("configuration", "Differences of the configurations", [body])


def _samples(names, judged):
    """What became of the samples that all runs were evaluated on, or why none is shown."""
    evaluated = [one.evaluated for one in judged]
    why_none = _why_no_samples(names, evaluated)
    if why_none:
        return _no_samples(why_none)
    try:
        with asking(evaluated[0].task, "the samples of several runs"):
            return _side_by_side(names, evaluated)
    except UserError as error:
        return _no_samples(f"No sample is shown: {error}")


def _no_samples(why: str):
    return Section("samples", "Samples", [note(why)])


def _side_by_side(names, evaluated):
    task, named = evaluated[0].task, list(map(_by_name, evaluated))
    common = [name for name in named[0] if all(name in other for other in named[1:])]
    rows = [(name, [one[name, turn] for one in named]) for name, turn in common]
    alike = [row for row in rows if task.same_truth(row[1])]
    apart = _set_aside(len(rows) - len(alike), len(set().union(*named)) - len(rows))
    if not alike:
        return _no_samples(
            " ".join(["No sample is shown: none was given to all of these runs with the same truth.", *apart])
        )
    intro = " ".join([f"{counted(len(alike), 'sample')} that every run was evaluated on.", *apart])
    return task.comparison_section(names, alike, intro, Thumbnails(evaluated[0].dataset))


def _by_name(evaluated) -> dict:
    """Returns the samples by name, and by how many of that name came before."""
    seen, samples = Counter(), {}
    for sample in evaluated.samples:
        if sample.key is not None:
            name = evaluated.dataset.describe(sample.key.index)
            samples[name, seen[name]] = sample
            seen[name] += 1
    return samples


def _set_aside(other_truth: int, only_some: int):
    """Yields sentences about the samples that cannot be set side by side."""
    if other_truth:
        yield f"{counted(other_truth, 'sample')} of the same name in every run, but not of the same truth, set aside."
    if only_some:
        yield f"{counted(only_some, 'sample')} that only some of the runs were evaluated on, set aside."


def _why_no_samples(names, evaluated) -> str:
    """Returns why the samples of runs cannot be set side by side; empty where they can."""
    without = [name for name, one in zip(names, evaluated) if one is None]
    if without:
        return f"No sample is shown: {', '.join(without)} could not be evaluated, see What is missing."
    failed = [(name, one.failure) for name, one in zip(names, evaluated) if one.failure]
    if failed:
        return "No sample is shown: " + "; ".join(f"{name}: {why}" for name, why in failed)
    if len({one.task.name for one in evaluated}) > 1:
        return "No sample is shown: the runs are of different tasks."
    return "" if any(one.samples for one in evaluated) else NO_SAMPLES
