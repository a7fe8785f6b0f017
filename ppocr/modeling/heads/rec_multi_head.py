"""A CTC branch, which reads the text, and a branch that guides it in training."""

from dataclasses import dataclass
from typing import Annotated, Optional

import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import TruncatedNormal

from ppocr.data.batch import BRANCH_LABELS
from ppocr.errors import ConfigError
from ppocr.modeling.heads import build_head
from ppocr.modeling.layers.tokens import to_map
from ppocr.registry import HEADS, NECKS, Nested, bind_arguments
from ppocr.text.codecs import CtcCodec, NrtrCodec, SarCodec
from ppocr.values import Classes, Depth, Length, Range, TextLength

POOL = (3, 2)  # rows and columns that become one
LONGEST = 80
SUPPLIED = ("in_channels", "out_channels", "model_type")  # to the parts of the branches


class Project(nn.Layer):
    """A map as tokens of another width, ``[N, C, T]`` to ``[N, T, width]``."""

    def __init__(self, in_channels, width):
        super().__init__()
        self.fc = nn.Linear(in_channels, width, bias_attr=False)

    def forward(self, x):
        return self.fc(x.transpose([0, 2, 1]))


class AddPositions(nn.Layer):
    """Adds a learnt vector for each position, ``[N, T, width]``."""

    def __init__(self, width):
        super().__init__()
        self.dec_pos_embed = self.create_parameter([1, LONGEST, width], default_initializer=TruncatedNormal(std=0.02))

    def forward(self, x):
        return x + self.dec_pos_embed[:, : x.shape[1]]


@dataclass(frozen=True)
class CTCBranch:
    """The settings of the CTC branch in ``head_list``.

    Attributes:
        Neck: an encoder of :class:`ppocr.modeling.necks.rnn.SequenceEncoder`, ``{"name": encoder type, key: value}``.
        Head: keys of :class:`ppocr.modeling.heads.rec_ctc_head.CTCHead`.
    """

    Neck: Optional[dict] = None
    Head: Optional[dict] = None

    def sections(self) -> tuple:
        """Returns the complete sections of neck and head."""
        neck = dict(self.Neck or {"name": "reshape"})
        return (
            {"name": "SequenceEncoder", "encoder_type": neck.pop("name", None), **neck},
            {"name": "CTCHead", **(self.Head or {})},
        )

    @staticmethod
    def nested_components(arguments):
        """Yields neck and head."""
        neck, head = CTCBranch(**arguments).sections()
        yield Nested(NECKS, ("Neck",), neck, SUPPLIED[:1])
        yield Nested(HEADS, ("Head",), head, SUPPLIED)


@dataclass(frozen=True)
class NRTRBranch:
    """The settings of an NRTR decoder as the guide in ``head_list``.

    Attributes:
        nrtr_dim: width of the layers, 32 for each attention head.
        max_text_length: classes given in evaluation, the start included.
        num_decoder_layers: blocks of the decoder.
    """

    nrtr_dim: Annotated[int, Range(32, 2_048, step=32)] = 256
    max_text_length: TextLength = 25
    num_decoder_layers: Depth = 4

    def section(self) -> dict:
        """Returns the section of a :class:`Transformer` without encoder."""
        return {
            "name": "Transformer",
            "d_model": self.nrtr_dim,
            "nhead": self.nrtr_dim // 32,
            "dim_feedforward": 4 * self.nrtr_dim,
            "num_encoder_layers": 0,
            "num_decoder_layers": self.num_decoder_layers,
            "max_len": self.max_text_length,
        }


@HEADS.register()
class MultiHead(nn.Layer):
    """CTC branch with a neck of its own, guided by an attention decoder that is used in training only.

    Source: Guided Training of CTC (https://arxiv.org/abs/2002.01276); PP-OCRv3 (https://arxiv.org/abs/2206.03001).

    Args:
        in_channels: channels of the map, or of tokens ``[N, T, C]`` that form a map of 3 rows.
        head_list: one mapping ``{"CTCHead": {"Neck": {"name": encoder type, key: value, ...}, "Head": {...}}}`` and,
            unless there is none, one for the guide: ``{"SARHead": {...}}``, or ``{"NRTRHead": {"nrtr_dim": width,
            "max_text_length": n, "num_decoder_layers": 4}}``, a :class:`Transformer` without encoder.
        out_channels_list: number of classes for each decoder, ``CTCLabelDecode`` and ``SARLabelDecode`` or
            ``NRTRLabelDecode``; follows from the dictionary.
        use_pool: pool 3 rows and 2 columns to one first; for tokens.
        use_pos: add learnt positions to what the NRTR decoder reads.
        model_type: scope in which the parts of the branches are looked up first.

    Raises:
        ConfigError: a branch cannot be built, or its number of classes is missing.
    """

    codecs = {"CTCLabelDecode": CtcCodec, "SARLabelDecode": SarCodec, "NRTRLabelDecode": NrtrCodec}

    def __init__(
        self,
        in_channels: int,
        head_list: Annotated[list[dict[str, Optional[dict]]], Length(1)],
        out_channels_list: Optional[dict[str, Classes]] = None,
        use_pool: bool = False,
        use_pos: bool = False,
        model_type: Optional[str] = None,
    ):
        super().__init__()
        self._pooled = use_pool
        parts = {name: args or {} for item in head_list for name, args in item.items()}
        classes = {name: _classes(out_channels_list, name) for name in parts}
        neck, head = bind_arguments(CTCBranch, parts["CTCHead"], "CTCHead").build("head_list").sections()
        self.ctc_encoder = NECKS.build(neck, scope=model_type, supplied={"in_channels": in_channels})
        self.ctc_head = build_head(
            head, model_type, in_channels=self.ctc_encoder.out_channels, out_channels=classes["CTCHead"]
        )
        self._guide = next((name for name in parts if name != "CTCHead"), None)
        if self._guide == "SARHead":
            section = {"name": "SARHead", **parts["SARHead"]}
            self.sar_head = build_head(section, model_type, in_channels=in_channels, out_channels=classes["SARHead"])
        elif self._guide == "NRTRHead":
            section = bind_arguments(NRTRBranch, parts["NRTRHead"], "NRTRHead").build("head_list").section()
            width = section["d_model"]
            steps = [nn.Flatten(2), Project(in_channels, width)] + ([AddPositions(width)] if use_pos else [])
            self.before_gtc = nn.Sequential(*steps)
            self.gtc_head = build_head(section, model_type, in_channels=width, out_channels=classes["NRTRHead"])
        self.out_channels = classes["CTCHead"]
        self.feed = self.feed_of({"head_list": head_list})

    @staticmethod
    def feed_of(arguments):
        """Returns the fields that the guide needs."""
        branches = {name for item in arguments.get("head_list", ()) for name in item}
        if "SARHead" in branches:
            return (*BRANCH_LABELS, "length", "valid_ratio")
        return BRANCH_LABELS if "NRTRHead" in branches else ()

    @staticmethod
    def check_arguments(head_list):
        """Yields branches that are unknown or missing."""
        names = [name for item in head_list for name in item]
        if sorted(names) not in (["CTCHead"], ["CTCHead", "NRTRHead"], ["CTCHead", "SARHead"]):
            yield "head_list", f"'head_list' must be CTCHead and SARHead or NRTRHead, not {', '.join(names)}"

    @staticmethod
    def nested_components(arguments):
        """Yields the branches."""
        for i, item in enumerate(arguments.get("head_list", ())):
            for name, given in item.items():
                path, given = ("head_list", i, name), given or {}
                if name == "CTCHead":
                    yield Nested(CTCBranch, path, given)
                elif name == "NRTRHead":
                    yield Nested(NRTRBranch, path, given)
                else:
                    yield Nested(HEADS, path, {"name": name, **given}, SUPPLIED)

    def forward(self, x, targets=None):
        """Reads a map ``[N, in_channels, 1, W]``, or with ``use_pool`` one of 3 rows or its tokens.

        Args:
            x: the map.
            targets: in training CTC label, label of the guide and, for SAR, lengths and share of the image.

        Returns:
            In training ``ctc`` (logits ``[N, T, classes]``), ``ctc_neck`` and the guide's scores, ``sar`` or ``gtc``;
            in evaluation probabilities ``[N, T, classes]``.
        """
        if self._pooled:
            x = F.avg_pool2d(to_map(x, POOL[0]) if x.ndim == 3 else x, POOL, POOL)
        sequence = self.ctc_encoder(x)
        scores = self.ctc_head(sequence)
        if not self.training:
            return scores
        outputs = {"ctc": scores, "ctc_neck": sequence}
        if self._guide is not None:
            outputs.update(self._guiding(x, *targets))
        return outputs

    def _guiding(self, x, label_ctc, label, length=None, valid_ratio=None):
        """Returns the scores of the guide."""
        if self._guide == "SARHead":
            return {"sar": self.sar_head(x, (label, valid_ratio))}
        return {"gtc": self.gtc_head(self.before_gtc(x), (label,))}


def _classes(out_channels_list, head):
    decoder = head.replace("Head", "LabelDecode")
    if decoder not in (out_channels_list or {}):
        raise ConfigError(f"MultiHead: out_channels_list lacks {decoder}, which follows from the dictionary")
    return out_channels_list[decoder]
