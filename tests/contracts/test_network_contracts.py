"""Every transform, backbone, neck, head and architecture is built, gives what it says, and lets gradients through."""

import numpy as np
import paddle
import pytest
from contract_table import Row, Table, ids

from ppocr.registry import ARCHITECTURES, BACKBONES, HEADS, NECKS, TRANSFORMS


def pyramid(channels, side=64):
    """Shapes of the maps at 1/4, 1/8, 1/16 and 1/32."""
    return [[1, count, side // part, side // part] for count, part in zip(channels, (4, 8, 16, 32))]


GRAPH = {"relations": [1, 2, 2, 5], "texts": [1, 2, 4], "visual": [1, 2, 16], "tag": [1, 2]}


def graph():
    """Two boxes of an image that are read apart, and padding behind them; the image gets a gradient."""
    image = paddle.rand([1, 3, 32, 32])
    image.stop_gradient = False
    texts = paddle.to_tensor([[[1, 2, 3, 4, -1], [5, -1, -1, -1, -1], [0] * 5]])
    boxes = paddle.to_tensor([[[1.0, 2, 14, 9], [3, 18, 30, 28], [0] * 4]])
    fields = (paddle.rand([1, 3, 3, 5]), texts, boxes, paddle.zeros([1, 3, 4], "int64"), ids([2, 4]), ids([32, 32]))
    return [image], [image, *fields]


def nodes():
    """The same as the backbone gives it."""
    image, (_, relations, texts, *_, tag, _) = graph()
    visual = paddle.rand([1, 2, 16])
    visual.stop_gradient = False
    return [visual], {"relations": relations[:, :2, :2], "texts": texts[:, :2, :4], "visual": visual, "tag": tag}


LAYOUT = {
    "vocab_size": 9, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 8,
    "max_position_embeddings": 4,
}  # fmt: skip


def sub_words():
    """Two sub-words and padding; no input gets a gradient."""
    places = paddle.to_tensor([[[0, 0, 10, 10], [20, 30, 1000, 1000], [0, 0, 0, 0]]])
    return [], [ids([5, 8, 0]), places, ids([1, 1, 0]), ids([0, 0, 0])]


def entities():
    """The same with a question, an answer and that they belong together."""
    known = paddle.to_tensor([[[2, 2, 2], [0, 1, 1], [1, 2, 2]]])
    return [], [*sub_words()[1], known, paddle.to_tensor([[[1, 1], [0, 1]]])]


PAGE, LINE = [1, 3, 64, 64], [1, 3, 32, 64]
SVTR = {
    "img_size": [16, 32], "embed_dim": [8, 8, 16], "depth": [1, 1, 1], "num_heads": [2, 2, 2], "out_channels": 12,
    "mixer": ["Local", "Conv", "Global"], "local_mixer": [[3, 3], [3, 3], [3, 3]], "out_char_num": 5,
}  # fmt: skip
SVTR_V2 = {
    "use_pos_embed": False, "dims": [8, 8, 16], "depths": [1, 1, 1], "num_heads": [2, 2, 2],
    "mixer": [["Conv"], ["Conv"], ["Global"]], "local_k": [[3, 3], [3, 3], [-1, -1]],
    "sub_k": [[2, 1], [2, 1], [-1, -1]],
}  # fmt: skip
VITSTR = {
    "img_size": [8, 16], "in_channels": 3, "patch_size": [4, 4], "embed_dim": 6, "num_heads": 2, "depth": 2,
    "seqlen": 4,
}  # fmt: skip
SMALL = {"model_name": "small", "scale": 0.35}
BACKBONE_ROWS = {
    "DenseNet": Row({"growthRate": 2}, [1, 1, 32, 48], [1, 57, 2, 3]),
    "DetMobileNetV3": Row(SMALL, PAGE, pyramid([8, 8, 16, 200])),
    "DetRepSVTR": Row({}, PAGE, pyramid([48, 96, 192, 384])),
    "DetResNet": Row({"layers": 18}, PAGE, pyramid([64, 128, 256, 512])),
    "DetResNetVd": Row({"layers": 18}, PAGE, pyramid([64, 128, 256, 512])),
    "DonutSwinModel": Row(
        {"embed_dim": 8, "hidden_size": 16, "num_layers": 2, "num_heads": [1, 2], "depths": [2, 2]},
        [2, 1, 34, 40],
        [2, 25, 16],
    ),
    "EfficientNetb3_PREN": Row({}, [2, 3, 32, 64], [[2, 48, 4, 8], [2, 136, 2, 4], [2, 384, 1, 2]]),
    "HybridTransformer": Row(
        {"img_size": [32, 64], "embed_dim": 16, "depth": 1, "num_heads": 2}, [2, 1, 32, 40], [2, 7, 16]
    ),
    "Kie_backbone": Row({}, graph, GRAPH),
    "LayoutLMForSer": Row(LAYOUT, sub_words, [1, 3, 7]),
    "LayoutXLMForRe": Row(LAYOUT, entities, {"loss": [], "hidden_states": [[1, 3, 12]] * 2}),
    "LayoutXLMForSer": Row(
        {**LAYOUT, "num_classes": 5},
        sub_words,
        {"backbone_out": [1, 3, 5], "hidden_states_0": [1, 3, 12], "hidden_states_1": [1, 3, 12]},
    ),
    "MTB": Row({"cnn_num": 3}, LINE, [1, 8, 512]),
    "MobileNetV1Enhance": Row({"scale": 0.125}, LINE, [1, 128, 1, 16]),
    "PPHGNetSmall": Row({}, [1, 3, 48, 32], [1, 1024, 1, 40]),
    "PPHGNetV2B4": Row({"text_rec": True}, [1, 3, 48, 32], [1, 2048, 1, 40]),
    "PPHGNetV2B4Formula": Row({"class_num": 10}, [1, 3, 64, 32], [1, 2, 2048]),
    "PPHGNetV2B6Formula": Row({"class_num": 10}, [1, 1, 32, 32], [1, 1, 2048]),
    "PPLCNet": Row({"scale": 0.25}, [1, 3, 64, 64], [[1, 16 * 2**i, 16 // 2**i, 16 // 2**i] for i in range(4)]),
    "PPLCNetV3": Row({"scale": 0.25}, [1, 3, 48, 32], [1, 128, 1, 40]),
    "PPLCNetV4": Row({"model_size": "tiny"}, [1, 3, 48, 32], [1, 160, 1, 40]),
    "RecMobileNetV3": Row(SMALL, LINE, [1, 200, 1, 16]),
    "RecResNetVd": Row({"layers": 18}, LINE, [1, 512, 1, 16]),
    "RepSVTR": Row({}, [1, 3, 48, 32], [1, 384, 1, 40]),
    "ResNet31": Row({}, [1, 3, 16, 32], [1, 512, 2, 8]),
    "ResNet_ASTER": Row({}, [2, 3, 32, 24], [2, 6, 512]),
    "ResNet45": Row({}, [1, 3, 16, 16], [1, 512, 4, 4]),
    "ResNetFPN": Row({}, [1, 1, 16, 16], [1, 512, 2, 2]),
    "ResNet32": Row({"in_channels": 1, "out_channels": 32}, [2, 1, 32, 32], [2, 32, 1, 9]),
    "PGResNet": Row({"layers": 18}, PAGE, [PAGE, [1, 64, 32, 32], *pyramid([64, 128, 256, 512]), [1, 512, 1, 1]]),
    "ResNetSAST": Row({"layers": 18}, PAGE, [PAGE, [1, 64, 32, 32], *pyramid([64, 128, 256, 512]), [1, 512, 1, 1]]),
    "ResNetRFL": Row({"in_channels": 1}, [2, 1, 32, 16], [[2, 512, 1, 5]] * 2),
    "SVTRNet": Row(SVTR, [1, 3, 16, 32], [1, 12, 1, 5]),
    "SVTRv2": Row(SVTR_V2, [1, 3, 32, 32], [1, 16, 2, 8]),
    "ShallowCNN": Row({"hidden_dim": 8, "in_channels": 3}, [1, 3, 16, 32], [1, 8, 4, 8]),
    "Vary_VIT_B": Row(
        {
            "image_size": 64,
            "encoder_embed_dim": 16,
            "encoder_depth": 2,
            "encoder_num_heads": 2,
            "encoder_global_attn_indexes": [1],
        },
        [1, 3, 64, 64],
        [1, 512, 2, 2],
    ),
    "Vary_VIT_B_Formula": Row(
        {
            "image_size": 256,
            "encoder_embed_dim": 16,
            "encoder_depth": 2,
            "encoder_num_heads": 2,
            "encoder_global_attn_indexes": [1],
        },
        [1, 1, 256, 256],
        [1, 16, 1024],
    ),
    "VGG": Row({}, [1, 3, 32, 32], [1, 128, 1, 8]),
    "ViTParseQ": Row(
        {"img_size": [16, 32], "patch_size": [4, 8], "embed_dim": 8, "depth": 2, "num_heads": 2, "drop_path_rate": 0.1},
        [2, 3, 16, 32],
        [2, 16, 8],
    ),
    "ViTSTR": Row(VITSTR, [1, 3, 8, 16], [1, 6, 1, 4]),
}
PYRAMID, FUSED = {"in_channels": [8] * 4, "out_channels": 16}, [1, 16, 16, 16]
NECK_ROWS = {
    "CSPPAN": Row({"in_channels": [8] * 4, "out_channels": 6}, pyramid([8] * 4), pyramid([6] * 4)),
    "CTFPN": Row({"in_channels": [8] * 4, "out_channel": 4}, pyramid([8] * 4), FUSED),
    "DBFPN": Row(PYRAMID, pyramid([8] * 4), FUSED),
    "EASTFPN": Row({"in_channels": [8] * 4, "model_name": "small"}, pyramid([8] * 4), [1, 64, 16, 16]),
    "FCEFPN": Row({"in_channels": [8] * 3, "out_channels": 6}, pyramid([8] * 4)[1:], pyramid([6] * 4)[1:]),
    "FPN": Row({"in_channels": [8] * 4, "out_channels": 4}, pyramid([8] * 4), FUSED),
    "FPNUNet": Row({"in_channels": [8] * 4, "out_channels": 4}, pyramid([8] * 4), [1, 4, 64, 64]),
    "LKPAN": Row(PYRAMID, pyramid([8] * 4), FUSED),
    "PRENFPN": Row(
        {"in_channels": [4, 6, 8], "n_r": 2, "d_model": 9, "max_len": 5, "dropout": 0.1},
        [[2, 4, 8, 16], [2, 6, 4, 8], [2, 8, 2, 4]],
        [2, 5, 9],
    ),
    "PGFPN": Row({"in_channels": [8] * 7}, [[1, 8, 64 // 2**i, 64 // 2**i] for i in range(7)], [1, 128, 16, 16]),
    "RFAdaptor": Row({"in_channels": [6, 6]}, [[2, 6, 1, 5]] * 2, [[2, 5, 6]] * 2),
    "RSEFPN": Row(PYRAMID, pyramid([8] * 4), FUSED),
    "RepLKFPN": Row(PYRAMID, pyramid([8] * 4), [FUSED, pyramid([16] * 3)]),
    "RepLKPAN": Row(PYRAMID, pyramid([8] * 4), [FUSED, pyramid([16] * 3)]),
    "SASTFPN": Row(
        {"in_channels": [8] * 7, "with_cab": True}, [[1, 8, 64 // 2**i, 64 // 2**i] for i in range(7)], [1, 128, 16, 16]
    ),
    "SequenceEncoder": Row({"encoder_type": "rnn", "hidden_size": 4, "in_channels": 6}, [2, 6, 1, 5], [2, 5, 8]),
}
CTC = {"CTCHead": {"Neck": {"name": "svtr", "dims": 6, "depth": 1, "hidden_dims": 8}, "Head": {}}}
GUIDE = {"NRTRHead": {"nrtr_dim": 32, "max_text_length": 5, "num_decoder_layers": 1}}
VL = {"n_layers": 1, "n_position": 6, "n_dim": 16, "max_text_length": 3, "training_step": "LA"}
SATRN = {"n_layers": 1, "n_head": 2, "d_k": 4, "d_v": 3, "d_model": 8, "d_inner": 8, "n_position": 9}
HEAD_ROWS = {
    "AttentionHead": Row(
        {"in_channels": 8, "out_channels": 5, "hidden_size": 4, "max_text_length": 3}, [2, 6, 8], [2, 3, 5]
    ),
    "ABINetHead": Row(
        {"in_channels": 8, "out_channels": 5, "d_model": 8, "nhead": 2, "num_layers": 1, "dim_feedforward": 8,
         "max_length": 3, "use_lang": True, "iter_size": 2, "image_size": [32, 64]},
        [2, 8, 8, 16],
        {"vision": [2, 4, 5], "lang": [[2, 4, 5]] * 2, "align": [[2, 4, 5]] * 2},
    ),
    "AsterHead": Row(
        {"in_channels": 6, "out_channels": 7, "sDim": 4, "attDim": 5, "max_len_labels": 4, "time_step": 3},
        [2, 3, 6],
        {"rec_pred": [2, 3, 7], "embedding_vectors": [2, 300]},
        (ids([0, 1, 4, 5], [2, 4, 5, 5]), ids(3, 2)),
    ),
    "CPPDHead": Row(
        {"in_channels": 8, "out_channels": 9, "dim": 32, "num_layer": 1, "max_len": 3, "vis_seq": 5, "ch": True},
        [2, 5, 32],
        [[[2, 2, 3], [2, 4]], [2, 4, 9]],
        (ids([1, 8, 0, 7], [2, 0, 7, 7]), ids([1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0]), ids([1, 8], [2, 4])),
    ),
    "CANHead": Row(
        {"in_channels": 8, "out_channels": 5,
         "attdecoder": {"input_size": 4, "hidden_size": 6, "attention": {"attention_dim": 8}}},
        [2, 8, 2, 3],
        [[2, 3, 5], [2, 5], [2, 5], [2, 5]],
        (paddle.ones([2, 1, 32, 48]), ids([2, 3, 0], [4, 0, 0])),
    ),
    "CTCHead": Row({"in_channels": 8, "out_channels": 5}, [2, 6, 8], [2, 6, 5]),
    "CTHead": Row({"in_channels": 8, "hidden_dim": 4}, [1, 8, 4, 4], {"maps": [1, 3, 16, 16]}),
    "ClsHead": Row({"in_channels": 8, "class_dim": 3}, [2, 8, 2, 2], [2, 3]),
    "DBHead": Row({"in_channels": 8}, [1, 8, 4, 4], {"maps": [1, 3, 16, 16]}),
    # three components of no text, each linked with the two others
    "DRRGHead": Row(
        {"in_channels": 8},
        [1, 8, 16, 16],
        {"maps": [1, 6, 16, 16], "links": [6, 2], "link_labels": [6]},
        (paddle.to_tensor([[[3.0, 4 * place, 8, 6, 2, 0, -1, 0] for place in (1, 2, 3)]]),),
    ),
    "EASTHead": Row(
        {"in_channels": 8, "model_name": "small"}, [1, 8, 4, 4], {"f_score": [1, 1, 4, 4], "f_geo": [1, 8, 4, 4]}
    ),
    "FCEHead": Row(
        {"in_channels": 8, "fourier_degree": 1},
        [[1, 8, 4, 4], [1, 8, 2, 2]],
        {"level_0": [1, 10, 4, 4], "level_1": [1, 10, 2, 2]},
    ),
    "LaTeXOCRHead": Row(
        {"in_channels": 8, "out_channels": 6, "embed_dim": 16, "depth": 1, "num_heads": 2, "max_seq_len": 8},
        [2, 3, 8],
        [2, 3, 6],
        (ids([1, 4, 5, 2], [1, 3, 2, 0]), ids([1, 1, 1, 1], [1, 1, 1, 0])),
    ),
    "MultiHead": Row(
        {
            "in_channels": 8,
            "head_list": [CTC, GUIDE],
            "out_channels_list": {"CTCLabelDecode": 5, "NRTRLabelDecode": 8, "SARLabelDecode": 7},
        },
        [2, 8, 1, 6],
        {"ctc": [2, 6, 5], "ctc_neck": [2, 6, 6], "gtc": [2, 4, 9]},
        (ids([1, 2], [3, 0]), ids([2, 4, 5, 3, 0], [2, 6, 3, 0, 0])),
    ),
    "PFHeadLocal": Row({"in_channels": 8}, [1, 8, 4, 4], {"maps": [1, 3, 16, 16], "cbn_maps": [1, 1, 16, 16]}),
    "PPFormulaNet_Head": Row(
        {"in_channels": 8, "out_channels": 6, "encoder_hidden_size": 8, "decoder_hidden_size": 16, "decoder_layers": 1,
         "decoder_ffn_dim": 8, "max_new_tokens": 8},
        [2, 3, 8],
        [2, 3, 6],
        (ids([0, 4, 5, 2], [0, 3, 2, 1]), ids([1, 1, 1, 1], [1, 1, 1, 0])),
    ),
    "PSEHead": Row({"in_channels": 8, "hidden_dim": 4, "out_channels": 3}, [1, 8, 4, 4], {"maps": [1, 3, 4, 4]}),
    "RobustScannerHead": Row(
        {"in_channels": 8, "out_channels": 7, "enc_outchannles": 4, "max_text_length": 3},
        [2, 8, 2, 6],
        [2, 3, 6],
        (ids([5, 1, 5], [5, 2, 5]), paddle.ones([2])),
    ),
    "PRENHead": Row({"in_channels": 8, "out_channels": 5}, [2, 6, 8], [2, 6, 5]),
    "ParseQHead": Row(
        {"in_channels": 8, "out_channels": 7, "embed_dim": 8, "dec_num_heads": 2, "max_text_length": 6},
        [2, 5, 8],
        {"predict": [2, 3, 5], "logits": [[2, 3, 5]] * 2},
        (ids([5, 1, 2, 0, 6, 6], [5, 1, 0, 6, 6, 6]), ids(2, 1)),
    ),
    "RFLHead": Row(
        {"in_channels": 8, "out_channels": 5, "hidden_size": 4},
        [[2, 26, 8], [2, 26, 8]],
        [[2, 5], [2, 3, 5]],
        (ids([0, 1, 4], [0, 4, 0]),),
    ),
    "SDMGRHead": Row(
        {"fusion_dim": 40, "node_input": 4, "node_embed": 6, "edge_embed": 6, "num_classes": 3}, nodes, [[2, 3], [4, 2]]
    ),
    "SARHead": Row(
        {"in_channels": 8, "out_channels": 7, "enc_dim": 4, "d_k": 4, "max_text_length": 3},
        [2, 8, 2, 6],
        [2, 3, 6],
        (ids([5, 1, 5], [5, 2, 5]), paddle.ones([2])),
    ),
    "PGHead": Row(
        {"in_channels": 8, "out_channels": 7},
        [1, 8, 4, 4],
        {"f_score": [1, 1, 4, 4], "f_border": [1, 4, 4, 4], "f_char": [1, 7, 4, 4], "f_direction": [1, 2, 4, 4]},
    ),
    "SASTHead": Row(
        {"in_channels": 8},
        [1, 8, 4, 4],
        {"f_score": [1, 1, 4, 4], "f_border": [1, 4, 4, 4], "f_tvo": [1, 8, 4, 4], "f_tco": [1, 2, 4, 4]},
    ),
    "SLAHead": Row(
        {"in_channels": 8, "out_channels": 6, "hidden_size": 4, "max_text_length": 7},
        [2, 8, 2, 3],
        {"structure_probs": [2, 4, 6], "loc_preds": [2, 4, 4]},
        (ids([0, 1, 2, 3, 5, 0, 0, 0, 0], [0, 1, 2, 5, 0, 0, 0, 0, 0]), None, None, ids(3, 2)),
    ),
    "TableAttentionHead": Row(
        {"in_channels": [8], "out_channels": 6, "hidden_size": 4, "max_text_length": 4, "in_max_len": 64},
        [[2, 8, 2, 2]],
        {"structure_probs": [2, 5, 6], "loc_preds": [2, 5, 4]},
        (ids([0, 1, 2, 3, 5, 0], [0, 1, 2, 5, 0, 0]),),
    ),
    "SATRNHead": Row(
        {"in_channels": 8, "out_channels": 7, "enc_cfg": SATRN,
         "dec_cfg": {**SATRN, "d_embedding": 8, "max_seq_len": 3}},
        [2, 8, 2, 6],
        [2, 3, 6],
        (ids([5, 1, 5], [5, 2, 5]), paddle.ones([2])),
    ),
    "SPINAttentionHead": Row(
        {"in_channels": 8, "out_channels": 6, "hidden_size": 4},
        [2, 6, 8],
        [2, 3, 6],
        (ids([0, 2, 3, 1], [0, 4, 1, 0]),),
    ),
    "SRNHead": Row(
        {"in_channels": 8, "out_channels": 6, "max_text_length": 4, "num_heads": 2, "num_decoder_TUs": 1,
         "hidden_dims": 8},
        [2, 8, 8, 32],
        {"predict": [8, 6], "pvam_feature": [2, 4, 8], "decoded_out": [8, 1], "word_out": [8, 6], "gsrm_out": [8, 7]},
    ),
    "Transformer": Row(
        {"in_channels": 8, "out_channels": 8, "d_model": 8, "nhead": 2, "num_encoder_layers": 1,
         "num_decoder_layers": 1, "dim_feedforward": 8},
        [2, 5, 8],
        [2, 3, 9],
        (ids([2, 4, 5, 3], [2, 6, 3, 0]),),
    ),
    "UniMERNetHead": Row(
        {"in_channels": 16, "out_channels": 6, "encoder_hidden_size": 16, "decoder_layers": 1, "decoder_ffn_dim": 8,
         "max_new_tokens": 8},
        [2, 3, 16],
        {"logits": [2, 3, 6], "counts": [2, 6]},
        (ids([0, 4, 5, 2], [0, 3, 2, 1]), ids([1, 1, 1, 1], [1, 1, 1, 0])),
    ),
    "VLHead": Row(
        {"in_channels": 16, "out_channels": 5, **VL},
        [2, 16, 2, 3],
        [[4, 2, 6]] * 3,
        (ids([1, 2, 0], [3, 0, 0]), ids([1, 2, 0], [3, 0, 0]), ids([1, 2, 0], [3, 0, 0]), ids(0, 2)),
    ),
}  # fmt: skip
STN = {
    "in_channels": 3, "tps_inputsize": [32, 64], "tps_outputsize": [8, 20], "num_control_points": 6,
    "tps_margins": [0.1, 0.1], "stn_activation": "none",
}  # fmt: skip
SR = {"in_channels": 3, "STN": True, "srb_nums": 1, "hidden_units": 2, "recognizer": False}
PAIR = {"lr_img": [2, 3, 16, 64], "sr_img": [2, 3, 32, 128], "hr_img": [2, 3, 32, 128]}
TRANSFORM_ROWS = {
    "GA_SPIN": Row({"in_channels": 1, "offsets": True}, [2, 1, 32, 48], [2, 1, 32, 48]),
    "STN_ON": Row(STN, [1, 3, 32, 64], [1, 3, 8, 20]),
    "TBSRN": Row(SR, [2, 3, 16, 64], PAIR, (paddle.zeros([2, 3, 32, 128]),)),
    "TPS": Row(
        {"in_channels": 3, "num_fiducial": 6, "loc_lr": 0.1, "model_name": "small"}, [2, 3, 16, 40], [2, 3, 16, 40]
    ),
    "TSRN": Row(SR, [2, 3, 16, 64], PAIR, (paddle.zeros([2, 3, 32, 128]),)),
}
CLASSIFIER = {
    "model_type": "cls",
    "Backbone": {"name": "MobileNetV3", **SMALL},
    "Head": {"name": "ClsHead", "class_dim": 3},
}
TWO = {"model_type": "cls", "Models": {"Teacher": CLASSIFIER, "Student": {**CLASSIFIER, "return_all_feats": True}}}
FEATURES = {"backbone_out": [1, 200, 1, 8], "head_out": [1, 3]}
ARCHITECTURE_ROWS = {
    "BaseModel": Row(CLASSIFIER, [1, 3, 32, 32], [1, 3]),
    "DistillationNetwork": Row({**CLASSIFIER, "return_all_feats": True}, [1, 3, 32, 32], FEATURES),
    "DistillationModel": Row(TWO, [1, 3, 32, 32], {"Teacher": [1, 3], "Student": FEATURES}),
}

BACKBONE_TABLE = Table(BACKBONES, "BACKBONE_ROWS", BACKBONE_ROWS)
NECK_TABLE = Table(NECKS, "NECK_ROWS", NECK_ROWS)
HEAD_TABLE = Table(HEADS, "HEAD_ROWS", HEAD_ROWS)
TRANSFORM_TABLE = Table(TRANSFORMS, "TRANSFORM_ROWS", TRANSFORM_ROWS)
ARCHITECTURE_TABLE = Table(ARCHITECTURES, "ARCHITECTURE_ROWS", ARCHITECTURE_ROWS)
TABLES = [BACKBONE_TABLE, NECK_TABLE, HEAD_TABLE, TRANSFORM_TABLE, ARCHITECTURE_TABLE]


def shapes(output):
    """Returns the shapes of nested outputs, nested alike."""
    if isinstance(output, dict):
        return {name: shapes(value) for name, value in output.items()}
    if isinstance(output, (list, tuple)):
        return [shapes(value) for value in output]
    return output.shape


def floats(output):
    """Returns all tensors of floats in nested outputs."""
    if isinstance(output, dict):
        output = list(output.values())
    if isinstance(output, (list, tuple)):
        return [tensor for value in output for tensor in floats(value)]
    return [output] if output.dtype == paddle.float32 else []


def inputs(takes):
    if callable(takes):  # not all that it takes are floats
        return takes()
    several = isinstance(takes[0], list)
    tensors = [paddle.rand(shape) for shape in (takes if several else [takes])]
    for tensor in tensors:
        tensor.stop_gradient = False
    return tensors, tensors if several else tensors[0]


def check(table, entry):
    """Builds a part, calls it in training, and follows the gradients back to what it was given."""
    paddle.seed(0)
    row = table.row(entry)
    part = table.build(entry, row.arguments)
    tensors, given = inputs(row.takes)
    output = part(given, list(row.fields)) if row.fields else part(given)
    assert shapes(output) == row.gives
    parts = floats(output)
    sum((tensor * paddle.rand(tensor.shape)).sum() for tensor in parts).backward()
    for tensor in tensors:
        gradient = tensor.grad.numpy()
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0
    trained = [parameter.grad for parameter in part.parameters() if not parameter.stop_gradient]
    assert any(gradient is not None for gradient in trained)
    assert all(np.isfinite(gradient.numpy()).all() for gradient in trained if gradient is not None)
    return part, output


def channels_of(output):
    """Returns the channels of a sequence ``[N, T, C]`` or a map ``[N, C, H, W]``."""
    return output.shape[2 if output.ndim == 3 else 1]


def features(output):
    """Returns, of what backbones of key information give, what has their channels."""
    found = next(output[name] for name in ("visual", "backbone_out", "hidden_states") if name in output)
    return found[-1] if isinstance(found, list) else found


@BACKBONE_TABLE.each()
def test_a_backbone(entry):
    part, output = check(BACKBONE_TABLE, entry)
    output = features(output) if isinstance(output, dict) else output
    channels = list(map(channels_of, output)) if isinstance(output, list) else channels_of(output)
    assert part.out_channels == channels


@NECK_TABLE.each()
def test_a_neck(entry):
    part, output = check(NECK_TABLE, entry)
    output = output[0] if isinstance(output, (tuple, list)) else output  # a map and what else is supervised, or levels
    assert part.out_channels == channels_of(output)


@HEAD_TABLE.each()
def test_a_head(entry):
    part, _ = check(HEAD_TABLE, entry)
    assert len(getattr(part, "feed", ())) == len(HEAD_TABLE.row(entry).fields)


@TRANSFORM_TABLE.each()
def test_a_transform(entry):
    part, output = check(TRANSFORM_TABLE, entry)
    image = output["sr_img"] if isinstance(output, dict) else output
    assert part.out_channels == image.shape[1]


@ARCHITECTURE_TABLE.each()
def test_an_architecture(entry):
    part, _ = check(ARCHITECTURE_TABLE, entry)
    assert part.feed == () and part.inputs == ("image",)


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_no_row_is_left_over(table):
    assert table.unused() == set()
