from pathlib import Path

import paddle
import pytest

from ppocr.config import load, override
from ppocr.engine import setup
from ppocr.engine.build import build_stepper
from ppocr.engine.preparation import resolve
from ppocr.engine.setup import describe_machine, precision_warnings, prepare_folder, set_up_device
from ppocr.engine.stepper import MixedPrecision
from ppocr.engine.train_schedule import TrainSchedule
from ppocr.errors import ConfigError
from ppocr.options import GlobalOptions

ROOT = Path(__file__).resolve().parents[2]


def test_processes_of_the_same_number_on_two_machines_do_not_disturb_each_other(tmp_path, monkeypatch):
    """In containers numbers are the same, and the probe file of one may be removed by the other."""
    monkeypatch.setattr(Path, "touch", lambda path: None)
    folder = tmp_path / "shared"
    assert prepare_folder(GlobalOptions(save_model_dir=str(folder))) == folder and not list(folder.iterdir())


class Card:
    """A pretended GPU; what is set on it is kept in ``flags``."""

    name, major, minor, total_memory = "Test card", 8, 0, 16 << 30

    def __init__(self, monkeypatch, capability=(8, 0)):
        self.flags = {}
        self.major, self.minor = capability
        monkeypatch.setattr(paddle, "is_compiled_with_cuda", lambda: True)
        monkeypatch.setattr(paddle, "set_device", lambda device: None)
        monkeypatch.setattr(paddle, "set_flags", self.flags.update)
        for name, value in {
            "device_count": 1,
            "get_device_capability": capability,
            "get_device_name": self.name,
            "get_device_properties": self,
        }.items():
            monkeypatch.setattr(paddle.device.cuda, name, lambda value=value: value)


AMP_FLAGS = {"FLAGS_cudnn_batchnorm_spatial_persistent": 1, "FLAGS_gemm_use_half_precision_compute_type": 0}


@pytest.mark.parametrize(
    "options, flags",
    [
        ({}, {}),
        ({"use_amp": True}, AMP_FLAGS),
        ({"deterministic": True}, {"FLAGS_cudnn_deterministic": True, "FLAGS_embedding_deterministic": 1}),
    ],
)
def test_the_flags_of_a_gpu(monkeypatch, options, flags):
    card = Card(monkeypatch)
    assert set_up_device(GlobalOptions(device="gpu:0", **options)) == "gpu:0"
    assert card.flags == flags


@pytest.mark.parametrize(
    "capability, dtype, advice",
    [
        ((7, 5), "bfloat16", "needs compute capability 8.0 or later, Test card has 7.5; .* Global.amp_dtype=float16"),
        ((6, 1), "bfloat16", "Global.use_amp=false"),
        ((6, 1), "float16", "needs compute capability 7.0 or later, Test card has 6.1; .* Global.use_amp=false"),
    ],
)
def test_a_card_that_cannot_do_the_type_is_told(monkeypatch, capability, dtype, advice):
    Card(monkeypatch, capability)
    with pytest.raises(ConfigError, match=advice):
        set_up_device(GlobalOptions(device="gpu", use_amp=True, amp_dtype=dtype))
    assert set_up_device(GlobalOptions(device="gpu")) == "gpu:0"


def test_the_log_names_the_card(monkeypatch, tmp_path):
    Card(monkeypatch, (8, 6))
    monkeypatch.setattr(paddle.version, "cuda", lambda: "11.8")
    monkeypatch.setattr(paddle.version, "cudnn", lambda: "8.6.0")
    monkeypatch.setattr(setup, "DRIVER", tmp_path / "version")
    expected = "Test card, 16384 MiB, compute capability 8.6, CUDA 11.8, cuDNN 8.6.0 (of the wheel), driver"
    assert f"{expected} unknown" in describe_machine("gpu:0", 1)
    (tmp_path / "version").write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19\nGCC 12\n"
    )
    assert f"{expected} 535.104.05" in describe_machine("gpu:0", 1)
    assert not any("driver" in line for line in describe_machine("cpu", 1))


@pytest.mark.parametrize(
    "given, device, said",
    [
        ({"use_amp": True}, "gpu:0", "underflow in float16; set Global.use_dynamic_loss_scaling=true"),
        ({"use_amp": True, "scale_loss": None}, "gpu:0", "underflow in float16"),
        ({"use_amp": True, "scale_loss": 1.0}, "gpu:0", None),
        ({"use_amp": True, "use_dynamic_loss_scaling": False}, "gpu:0", None),
        ({"use_amp": True, "amp_dtype": "bfloat16"}, "gpu:0", None),
        ({"use_amp": True, "amp_dtype": "bfloat16", "use_dynamic_loss_scaling": True}, "gpu:0", "bfloat16 needs none"),
        ({"use_amp": True}, "cpu", "no mixed precision on cpu; training in float32"),
        ({}, "gpu:0", None),
    ],
)
def test_one_line_on_precision_where_something_is_to_be_said(given, device, said):
    lines = precision_warnings(given, GlobalOptions(**{k: v for k, v in given.items() if v is not None}), device)
    assert len(lines) == (said is not None) and (said or "") in "".join(lines)


@pytest.mark.parametrize("use_amp, device", [(False, "gpu:0"), (True, "cpu"), (True, "gpu:0")])
def test_mixed_precision_is_for_gpus_and_where_it_is_asked_for(monkeypatch, use_amp, device):
    decorated = []
    monkeypatch.setattr(MixedPrecision, "decorate", lambda amp, *parts: decorated.append(amp.enabled) or parts)
    config = override(load(ROOT / "configs/quickstart/rec.yml"), ["Architecture.Backbone.channels=[4, 4, 4, 4, 8]"])
    options = GlobalOptions(use_amp=use_amp)
    schedule = TrainSchedule.from_options(options, 10, evaluates=False)
    stepper = build_stepper(resolve(config), options, schedule, device)
    assert decorated == [stepper.amp.enabled] == [use_amp and device == "gpu:0"]
