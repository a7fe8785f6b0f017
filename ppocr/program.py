"""PaddleOCR's names for what the tools are made of: command line, configuration, the training loop, evaluation."""

from ppocr.commands.arguments import ArgsParser, preprocess
from ppocr.config import load as load_config
from ppocr.config import override as merge_config
from ppocr.engine import loop
from ppocr.engine.evaluator import Evaluator
from ppocr.engine.forward import to_float32
from ppocr.engine.preparation import resolve
from ppocr.engine.stepper import MixedPrecision
from ppocr.errors import ConfigError

__all__ = ["ArgsParser", "eval", "load_config", "merge_config", "preprocess", "resolve", "to_float32", "train"]


def train(*parts, **named):
    """Trains what has been built; see :func:`ppocr.engine.loop.train`.

    Raises:
        ConfigError: the call has PaddleOCR's form, which begins with a configuration.
    """
    if "config" in named or (parts and isinstance(parts[0], dict)):
        raise ConfigError(
            "program.train takes the built parts of a run, not a configuration: call "
            "ppocr.commands.train.train(*preprocess(is_train=True)) or ppocr.train(file)"
        )
    return loop.train(*parts, **named)


def eval(
    model,
    valid_dataloader,
    post_process_class,
    eval_class,
    model_type=None,
    extra_input=False,
    scaler=None,
    amp_level="O2",
    amp_custom_black_list=(),
    amp_custom_white_list=(),
    amp_dtype="float16",
) -> dict:
    """Evaluates a model and returns its metrics; see :class:`ppocr.engine.evaluator.Evaluator`.

    Args:
        model: a ``paddle.nn.Layer`` of ``build_model``; it says itself what it is fed, so that ``model_type`` and
            ``extra_input``, which are in PaddleOCR's call, tell nothing here.
        valid_dataloader, post_process_class, eval_class: what ``build_dataloader``, ``build_post_process`` and
            ``build_metric`` give.
        model_type, extra_input: see ``model``.
        scaler: a ``paddle.amp.GradScaler`` if the model is to run in mixed precision, else None.
        amp_level, amp_custom_black_list, amp_custom_white_list, amp_dtype: how it does so.
    """
    amp = MixedPrecision(scaler is not None, amp_level, amp_dtype, amp_custom_black_list, amp_custom_white_list)
    return Evaluator(valid_dataloader, post_process_class, eval_class, amp)(model)
