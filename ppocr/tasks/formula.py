"""Recognition of formulas."""

from rapidfuzz.distance import Levenshtein

from ppocr.drawing.samples import draw_texts
from ppocr.errors import ConfigError
from ppocr.registry import TASKS
from ppocr.tasks.compared import TextSample
from ppocr.tasks.rec import Recognition
from ppocr.tasks.results import Formula, by_network


@TASKS.register(name="formula")
class FormulaRecognition(Recognition):
    """Reads images of formulas."""

    free_axes = (2, 3)
    typed = Formula
    key = "latex"

    @property
    def model_type(self) -> str:
        """See :class:`Task`; formulas are read by recognisers."""
        return "rec"

    def result(self, raw):
        """See :class:`Task`."""
        if not isinstance(raw, str):
            raise ConfigError("this model reads no formulas")
        return Formula(raw)

    def row(self, result):
        """See :class:`Task`; several networks give one column, ``{network: formula}``."""
        found = {network: one.latex for network, one in by_network(result).items()}
        if "" in found:
            return [found[""]], {self.key: found[""]}
        return [found], {network: {self.key: latex} for network, latex in found.items()}

    def draw_samples(self, samples, metric):
        """See :class:`Task`."""
        images, results, _ = zip(*samples)
        return draw_texts(images, [((found, None), truth) for ((found,), (truth,)) in results])

    def compare(self, result, batch, metric, keys, post_process):
        """See :class:`Task`."""
        return [
            TextSample(key, truth, found, None, Levenshtein.normalized_distance(truth, found))
            for key, found, truth in zip(keys, *result)
        ]
