"""The metric of several networks that are trained together."""

from typing import Optional

from ppocr.errors import ConfigError
from ppocr.metrics import build_metric
from ppocr.metrics.base import Metric
from ppocr.registry import METRICS, Nested
from ppocr.values import Name


@METRICS.register()
class DistillationMetric(Metric):
    """Computes a metric for each network; the values are ``<network>_<name>``, those of one network just ``<name>``.

    Args:
        base_metric_name: the metric.
        key: the network whose values have no prefix, and whose main indicator chooses the best model.
        main_indicator, is_filter, ignore_space: arguments of the metric; null leaves its own default.
        model_type: scope in which it is looked up first; given by the builder.

    Raises:
        ConfigError: no such metric, or one that does not take these arguments.
    """

    reads = None  # those of the metric

    def __init__(
        self,
        base_metric_name: Name,
        key: Optional[Name] = None,
        main_indicator: Optional[str] = None,
        is_filter: Optional[bool] = None,
        ignore_space: Optional[bool] = None,
        model_type: Optional[str] = None,
    ):
        options = {"main_indicator": main_indicator, "is_filter": is_filter, "ignore_space": ignore_space}
        self._config = inner_config({"base_metric_name": base_metric_name, **options})
        self._key = key
        self._model_type = model_type
        self._single = build_metric(self._config, self._model_type)
        self.higher_is_better = self._single.higher_is_better
        self.on_training_batches = self._single.on_training_batches
        super().__init__(self._single.main_indicator)

    @staticmethod
    def nested_components(arguments):
        """Yields the metric."""
        if "base_metric_name" in arguments:
            yield Nested(METRICS, (), inner_config(arguments), ("model_type",))

    def __call__(self, preds, batch):
        """Counts a batch.

        Args:
            preds: ``{network: result}``, each result as post-processing of a single network gives it.
            batch: see the metric.
        """
        for network, result in preds.items():
            self._metric(network).update(result, batch)

    @property
    def single(self) -> Metric:
        """The metric of one network."""
        return self._single

    def main_result(self, result):
        """Returns the result of the network ``key``.

        Raises:
            ConfigError: ``key`` names no network that post-processing looks at.
        """
        if self._key not in result:
            raise ConfigError(
                f"Metric.key: must be one of PostProcess.model_name, {', '.join(result)}, not {self._key!r}; "
                f"its {self.main_indicator} chooses the best model"
            )
        return result[self._key]

    def update(self, result, batch):
        """Counts what post-processing made of ``batch``; the one call of evaluation.

        Raises:
            ConfigError: see :meth:`main_result`.
        """
        self.main_result(result)
        self(result, batch)

    def add_unreadable(self, labels):
        """Counts samples that could not be read as wrong for every network seen so far."""
        for metric in self._metrics.values():
            metric.add_unreadable(labels)

    def remarks(self) -> list:
        """Returns those of one network: all compare with the same labels."""
        return next((metric.remarks() for metric in self._metrics.values()), [])

    def reset(self):
        """Forgets everything that was counted, and the networks."""
        self._metrics = {}

    @property
    def records(self) -> dict:
        """All that was counted, ``{network: its records}``."""
        return {network: metric.records for network, metric in self._metrics.items()}

    def merge(self, parts):
        """Puts the ``records`` of all processes in the place of one's own; some may have seen no network."""
        self.reset()
        for network in dict.fromkeys(name for part in parts for name in part):
            self._metric(network).merge([part[network] for part in parts if network in part])

    def compute(self) -> dict:
        """Returns the values of every network."""
        values = {}
        for network, metric in self._metrics.items():
            prefix = "" if network == self._key else f"{network}_"
            values.update({f"{prefix}{name}": value for name, value in metric.compute().items()})
        return values

    def _metric(self, network):
        if network not in self._metrics:
            self._metrics[network] = build_metric(self._config, self._model_type)
        return self._metrics[network]


def inner_config(config) -> dict:
    """Returns the section of the metric of a single network: all that is given but ``key``."""
    given = {
        name: value for name, value in config.items() if name not in ("name", "base_metric_name", "key", "model_type")
    }
    return {"name": config.get("base_metric_name"), **{k: v for k, v in given.items() if v is not None}}
