"""Texts each of whose sub-words follows from those before it."""

from functools import partial

import paddle

from ppocr.modeling.layers.mbart import causal_mask

EXPORT_OBSTACLE = (
    "sub-words are given one step after the other until each text has ended, which an exported graph cannot do yet; "
    "read formulas with the checkpoint"
)


def taught_scores(read, memories, label, present, start, step=1):
    """Returns the scores ``[N, L - 1, classes]`` of what stands ``step`` places behind each entry of labels.

    Args:
        read: ``(tokens [N, S], memories=, mask=) -> (scores [N, S, classes], anything)``.
        memories: keys and values of what is read, by layers.
        label: ``[N, L]``, the first start included.
        present: ``[N, L]``, 0 for padding.
        start: class of the mark in front of a text.
        step: sub-words that are given at a time; as many starts stand in front.
    """
    starts = paddle.full([label.shape[0], step - 1], start, label.dtype)
    tokens = paddle.concat([starts, label], axis=1)[:, :-step]
    present = paddle.concat([paddle.ones_like(starts), present.astype(label.dtype)], axis=1)[:, :-step]
    return read(tokens, memories=memories, mask=causal_mask(present, memories[0][0].dtype, step))[0]


def greedy_decode(read, memories, longest, start, end, padding, step=1):
    """Takes the likeliest sub-words until each text has ended.

    Args:
        read: ``(tokens [N, S], memories=, pasts=) -> (scores [N, S, classes], pasts)``; what it gives second is handed
            to the next call, None to the first.
        memories: see :func:`taught_scores`.
        longest: sub-words that are given at most, rounded up to whole steps.
        start, end, padding: classes of the marks.
        step: see :func:`taught_scores`.

    Returns:
        Sub-words ``[N, T]`` from the starts on, padding behind the end.
    """
    tokens = paddle.full([memories[0][0].shape[0], step], start, "int64")
    read = partial(read, memories=memories)
    texts, pasts, ended = [tokens], None, paddle.zeros([tokens.shape[0], 1], "bool")
    for _ in range(-(-longest // step)):
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
