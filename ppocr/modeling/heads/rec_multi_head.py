"""A CTC branch, which reads in the end, and a branch that guides it in training."""

from typing import Optional

import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import TruncatedNormal

from ppocr.errors import ConfigError
from ppocr.modeling.heads import build_head
from ppocr.modeling.necks import build_neck
from ppocr.modeling.svtr import to_map
from ppocr.registry import HEADS, NECKS

POOL = (3, 2)  # rows and columns that become one
LONGEST = 80
NRTR_KEYS = {"nrtr_dim": "d_model", "max_text_length": "max_len"}
NRTR_DEFAULTS = {"d_model": 256, "num_decoder_layers": 4}


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


@HEADS.register()
class MultiHead(nn.Layer):
    """CTC branch with a neck of its own, guided by an attention decoder that is used in training only.

    Source: Guided Training of CTC (https://arxiv.org/abs/2002.01276); PP-OCRv3 (https://arxiv.org/abs/2206.03001).

    Args:
        in_channels: channels of the map, or of tokens ``[N, T, C]`` that form a map of 3 rows.
        head_list: one mapping ``{"CTCHead": {"Neck": {"name": encoder type, key: value, ...}, "Head": {...}}}`` and
            one for the guide: ``{"SARHead": {...}}``, or ``{"NRTRHead": {"nrtr_dim": width, "max_text_length": n,
            "num_decoder_layers": 4}}``, a :class:`Transformer` without encoder.
        out_channels_list: number of classes for each decoder, ``CTCLabelDecode`` and ``SARLabelDecode`` or
            ``NRTRLabelDecode``; follows from the dictionary.
        use_pool: pool 3 rows and 2 columns to one first; for tokens.
        use_pos: add learnt positions to what the NRTR decoder reads.

    Raises:
        ConfigError: an item of ``head_list`` that is unknown, a branch that is missing, or one without its number of
            classes.
    """

    feed = "image+targets"
    decoders = ("CTCLabelDecode", "SARLabelDecode", "NRTRLabelDecode")

    def __init__(
        self,
        in_channels: int,
        head_list: list,
        out_channels_list: Optional[dict] = None,
        use_pool: bool = False,
        use_pos: bool = False,
    ):
        super().__init__()
        self._pooled = use_pool
        parts = {name: args or {} for item in head_list for name, args in item.items()}
        unknown = [name for name in parts if name not in ("CTCHead", "SARHead", "NRTRHead")]
        if unknown or "CTCHead" not in parts:
            raise ConfigError(f"MultiHead: head_list must be CTCHead and SARHead or NRTRHead, not {', '.join(parts)}")
        classes = {name: _classes(out_channels_list, name) for name in parts}
        neck, head = _ctc_sections(parts["CTCHead"])
        self.ctc_encoder = build_neck(neck, in_channels=in_channels)
        self.ctc_head = build_head(head, in_channels=self.ctc_encoder.out_channels, out_channels=classes["CTCHead"])
        self._guide = next((name for name in parts if name != "CTCHead"), None)
        if self._guide == "SARHead":
            section = {"name": "SARHead", **parts["SARHead"]}
            self.sar_head = build_head(section, in_channels=in_channels, out_channels=classes["SARHead"])
        elif self._guide == "NRTRHead":
            section = _transformer(parts["NRTRHead"])
            width = section["d_model"]
            steps = [nn.Flatten(2), Project(in_channels, width)] + ([AddPositions(width)] if use_pos else [])
            self.before_gtc = nn.Sequential(*steps)
            self.gtc_head = build_head(section, in_channels=width, out_channels=classes["NRTRHead"])
        self.out_channels = classes["CTCHead"]

    @staticmethod
    def nested_components(config):
        """Yields ``(registry, path, config)`` of the branches."""
        for i, item in enumerate(config.get("head_list") or ()):
            for name, args in item.items() if isinstance(item, dict) else ():
                path = ("head_list", i, name)
                if name == "CTCHead":
                    neck, head = _ctc_sections(args or {})
                    yield NECKS, (*path, "Neck"), neck
                    yield HEADS, (*path, "Head"), head
                else:
                    yield (
                        HEADS,
                        path,
                        _transformer(args or {}) if name == "NRTRHead" else {"name": name, **(args or {})},
                    )

    def forward(self, x, targets=None):
        """Reads a map ``[N, in_channels, 1, W]``, or with ``use_pool`` one of 3 rows or its tokens.

        Args:
            x: the map.
            targets: in training CTC label, label of the guide, lengths, and share of the width that is picture.

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
        if self._guide == "SARHead":
            outputs["sar"] = self.sar_head(x, targets[1:])
        elif self._guide == "NRTRHead":
            outputs["gtc"] = self.gtc_head(self.before_gtc(x), targets[1:])
        return outputs


def _classes(out_channels_list, head):
    decoder = head.replace("Head", "LabelDecode")
    if decoder not in (out_channels_list or {}):
        raise ConfigError(f"MultiHead: out_channels_list lacks {decoder}, which follows from the dictionary")
    return out_channels_list[decoder]


def _ctc_sections(config):
    """Returns the complete sections of the CTC branch's neck and head."""
    neck = dict(config.get("Neck") or {"name": "reshape"})
    return (
        {"name": "SequenceEncoder", "encoder_type": neck.pop("name", None), **neck},
        {"name": "CTCHead", **(config.get("Head") or {})},
    )


def _transformer(config):
    """Returns the section of the decoder that ``NRTRHead`` stands for."""
    section = {**NRTR_DEFAULTS, **{NRTR_KEYS.get(key, key): value for key, value in config.items()}}
    width = section["d_model"]
    fixed = {"nhead": width // 32, "dim_feedforward": 4 * width, "num_encoder_layers": 0}
    return {"name": "Transformer", **fixed, **section}
