import pytest

from ppocr.modeling.heads import build_head
from ppocr.text.vocabulary import declared_axes

NRTR = {"NRTRHead": {"nrtr_dim": 32, "max_text_length": 5, "num_decoder_layers": 1}}
SAR = {"SARHead": {"enc_dim": 4, "max_text_length": 5, "d_k": 4}}


def pg_head(characters):
    return build_head({"name": "PGHead", "out_channels": characters + 1}, "e2e", in_channels=6)


def multi_head(characters, guide):
    classes = {"CTCLabelDecode": 1, "SARLabelDecode": 3, "NRTRLabelDecode": 4}
    sizes = {name: characters + specials for name, specials in classes.items()}
    head = {"name": "MultiHead", "head_list": [{"CTCHead": {"Neck": {"name": "reshape"}}}, guide]}
    return build_head({**head, "out_channels_list": sizes}, "rec", in_channels=6)


def plain(name, specials, in_channels=6, **options):
    return lambda characters: build_head(
        {"name": name, "out_channels": characters + specials, **options}, "rec", in_channels=in_channels
    )


HEADS = {
    "attention": plain("AttentionHead", 2, hidden_size=4),
    "ctc": plain("CTCHead", 1),
    "ctc of two layers": plain("CTCHead", 1, mid_channels=3),
    "rfl": plain("RFLHead", 2, hidden_size=4),
    "sar": plain("SARHead", 3, enc_dim=4, d_k=4),
    "nrtr": plain("Transformer", 4, d_model=6, nhead=2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=8),
    "pgnet": pg_head,
    "pren": plain("PRENHead", 3),
    "seed": plain("AsterHead", 3, sDim=4, attDim=5, max_len_labels=6, time_step=2),
    "parseq": plain("ParseQHead", 3, embed_dim=6, dec_num_heads=2, max_text_length=5),
    "abinet": plain("ABINetHead", 1, d_model=6, nhead=2, num_layers=1, dim_feedforward=8, max_length=5, use_lang=True),
    "abinet without language": plain("ABINetHead", 1, d_model=6, nhead=2, num_layers=1, max_length=5),
    "cppd": plain("CPPDHead", 1, dim=32, num_layer=1, max_len=5, vis_seq=7),
    "srn": plain("SRNHead", 2, hidden_dims=6, num_heads=2, num_encoder_TUs=1, num_decoder_TUs=1, max_text_length=5),
    "spin": plain("SPINAttentionHead", 2, hidden_size=4),
    "latex ocr": plain("LaTeXOCRHead", 0, embed_dim=6, depth=1, num_heads=1, max_seq_len=5),
    "unimernet": plain(
        "UniMERNetHead",
        0,
        in_channels=16,
        encoder_hidden_size=16,
        decoder_layers=1,
        decoder_ffn_dim=7,
        max_new_tokens=5,
    ),
    "visionlan": plain("VLHead", 0, in_channels=8, n_layers=1, n_position=4, n_dim=8, max_text_length=5),
    "ctc and sar": lambda characters: multi_head(characters, SAR),
    "ctc and nrtr": lambda characters: multi_head(characters, NRTR),
}


@pytest.mark.parametrize("build", HEADS.values(), ids=HEADS.keys())
def test_what_follows_the_dictionary_is_declared(build):
    small, large = build(40), build(45)
    shapes = {name: value.shape for name, value in large.state_dict().items()}
    changed = {}
    for name, value in small.state_dict().items():
        axes = [i for i, (few, many) in enumerate(zip(value.shape, shapes[name])) if few != many]
        if axes:
            assert [shapes[name][i] - value.shape[i] for i in axes] == [5]
            changed[name] = axes[0]
    declared = declared_axes(large)
    assert changed == {name: axis for name, (axis, _) in declared.items()}
    for name, (axis, first) in declared.items():
        assert 0 <= first <= shapes[name][axis] - 45
