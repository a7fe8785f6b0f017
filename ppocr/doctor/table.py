"""A result as a table, and as JSON."""

import json
from dataclasses import asdict

from ppocr.doctor.advice import limit, notes
from ppocr.wording import counted

_BAR = 40  # characters of a bar that is as long as the step


def table(result, advice) -> str:
    """Returns what was measured, what sets the pace and what to change, as lines for a terminal."""
    facts = result.facts
    lines = [
        f"{facts.config} on {facts.device}: {counted(result.steps, 'step')}, batches of {facts.batch_size}, "
        f"num_workers {facts.workers}, {counted(facts.cores, 'core')}",
        "",
        f"{'part':<34} {'ms a step':>9}  {'share':>6}",
    ]
    lines += [_line(f"{part.side}: {part.name}", ms, result) for part, ms in result.parts.items()]
    lines += ["", *(_line(name, ms, result) for name, ms in summary(result).items())]
    lines += [_line("sum of the timed parts of a step", result.accounted * result.step, result)]
    lines += ["", *(f"note: {note}" for note in notes(result)), f"limit: {limit(result)}"]
    lines += [f"change {change}" for change in advice] or ["change nothing: no setting would gain much"]
    return "\n".join(lines)


def summary(result) -> dict:
    """Returns the milliseconds of loader, trainer and whole step by the names under which they are shown."""
    workers = result.facts.workers
    loader = f"loader ({counted(workers, 'worker')})" if workers else "loader"
    return {
        loader: result.loader,
        "trainer": result.trainer,
        "trainer waits": result.waiting,
        "whole step": result.step,
    }


def to_json(result, advice) -> str:
    """Returns the same as a JSON object; times are milliseconds a step."""
    return json.dumps(
        {
            **asdict(result.facts),
            "steps": result.steps,
            "step_ms": result.step,
            "loader_work_ms": result.work,
            "loader_ms": result.loader,
            "trainer_ms": result.trainer,
            "waiting_ms": result.waiting,
            "accounted": result.accounted,
            "parts": [
                {"side": part.side, "name": part.name, "ms": ms, "share": ms / result.step}
                for part, ms in result.parts.items()
            ],
            "notes": notes(result),
            "limit": limit(result),
            "advice": [change._asdict() for change in advice],
        },
        ensure_ascii=False,
        indent=1,
    )


def _line(name, milliseconds, result):
    share = milliseconds / result.step
    return f"{name:<34} {milliseconds:>9.2f} {100 * share:>6.1f} %  {'#' * round(_BAR * share)}".rstrip()
