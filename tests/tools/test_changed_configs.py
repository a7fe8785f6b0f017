"""Any node of a published configuration may hold anything: there are findings, or there is a run, and nothing else.

No change raises an exception that is not for the user, none ends a run that has begun to train.
"""

import contextlib
import copy
import multiprocessing
import os
import random
import resource
import shutil
import signal
from dataclasses import dataclass

import pytest
from small_runs import CONFIGS, RUNNABLE, records, small_run, trained

from ppocr.utils.loggers import metric_loggers

VALUES = {
    "5": lambda value: 5,
    "[]": lambda value: [],
    "null": lambda value: None,
    "huge": lambda value: 10**12,
    "negative": lambda value: -3,
    "typo": lambda value: f"{value}x" if isinstance(value, str) else "typo",
}
SMALL = ["cls/cls_mv3.yml", "det/det_mv3_db.yml", "rec/rec_mv3_none_bilstm_ctc.yml"]
MEMORY, SECONDS = 12 << 30, 900  # what one changed run may take of them


@dataclass(frozen=True)
class Change:
    """Another value for one node, or a misspelt key (kind ``key``)."""

    path: tuple
    kind: str

    def __str__(self):
        return f"{'.'.join(map(str, self.path))}: {self.kind}"

    def made(self, config):
        """Returns a configuration with the change; the given one stays as it is."""
        changed = copy.deepcopy(config)
        holder = changed
        for step in self.path[:-1]:
            holder = holder[step]
        last = self.path[-1]
        if self.kind == "key":
            holder[f"{last}x"] = holder.pop(last)
        else:
            holder[last] = VALUES[self.kind](holder[last])
        return changed


def nodes(value, path=()):
    """Yields the path of every node inside a value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*path, key)
        yield from nodes(inner, (*path, key))


def draw(config, rng) -> Change:
    path = rng.choice(list(nodes(config)))
    return Change(path, rng.choice([*VALUES, "key"] if isinstance(path[-1], str) else list(VALUES)))


def changed_runs(names, count, seed, data, folder):
    """Yields ``count`` changes: the name of a configuration, the change, the configuration and a folder for its run."""
    rng, configs = random.Random(seed), {}
    for number in range(count):
        name = rng.choice(names)
        if name not in configs:
            configs[name] = small_run(CONFIGS / name, data, "out")
            configs[name]["Global"].update(max_steps=1, eval_batch_step=1)
        change, own = draw(configs[name], rng), folder / str(number)
        own.mkdir()
        config = copy.deepcopy(configs[name])
        config["Global"]["save_model_dir"] = str(own / "out")
        yield name, change, change.made(config), own


def complaint(config, folder, err) -> str:
    """Runs a configuration and returns what is wrong with how it ends; ``err()`` gives what was written to stderr."""
    code = trained(config, folder)
    if code not in (0, 2):
        return f"exit code {code}"
    if code == 2 and has_trained(folder):
        return "ended after it had begun to train"
    return "no word why" if code == 2 and "error" not in err().lower() else ""


def has_trained(folder) -> bool:
    return (folder / "out/metrics.jsonl").exists() and "train" in [one["split"] for one in records(folder / "out")]


def test_a_hundred_changes_give_findings_or_a_run(drawn_data, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(metric_loggers, "draw_curves", lambda *arguments: None)  # half of the time of such a run
    runs = 0
    for name, change, config, folder in changed_runs(SMALL, 100, 2, drawn_data, tmp_path):
        assert not complaint(config, folder, lambda: "".join(capfd.readouterr())), f"{name}: {change}"
        runs += has_trained(folder)
    assert 3 <= runs <= 40  # most changes are found, and what is allowed runs


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_two_thousand_changes_of_all_configurations_give_findings_or_a_run(seed, drawn_data, tmp_path):
    """Each runs in a process of its own, so that one which takes all memory or never ends is only that one."""
    wrong, runs = [], 0
    for name, change, config, folder in changed_runs(RUNNABLE, 500, seed, drawn_data, tmp_path):
        process = multiprocessing.get_context("fork").Process(target=run_bounded, args=(config, folder))
        process.start()
        process.join()
        if process.exitcode:
            wrong.append(f"{name}: {change}: {(folder / 'log').read_text(errors='replace')[-500:]}")
        runs += has_trained(folder)
        shutil.rmtree(folder)  # together the checkpoints would take tens of gigabytes
    assert not wrong, "\n".join(wrong)
    assert 15 <= runs <= 150


def run_bounded(config, folder):
    """Leaves exit code 0 if a changed configuration ends as it should, with output in ``log``."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.alarm(SECONDS)
    metric_loggers.draw_curves = lambda *arguments: None  # only in this process
    with open(folder / "log", "w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            found = complaint(config, folder, lambda: (folder / "log").read_text(errors="replace"))
            if found:
                print(found)
    if found:
        raise SystemExit(1)
