"""How fast parameters are trained and how much they decay, where a model does not train all alike.

Optimizers get one flat list.  A parameter's share of the learning rate and a decay of its own lie on the parameter
itself, where ``ParamAttr(learning_rate=..., regularizer=...)`` puts them: lists of groups would be clipped group by
group, which is not a global norm, and would overwrite what ``ParamAttr`` says.
"""

from dataclasses import dataclass
from typing import Optional, Union

import paddle

from ppocr.errors import ConfigError
from ppocr.optimizer.selection import matching, weights
from ppocr.registry import bind_arguments
from ppocr.values import Name, Names, Penalty, Positive

DECLARATION = "learning_rate_scales"  # see stage_factors
REST = ""


@dataclass(frozen=True)
class ParamGroup:
    """An entry of ``Optimizer.param_groups``.

    Args:
        match: one pattern of structured parameter names or several, such as ``head.*``.
        lr_mult: factor of the learning rate, on top of what else scales the rate of a parameter; ``Optimizer.freeze``
            leaves out of training.
        weight_decay: decay in place of the one that the section or the model gives; None leaves that as it is.

    """

    match: Union[Name, Names]
    lr_mult: Positive = 1.0
    weight_decay: Optional[Penalty] = None


def trainable_parameters(model) -> dict:
    """Returns the parameters that are not frozen by their structured names.

    Raises:
        ConfigError: there is none.
    """
    parameters = {name: param for name, param in model.named_parameters() if param.trainable}
    if not parameters:
        raise ConfigError("Optimizer: there is nothing to train, every parameter of the model is frozen")
    return parameters


def assign_groups(config, names) -> dict:
    """Returns ``{structured name: ParamGroup}`` of the parameters that are in a group; the first that fits counts.

    Args:
        config: ``Optimizer.param_groups``, a list of mappings with the keys of :class:`ParamGroup`.
        names: structured names of all parameters, frozen ones too.

    Raises:
        ConfigError: a key or value that does not fit, or a pattern that fits no parameter.
    """
    assigned = {}
    for index, given in enumerate(config):
        where = f"Optimizer.param_groups[{index}]"
        group = _read_group(given, where)
        for name in matching(group.match, names, where):
            assigned.setdefault(name, group)
    return assigned


def _read_group(given, where):
    if not isinstance(given, dict):
        raise ConfigError(f"{where} must be a mapping, such as {{match: head.*, lr_mult: 10}}, not {given!r}")
    return bind_arguments(ParamGroup, given, "a group").build(where)


def stage_factors(model, names, stage: Optional[str]) -> dict:
    """Returns ``{structured name: factor of the learning rate}`` that the layers of a model declare for a stage.

    A layer declares ``learning_rate_scales = {"stage": {"branch.": 0.0, "": 0.1}}``: the factors of those of its
    parameters whose names, relative to the layer, begin like this, and under ``""`` the factor of all other parameters
    of the model, 1 by default.

    Args:
        model: a ``paddle.nn.Layer``.
        names: structured names of the parameters that are trained.
        stage: name of the stage; None for a model that is trained in one go.

    Raises:
        ConfigError: no layer declares the stage, or no parameter keeps the base rate in it.
    """
    if stage is None:
        return dict.fromkeys(names, 1.0)
    scales = _declared_scales(model, stage)
    rest = scales.pop(REST, 1.0)
    factors = {name: next((scales[start] for start in scales if name.startswith(start)), rest) for name in names}
    if 1.0 not in factors.values():
        raise ConfigError(
            f"Optimizer.training_step: no trainable parameter keeps the base learning rate in stage {stage}; "
            "set Architecture.Head.training_step to the same stage"
        )
    return factors


def _declared_scales(model, stage):
    layers = [(name, layer) for name, layer in model.named_sublayers(include_self=True) if hasattr(layer, DECLARATION)]
    declared = [(name, getattr(layer, DECLARATION).get(stage)) for name, layer in layers]
    if all(scales is None for _, scales in declared):
        raise ConfigError(
            f"Optimizer.group_lr: the model declares no learning rates for stage {stage}; leave group_lr out"
        )
    return {
        f"{name}.{start}" if name and start != REST else start: factor
        for name, scales in declared
        for start, factor in (scales or {}).items()
    }


def layer_factors(model, decay: float) -> dict:
    """Returns ``{structured name: factor}`` of layer-wise rate decay (arXiv:1801.06146, arXiv:2106.08254).

    The layers of a model, first to last: its transform, the children of its backbone one by one, its neck, its head.
    Members of a ``LayerList`` count as children, parts without parameters do not count, and parameters that lie in no
    child belong to the first layer.  The last layer has the factor 1, each one before it ``decay`` times that of the
    next.  A model of several networks is decayed network by network.

    Args:
        model: a layer with a child ``backbone``, or one whose children have it.
        decay: above 0, at most 1.

    Raises:
        ConfigError: there is no backbone.
    """
    names, factors = list(weights(model)), {}
    for prefix, network in _networks(model):
        layers = _layers(network, prefix, names)
        for name in _beginning(prefix, names):
            depth = next((i for i, layer in enumerate(layers) if name.startswith(layer)), 0)
            factors[name] = decay ** (len(layers) - 1 - depth)
    return factors


def _networks(model):
    """Returns (beginning of the names, layer) of everything in the model that has a backbone."""
    children = dict(model.named_children())
    if "backbone" in children:
        return [("", model)]
    found = [(f"{name}.", child) for name, child in children.items() if "backbone" in dict(child.named_children())]
    if not found:
        raise ConfigError("Optimizer.layer_decay: the model has no part 'backbone', whose layers it needs")
    return found


def _layers(network, prefix, names):
    """Returns how the names of the parameters begin, layer by layer."""
    layers = []
    for name, part in network.named_children():
        beginning = f"{prefix}{name}."
        children = _children(part, beginning) if name == "backbone" else ()
        layers += [child for child in children if _beginning(child, names)] or [beginning]
    return [layer for layer in layers if _beginning(layer, names)]


def _children(layer, prefix):
    for name, child in layer.named_children():
        beginning = f"{prefix}{name}."
        if isinstance(child, paddle.nn.LayerList):
            yield from _children(child, beginning)
        else:
            yield beginning


def _beginning(prefix, names):
    return [name for name in names if name.startswith(prefix)]


def scale_rates(parameters: dict, factors: dict) -> dict:
    """Gives every parameter its share of the learning rate, as a factor on top of its ``ParamAttr``.

    Args:
        parameters: structured name to parameter.
        factors: structured name to factor, relative to the base rate; 1 for names that are not in it.

    Returns:
        The parameters that are left to train, those with a factor above 0.
    """
    for name, param in parameters.items():
        attributes = dict(param.optimize_attr)
        # Kept apart, so that building a second optimizer for the model does not scale twice.
        own = attributes.setdefault("own_learning_rate", attributes.get("learning_rate", 1.0))
        param.optimize_attr = {**attributes, "learning_rate": own * factors.get(name, 1.0)}
    return {name: param for name, param in parameters.items() if factors.get(name, 1.0) > 0}


def set_decays(parameters: dict, decays: dict, in_gradient: bool):
    """Gives parameters a weight decay of their own, in place of that of their ``ParamAttr`` and of the section.

    Args:
        parameters: structured name to parameter.
        decays: structured name to coefficient; other parameters get back what their ``ParamAttr`` says.
        in_gradient: whether the optimizer adds the decay to the gradient (L2); else it has to ask :func:`own_decay`.
    """
    for name, param in parameters.items():
        attributes = dict(param.optimize_attr)
        regularizer = attributes.setdefault("own_regularizer", param.regularizer)
        attributes.pop("own_decay", None)
        if name in decays:
            attributes["own_decay"] = float(decays[name])
            regularizer = paddle.regularizer.L2Decay(float(decays[name])) if in_gradient else None
        param.optimize_attr, param.regularizer = attributes, regularizer


def own_decay(param) -> Optional[float]:
    """Returns the coefficient that :func:`set_decays` gave to a parameter, None if it gave none."""
    return param.optimize_attr.get("own_decay")


def without_decay(parameters: dict, name_parts, one_dim: bool) -> set:
    """Returns the tensor names of the parameters that weight decay leaves alone.

    Args:
        parameters: structured name to parameter.
        name_parts: parts of structured names.
        one_dim: whether biases and other parameters of one dimension are left alone too.
    """
    return {
        param.name
        for name, param in parameters.items()
        if (one_dim and len(param.shape) == 1) or any(part in name for part in name_parts)
    }
