"""A table of what is trained, how fast and with what decay, for the start of a log."""

from collections import defaultdict

from ppocr.optimizer.selection import weights
from ppocr.wording import plural

MOST_LISTED = 3


def parameter_table(model, optimizer) -> list:
    """Returns one line for each top-level block of a model.

    Args:
        model: a ``paddle.nn.Layer``, plain or inside ``paddle.DataParallel``.
        optimizer: an optimizer of :func:`ppocr.optimizer.build_optimizer`, or the parameters that it trains.

    Returns:
        Lines such as ``head: 1,024 values, all trained, rate x 10, decay 0, 0.0001``: values without running
        statistics, share of them that the optimizer trains, factors of the learning rate, weight decays.
    """
    trained = {id(param) for param in getattr(optimizer, "_parameter_list", optimizer)}
    blocks = defaultdict(list)
    for name, param in weights(getattr(model, "_layers", model)).items():
        blocks[name.split(".")[0]].append(param)
    return [f"{block}: {_describe(params, trained)}" for block, params in blocks.items()]


def _describe(params, trained):
    moving = [param for param in params if id(param) in trained]
    count, share = _count(params), _count(moving) / max(_count(params), 1)
    values = f"{count:,} {plural(count, 'value')}"
    if not moving:
        return f"{values}, frozen"
    rates = _listed({param.optimize_attr.get("learning_rate", 1.0) for param in moving})
    decays = _listed({param.optimize_attr.get("weight_decay", "not known") for param in moving})
    part = "all" if len(moving) == len(params) else f"{share:.1%}"
    return f"{values}, {part} trained, rate x {rates}, decay {decays}"


def _count(params):
    return sum(param.size for param in params)


def _listed(values):
    numbers = sorted(value for value in values if not isinstance(value, str))
    texts = [f"{number:.3g}" for number in numbers] + sorted(value for value in values if isinstance(value, str))
    texts = list(dict.fromkeys(texts))
    return ", ".join(texts) if len(texts) <= MOST_LISTED else f"{texts[0]} to {texts[-1]}"
