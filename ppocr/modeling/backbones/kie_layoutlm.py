"""LayoutLM: a transformer of texts and their places on a page."""

from dataclasses import dataclass

from paddle import nn

from ppocr.modeling.layers.layout import SER_FIELDS, LayoutEmbeddings, LayoutSizes, Pooler, padding_mask
from ppocr.registry import BACKBONES
from ppocr.values import Classes


class _Embeddings(LayoutEmbeddings):
    """Adds up words and places."""

    def __init__(self, sizes):
        super().__init__(sizes, sizes.hidden_size)
        self.layer_norm = nn.LayerNorm(sizes.hidden_size, epsilon=1e-12)

    def forward(self, input_ids, bbox, token_type_ids):
        return self.drop(self.layer_norm(sum(self.places(bbox), self.words(input_ids, token_type_ids))))


class _LayoutLM(nn.Layer):
    """Embeddings and layers; ``pooler`` has weights in published files and nothing to do."""

    def __init__(self, sizes):
        super().__init__()
        self.embeddings = _Embeddings(sizes)
        layer = nn.TransformerEncoderLayer(
            sizes.hidden_size,
            sizes.num_attention_heads,
            sizes.intermediate_size,
            sizes.dropout,
            "gelu",
            act_dropout=0.0,
        )
        self.encoder = nn.TransformerEncoder(layer, sizes.num_hidden_layers)
        self.pooler = Pooler(sizes.hidden_size)

    def forward(self, input_ids, bbox, attention_mask, token_type_ids):
        return self.encoder(self.embeddings(input_ids, bbox, token_type_ids), padding_mask(attention_mask))


class _Classifier(nn.Layer):
    """Classes of sub-words."""

    def __init__(self, sizes, num_classes):
        super().__init__()
        self.layoutlm = _LayoutLM(sizes)
        self.drop = nn.Dropout(sizes.dropout)
        self.classifier = nn.Linear(sizes.hidden_size, num_classes)

    def forward(self, *fields):
        return self.classifier(self.drop(self.layoutlm(*fields)))


@BACKBONES.register(scope="kie")
@dataclass(eq=False, repr=False)
class LayoutLMForSer(LayoutSizes):
    """Classes of the sub-words of a page, from their texts and places.

    Source: LayoutLM (https://arxiv.org/abs/1912.13318).

    Args:
        num_classes: classes of sub-words: one for what is no entity, and two for each kind, where one begins and goes
            on.
    """

    inputs = SER_FIELDS

    num_classes: Classes = 7

    def __post_init__(self):
        super().__post_init__()
        self.model = _Classifier(self, self.num_classes)
        self.out_channels = self.num_classes

    def forward(self, batch):
        """Returns logits ``[N, T, num_classes]``.

        Args:
            batch: sub-words int ``[N, T]``; boxes int ``[N, T, 4]``, left, top, right and bottom from 0 to 1000; the
                mask int ``[N, T]``, 0 for padding; kinds of sub-words int ``[N, T]``; what else there is is not read.
        """
        return self.model(*batch[: len(self.inputs)])
