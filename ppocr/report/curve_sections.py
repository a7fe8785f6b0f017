"""The head of the page and the curves of a run."""

from pathlib import Path

from ppocr.drawing.charts import Line, line_chart
from ppocr.drawing.html import facts, note, number, table, tag
from ppocr.drawing.section import Section
from ppocr.utils.metrics_file import Clock

_NOT_METRICS = ("epoch", "fps", "loss")
_NOT_LOSSES = ("epoch", "lr", "grad_norm", "ips", "reader_cost", "batch_cost", "loss")
_EVALUATIONS = 60  # rows of the table


class Best:
    """The main metric of a run: its name, and which evaluation was best.

    Args:
        series: see :class:`ppocr.report.run_folder.RunFolder`.
        indicator: name of the metric; None takes the first one that was logged.
        higher_is_better: which way.
        kept_step: of the evaluation that the run kept as its best; a guard set may have refused a better value.
    """

    def __init__(self, series, indicator=None, higher_is_better=True, kept_step=None):
        self.metrics = metrics_of(series)
        self.indicator = indicator or next(iter(self.metrics), None)
        points = series.get(("eval", self.indicator), {})
        choose = max if higher_is_better else min
        top = choose(points, key=points.get) if points else None
        self.step = kept_step if kept_step in points else top
        self.value = points.get(self.step)
        self.refused = top if points.get(top) != self.value else None
        self.refused_value = points.get(self.refused)
        self.last_step = max(points, default=None)
        self.last_value = points.get(self.last_step)


def metrics_of(series) -> list:
    """Returns the names of what evaluations have measured, in the order of the log."""
    keys = [key for split, key in series if split == "eval" and key not in _NOT_METRICS]
    return [key for key in keys if not key.endswith(("_fps", "_loss"))]


def overview(run, best, evaluated, options=()) -> Section:
    """Returns the head of the page: the figures that matter, what the run says of itself, what is missing.

    ``options`` are the overrides under which ``evaluated`` came about.
    """
    body = [tag("ul", [_card(*card) for card in _figures(run, best, evaluated)], class_="cards")]
    if run.missing:
        missing = tag("ul", [tag("li", sentence) for sentence in run.missing])
        body.append(tag("div", tag("h3", "What is missing"), missing, class_="warning"))
    told = [(title, text) for title, text in run.facts.items() if title not in ("command", "training data")]
    changed = [("evaluated with", tag("code", " ".join(options)))] if options and evaluated else []
    noted = [("note", text) for text in evaluated.remarks] if evaluated else []
    said = [("folder", tag("code", run.folder)), *_model(run.config), *changed, *noted, *told]
    return Section("overview", "Overview", [*body, facts(said)])


def _figures(run, best, evaluated):
    """Yields (title, value, what it belongs to)."""
    if best.value is not None:
        yield f"best {best.indicator}", number(best.value), _about_best(best)
        if best.last_step != best.step:
            yield f"last {best.indicator}", number(best.last_value), f"at step {best.last_step}"
    if evaluated is not None:
        main = best.indicator if best.indicator in evaluated.metrics else next(iter(evaluated.metrics))
        yield f"{main} now", number(evaluated.metrics[main]), f"{Path(evaluated.weights).name}, evaluated for this page"
    epochs = run.series.get(("train", "epoch"), {})
    if epochs:
        yield "steps", number(max(epochs)), f"in epoch {epochs[max(epochs)]}"


def _about_best(best):
    if best.refused is None:
        return f"at step {best.step}"
    return f"at step {best.step}, kept as best_accuracy; {number(best.refused_value)} at step {best.refused} was not"


def _model(config):
    """What is trained, in the words of the configuration."""
    architecture = (config or {}).get("Architecture")
    if not isinstance(architecture, dict):
        return []
    parts = [architecture.get(name) for name in ("Transform", "Backbone", "Neck", "Head")]
    names = [part["name"] for part in parts if isinstance(part, dict) and "name" in part]
    return [("model", ", ".join(filter(None, [architecture.get("model_type"), architecture.get("algorithm"), *names])))]


def _card(title, value, about):
    return tag("li", tag("span", title), tag("b", value), tag("small", about))


def curves_section(series, best, clock=None) -> Section:
    """Returns the section with the curves and a table of the evaluations.

    Args:
        series: see :class:`ppocr.report.run_folder.RunFolder`.
        best: :class:`Best`.
        clock: :class:`ppocr.utils.metrics_file.Clock`; None where nothing is known of the time.
    """
    clock = clock or Clock({}, [])
    charts = [chart for chart in _charts(series, best, clock) if chart is not None]
    if not charts:
        return Section("curves", "Curves", [note("Nothing has been logged.")])
    about = "Over the steps of the run; beside each name its last value."
    if clock.resumed:
        steps = ", ".join(map(str, clock.resumed))
        about += f" The run was interrupted, and resumed after step {steps}: upright dashed lines."
    body = [note(about), chart_controls(bool(clock.hours)), tag("div", charts, class_="charts")]
    return Section("curves", "Curves", [*body, *_evaluations(series, best)])


def chart_controls(with_hours: bool):
    """Returns what the page's script needs to draw charts anew; without it, nothing is seen of them."""
    axes = [tag("option", "steps", value="steps"), tag("option", "hours of work", value="hours")]
    axis = tag("label", "over ", tag("select", axes, data_axis=True)) if with_hours else None
    smooth = tag("input", type="range", min=0, max=99, value=0, data_smooth=True)
    whole = tag("button", "the whole run", type="button", data_whole=True)
    words = "drag across a chart to look closer"
    return tag("p", axis, tag("label", "smoothing ", smooth), tag("span", words), whole, class_="controls", hidden=True)


def _charts(series, best, clock):
    """Yields a chart, or None, for each question that the curves of a run may answer."""
    draw = _Charts(series, clock)
    watched = [key for key in best.metrics if key.endswith(f"_{best.indicator}")]
    others = [key for key in best.metrics if key not in (best.indicator, *watched)]
    parts = [key for split, key in series if split == "train" and key not in (*_NOT_LOSSES, *best.metrics)]
    losses = {("eval", key): key for split, key in series if split == "eval" and key.endswith("_loss")}
    yield draw("Loss", {("train", "loss"): "training", ("eval", "loss"): "evaluation", **losses})
    if best.indicator:
        curves = {("train", best.indicator): "training", ("eval", best.indicator): "evaluation"}
        yield draw(best.indicator, {**curves, **{("eval", key): key for key in watched}}, shares)
        yield draw("Other metrics", {("eval", key): key for key in others}, shares)
    yield draw("Parts of the loss", {("train", key): key for key in parts})
    yield draw("Learning rate", {("train", "lr"): "rate"})
    yield draw("Norm of the gradients", {("train", "grad_norm"): "norm"})
    yield draw("Throughput, samples per second", {("train", "ips"): "training"}, _from_zero)
    yield draw("Seconds a step", {("train", "batch_cost"): "in all", ("train", "reader_cost"): "reading"}, _from_zero)


class _Charts:
    """Draws charts whose horizontal axes are the same."""

    def __init__(self, series, clock):
        self._series, self._clock = series, clock
        self._last_step = max(step for points in series.values() for step in points)

    def __call__(self, title, names, limits=None):
        """Returns a chart of the curves in ``names``, ``{(split, key): label}``; None where none of them was logged."""
        hours = self._clock.hours
        lines = [Line(names[n], self._series[n], n[0] == "eval", hours) for n in names if n in self._series]
        if not lines:
            return None
        values = [value for line in lines for value in line.points.values()]
        marks = {step: f"interrupted, and resumed after step {step}" for step in self._clock.resumed}
        return line_chart(title, lines, self._last_step, limits and limits(values), marks)


def shares(values):
    """Limits of an axis for values that are shares of 1."""
    return (0, 1) if 0 <= min(values) and max(values) <= 1 else None


def _from_zero(values):
    """Limits of an axis on which sizes can be compared."""
    return (0, max(values)) if min(values) >= 0 and max(values) > 0 else None


def _evaluations(series, best):
    """A table of the last evaluations and the best one."""
    keys = [key for split, key in series if split == "eval" and key != "epoch"]
    steps = sorted({step for key in keys for step in series["eval", key]})
    shown = [step for step in steps if step == best.step or step in steps[-_EVALUATIONS:]]
    rows = []
    for step in shown:
        values = [series["eval", key].get(step) for key in keys]
        cells = [tag("td", "" if value is None else number(value)) for value in values]
        epoch = series.get(("eval", "epoch"), {}).get(step, "")
        rows.append(tag("tr", tag("td", step), tag("td", epoch), cells, class_="best" if step == best.step else None))
    if not rows:
        return []
    return [tag("h3", "Evaluations"), table(["step", "epoch", *keys], rows, sortable=True)]
