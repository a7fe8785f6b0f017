"""What recognition and classification share: a result is one text, or the name of a class, with its confidence."""

import numpy as np

from ppocr.drawing.samples import draw_texts
from ppocr.errors import ConfigError
from ppocr.tasks.base import Task
from ppocr.tasks.results import by_network, score_of, shown_score


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
        if not isinstance(raw, (list, tuple)) or not raw or not _is_named(raw[0], score_of(raw)):
            raise ConfigError("this model reads no text and knows no classes")
        score = score_of(raw)
        return self.typed(raw[0], None if score is None else float(score))

    def row(self, result):
        """See :class:`Task`; several networks give one column, ``{network: {"label": ..., "score": ...}}``."""
        pairs = {network: self._shown(one) for network, one in by_network(result).items()}
        rows = {network: {self.key: value, "score": score} for network, (value, score) in pairs.items()}
        if "" in pairs:
            return ["" if part is None else str(part) for part in pairs[""]], rows[""]
        return [{network: {"label": value, "score": score} for network, (value, score) in pairs.items()}], rows

    @staticmethod
    def _shown(result):
        value, score = vars(result).values()
        return value, shown_score(score)

    def draw_samples(self, samples, metric):
        """See :class:`Task`."""
        images, results, _ = zip(*samples)
        pairs = [((str(found[0]), score_of(found)), str(truth[0])) for (found,), (truth,) in results]
        return draw_texts(images, pairs)


def _is_named(name, score):
    """Tells whether something can be a text or a class, and its confidence."""
    return np.isscalar(name) if score is None else np.isscalar(score) and not isinstance(score, str)
