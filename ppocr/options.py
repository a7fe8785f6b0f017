"""The ``Global`` section: every key, its type and its default, stated once."""

from dataclasses import dataclass, field
from typing import Annotated, Literal, Optional, Union

from ppocr.ignored_keys import IGNORED_KEYS
from ppocr.registry import bind_arguments
from ppocr.text.direction import TextDirection
from ppocr.values import (
    Channels,
    Count,
    Decay,
    Heads,
    Index,
    Labels,
    Name,
    Names,
    NonNegative,
    Positive,
    Range,
    Side,
    Size,
    TextLength,
    Tokens,
)

GraphSide = Union[Literal[-1], Side]
GraphShape = tuple[Union[Literal[-1], Channels], GraphSide, GraphSide]
Interval = Union[Index, tuple[Index, Index]]
Timeout = Union[Literal[0], Annotated[float, Range(1, 1e7)]]


@dataclass
class GlobalOptions:
    """Values of the ``Global`` section.

    The comment behind a key says what it does; operators, decoders and data sets that name a parameter like a key here
    receive its value unless their own section gives one.
    """

    # --- classes of your own
    imports: Names = field(default_factory=list)  # modules and .py files with classes; imported first, which runs them

    # --- device and reproducibility
    device: Optional[str] = None  # auto | cpu | gpu | gpu:0 ...; wins over use_*; auto takes a GPU if there is one
    use_gpu: bool = False  # train on a GPU; without one the run stops with a line that says so
    use_xpu: bool = False  # train on a Kunlun XPU
    use_npu: bool = False  # train on an Ascend NPU
    use_mlu: bool = False  # train on a Cambricon MLU
    distributed: bool = False  # run under paddle.distributed.launch; one process alone trains alone all the same
    find_unused_parameters: bool = False  # in several processes: look for parameters that a step did not use
    use_sync_bn: bool = False  # in several processes on GPUs: batch normalisation over the batches of all
    seed: Annotated[int, Range(0, 2**32 - 1)] = 1024  # of weights, order, augmentation and dropout
    deterministic: bool = False  # repeatable GPU kernels where Paddle has them, slower; the CPU is repeatable anyway
    to_static: bool = False  # train through a static graph, which Paddle makes of the model at the first step
    d2s_train_image_shape: Optional[GraphShape] = None  # [channels, height, width] for to_static; -1: any number

    # --- length of the run
    epoch_num: Annotated[int, Range(1, 1_000_000)] = 1  # passes over the training set
    early_stopping: Optional[dict] = None  # {patience: 5, min_delta: 0.0, metric: acc}
    hang_timeout: Optional[Timeout] = None  # seconds without a step until stacks are logged; 0: never; null: see README
    max_steps: Optional[Count] = None  # ends the run after that many optimizer updates
    accumulate_steps: Annotated[int, Range(1, 10_000)] = 1  # batches per optimizer update
    check_finite: Optional[Literal["step", "log", "off"]] = None  # null: step on a CPU, log elsewhere
    max_bad_steps: Count = 10  # updates in a row with a loss or gradient that is not finite, before the run ends

    # --- logging
    print_batch_step: Count = 10  # optimizer updates between two log lines
    log_smooth_window: Count = 20  # values that the median of a log line is taken over
    cal_metric_during_train: bool = False  # log the metric of training batches too
    calc_epoch_interval: Count = 1  # ... in every that many epochs only
    print_mem_info: bool = True  # log the memory of the GPU
    use_visualdl: bool = False  # write scalars, images, histograms and texts for VisualDL
    use_wandb: bool = False  # log to Weights & Biases; see the wandb section

    # --- evaluation
    eval_batch_step: Interval = field(default_factory=lambda: [0, 2000])  # interval, or [start, interval]; 0: end only
    eval_batch_epoch: Optional[Count] = None  # evaluate every that many epochs instead
    start_eval_step: Index = 0  # no evaluation before this step, but for the one that ends every run
    cal_loss_during_eval: bool = False  # the loss on the evaluation set too; doubles the time of an evaluation

    # --- files
    save_model_dir: Name = "./output"  # folder of the run; files of another run in it are moved to earlier/N there
    overwrite: bool = False  # remove that run's files instead
    save_epoch_step: Count = 1  # epochs between two numbered checkpoints
    save_step_interval: Index = 0  # save latest every that many steps too; 0: at the end of an epoch only
    keep_last_k: Index = 0  # numbered checkpoints to keep; 0: all
    checkpoints: Optional[str] = None  # resume from this prefix
    resume: Optional[Literal["auto"]] = None  # auto: from the newest undamaged checkpoint in save_model_dir, if any
    pretrained_model: Optional[str] = None  # start from these weights
    pretrained_dict_path: Optional[str] = None  # dictionary that pretrained_model was trained with
    save_inference_dir: Optional[str] = None  # folder of the exported model
    save_res_path: Optional[str] = None  # file of the results of inference
    infer_img: Optional[str] = None  # image or folder that the inference tools read
    infer_mode: bool = False  # operators of training and evaluation run as for inference, where they are always on

    # --- mixed precision
    use_amp: bool = False  # mixed precision on a GPU
    amp_level: Literal["O1", "O2"] = "O2"  # O1: casts where it is safe; O2: nearly everything in half precision
    amp_dtype: Literal["float16", "bfloat16"] = "float16"  # type of half precision
    amp_custom_black_list: Names = field(default_factory=list)  # operations that stay in float32
    amp_custom_white_list: Names = field(default_factory=list)  # operations that run in half precision
    scale_loss: Annotated[float, Range(above=0, most=2**32)] = 1.0  # first factor of the loss
    use_dynamic_loss_scaling: bool = False  # adapt that factor

    # --- averaging of the weights
    use_ema: bool = False  # exponential moving average of the weights, which is evaluated and saved as best
    ema_decay: Decay = 0.9999  # how much of the average stays at each update
    ema_gamma: Positive = 2000  # updates that the type exponential takes to warm up
    ema_decay_type: Literal["threshold", "normal", "exponential"] = "threshold"  # how the decay grows at the start
    ema_filter_no_grad: bool = False  # leave out what is not trained
    model_average: Optional[bool] = None  # mean of the last updates' weights, evaluated and saved as best; null: of SRN

    # --- text, labels and shapes that operators and decoders share
    model_type: Optional[str] = None  # kind of model; follows from Architecture
    character_dict_path: Optional[str] = None  # one character a line, or an exported inference.yml
    use_space_char: bool = False  # append the space to the dictionary
    text_direction: Optional[TextDirection] = None  # labels: rtl as read, ltr as on the image; null: by the dictionary
    max_text_length: TextLength = 25  # longest text, in characters
    label_list: Optional[Labels] = None  # class names of a classifier
    rec_char_dict_path: Optional[str] = None  # dictionary of formulas
    rm_symbol: Optional[bool] = None  # leave out what is neither letter nor digit
    max_new_tokens: Optional[Tokens] = None  # longest formula, in tokens
    input_size: Optional[Size] = None  # height and width of formula images
    max_seq_len: Optional[Tokens] = None  # longest formula, in tokens
    num_heads: Optional[Heads] = None  # attention heads of SRN, whose masks the operators make
    max_text_nums: Optional[Tokens] = None  # texts on a page, end-to-end reading
    tcl_len: Optional[Tokens] = None  # points of a centre line, end-to-end reading
    valid_set: Optional[str] = None  # which set end-to-end reading is judged on
    class_path: Optional[str] = None  # classes of key information, one a line
    img_scale: Optional[Size] = None  # longer and shorter side of a page with key information
    training_step: Optional[Literal["LF_1", "LF_2", "LA"]] = None  # stage of VisionLAN: LF_1, LF_2, LA
    model_name: Optional[str] = None  # name in exported models

    @staticmethod
    def check_arguments(use_ema, model_average):
        """Yields what contradicts each other."""
        if use_ema and model_average:
            yield "model_average", "'model_average' and 'use_ema' exclude each other, use one of them"


@dataclass
class EarlyStoppingOptions:
    """Ends a run whose evaluations no longer improve.

    Args:
        patience: evaluations without improvement after which the run ends.
        min_delta: least change of the metric that counts as an improvement.
        metric: name of the value to watch; by default the main indicator.  ``loss`` is better when lower.
    """

    patience: Count
    min_delta: NonNegative = 0.0
    metric: Optional[str] = None


_SWITCHES = ("use_gpu", "use_xpu", "use_npu", "use_mlu")
# Keys that say the same in two ways.  One that is given at a higher level (command line, file, base) wins.
RIVALS = (*(("device", switch) for switch in _SWITCHES), ("eval_batch_epoch", "eval_batch_step"))


def displaced_by(given) -> set:
    """Returns the keys of lower levels that lose their meaning by the ``Global`` keys of a higher one.

    A null says nothing, and neither does a device that is not asked for, but for the GPU, which ``auto`` would take.
    """
    said = {key for key, value in given.items() if value is not None and (value is not False or key == "use_gpu")}
    pairs = [(one, other) for pair in RIVALS for one, other in (pair, pair[::-1])]
    return {other for one, other in pairs if one in said and other not in given}


def contradictions(section):
    """Yields (key, what is wrong) of keys of one level that exclude each other."""
    device = section.get("device")
    if isinstance(device, str):
        for key in _SWITCHES:
            if section.get(key) is True and device != "auto" and not device.startswith(key[4:]):
                yield key, f"{key} asks for another device than device: {device}; give one of the two"
        if section.get("use_gpu") is False and device.startswith("gpu"):
            yield "use_gpu", f"use_gpu: false does not go with device: {device}; give one of the two"
    if section.get("eval_batch_epoch") is not None and section.get("eval_batch_step") is not None:
        yield "eval_batch_step", "evaluations are counted in steps here and in epochs by eval_batch_epoch; give one"


def bind_global(section):
    """Fits a ``Global`` mapping to :class:`GlobalOptions`; see :func:`ppocr.registry.bind_arguments`."""
    return bind_arguments(GlobalOptions, section or {}, "Global", unread=IGNORED_KEYS.get("section/Global", {}))


def global_options(config) -> GlobalOptions:
    """Returns the ``Global`` section of a configuration with every default filled in.

    Raises:
        ConfigError: a key is unknown or a value does not fit.
    """
    return bind_global(config.get("Global")).build("Global")
