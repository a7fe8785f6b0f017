"""Evaluates a checkpoint: ``python tools/eval.py -c config.yml -o Global.checkpoints=output/best_accuracy``."""

from ppocr import program
from ppocr.commands.train import build_evaluation
from ppocr.engine import processes
from ppocr.engine.trained_model import load_trained
from ppocr.errors import ConfigError
from ppocr.global_options import global_options


@processes.together()
def main(arguments=None) -> dict:
    """Reads the command line and evaluates; returns the metrics."""
    config, device, logger, _ = program.preprocess(is_train=False, arguments=arguments)
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
    logger.info("metric eval ***************")
    for name, value in metrics.items():
        logger.info("%s: %s", name, value)
    for remark in evaluation.remarks:
        logger.info("note: %s", remark)
    logger.info("data: %s", evaluation.main.dataloader.report.account())
    return metrics
