"""LayoutXLM without its visual part: a transformer of texts in many languages and their places on a page."""

from dataclasses import dataclass
from typing import Literal, Optional

from paddle import nn

from ppocr.modeling.layers.layout import SER_FIELDS, LayoutSizes, Pooler, padding_mask
from ppocr.modeling.layers.layout_encoder import JoinedPlaces, LayoutEncoder
from ppocr.modeling.layers.relations import RelationExtractor, unpacked
from ppocr.registry import BACKBONES
from ppocr.values import Classes, Dropout, Tokens

_EPSILON = 1e-5


class _LayoutXLM(nn.Layer):
    """Embeddings and layers; pooler, visual norm and segment have weights in published files and nothing to do."""

    def __init__(self, sizes):
        super().__init__()
        self.visual_segment_embedding = self.create_parameter([sizes.hidden_size])
        self.embeddings = JoinedPlaces(sizes, _EPSILON)
        self.visual_LayerNorm = nn.LayerNorm(sizes.hidden_size, epsilon=_EPSILON)
        self.encoder = LayoutEncoder(sizes, joined=False, epsilon=_EPSILON)
        self.pooler = Pooler(sizes.hidden_size)

    def forward(self, input_ids, bbox, attention_mask, token_type_ids):
        return self.encoder(self.embeddings(input_ids, bbox, token_type_ids), padding_mask(attention_mask))


@dataclass(eq=False, repr=False)
class LayoutXLMSizes(LayoutSizes):
    """Sizes of LayoutXLM.

    Args:
        mode: ``vi``, as VI-LayoutXLM, or null; a label for the weights, both read texts and places alone.
    """

    vocab_size: Classes = 250002
    max_position_embeddings: Tokens = 514
    type_vocab_size: Tokens = 1
    mode: Optional[Literal["vi"]] = None


@BACKBONES.register(scope="kie")
@dataclass(eq=False, repr=False)
class LayoutXLMForSer(LayoutXLMSizes):
    """Classes of the sub-words of a page, from their texts and places.

    Source: LayoutXLM (https://arxiv.org/abs/2104.08836), VI-LayoutXLM (https://arxiv.org/abs/2210.05391).

    Args:
        num_classes: classes of sub-words: one for what is no entity, and two for each kind, where one begins and goes
            on.
    """

    inputs = SER_FIELDS

    num_classes: Classes = 7

    def __post_init__(self):
        super().__post_init__()
        self.model = nn.Layer()
        self.model.layoutxlm = _LayoutXLM(self)
        self.model.drop = nn.Dropout(self.dropout)
        self.model.classifier = nn.Linear(self.hidden_size, self.num_classes)
        self.out_channels = self.num_classes

    def forward(self, batch):
        """Returns logits ``[N, T, num_classes]``; in training ``backbone_out`` and ``hidden_states_0``, ... beside.

        Args:
            batch: see :class:`ppocr.modeling.backbones.kie_layoutlm.LayoutLMForSer`.
        """
        states = self.model.layoutxlm(*batch[: len(self.inputs)])
        logits = self.model.classifier(self.model.drop(states[-1]))
        if not self.training:
            return logits
        return {"backbone_out": logits, **{f"hidden_states_{i}": state for i, state in enumerate(states)}}


@BACKBONES.register(scope="kie")
@dataclass(eq=False, repr=False)
class LayoutXLMForRe(LayoutXLMSizes):
    """Relations between the entities of a page, from their texts and places.

    Source: see :class:`LayoutXLMForSer`.

    Args:
        relation_dropout: in the layers that judge pairs.
    """

    inputs = (*SER_FIELDS, "entities", "relations")

    relation_dropout: Dropout = 0.5

    def __post_init__(self):
        super().__post_init__()
        self.model = nn.Layer()
        self.model.layoutxlm = _LayoutXLM(self)
        self.model.drop = nn.Dropout(self.dropout)
        self.model.extractor = RelationExtractor(self.hidden_size, self.relation_dropout)
        self.out_channels = self.hidden_size

    def forward(self, batch):
        """Judges all pairs of a question and an answer.

        Args:
            batch: the four fields of :class:`LayoutXLMForSer`, and as the last two ``entities`` int ``[N, 1 + E, 3]``
                (their number, then start, end and class of each) and ``relations`` int ``[N, 1 + R, 2]`` (their number,
                then the places of two entities that belong together).

        Returns:
            ``loss``; in training ``hidden_states``, what each layer gives; else ``pred_relations``, of each page the
            pairs that were found, int ``[F, 2]``, arrays.
        """
        states = self.model.layoutxlm(*batch[: len(SER_FIELDS)])
        entities, relations = map(unpacked, batch[-2:])
        loss, found = self.model.extractor(self.model.drop(states[-1]), entities, relations)
        return {"loss": loss, **({"hidden_states": states} if self.training else {"pred_relations": found()})}
