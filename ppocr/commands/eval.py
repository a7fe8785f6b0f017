"""Evaluates a checkpoint: ``python tools/eval.py -c config.yml -o Global.checkpoints=output/best_accuracy``."""

from dataclasses import replace

from ppocr.commands.arguments import preprocess
from ppocr.distributed import processes
from ppocr.engine.build import build_evaluation
from ppocr.engine.trained_model import load_trained
from ppocr.errors import ConfigError
from ppocr.inference.in_use import differences, grows_in_use, section_in_use, without_guide
from ppocr.options import global_options


@processes.exit_together()
def main(arguments=None) -> dict:
    """Reads the command line and evaluates; returns the metrics."""
    config, device, logger, _ = preprocess(is_train=False, arguments=arguments)
    return evaluate(config, device, logger)


def evaluate(config, device, logger) -> dict:
    """Logs and returns the metrics of the weights that ``Global.checkpoints`` or ``pretrained_model`` names.

    Raises:
        UserError: the weights or the data cannot be used.
    """
    options = global_options(config)
    if not config.get("Eval"):
        raise ConfigError("Eval: this section is missing, so there is nothing to evaluate on")
    model, amp = load_trained(config, options, device, logger, "evaluate")
    evaluation = build_evaluation(config, options, amp, device, logger)
    metrics = evaluation(model)
    found = differences(config, model, evaluation.main)
    if found:
        metrics.update(evaluate_in_use(config, options, model, amp, device, logger))
    logger.info("metric eval ***************")
    for name, value in metrics.items():
        logger.info("%s: %s", name, value)
    for text in (*evaluation.remarks, *found):
        logger.info("note: %s", text)
    logger.info("data: %s", evaluation.main.dataloader.report.account())
    return metrics


def evaluate_in_use(config, options, model, amp, device, logger) -> dict:
    """Returns the metrics of ``Eval`` as the model is used, by names that begin with ``in_use_``."""
    section = {**config, "Eval": section_in_use(config, grows_in_use(config, model)), "GuardEval": None}
    evaluation = build_evaluation(section, replace(options, cal_loss_during_eval=False), amp, device, logger)
    with without_guide(model):
        return {f"in_use_{name}": value for name, value in evaluation(model).items() if name != "fps"}
