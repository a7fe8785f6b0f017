"""Builds the optimizer and the learning-rate schedule of an ``Optimizer`` section."""

from dataclasses import dataclass
from typing import Optional, Union

from paddle.nn import ClipGradByGlobalNorm, ClipGradByNorm
from paddle.nn import clip as paddle_clip

from ppocr.errors import ConfigError
from ppocr.optimizer.param_groups import (
    assign_groups,
    layer_factors,
    scale_rates,
    set_decays,
    stage_factors,
    trainable_parameters,
)
from ppocr.optimizer.selection import freeze_parameters, weights
from ppocr.registry import LR_SCHEDULERS, OPTIMIZERS, REGULARIZERS, Binding, bind_arguments, parameters_of
from ppocr.values import Fraction, Name, Names, Penalty, Positive


@dataclass
class SectionKeys:
    """The keys of ``Optimizer`` that the builder reads; everything else goes to the class that ``name`` says.

    Attributes:
        lr: the learning-rate schedule, ``{name: ..., learning_rate: ...}``; without a name the rate is constant.
        regularizer: weight decay as a class, ``{name: L2, factor: ...}``.
        weight_decay: weight decay as a number; excludes ``regularizer``.
        clip_norm: largest norm of the gradient of one parameter.
        clip_norm_global: largest norm of all gradients together; excludes ``clip_norm``.
        freeze: patterns of names of parameters that are not trained.
        param_groups: groups with rates and decays of their own; the first that matches a parameter takes it.
        layer_decay: factor of the rate from each block to the one before it.
    """

    lr: dict
    regularizer: Optional[dict] = None
    weight_decay: Optional[Penalty] = None
    clip_norm: Optional[Positive] = None
    clip_norm_global: Optional[Positive] = None
    freeze: Union[Names, Name, None] = None
    param_groups: Optional[list[dict]] = None
    layer_decay: Optional[Fraction] = None

    @staticmethod
    def check_arguments(regularizer, weight_decay, clip_norm, clip_norm_global):
        """Yields keys that exclude each other."""
        if regularizer is not None and weight_decay is not None:
            yield "weight_decay", "'regularizer' and 'weight_decay' exclude each other, give one of them"
        if clip_norm is not None and clip_norm_global is not None:
            yield "clip_norm_global", "'clip_norm' and 'clip_norm_global' exclude each other, give one of them"


SECTION_KEYS = tuple(parameters_of(SectionKeys))
# Values that the builder gives to schedules and regularizers.
SUPPLIED_KEYS = ("epochs", "step_each_epoch", "steps_per_epoch")


def build_lr_scheduler(config, epochs: int, step_each_epoch: int):
    """Builds a learning-rate schedule.

    Args:
        config: the ``lr`` part of the section, ``{"name": "Cosine", "learning_rate": 1e-3, ...}``; without a name the
            rate is constant.
        epochs: epochs of the run.
        step_each_epoch: optimizer updates in an epoch.

    Returns:
        A Paddle ``LRScheduler`` to be stepped after every update, or a float if the rate never changes.

    Raises:
        ConfigError: unknown schedule, unknown or missing key, a value that does not fit, or a run without steps.
    """
    if not isinstance(config, dict):
        raise ConfigError(f"Optimizer.lr must be a mapping, such as {{learning_rate: 0.001}}, not {config!r}")
    named = {**config, "name": config.get("name") or "Const"}
    return LR_SCHEDULERS.build(named, supplied=_supplied(epochs, step_each_epoch))


def build_optimizer(config, epochs: int, step_each_epoch: int, model):
    """Builds the optimizer of the parameters of a model that are not frozen, with its learning-rate schedule.

    Three keys tell parameters apart, by patterns of their structured names: ``freeze`` takes parameters out of
    training (:func:`ppocr.optimizer.selection.freeze_parameters`), ``param_groups`` scales rates and replaces decays
    (:class:`ppocr.optimizer.param_groups.ParamGroup`), ``layer_decay`` lowers the rates towards the input
    (:func:`ppocr.optimizer.param_groups.layer_factors`).  What they give is written on the parameters, anew each time;
    what was frozen stays so.

    Args:
        config: the ``Optimizer`` section.
        epochs: epochs of the run.
        step_each_epoch: optimizer updates in an epoch.
        model: a ``paddle.nn.Layer``.

    Returns:
        ``(optimizer, lr_scheduler)``; the second is a float if the rate never changes.  Their ``state_dict()`` hold
        everything that a resumed run needs.

    Raises:
        ConfigError: an unknown name or key, a value that does not fit, two keys that exclude each other, or a model
            with nothing to train.
    """
    own = _own_values(config)
    learning_rate = build_lr_scheduler(own.get("lr"), epochs, step_each_epoch)
    weight_decay = _weight_decay(own, epochs, step_each_epoch)
    if hasattr(weight_decay, "follow"):
        learning_rate = weight_decay.follow(learning_rate)
    clip = _gradient_clip(own)
    entry = OPTIMIZERS.build(config, elsewhere=SECTION_KEYS)
    parameters = _prepared_parameters(own, entry, model)
    for name, decay in entry.decays(parameters, weight_decay).items():
        parameters[name].optimize_attr["weight_decay"] = decay  # for the table of parameters
    return entry(parameters, learning_rate, weight_decay, clip), learning_rate


def _prepared_parameters(own, entry, model):
    """Returns the parameters to train, with their rates and decays on them."""
    groups = assign_groups(own.get("param_groups", ()), weights(model))
    layers = layer_factors(model, own["layer_decay"]) if "layer_decay" in own else {}
    freeze_parameters(model, own.get("freeze", ()))
    parameters = trainable_parameters(model)
    factors = stage_factors(model, parameters, entry.stage)
    for name in factors:
        factors[name] *= layers.get(name, 1.0) * (groups[name].lr_mult if name in groups else 1.0)
    parameters = scale_rates(parameters, factors)
    decays = {name: group.weight_decay for name, group in groups.items() if group.weight_decay is not None}
    set_decays(parameters, decays, entry.decay_in_gradient)
    return parameters


def _supplied(epochs, step_each_epoch):
    if min(epochs, step_each_epoch) < 1:
        raise ConfigError(f"a run of {epochs} epochs with {step_each_epoch} steps each has nothing to train")
    return dict(zip(SUPPLIED_KEYS, (epochs, step_each_epoch, step_each_epoch)))


def bind_section(section) -> Binding:
    """Fits the keys of an ``Optimizer`` section that are :class:`SectionKeys`; see :func:`bind_arguments`."""
    own = {key: value for key, value in section.items() if key in SECTION_KEYS}
    return bind_arguments(SectionKeys, own, "Optimizer")


def _own_values(config):
    """Returns the values that the builder reads, without nulls and of the right types."""
    values = bind_section(config).build("Optimizer")
    return {key: value for key, value in vars(values).items() if value is not None}


def _weight_decay(own, epochs, step_each_epoch):
    if "regularizer" in own:
        return REGULARIZERS.build(own["regularizer"], supplied=_supplied(epochs, step_each_epoch))
    return float(own["weight_decay"]) if "weight_decay" in own else None


def _gradient_clip(own):
    # Without it squares are summed in the type of a gradient, and float16 overflows at a norm of 256.
    paddle_clip._clip_by_global_norm_using_mp_type(True)
    for key, clip in (("clip_norm", ClipGradByNorm), ("clip_norm_global", ClipGradByGlobalNorm)):
        if key in own:
            return clip(float(own[key]))
    return None
