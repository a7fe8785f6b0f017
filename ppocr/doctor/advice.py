"""What limits a run, and which settings the numbers speak for changing."""

import math
from typing import NamedTuple

from ppocr.doctor import parts
from ppocr.doctor.result import Result
from ppocr.wording import counted

_ALWAYS_THERE = (parts.NORM, parts.CHECK, parts.UPDATE, parts.LOG)  # whatever the size of the batch


class Advice(NamedTuple):
    """A change that is worth trying.

    Attributes:
        setting: the key, with the value to try.
        why: the numbers that speak for it.
    """

    setting: str
    why: str

    def __str__(self):
        return f"{self.setting}: {self.why}"


def limit(result: Result) -> str:
    """Returns one line on which of loader and trainer sets the pace."""
    loader, trainer, facts = result.loader, result.trainer, result.facts
    if not facts.workers:
        return (
            f"loader and trainer take turns (num_workers is 0): {_ms(loader)} and {_ms(trainer)} a step, "
            f"so the trainer waits {_share(result.waiting, result)} of the time"
        )
    by = f"with {_by(facts)}"
    waits = f"the trainer waits {_ms(result.waiting)} ({_share(result.waiting, result)}) of a step"
    if result.of(parts.START) > result.of(parts.WAIT):
        waits += ", mostly at the start of an epoch, for which nothing is read ahead"
    if loader > trainer:
        return f"the loader: {_ms(loader)} a batch {by}; the trainer could take one every {_ms(trainer)}; {waits}"
    return f"the trainer: {_ms(trainer)} a step; the loader could give a batch every {_ms(loader)} {by}; {waits}"


def advise(result: Result) -> list:
    """Returns the :class:`Advice` that the numbers support, maybe none."""
    return [advice for rule in RULES for advice in [rule(result)] if advice is not None]


def workers(result):
    """As many workers as give a batch whenever the trainer wants one, and no more processes than cores."""
    facts, alone = result.facts, result.work + result.trainer
    needed = max(math.ceil(result.work / result.trainer), 1)
    why = f"a batch is {_ms(result.work)} of work and the trainer could take one every {_ms(result.trainer)}"
    if facts.workers and alone < 0.9 * result.step:
        return _workers(
            0, facts, f"{why}; one after the other that is {_ms(alone)}, but a step takes {_ms(result.step)}"
        )
    if result.loader_matters:
        most = min(needed, facts.free_cores)
        short = f"; {needed} would keep up, but {_cores(facts)}" if most < needed else ""
        return _workers(most, facts, why + short) if most > facts.workers else None
    if needed < facts.workers and facts.workers > facts.free_cores:
        return _workers(needed, facts, f"{why}; {_cores(facts)}")
    return None


def _workers(number, facts, why):
    return Advice(f"Train.loader.num_workers={number} (now {facts.workers})", why)


def cache(result):
    """Images kept decoded where reading and decoding is much of the loader's work."""
    facts, spent = result.facts, result.of(parts.READ, parts.DECODE)
    if facts.cache != "off" or facts.image is None:
        return None
    if not result.loader_matters or spent < 0.3 * result.work:
        return None
    needed, free = 3 * facts.samples * facts.image / 2**30, (facts.memory or 0) / 2**30
    kind = "memory" if needed < 0.75 * free else "disk"
    return Advice(
        f"Train.dataset.cache={kind} Train.dataset.cache_size_gb={math.ceil(needed)}",
        f"reading and decoding take {_ms(spent)} of the loader's {_ms(result.work)}; {facts.samples} decoded images "
        f"are {needed:.1f} GiB, {free:.1f} GiB of memory are free",
    )


def smaller_images(result):
    """Images stored smaller where most of what is decoded is thrown away again."""
    facts, spent = result.facts, result.of(parts.DECODE)
    if facts.image is None or facts.input is None or facts.image < 4 * facts.input:
        return None
    if not result.loader_matters or spent < 0.25 * result.work:
        return None
    return Advice(
        "smaller image files",
        f"decoding takes {_ms(spent)} of the loader's {_ms(result.work)}; an image has {facts.image / 1e6:.2g} "
        f"million pixels, the model gets {facts.input / 1e6:.2g}; scale them down as far as the text allows",
    )


def mixed_precision(result):
    """Half precision on a GPU that spends its time in the model."""
    spent = result.of(parts.FORWARD, parts.LOSS, parts.BACKWARD)
    if not result.facts.device.startswith("gpu") or result.facts.amp:
        return None
    if not result.trainer_matters or spent < 0.5 * result.step:
        return None
    return Advice(
        "Global.use_amp=true",
        f"forward, loss and backward take {_ms(spent)} ({_share(spent, result)}) of a step in float32",
    )


def larger_batch(result):
    """More samples a step where much of it does not depend on their number."""
    spent, size = result.of(*_ALWAYS_THERE), result.facts.batch_size
    if not result.trainer_matters or spent < 0.25 * result.step:
        return None
    return Advice(
        f"Train.loader.batch_size_per_card={2 * size} (now {size})",
        f"update, checks and statistics take {_ms(spent)} ({_share(spent, result)}) of a step of any size; "
        f"that is {_ms(spent / size)} a sample, and would be {_ms(spent / size / 2)}",
    )


def rarer_metric(result):
    """The metric of training batches in some epochs only."""
    now, spent = result.facts.metric_interval, result.of(parts.METRIC)
    average = spent / now
    if not result.trainer_matters or average < 0.05 * result.step:
        return None
    interval = math.ceil(spent / (0.02 * result.step))
    return Advice(
        f"Global.calc_epoch_interval={interval} (now {now})",
        f"the metric of a training batch takes {_ms(spent)} ({_share(spent, result)}) of a step; "
        f"it would be {_share(spent / interval, result)} on average",
    )


def rarer_check(result):
    """Bad numbers looked for at log lines only."""
    spent = result.of(parts.CHECK)
    if result.facts.check_finite != "step" or not result.trainer_matters or spent < 0.05 * result.step:
        return None
    return Advice(
        "Global.check_finite=log (now step)", f"the check takes {_ms(spent)} ({_share(spent, result)}) of a step"
    )


def rarer_lines(result):
    """Fewer log lines."""
    now, spent = result.facts.print_interval, result.of(parts.LOG)
    if not result.trainer_matters or spent < 0.05 * result.step:
        return None
    return Advice(
        f"Global.print_batch_step={5 * now} (now {now})",
        f"statistics and log lines take {_ms(spent)} ({_share(spent, result)}) of a step",
    )


def notes(result: Result) -> list:
    """Returns what a reader must know to read the numbers right."""
    said, facts = [], result.facts
    if facts.workers:
        said.append(f"the loader's parts are the work for one step, done by {_by(facts)} beside the trainer")
    if facts.cache not in (None, "off"):
        said.append("images that the cache did not hold yet were decoded; later epochs save that")
    if facts.metric_interval > 1 and result.of(parts.METRIC):
        said.append(f"the training metric is computed in one epoch of {facts.metric_interval}; this is such an epoch")
    return said


RULES = (
    workers,
    cache,
    smaller_images,
    mixed_precision,
    larger_batch,
    rarer_metric,
    rarer_check,
    rarer_lines,
)


def _by(facts):
    return counted(facts.workers, "worker")


def _ms(milliseconds):
    return f"{milliseconds:.3g} ms" if milliseconds < 100 else f"{milliseconds:.0f} ms"


def _share(milliseconds, result):
    return f"{100 * milliseconds / result.step:.0f} %"


def _cores(facts):
    model = ", one of which the model needs" if facts.on_cpu else ""
    return f"this machine has {counted(facts.cores, 'core')}{model}"
