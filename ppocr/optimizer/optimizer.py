"""Optimizers that the ``Optimizer`` section can name.

An entry holds the keys of its section.  Called with what the rest of the section gives, it makes the optimizer:

    parameters: structured name to parameter.
    learning_rate: a float or a schedule.
    weight_decay: None, a float (L2) or a regularizer object.
    grad_clip: None or a Paddle gradient clip.
"""

import functools
from dataclasses import asdict, dataclass
from typing import Literal, Optional

import paddle

from ppocr.errors import ConfigError
from ppocr.optimizer.param_groups import own_decay, without_decay
from ppocr.registry import OPTIMIZERS
from ppocr.values import Decay, Epsilon


class OptimizerEntry:
    """What all entries share: by default every parameter is trained at the same rate, and L2 decay is a gradient.

    Attributes:
        kind: Paddle's optimizer.
        own_keys: those that Paddle's optimizer does not have.
    """

    kind = None
    own_keys = ()
    stage = None  # of training, whose learning rates the model declares
    decay_in_gradient = True

    def __call__(self, parameters, learning_rate, weight_decay=None, grad_clip=None):
        """Makes the optimizer; see the module for the arguments."""
        return self.kind(
            learning_rate=learning_rate,
            parameters=list(parameters.values()),
            weight_decay=_penalty(weight_decay),
            grad_clip=grad_clip,
            **self.paddle_keys(),
        )

    def paddle_keys(self) -> dict:
        """Returns the keys that Paddle's optimizer has under the same names."""
        return {key: value for key, value in asdict(self).items() if key not in self.own_keys}

    def decays(self, parameters, weight_decay=None) -> dict:
        """Returns ``{structured name: weight decay}``: a coefficient of L2 decay, or a description of other kinds."""
        return {
            name: _describe(weight_decay if param.regularizer is None else param.regularizer)
            for name, param in parameters.items()
        }


@OPTIMIZERS.register()
@dataclass(frozen=True)
class Momentum(OptimizerEntry):
    """Stochastic gradient descent with momentum."""

    kind = paddle.optimizer.Momentum

    momentum: Decay
    use_nesterov: bool = False


@OPTIMIZERS.register()
@dataclass(frozen=True)
class Adam(OptimizerEntry):
    """Adam (arXiv:1412.6980).

    With ``group_lr`` parameters have the learning rates that the model declares for the stage ``training_step``; see
    :func:`ppocr.optimizer.param_groups.stage_factors`.
    """

    kind = paddle.optimizer.Adam
    own_keys = ("group_lr", "training_step")

    beta1: Decay = 0.9
    beta2: Decay = 0.999
    epsilon: Epsilon = 1e-8
    lazy_mode: bool = False
    group_lr: bool = False
    training_step: Optional[Literal["LF_1", "LF_2", "LA"]] = None

    @staticmethod
    def check_arguments(group_lr, training_step):
        """Yields what is missing."""
        if group_lr and training_step is None:
            yield "group_lr", "'group_lr' needs 'training_step': LF_1, LF_2 or LA"

    @property
    def stage(self):
        """The training stage whose learning rates are used, None without ``group_lr``."""
        return self.training_step if self.group_lr else None


@OPTIMIZERS.register()
@dataclass(frozen=True)
class AdamW(OptimizerEntry):
    """Adam with decoupled weight decay (arXiv:1711.05101); the decay is 0.01 if the section gives none.

    ``no_weight_decay_name`` lists parts of structured parameter names, separated by spaces; such parameters, and with
    ``one_dim_param_no_weight_decay`` all of one dimension, are not decayed, whatever group they are in.
    """

    kind = paddle.optimizer.AdamW
    own_keys = ("no_weight_decay_name", "one_dim_param_no_weight_decay")
    decay_in_gradient = False

    beta1: Decay = 0.9
    beta2: Decay = 0.999
    epsilon: Epsilon = 1e-8
    lazy_mode: bool = False
    multi_precision: bool = False
    no_weight_decay_name: Optional[str] = None
    one_dim_param_no_weight_decay: bool = False

    def __call__(self, parameters, learning_rate, weight_decay=None, grad_clip=None):
        """Makes the optimizer; see the module for the arguments.

        Raises:
            ConfigError: the weight decay is not a number.
        """
        decays = {parameters[name].name: decay for name, decay in self.decays(parameters, weight_decay).items()}
        spared = {name for name, decay in decays.items() if decay == 0}
        coefficients = set(decays.values()) - {0.0}
        kind = functools.partial(DecayingAdamW, decays) if len(coefficients) > 1 else self.kind
        return kind(
            learning_rate=learning_rate,
            parameters=list(parameters.values()),
            weight_decay=max(coefficients, default=0.0),
            apply_decay_param_fun=(lambda name: name not in spared) if spared else None,
            grad_clip=grad_clip,
            **self.paddle_keys(),
        )

    def decays(self, parameters, weight_decay=None) -> dict:
        """Returns ``{structured name: coefficient of the decoupled decay}``.

        Raises:
            ConfigError: the weight decay is not a number.
        """
        if weight_decay is not None and not isinstance(weight_decay, float):
            raise ConfigError("AdamW decays weights apart from the gradient, by a constant; use the regularizer L2")
        base = 0.01 if weight_decay is None else weight_decay
        name_parts = (self.no_weight_decay_name or "").split()
        spared = without_decay(parameters, name_parts, self.one_dim_param_no_weight_decay)
        found = {name: base if own_decay(param) is None else own_decay(param) for name, param in parameters.items()}
        return {name: 0.0 if parameters[name].name in spared else decay for name, decay in found.items()}


class DecayingAdamW(paddle.optimizer.AdamW):
    """AdamW with a coefficient of decay for each parameter.

    Paddle's own way to have several, a list of groups, clips each group by a norm of its own.  The decay itself is done
    by Paddle's kernel: on master weights too, and not at all if an overflow skips the update.

    Args:
        decays: tensor name to coefficient.
        **options: those of ``paddle.optimizer.AdamW``.
    """

    def __init__(self, decays: dict, **options):
        super().__init__(**options)
        self._decays = decays

    def _append_optimize_op(self, block, param_and_grad):
        self._weight_decay = self._decays[param_and_grad[0].name]
        return super()._append_optimize_op(block, param_and_grad)


@OPTIMIZERS.register()
@dataclass(frozen=True)
class RMSProp(OptimizerEntry):
    """RMSProp (Tieleman and Hinton, Coursera lecture 6.5, 2012)."""

    kind = paddle.optimizer.RMSProp

    momentum: Decay = 0.0
    rho: Decay = 0.95
    epsilon: Epsilon = 1e-6


@OPTIMIZERS.register()
@dataclass(frozen=True)
class Adadelta(OptimizerEntry):
    """Adadelta (arXiv:1212.5701)."""

    kind = paddle.optimizer.Adadelta

    epsilon: Epsilon = 1e-8
    rho: Decay = 0.95


def _penalty(weight_decay):
    """Returns None for 0, so that no zeros are added to every gradient at every step."""
    return None if weight_decay == 0 else weight_decay


def _describe(weight_decay):
    if weight_decay is None or isinstance(weight_decay, float):
        return weight_decay or 0.0
    return weight_decay._coeff if isinstance(weight_decay, paddle.regularizer.L2Decay) else str(weight_decay)
