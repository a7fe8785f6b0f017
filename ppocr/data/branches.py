"""What is compared where several networks, or several branches of a head, are trained and evaluated together."""

from ppocr.data.batch import BRANCH_LABELS, IMAGE, Batch, alternatives, facts_of, keys_of, named
from ppocr.errors import ConfigError


def output_of(preds, model, key=None, branch=None):
    """Returns ``preds[model][key][branch]``, leaving out what is None.

    Args:
        preds: ``{name of a network: its outputs}``.
        model: name of the network.
        key: name of one of its outputs.
        branch: ``ctc``, ``sar`` or ``gtc``, for an output that is that of a head of several branches.

    Raises:
        ConfigError: there is no such output; the message names the ones there are.
    """
    found = preds
    for step in (model, key, branch):
        if step is None:
            continue
        if not isinstance(found, dict) or step not in found:
            known = ", ".join(map(str, found)) if isinstance(found, dict) else "a single tensor"
            raise ConfigError(f"the output '{step}' of the model '{model}' is asked for, which gives {known}")
        found = found[step]
    return found


def branch_reads(reads, branch) -> tuple:
    """Returns what a component reads of a batch where :func:`branch_batch` gives it the label of a branch."""
    ctc, guide = BRANCH_LABELS
    return tuple((ctc if branch == "ctc" else guide) if name == "label" else name for name in reads)


def branch_batch(batch, branch):
    """Returns what belongs to one branch of a batch: all but the labels, and that of the branch as ``label``."""
    batch = named(batch, (*IMAGE, *BRANCH_LABELS, "length", "valid_ratio"))
    ctc, guide = BRANCH_LABELS
    (label,) = batch.select(ctc if branch == "ctc" else guide)
    labels = ("label", *alternatives(ctc), *alternatives(guide))
    others = {name: field for name, field in zip(batch.names, batch) if name not in labels}
    return Batch([*others.values(), label], keys_of(batch), facts_of(batch), (*others, "label"))
