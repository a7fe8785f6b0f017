"""Which parameters are trained, and how fast: every rule that tells parameters apart stands here.

Optimizers get one flat list.  A parameter's share of the learning rate lies on the parameter itself, where
``ParamAttr(learning_rate=...)`` puts it: lists of groups would be clipped group by group, which is no global norm, and
would overwrite what ``ParamAttr`` says.
"""

from ppocr.errors import ConfigError

# The part of VisionLAN that guesses and masks a character: the masked language-aware module and its two predictions.
# The recogniser without it is ``backbone``, ``MLM_VRM.SequenceModeling``, ``Prediction.pp`` and ``Prediction.w_vrm``.
MASK_BRANCH = ("MLM_VRM.MLM.", "MLM_VRM.Prediction.pp_share.", "MLM_VRM.Prediction.w_share.")

# Rules (parts of parameter names, factor of the learning rate); the first that fits counts, 0 leaves out of training.
# The stages of VisionLAN, "From Two to One: A New Scene Text Recognizer with Visual Language Modeling Network",
# ICCV 2021: LF_1 trains the recogniser without language, LF_2 adds the mask branch to what LF_1 has learned, LA trains
# all of it on masked features, the visual features slowly.
VISIONLAN_STAGES = {
    "LF_1": ((MASK_BRANCH, 0.0),),
    "LF_2": ((MASK_BRANCH, 1.0), (("",), 0.1)),
    "LA": ((("backbone.",), 0.1),),
}


def trainable_parameters(model) -> dict:
    """Returns the parameters that are not frozen by their structured names.

    Raises:
        ConfigError: there is none.
    """
    parameters = {name: param for name, param in model.named_parameters() if param.trainable}
    if not parameters:
        raise ConfigError("Optimizer: there is nothing to train, every parameter of the model is frozen")
    return parameters


def scale_rates(parameters: dict, rules) -> dict:
    """Gives every parameter its share of the learning rate, as a factor on top of its ``ParamAttr``.

    Args:
        parameters: structured name to parameter.
        rules: pairs of (parts of names, factor); the first that fits a name counts, 1 if none does.  The factor is
            relative to the base rate.

    Returns:
        The parameters that are left to train, those with a factor above 0.

    Raises:
        ConfigError: no parameter keeps the base rate.
    """
    factors = {name: _factor(name, rules) for name in parameters}
    if 1.0 not in factors.values():
        raise ConfigError(
            "Optimizer: no trainable parameter of the model keeps the base learning rate; is group_lr meant for it?"
        )
    for name, param in parameters.items():
        attributes = dict(param.optimize_attr)
        # Kept apart, so that building a second optimizer for the model does not scale twice.
        own = attributes.setdefault("own_learning_rate", attributes.get("learning_rate", 1.0))
        param.optimize_attr = {**attributes, "learning_rate": own * factors[name]}
    return {name: param for name, param in parameters.items() if factors[name] > 0}


def _factor(name, rules):
    return next((factor for parts, factor in rules if any(part in name for part in parts)), 1.0)


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
