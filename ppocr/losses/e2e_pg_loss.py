"""Loss of PGNet."""

import paddle
from paddle import nn

from ppocr.data.batch import fields_of
from ppocr.losses.det_basic_loss import dice_loss, offset_loss
from ppocr.losses.rec_ctc_loss import alignable, line_losses, mean_over
from ppocr.registry import LOSSES
from ppocr.text.codecs import PgCodec
from ppocr.values import Count, Epsilon

CTC_WEIGHT = 5.0
BLANK_LOGIT = 20.0  # logit of the blank behind the last point of a text; that of the characters is its negative


@LOSSES.register()
class PGLoss(nn.Layer):
    """Centre lines by their Dice coefficient, ways by a smooth L1, texts by CTC over the points of their centre lines.

    A text that cannot be aligned with its points teaches nothing and is left out of the mean of CTC; of more than
    ``tcl_bs`` texts in a batch as many are drawn.

    Source: PGNet (https://arxiv.org/abs/2104.05458), section 3.4, with the weight 5 of CTC.

    Args:
        tcl_bs: most texts of a batch that CTC is computed for.
        pad_num: class of the blank, which is the padding of labels, too; follows from the dictionary.
        eps: keeps divisions finite.
    """

    reads = (
        "tcl_maps",
        "tcl_label_maps",
        "border_maps",
        "direction_maps",
        "training_masks",
        "label_list",
        "pos_list",
        "pos_mask",
    )
    padding_of, padding_key = PgCodec, "pad_num"

    def __init__(self, tcl_bs: Count, pad_num: Count = 36, eps: Epsilon = 1e-6):
        super().__init__()
        self.tcl_bs, self.pad_num, self.eps = tcl_bs, pad_num, eps

    def forward(self, preds, batch):
        """Returns ``loss`` and its terms, without their weights: of score, borders, directions and CTC.

        Args:
            preds: ``f_score``, ``f_border``, ``f_char`` and ``f_direction``, ``[N, 1, 4, classes and 2, h, w]``.
            batch: has ``tcl_maps`` and ``training_masks`` ``[N, 1, h, w]``, ``border_maps`` and ``direction_maps`` with
                one channel more than what is predicted, and of M texts ``label_list`` ``[N, M, characters, 1]``,
                ``pos_list`` ``[N, M, points, 3]`` (its last two values are row and column) and ``pos_mask``
                ``[N, M, points, 1]``, 1 for points that are there.
        """
        score, _, *ways, mask, labels, points, present = fields_of(batch, PGLoss.reads)
        score, mask, border, direction = (field.astype("float32") for field in (score, mask, *ways))
        found = {name: preds[f"f_{name}"].astype("float32") for name in ("score", "border", "direction", "char")}
        losses = {
            "score_loss": dice_loss(found["score"], score, mask, self.eps),
            "border_loss": offset_loss(found["border"], border, score * mask),
            "direction_loss": offset_loss(found["direction"], direction, score * mask),
            "ctc_loss": self._ctc_loss(found["char"], labels, points, present),
        }
        shares = {**dict.fromkeys(losses, 1.0), "ctc_loss": CTC_WEIGHT}
        return {"loss": sum(shares[name] * loss for name, loss in losses.items()), **losses}

    def _ctc_loss(self, logits, labels, points, present):
        """Returns the mean over the texts of the negative log-probability of each."""
        images, texts, steps = points.shape[:3]
        owners = paddle.arange(images).reshape([-1, 1, 1, 1]).expand([images, texts, steps, 1])
        places = paddle.concat([owners, points[..., 1:].astype("int64")], axis=3).reshape([-1, steps, 3])
        present = present.astype("float32").reshape([-1, steps, 1])
        labels = labels.astype("int32").reshape([images * texts, -1])
        chosen = self._drawn((present.sum(axis=[1, 2]) > 0).astype("float32"))
        places, present, labels = (paddle.gather(field, chosen) for field in (places, present, labels))
        lines = paddle.gather_nd(logits.transpose([0, 2, 3, 1]), places)  # [texts, steps, classes]
        blank, others = lines[..., self.pad_num :], lines[..., : self.pad_num]
        sure = (1 - present) * BLANK_LOGIT
        lines = paddle.concat([blank * present + sure, others * present - sure], axis=2)
        is_character = labels != self.pad_num
        lengths = is_character.astype("int64").sum(axis=1)
        labels = paddle.where(is_character, labels + 1, paddle.zeros_like(labels))  # the blank is class 0 here
        # a text with fewer points than it needs could only be written where there are none
        room = present.sum(axis=[1, 2]).astype("int64")
        counted = alignable(labels, lengths, room) & (lengths > 0)
        losses = line_losses(lines.transpose([1, 0, 2]), labels, lengths * counted.astype("int64"))
        return mean_over(losses, counted)

    def _drawn(self, is_there):
        """Returns the places of ``tcl_bs`` texts, or of all, of those that are there before others, at random."""
        if is_there.shape[0] <= self.tcl_bs:
            return paddle.arange(is_there.shape[0])
        return paddle.argsort(is_there * (1 + paddle.rand(is_there.shape)), descending=True)[: self.tcl_bs]
