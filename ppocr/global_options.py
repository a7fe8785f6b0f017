"""The ``Global`` section: every key, its type and its default, stated once."""

from dataclasses import dataclass, field
from typing import Literal, Optional, Union

from ppocr.errors import ConfigError
from ppocr.registry import bind_arguments
from ppocr.unread_keys import UNREAD_KEYS


@dataclass
class GlobalOptions:
    """Values of the ``Global`` section.

    The comment behind a key says what it does; operators, decoders and data sets that name a parameter like a key here
    receive its value unless their own section gives one.
    """

    # --- device and reproducibility
    device: Optional[str] = None  # auto | cpu | gpu | gpu:0 ...; wins over use_*; auto takes a GPU if there is one
    use_gpu: bool = False
    use_xpu: bool = False
    use_npu: bool = False
    use_mlu: bool = False
    distributed: bool = False  # run under paddle.distributed.launch; one process alone trains alone all the same
    find_unused_parameters: bool = False
    use_sync_bn: bool = False
    seed: int = 1024
    deterministic: bool = False  # repeatable GPU kernels, slower; the CPU is repeatable anyway

    # --- length of the run
    epoch_num: int = 1
    early_stopping: Optional[dict] = None  # {patience: 5, min_delta: 0.0, metric: acc}
    hang_timeout: Optional[float] = None  # seconds without a step before stacks are logged; 0: never; null: see README
    max_steps: Optional[int] = None  # ends the run after that many optimizer updates
    accumulate_steps: int = 1  # batches per optimizer update
    check_finite: Optional[Literal["step", "log", "off"]] = None  # null: step on a CPU, log elsewhere
    max_bad_steps: int = 10  # updates in a row with a loss or gradient that is not finite, before the run ends

    # --- logging
    print_batch_step: int = 10
    log_smooth_window: int = 20
    cal_metric_during_train: bool = False
    calc_epoch_interval: int = 1
    print_mem_info: bool = True
    use_visualdl: bool = False
    use_wandb: bool = False

    # --- evaluation
    eval_batch_step: Union[int, list] = field(default_factory=lambda: [0, 2000])  # interval, or [start, interval]
    eval_batch_epoch: Optional[int] = None  # evaluate every that many epochs instead
    start_eval_step: int = 0  # no evaluation before this step
    cal_loss_during_eval: bool = False  # the loss on the evaluation set too; doubles the time of an evaluation

    # --- files
    save_model_dir: str = "./output"
    save_epoch_step: int = 1
    save_step_interval: int = 0  # save latest every that many steps too; 0: at the end of an epoch only
    keep_last_k: int = 0  # numbered checkpoints to keep; 0: all
    checkpoints: Optional[str] = None  # resume from this prefix
    resume: Optional[Literal["auto"]] = None  # auto: from the newest undamaged checkpoint in save_model_dir, if any
    pretrained_model: Optional[str] = None  # start from these weights
    pretrained_dict_path: Optional[str] = None  # dictionary that pretrained_model was trained with
    save_inference_dir: Optional[str] = None
    save_res_path: Optional[str] = None
    infer_img: Optional[str] = None
    infer_mode: bool = False
    allow_resize_largeImg: bool = False

    # --- mixed precision
    use_amp: bool = False
    amp_level: Literal["O1", "O2"] = "O2"
    amp_dtype: Literal["float16", "bfloat16"] = "float16"
    amp_custom_black_list: list = field(default_factory=list)
    amp_custom_white_list: list = field(default_factory=list)
    scale_loss: float = 1.0
    use_dynamic_loss_scaling: bool = False

    # --- averaging of the weights
    use_ema: bool = False
    ema_decay: float = 0.9999
    ema_gamma: float = 2000
    ema_decay_type: Literal["threshold", "normal", "exponential"] = "threshold"
    ema_filter_no_grad: bool = False
    model_average: bool = False

    # --- text, labels and shapes that operators and decoders share
    character_dict_path: Optional[str] = None
    use_space_char: bool = False
    max_text_length: int = 25
    label_list: Optional[list] = None
    class_path: Optional[str] = None
    rec_char_dict_path: Optional[str] = None
    rm_symbol: Optional[bool] = None
    max_new_tokens: Optional[int] = None
    input_size: Optional[list] = None
    max_seq_len: Optional[int] = None
    num_heads: Optional[int] = None
    max_text_nums: Optional[int] = None
    tcl_len: Optional[int] = None
    valid_set: Optional[str] = None
    img_scale: Optional[list] = None
    box_format: Optional[str] = None
    d2s_train_image_shape: Optional[list] = None
    training_step: Optional[str] = None
    model_name: Optional[str] = None  # name in exported models
    kie_rec_model_dir: Optional[str] = None
    kie_det_model_dir: Optional[str] = None


def bind_global(section):
    """Fits a ``Global`` mapping to :class:`GlobalOptions`; see :func:`ppocr.registry.bind_arguments`."""
    return bind_arguments(GlobalOptions, section or {}, "Global", unread=UNREAD_KEYS.get("section/Global", {}))


def global_options(config) -> GlobalOptions:
    """Returns the ``Global`` section of a configuration with every default filled in.

    Raises:
        ConfigError: a key is unknown or a value does not fit.
    """
    binding = bind_global(config.get("Global"))
    if binding.problems:
        raise ConfigError("; ".join(f"Global: {p.message}" for p in binding.problems))
    return GlobalOptions(**binding.arguments)
