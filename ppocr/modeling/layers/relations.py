"""Relations between the entities of a page: which answer belongs to which question.

Source: LayoutXLM (https://arxiv.org/abs/2104.08836), section 3.2; deep biaffine attention
(https://arxiv.org/abs/1611.01734).
"""

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

QUESTION, ANSWER = 1, 2  # classes of entities
KINDS = 3
NO_ENTITIES = np.array([[0, 1, 0], [0, 1, 0]])  # start, end, class of stand-ins where a page has none to join


class _Biaffine(nn.Layer):
    """Classes of pairs, ``[P, width]`` twice to ``[P, classes]``."""

    def __init__(self, width, classes):
        super().__init__()
        self.bilinear = nn.Bilinear(width, width, classes, bias_attr=False)
        self.linear = nn.Linear(2 * width, classes)

    def forward(self, first, second):
        return self.bilinear(first, second) + self.linear(paddle.concat([first, second], axis=-1))


def _reduced(width, drop):
    half, quarter = width // 2, width // 4
    return nn.Sequential(
        nn.Linear(width, half), nn.ReLU(), nn.Dropout(drop), nn.Linear(half, quarter), nn.ReLU(), nn.Dropout(drop)
    )


class RelationExtractor(nn.Layer):
    """Tells of each question and each answer of a page whether they belong together.

    Args:
        width: of a sub-word.
        dropout: behind each linear layer.
    """

    def __init__(self, width, dropout):
        super().__init__()
        self.entity_emb = nn.Embedding(KINDS, width)
        self.ffnn_head, self.ffnn_tail = (_reduced(2 * width, dropout) for _ in range(2))
        self.rel_classifier = _Biaffine(width // 2, 2)

    def forward(self, hidden, entities, relations):
        """Judges all pairs.

        Args:
            hidden: sub-words ``[N, T, width]``.
            entities: of each page int ``[E, 3]``: start, end and class; an array.
            relations: of each page int ``[R, 2]``: the places of a question and its answer among the entities.

        Returns:
            (the sum over the pages of the mean cross entropy of their pairs; a function that brings the pairs to the
            host that belong together, of each page int ``[F, 2]``).
        """
        losses, judged = [], []
        for page, (known, true) in enumerate(zip(entities, relations)):
            known = known if len(known) > 1 else NO_ENTITIES
            pairs = possible_pairs(known)
            starts, kinds = paddle.to_tensor(known[:, 0]), paddle.to_tensor(known[:, 2])
            nodes = paddle.concat([hidden[page].index_select(starts), self.entity_emb(kinds)], axis=-1)
            heads, tails = (nodes.index_select(paddle.to_tensor(column)) for column in pairs.T.copy())
            logits = self.rel_classifier(self.ffnn_head(heads), self.ffnn_tail(tails))
            losses.append(F.cross_entropy(logits, paddle.to_tensor(_labels(pairs, true))))
            judged.append((pairs, logits))
        return sum(losses), lambda: [pairs[logits.argmax(axis=-1).numpy() == 1] for pairs, logits in judged]


def possible_pairs(entities) -> np.ndarray:
    """Returns the places of all questions with all answers, int64 ``[P, 2]``; of the first two entities without any."""
    questions, answers = (np.flatnonzero(entities[:, 2] == kind) for kind in (QUESTION, ANSWER))
    if not questions.size or not answers.size:
        return np.array([[0, 1]])
    return np.stack(np.meshgrid(questions, answers, indexing="ij"), axis=-1).reshape([-1, 2])


def _labels(pairs, true):
    """Returns 1 for pairs that belong together, int64 ``[P]``."""
    known = {tuple(pair) for pair in np.asarray(true).tolist()}
    return np.array([tuple(pair) in known for pair in pairs.tolist()], np.int64)


def unpacked(tensor) -> list:
    """Returns the rows of each page, whose number stands in the first one, as arrays.

    Args:
        tensor: int ``[N, 1 + rows, columns]``.
    """
    pages = tensor.numpy() if hasattr(tensor, "numpy") else np.asarray(tensor)
    return [page[1 : 1 + int(page[0, 0])] for page in pages]
