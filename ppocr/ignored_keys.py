"""Keys that published configurations carry although nothing reads them.

They give a warning instead of an error.  ``IGNORED_KEYS`` maps ``"<kind>/<name>"`` (kinds as in ``ppocr.registry``, or
``"section/<section>"``) to ``{key: why}``.
"""

_GREEDY = "the likeliest sub-words are taken, none is drawn"
_OF_FILES = dict.fromkeys(("pretrained", "checkpoints"), "weights come from Global.pretrained_model")
_OF_EXPORT = "an export knows that it is one"

IGNORED_KEYS = {
    "section/Global": {
        "debug": "errors are shown as they are, with --traceback where they were raised",
        "character_type": "the dictionary says which characters there are",
        "start_ema": "averaging starts with the first step",
        "infer_visual_type": "drawing takes any script",
        "allow_resize_largeImg": "images of any size are brought to that of the model",
        "load_static_weights": "weights are of one kind only",
        "box_format": "the form of boxes is named where they are encoded and decoded",
        "kie_det_model_dir": "no command here reads key information",
        "kie_rec_model_dir": "no command here reads key information",
    },
    "section/loader": {"num_sections": "it belongs to a loss"},
    "head/AttentionHead": {"l2_decay": "weight decay is that of the optimizer"},
    "head/PPFormulaNet_Head": {
        "temperature": _GREEDY,
        "do_sample": _GREEDY,
        "top_p": _GREEDY,
        "is_export": _OF_EXPORT,
        "length_aware": "this head counts no sub-words",
    },
    "head/LaTeXOCRHead": {"is_export": _OF_EXPORT},
    "head/UniMERNetHead": {
        "temperature": _GREEDY,
        "do_sample": _GREEDY,
        "top_p": _GREEDY,
        "is_export": _OF_EXPORT,
    },
    "backbone/DonutSwinModel": {"add_pooling_layer": "all tokens are read, not their mean"},
    "backbone/HybridTransformer": {
        "num_classes": "this backbone classifies nothing",
        "input_channel": "it follows from Architecture.in_channels",
        "is_predict": _OF_EXPORT,
        "is_export": _OF_EXPORT,
    },
    "backbone/ResNet_vd": {"disable_se": "this backbone has no squeeze-and-excitation layer"},
    **{f"backbone/{name}": _OF_FILES for name in ("LayoutLMForSer", "LayoutXLMForSer", "LayoutXLMForRe")},
    "backbone/PPLCNetV3": {"pretrained": "weights come from Global.pretrained_model"},
    "backbone/PPLCNet": {
        "pretrained": "weights come from Global.pretrained_model",
        "use_ssld": "weights come from Global.pretrained_model",
    },
    "head/CANHead": {
        "in_channel": "it follows from the backbone",
        "out_channel": "it follows from the dictionary",
    },
    "head/RobustScannerHead": {
        "start_idx": "it follows from the dictionary",
        "padding_idx": "it follows from the dictionary",
    },
    "loss/PGLoss": {
        "max_text_length": "the labels say it",
        "max_text_nums": "the labels say it",
    },
    "operator/PGProcessTrain": {"batch_size": "points are looked up in the image that they belong to"},
    "loss/ClsLoss": {"main_indicator": "it belongs to Metric"},
    "post-process/DBPostProcess": {"det_box_type": "the key is box_type"},
    "post-process/DistillationDBPostProcess": {"key": "the maps of a detector are found by their name, maps"},
    "post-process/VLLabelDecode": {"max_text_length": "the model says how many places there are"},
    "optimizer/Adadelta": {
        "weight_deacy": "a misspelling; weight decay is given by regularizer or weight_decay",
        "momentum": "Adadelta has none",
    },
}
