"""A model with the weights of a training, for everything but training."""

from ppocr.checkpoint.facts import READ, read_facts, refuse_others
from ppocr.checkpoint.transfer import load_pretrained, strip_suffix
from ppocr.engine.build import build_amp, build_network
from ppocr.engine.run_info import describe_outputs
from ppocr.errors import CheckpointError, ConfigError


def load_trained(config, options, device: str, logger, purpose: str):
    """Builds the model of a configuration and fills it with ``Global.checkpoints`` or ``Global.pretrained_model``.

    Args:
        config: the resolved configuration.
        options: its :class:`ppocr.options.GlobalOptions`.
        device: mixed precision is for GPUs.
        logger: told where the weights come from.
        purpose: what they are for, as the error says it.

    Returns:
        (model, :class:`ppocr.engine.stepper.MixedPrecision`)

    Raises:
        ConfigError: no weights are named.
        CheckpointError: the file cannot be read or does not hold every weight of the model, or what it was trained for
            (its dictionary or classes) is something else.
    """
    path = options.checkpoints or options.pretrained_model
    if not path:
        raise ConfigError(f"Global.checkpoints: name the weights to {purpose}, for example output/best_accuracy")
    refuse_others(path, read_facts(strip_suffix(path)), describe_outputs(config), READ)
    model = build_network(config)
    report = load_pretrained(model, path)
    logger.info("weights from %s: %s", path, report)
    if report.missing or report.mismatched:
        raise CheckpointError(
            f"{path}: does not hold all weights of this model ({report}), so its results mean nothing"
        )
    amp = build_amp(options, device)
    return amp.decorate(model)[0], amp
