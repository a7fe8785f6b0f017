"""What is set up before training: device, seeds, processes, the folder of the run, what the log begins with."""

import functools
import os
import platform
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import paddle

import ppocr
from ppocr.distributed import processes
from ppocr.errors import ConfigError, UserError

_KINDS = (("use_gpu", "gpu", "is_compiled_with_cuda"), ("use_xpu", "xpu", "is_compiled_with_xpu"))
_CUSTOM_KINDS = (("use_npu", "npu"), ("use_mlu", "mlu"))
# Faster kernels for half precision; Paddle reads them when a kernel is first used.
_AMP_FLAGS = {"FLAGS_cudnn_batchnorm_spatial_persistent": 1, "FLAGS_gemm_use_half_precision_compute_type": 0}
DRIVER = Path("/proc/driver/nvidia/version")
# Compute capability that a card needs; Paddle trains in float32 on older ones without a word.
_LEAST_CAPABILITY = {"float16": (7, 0), "bfloat16": (8, 0)}


def choose_device(options) -> str:
    """Returns the device that the ``Global`` section asks for, as ``paddle.set_device`` takes it.

    Raises:
        ConfigError: this Paddle or this machine has no such device.
    """
    if options.device is not None:
        return _device_by_name(options.device)
    for key, kind, compiled in _KINDS:
        if getattr(options, key):
            _require(getattr(paddle, compiled)(), kind, key)
            if kind == "gpu":
                _require(paddle.device.cuda.device_count() > 0, kind, key)
            return _own(kind)
    for key, kind in _CUSTOM_KINDS:
        if getattr(options, key):
            _require(kind in paddle.device.get_all_custom_device_type(), kind, key)
            return _own(kind)
    return "cpu"


def _device_by_name(name):
    has_gpu = paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0
    if name == "auto":
        return _own("gpu") if has_gpu else "cpu"
    if name.startswith("gpu"):
        _require(has_gpu, "gpu", "device=" + name)
        if name != "gpu" and paddle.distributed.get_world_size() > 1:
            raise ConfigError(
                f"Global.device: {name} would be one GPU for all processes; use gpu, each then has its own"
            )
        return _own("gpu") if name == "gpu" else name
    if name != "cpu":
        raise ConfigError(f"Global.device: must be auto, cpu, gpu or gpu:N, not '{name}'")
    return name


def _require(available, kind, key):
    if not available:
        built = kind != "gpu" or paddle.is_compiled_with_cuda()
        what = "none found" if built else "this Paddle is built without it"
        setting = "Global.device=auto" if key.startswith("device") else f"Global.{key}=false"
        raise ConfigError(f"Global.{key}: no {kind} can be used here ({what}); run with -o {setting}")


def _own(kind):
    """The device of that kind that a launcher has meant for this process; the first one without a launcher."""
    in_node = os.environ.get("PADDLE_RANK_IN_NODE", os.environ.get("PADDLE_LOCAL_RANK", "0"))
    return f"{kind}:{os.environ.get(f'FLAGS_selected_{kind}s', in_node).split(',')[0]}"


def set_up_device(options) -> str:
    """Chooses the device, makes it the current one, sets its flags; returns its name.

    Raises:
        ConfigError: there is no such device, or it cannot do the mixed precision that is asked for.
    """
    device = choose_device(options)
    paddle.set_device(device)
    if paddle.is_compiled_with_cuda() and device.startswith("gpu"):
        if options.use_amp:
            _require_half_precision(options.amp_dtype)
            paddle.set_flags(_AMP_FLAGS)
        if options.deterministic:
            paddle.set_flags({"FLAGS_cudnn_deterministic": True, "FLAGS_embedding_deterministic": 1})
    return device


def _require_half_precision(dtype):
    capability, least = tuple(paddle.device.cuda.get_device_capability()), _LEAST_CAPABILITY[dtype]
    if capability < least:
        other = "Global.amp_dtype=float16" if capability >= _LEAST_CAPABILITY["float16"] else "Global.use_amp=false"
        raise ConfigError(
            f"Global.amp_dtype: {dtype} needs compute capability {_version(least)} or later, "
            f"{paddle.device.cuda.get_device_name()} has {_version(capability)}; run with -o {other}"
        )


def _version(numbers):
    return ".".join(map(str, numbers))


def precision_warnings(given, options, device: str) -> list:
    """Returns what is to be said about mixed precision when a training begins.

    Args:
        given: the ``Global`` section as it was written.
        options: its :class:`ppocr.options.GlobalOptions`.
        device: name of the device.
    """
    if not options.use_amp:
        return []
    if not device.startswith("gpu"):
        return [f"Global.use_amp: there is no mixed precision on {device}; training in float32"]
    if options.amp_dtype == "bfloat16":
        unused = options.use_dynamic_loss_scaling
        return ["Global.use_dynamic_loss_scaling: bfloat16 needs none; the scale stays as it is"] if unused else []
    if given.get("scale_loss") is None and given.get("use_dynamic_loss_scaling") is None:
        return [
            "Global.use_amp: the loss is not scaled, so that small gradients underflow in float16; set "
            "Global.use_dynamic_loss_scaling=true with Global.scale_loss=1024, or Global.amp_dtype=bfloat16"
        ]
    return []


def set_up_seed(seed: int):
    """Seeds everything that draws initial weights."""
    paddle.seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)


def set_up_processes(device: str) -> int:
    """Joins the other processes of a distributed launch; returns the number of this one."""
    if paddle.distributed.get_world_size() > 1:
        if device == "cpu":
            os.environ["PADDLE_DISTRI_BACKEND"] = "gloo"  # a Paddle that knows GPUs would take NCCL
        paddle.distributed.init_parallel_env()
        processes.contact()
    return paddle.distributed.get_rank()


def prepare_folder(options) -> Path:
    """Makes ``Global.save_model_dir`` and makes sure that it can be written.

    Raises:
        UserError: it cannot be made or written.
    """
    folder = Path(options.save_model_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write_test_{os.getpid()}"
        probe.touch()
        probe.unlink(missing_ok=True)  # a process of the same number on another machine may have been faster
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"Global.save_model_dir={folder}: cannot be made or written ({reason}); name another") from None
    return folder


def machine_facts(device: str, seed: int) -> dict:
    """Returns what a run is made with: versions, commit, system, device, the card of a GPU, seed, threads, command."""
    return {
        "versions": {
            "ppocr": f"{ppocr.__version__} ({_commit()})",
            "paddle": paddle.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "platform": platform.platform(),
        "device": device,
        "card": _describe_card() if device.startswith("gpu") else None,
        "seed": seed,
        "threads": os.environ.get("OMP_NUM_THREADS", "unset"),
        "command": " ".join(sys.argv),
    }


def describe_machine(device: str, seed: int) -> list:
    """Returns the lines with which ``train.log`` begins; see :func:`machine_facts`."""
    facts = machine_facts(device, seed)
    versions = [f"{name} {version}" for name, version in facts["versions"].items()]
    return [
        ", ".join([*versions, facts["platform"]]),
        f"train with paddle {paddle.__version__} and device {device}, seed {seed}, OMP_NUM_THREADS {facts['threads']}",
        *filter(None, [facts["card"]]),
        f"command: {facts['command']}",
    ]


def _describe_card():
    card = paddle.device.cuda.get_device_properties()
    return (
        f"{card.name}, {card.total_memory // 2**20} MiB, compute capability {card.major}.{card.minor}, "
        f"CUDA {paddle.version.cuda()}, cuDNN {paddle.version.cudnn()} (of the wheel), driver {_driver()}"
    )


def _driver():
    """Returns the version of the NVIDIA driver, as the kernel module tells it."""
    try:
        words = DRIVER.read_text(encoding="utf-8").split()
    except OSError:
        return "unknown"
    return next((word for word in words if word[:1].isdigit() and "." in word), "unknown")


@functools.cache
def _commit():
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "no git commit"
    return "commit " + done.stdout.strip()
