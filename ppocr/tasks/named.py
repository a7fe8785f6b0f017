"""What recognition and classification share: a result is one text, or the name of a class, with its confidence."""

import numpy as np

from ppocr.drawing.samples import draw_texts
from ppocr.errors import ConfigError
from ppocr.tasks.base import Task
from ppocr.tasks.results import by_network, shown_score


class NamingTask(Task):
    """Gives each image a text or a class.

    Attributes:
        typed: class of the results, made of text or class and confidence.
        key: name of the result in JSON.
    """

    typed = None
    key = ""

    def result(self, raw):
        """See :class:`Task`."""
        if not isinstance(raw, (list, tuple)) or len(raw) < 2 or not np.isscalar(raw[1]):
            raise ConfigError("this model reads no text and knows no classes")
        return self.typed(raw[0], float(raw[1]))

    def row(self, result):
        """See :class:`Task`; several networks give one column, ``{network: {"label": ..., "score": ...}}``."""
        pairs = {network: self._shown(one) for network, one in by_network(result).items()}
        rows = {network: {self.key: value, "score": score} for network, (value, score) in pairs.items()}
        if "" in pairs:
            return [str(part) for part in pairs[""]], rows[""]
        return [{network: {"label": value, "score": score} for network, (value, score) in pairs.items()}], rows

    @staticmethod
    def _shown(result):
        value, score = vars(result).values()
        return value, shown_score(score)

    def draw_samples(self, samples, metric):
        """See :class:`Task`."""
        images, results, _ = zip(*samples)
        pairs = [((str(text), score), str(truth[0])) for ((text, score, *_),), (truth,) in results]
        return draw_texts(images, pairs)
