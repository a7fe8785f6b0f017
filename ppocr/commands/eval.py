"""Evaluates a checkpoint: ``python tools/eval.py -c config.yml -o Global.checkpoints=output/best_accuracy``."""

from ppocr import program
from ppocr.commands.train import build_evaluation
from ppocr.engine.stepper import MixedPrecision
from ppocr.errors import CheckpointError, ConfigError
from ppocr.global_options import global_options
from ppocr.modeling.architectures import build_model
from ppocr.utils.pretrained import load_pretrained


def main(arguments=None) -> dict:
    """Prints and returns the metrics of the weights that ``Global.checkpoints`` or ``pretrained_model`` names.

    Raises:
        UserError: the weights or the data cannot be used.
    """
    config, device, logger, _ = program.preprocess(is_train=False, arguments=arguments)
    options = global_options(config)
    path = options.checkpoints or options.pretrained_model
    if not path:
        raise ConfigError("Global.checkpoints: name the weights to evaluate, for example output/best_accuracy")
    if not config.get("Eval"):
        raise ConfigError("Eval: this section is missing, so there is nothing to evaluate on")
    model = build_model(config["Architecture"])
    report = load_pretrained(model, path)
    logger.info("weights from %s: %s", path, report)
    if report.missing or report.mismatched:
        raise CheckpointError(
            f"{path}: does not hold all weights of this model ({report}), so there is nothing to judge"
        )
    amp = MixedPrecision.from_options(options, enabled=options.use_amp and device.startswith("gpu"))
    model, _ = amp.decorate(model)
    evaluation = build_evaluation(config, options, amp, device, logger)
    metrics = evaluation(model)
    logger.info("metric eval ***************")
    for name, value in metrics.items():
        logger.info("%s: %s", name, value)
    logger.info("data: %s", evaluation.main.dataloader.report.summary() or "every sample was used")
    return metrics
