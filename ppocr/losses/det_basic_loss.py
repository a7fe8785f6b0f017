"""Losses on maps that several detectors share; everything stays on the device."""

import paddle
import paddle.nn.functional as F

WITHOUT_POSITIVES = 100  # hard negatives of a batch that has nothing else


def dice_loss(pred, target, mask, eps=1e-6):
    """Returns one minus the Dice coefficient of two maps where ``mask`` is 1.

    Source: V-Net (https://arxiv.org/abs/1606.04797), with plain instead of squared sums.

    Args:
        pred, target, mask: ``[N, H, W]``, values in [0, 1].
    """
    intersection = (pred * target * mask).sum()
    union = (pred * mask).sum() + (target * mask).sum() + eps
    return 1.0 - 2.0 * intersection / union


def masked_l1_loss(pred, target, mask, eps=1e-6):
    """Returns the mean absolute difference where ``mask`` is 1; all three ``[N, H, W]``."""
    return masked_mean((pred - target).abs(), mask, eps)


def offset_loss(found, target, inside, eps=1e-5):
    """Returns the mean smooth L1 of ways, each weighed with one over the size of its text.

    Source: SAST (https://arxiv.org/abs/1908.05498), section 3.5.

    Args:
        found: ways ``[N, C, h, w]``.
        target: ``[N, C + 1, h, w]``: the true ways, and in the last channel the weights.
        inside: ``[N, 1, h, w]`` of 0 and 1, the pixels that count.
    """
    channels = found.shape[1]
    smooth = F.smooth_l1_loss(found, target[:, :channels], reduction="none") * target[:, channels:]
    return (smooth * inside).sum() / (channels * inside.sum() + eps)


def bce_map(pred, target):
    """Returns the binary cross entropy of every pixel; ``pred`` holds probabilities."""
    return F.binary_cross_entropy(pred, target, reduction="none")


def focal_map(pred, target, alpha, gamma, eps=1e-6):
    """Returns the focal loss of every pixel: cross entropy, small where the prediction is nearly right.

    Source: Focal Loss (https://arxiv.org/abs/1708.02002), equation 5.

    Args:
        pred: probabilities; they count as at least ``eps`` and at most ``1 - eps``.
        target: of the same shape, values in [0, 1].
        alpha: weight of text; that of background is ``1 - alpha``.
        gamma: how fast the loss falls as the prediction gets better.
    """
    pred = pred.clip(eps, 1.0 - eps)
    text = -alpha * target * (1.0 - pred) ** gamma * pred.log()
    background = -(1.0 - alpha) * (1.0 - target) * pred**gamma * (1.0 - pred).log()
    return text + background


def masked_mean(loss, mask, eps=1e-6):
    """Returns the mean of a loss where ``mask`` is 1."""
    return (loss * mask).sum() / (mask.sum() + eps)


def count_hard_negatives(positive, negative, ratio):
    """Returns how many negatives go with the positives: at most ``ratio`` for each, at most all; a 0-d tensor."""
    return paddle.minimum(negative.sum(), (positive.sum() * ratio).floor())


def ohem_mean(loss, positive, negative, ratio, eps=1e-6):
    """Returns the mean of a loss over the positives and the hardest negatives.

    Without positives there are no negatives either, and the result is 0.

    Source: online hard example mining (https://arxiv.org/abs/1604.03540) as DB uses it.

    Args:
        loss: ``[N, H, W]``.
        positive, negative: maps of 0 and 1.
        ratio: hard negatives for each positive.
    """
    kept = count_hard_negatives(positive, negative, ratio)
    total = (loss * positive).sum() + hardest_sum(loss * negative, kept)
    return total / (positive.sum() + kept + eps)


def balanced_mean(loss, positive, negative, ratio):
    """Returns the mean of a loss over the positives and the hardest negatives; without positives over 100 negatives.

    Args:
        loss: ``[N, H, W]``.
        positive, negative: maps of 0 and 1.
        ratio: hard negatives for each positive.
    """
    count = positive.sum()
    wanted = paddle.where(count > 0, (ratio * count).floor(), paddle.full_like(count, WITHOUT_POSITIVES))
    kept = paddle.minimum(negative.sum(), wanted)
    return ((loss * positive).sum() + hardest_sum(loss * negative, kept)) / (count + kept).clip(min=1.0)


def hardest_sum(loss, count):
    """Returns the sum of the ``count`` greatest values of a loss; ``count`` is a tensor of one number."""
    hardest_first = paddle.sort(loss.flatten(), descending=True)
    # a mask instead of a slice or top-k, which would need the number on the host
    chosen = (paddle.arange(hardest_first.shape[0]) < count.astype("int64")).astype(loss.dtype)
    return (hardest_first * chosen).sum()


def dice_of_images(logits, target, mask):
    """Returns one minus the Dice coefficient of each image, with squared sums as in V-Net; the mean over the maps.

    Args:
        logits, target: ``[N, K, H, W]``.
        mask: ``[N, 1, H, W]``, 0 and 1.
    """
    pred, target = F.sigmoid(logits) * mask, target * mask
    squares = (pred * pred).sum(axis=[2, 3]) + (target * target).sum(axis=[2, 3]) + 0.002
    return (1 - 2 * (pred * target).sum(axis=[2, 3]) / squares).mean(axis=1)


def hard_examples(scores, positive, mask, ratio):
    """Returns which pixels count: text, and of each image the hardest background; 0 outside of ``mask``.

    Source: online hard example mining (https://arxiv.org/abs/1604.03540).

    Args:
        scores: ``[N, H, W]``, high where a pixel looks like text.
        positive, mask: ``[N, H, W]`` of 0 and 1.
        ratio: background pixels for each text pixel inside the mask.  An image without text counts as a whole.
    """
    count = ((positive * mask).sum(axis=[1, 2]) * ratio).floor()
    background = paddle.where(positive > 0.5, paddle.full_like(scores, -float("inf")), scores).flatten(1)
    hardest = paddle.sort(background, axis=1, descending=True)
    count = paddle.minimum(count, (1 - positive).sum(axis=[1, 2]))
    last = paddle.take_along_axis(hardest, (count - 1).clip(min=0).astype("int64").unsqueeze(1), axis=1)
    chosen = (scores >= last.unsqueeze(2)).astype("float32")
    return mask * paddle.maximum(chosen, paddle.maximum(positive, (count == 0).astype("float32").reshape([-1, 1, 1])))


def iou_of_images(logits, target, mask, eps):
    """Returns the IoU of each image ``[N]``, where ``mask`` is 1: the mean of that of text and that of background."""
    pred = (logits > 0).astype("float32")
    total = 0
    for first, second in ((pred, target), (1 - pred, 1 - target)):
        shared = (first * second * mask).sum(axis=[1, 2])
        total += shared / (((first + second) * mask).sum(axis=[1, 2]) - shared + eps)
    return total / 2
