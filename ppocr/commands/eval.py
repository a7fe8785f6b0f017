"""Evaluates a checkpoint: ``python tools/eval.py -c config.yml -o Global.checkpoints=output/best_accuracy``."""

from dataclasses import replace

from ppocr.commands.arguments import preprocess
from ppocr.distributed import processes
from ppocr.engine.build import build_evaluation
from ppocr.engine.trained_model import load_trained
from ppocr.errors import ConfigError
from ppocr.inference.in_use import differs_in_use, remark, section_in_use
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
    remarks = evaluation.remarks
    if evaluation.main.wider and differs_in_use(config, model):
        remarks = [*remarks, remark(evaluation.main.wider, evaluation.main.samples)]
        metrics.update(evaluate_in_use(config, options, model, amp, device, logger))
    logger.info("metric eval ***************")
    for name, value in metrics.items():
        logger.info("%s: %s", name, value)
    for text in remarks:
        logger.info("note: %s", text)
    logger.info("data: %s", evaluation.main.dataloader.report.account())
    return metrics


def evaluate_in_use(config, options, model, amp, device, logger) -> dict:
    """Returns the metrics of ``Eval`` with its images prepared as in use, by names that begin with ``in_use_``."""
    section = {**config, "Eval": section_in_use(config), "GuardEval": None}
    evaluation = build_evaluation(section, replace(options, cal_loss_during_eval=False), amp, device, logger)
    return {f"in_use_{name}": value for name, value in evaluation(model).items() if name != "fps"}
