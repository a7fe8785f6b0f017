"""PaddleOCR's import path of the schedules, under the names that ``Optimizer.lr`` gives them."""

from ppocr.optimizer.lr_scheduler import (
    Cosine,
    CyclicalCosineDecay,
    DecayLearningRate,
    Linear,
    LinearWarmupCosine,
    MultiStepDecay,
    OneCycleDecay,
    Piecewise,
    Step,
    TwoStepCosineDecay,
    constant,
)

Const, CyclicalCosine, OneCycle, TwoStepCosine = constant, CyclicalCosineDecay, OneCycleDecay, TwoStepCosineDecay

__all__ = [
    "Const",
    "Cosine",
    "CyclicalCosine",
    "DecayLearningRate",
    "Linear",
    "LinearWarmupCosine",
    "MultiStepDecay",
    "OneCycle",
    "Piecewise",
    "Step",
    "TwoStepCosine",
]
