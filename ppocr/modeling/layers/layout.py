"""What transformers of texts and their places on a page share: sizes, embeddings, masks.

Source: LayoutLM (https://arxiv.org/abs/1912.13318), LayoutXLM (https://arxiv.org/abs/2104.08836).
"""

from dataclasses import dataclass

import paddle
from paddle import nn

from ppocr.values import Classes, Depth, Dropout, Heads, Tokens, Width

SER_FIELDS = ("input_ids", "bbox", "attention_mask", "token_type_ids")  # what is read of a page
PLACES = 1024  # coordinates of a page are numbers from 0 to 1000
_HIDDEN = -1e4  # added to the attention of padding


@dataclass(eq=False, repr=False)
class LayoutSizes(nn.Layer):
    """Sizes of a transformer of texts on a page.

    Args:
        vocab_size: sub-words of the tokenizer.
        hidden_size: width of a sub-word.
        num_hidden_layers: layers.
        num_attention_heads: heads of attention.
        intermediate_size: width between the linear layers.
        max_position_embeddings: most sub-words of a sample.
        type_vocab_size: kinds of sub-words.
        dropout: of what is added, and in the attention.
    """

    vocab_size: Classes = 30522
    hidden_size: Width = 768
    num_hidden_layers: Depth = 12
    num_attention_heads: Heads = 12
    intermediate_size: Width = 3072
    max_position_embeddings: Tokens = 512
    type_vocab_size: Tokens = 2
    dropout: Dropout = 0.1

    def __post_init__(self):
        super().__init__()

    @staticmethod
    def check_arguments(hidden_size, num_attention_heads):
        """Yields a width that cannot be shared out."""
        if hidden_size % num_attention_heads:
            yield "hidden_size", f"'hidden_size' {hidden_size} is no multiple of {num_attention_heads} heads"


class LayoutEmbeddings(nn.Layer):
    """Embeds sub-words, their order, their places and their kinds, all but the norm that follows.

    Args:
        sizes: :class:`LayoutSizes`.
        place_width: width of a coordinate.
    """

    def __init__(self, sizes, place_width):
        super().__init__()
        width = sizes.hidden_size
        self.register_buffer("position_ids", paddle.arange(sizes.max_position_embeddings).unsqueeze(0))
        self.word_embeddings = nn.Embedding(sizes.vocab_size, width)
        self.position_embeddings = nn.Embedding(sizes.max_position_embeddings, width)
        for axis in "xyhw":
            self.add_sublayer(f"{axis}_position_embeddings", nn.Embedding(PLACES, place_width))
        self.token_type_embeddings = nn.Embedding(sizes.type_vocab_size, width)
        self.drop = nn.Dropout(sizes.dropout)

    def words(self, input_ids, token_type_ids):
        """Returns what does not depend on places, ``[N, T, width]``."""
        order = self.position_embeddings(self.position_ids[:, : input_ids.shape[1]])
        return self.word_embeddings(input_ids) + order + self.token_type_embeddings(token_type_ids)

    def places(self, bbox) -> list:
        """Returns the embeddings of left, top, right, bottom, height and width of boxes ``[N, T, 4]``."""
        left, top, right, bottom = bbox.unbind(axis=-1)
        x, y = self.x_position_embeddings, self.y_position_embeddings
        sides = self.h_position_embeddings(bottom - top), self.w_position_embeddings(right - left)
        return [x(left), y(top), x(right), y(bottom), *sides]


def padding_mask(attention_mask) -> paddle.Tensor:
    """Returns what is added to attention ``[N, 1, 1, T]``.

    Args:
        attention_mask: int ``[N, T]``: 1 for sub-words, 0 for padding.
    """
    return ((1 - attention_mask.astype("float32")) * _HIDDEN).unsqueeze([1, 2])


class Pooler(nn.Layer):
    """The layer that pre-training read the first sub-word with; published weights have it, these tasks do not."""

    def __init__(self, width):
        super().__init__()
        self.dense = nn.Linear(width, width)
