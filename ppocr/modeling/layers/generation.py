"""Texts each of whose sub-words follows from those before it."""

import paddle

EXPORT_OBSTACLE = (
    "sub-words are given one step after the other until each text has ended, which an exported graph cannot do yet; "
    "read formulas with the checkpoint"
)


def greedy_decode(read, tokens, longest, end, padding):
    """Takes the likeliest sub-words until each text has ended.

    Args:
        read: ``(tokens [N, S], pasts=) -> (scores [N, S, classes], pasts)``; what it gives second is handed to the next
            call, None to the first.
        tokens: what stands in front of each text, int64 ``[N, S]``; as many are given at a time.
        longest: sub-words that are given at most, rounded up to whole steps.
        end, padding: classes of the marks.

    Returns:
        Sub-words ``[N, T]`` from ``tokens`` on, padding behind the end.
    """
    texts, pasts, ended = [tokens], None, paddle.zeros([tokens.shape[0], 1], "bool")
    for _ in range(-(-longest // tokens.shape[1])):
        scores, pasts = read(tokens, pasts=pasts)
        tokens, ended = end_texts(scores.argmax(axis=2), ended, end, padding)
        texts.append(tokens)
        if bool(ended.all()):
            break
    return paddle.concat(texts, axis=1)


def end_texts(tokens, ended, end, padding):
    """Returns sub-words ``[N, T]`` with padding behind the first end, and which texts have ended, ``[N, 1]``."""
    ends = tokens.equal(end).astype("int64")
    so_far = ends.cumsum(axis=1)
    over = ended.logical_or(so_far - ends > 0)
    return paddle.where(over, paddle.full_like(tokens, padding), tokens), ended.logical_or(so_far[:, -1:] > 0)
