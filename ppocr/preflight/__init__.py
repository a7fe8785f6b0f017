"""Checks before a run: configuration, dictionaries, label files, images, model, weights, space.

Each check is a function ``check_x(context)`` that yields :class:`Finding`; :data:`CHECKS` lists them in order of cost.
"""

from dataclasses import replace
from typing import Callable, NamedTuple

from ppocr.engine.preparation import list_problems
from ppocr.errors import ConfigError, UserError
from ppocr.failures import StageError
from ppocr.findings import ERROR, NOTE, CannotRun, Finding, from_message, summary, table, to_json
from ppocr.preflight import box_checks, config_checks, image_checks, label_checks, run_checks, use_checks
from ppocr.preflight.context import Context

__all__ = [
    "CHECKS",
    "Context",
    "Finding",
    "cheap_findings",
    "cheap_warnings",
    "from_message",
    "run",
    "summary",
    "table",
    "to_json",
]

_FIRST_LINES = 1000


class Check(NamedTuple):
    """A check.

    Attributes:
        name: what is checked, as a person calls it.
        function: ``function(context)`` gives findings.
        needs: names of checks without which it cannot run: these must have found no error.
        cheap: takes far less than a second, once label files are cut.
    """

    name: str
    function: Callable
    needs: tuple = ()
    cheap: bool = False


CHECKS = (
    Check("configuration", config_checks.check_config, cheap=True),
    Check("device", config_checks.check_device, ("configuration",)),
    Check("files", config_checks.check_files, ("configuration",), cheap=True),
    Check("dictionaries", config_checks.check_dictionaries, ("configuration",), cheap=True),
    Check("operators", config_checks.check_operators, ("configuration",), cheap=True),
    Check("decoder", config_checks.check_codec, ("dictionaries", "operators"), cheap=True),
    Check("derived values", config_checks.check_derived, ("dictionaries", "operators")),
    Check("label lines", label_checks.check_labels, ("configuration",), cheap=True),
    Check("boxes", box_checks.check_boxes, ("configuration", "files"), cheap=True),
    Check("characters", label_checks.check_characters, ("dictionaries",), cheap=True),
    Check("paths", label_checks.check_paths, ("configuration",), cheap=True),
    Check("schedule", run_checks.check_schedule, ("device", "files", "dictionaries", "operators", "decoder")),
    Check("training batch", run_checks.check_training_batch, ("schedule",)),
    Check("evaluation batch", run_checks.check_evaluation_batch, ("schedule",)),
    Check("wide lines", use_checks.check_wide_lines, ("evaluation batch",)),
    Check("weights", run_checks.check_weights, ("schedule",)),
    Check("disk space", run_checks.check_disk, ("schedule",)),
    Check("shared memory", run_checks.check_shared_memory, ("training batch", "evaluation batch")),
    Check("alignments", run_checks.check_alignments, ("training batch",)),
    Check("images", image_checks.check_images, ("configuration",)),
)


def run(context, checks=CHECKS) -> list:
    """Runs the checks in their order; one that cannot run becomes a note that says why.

    Args:
        context: :class:`Context`.
        checks: :class:`Check` to run; what one of them needs comes before it.

    Returns:
        List of :class:`Finding`.
    """
    findings, failed, skipped = [], {}, {}
    for check in checks:
        causes = {cause: None for name in check.needs for cause in failed.get(name, ())}
        if causes:
            failed[check.name] = causes
            skipped.setdefault(", ".join(causes), []).append(check.name)
            continue
        found = _findings(check, context)
        told = {(finding.what, finding.where) for finding in findings}
        findings += [finding for finding in found if (finding.what, finding.where) not in told]
        if any(finding.severity == ERROR for finding in found):
            failed[check.name] = {check.name: None}
    return findings + [_skipped(", ".join(names), f"there are errors in: {why}") for why, names in skipped.items()]


def cheap_findings(config) -> list:
    """Returns the errors and warnings that can be had at once, for the start of a run.

    Of images only the first with a box is opened, nothing of the run is built but its operators and decoder, and of
    each label file only the first 1000 lines are read, and some spread over the file where no box counts.

    Args:
        config: the merged configuration; with its ``sources`` findings have file and line.
    """
    context = Context(config, label_limit=_FIRST_LINES)
    found = run(context, [check for check in CHECKS if check.cheap])
    return [finding for finding in found if finding.severity != NOTE]


def cheap_warnings(config, path) -> list:
    """Returns the warnings of the checks that take no time, but for those about the configuration alone.

    Args:
        config: see :func:`cheap_findings`.
        path: of its file, for the error.

    Raises:
        ConfigError: the run would fail.
    """
    findings = [finding for finding in cheap_findings(config) if finding.check != "configuration"]
    errors = [finding for finding in findings if finding.severity == ERROR]
    if errors:
        raise ConfigError(list_problems(path, errors))
    return findings


def _findings(check, context) -> list:
    """Returns what a check finds, with its name."""
    try:
        found = list(check.function(context))
    except CannotRun as reason:
        return [_skipped(check.name, str(reason))]
    except StageError as error:
        found = [Finding(ERROR, error.what, *context.where(error.path))]
    except UserError as error:
        found = [Finding(ERROR, str(error), context.file)]
    return [replace(finding, check=check.name) for finding in found]


def _skipped(names, reason):
    return Finding(NOTE, f"not checked: {names}; {reason}", check=names)
