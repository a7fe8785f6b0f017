"""Whatever a byte of a checkpoint becomes: one line or a load, never a traceback, never memory beyond the file's."""

import logging
import pickle
import struct
import tracemalloc

import numpy as np
import paddle
import pytest

from ppocr.checkpoint import safe_pickle
from ppocr.checkpoint.loading import load_checkpoint, newest_checkpoint
from ppocr.checkpoint.optimizer_state import create_state
from ppocr.checkpoint.state import TrainState
from ppocr.checkpoint.transfer import load_pretrained, load_weights
from ppocr.checkpoint.writing import Checkpointer, capture
from ppocr.engine.averaging import build_averaging
from ppocr.engine.evaluation import EarlyStopping
from ppocr.engine.stepper import Stepper
from ppocr.errors import CheckpointError
from ppocr.options import GlobalOptions
from ppocr.utils.save_load import save_model
from ppocr.utils.stats import TrainingStats

STEPS, BATCH = 3, [[1.0, 1.0], [1.0, 1.0]]
FACTS = {"vocabulary": ["blank", "a"], "seed": 7, "steps_per_epoch": STEPS, "optimizer": {"name": "Adam"}}
VALUES = (ord("."), ord("N"), 0, 255)  # the end, nothing, and the least and largest of sizes and places


def make_run():
    paddle.seed(0)
    model, rate = paddle.nn.Linear(2, 1), paddle.optimizer.lr.StepDecay(0.1, step_size=2)
    optimizer = paddle.optimizer.Adam(rate, parameters=model.parameters())
    create_state(optimizer)
    averaging = build_averaging(GlobalOptions(use_ema=True), model)
    parts = {"early_stopping": EarlyStopping(3), "statistics": TrainingStats(3, ["lr"])}
    return Stepper(model, lambda p, b: {"loss": (p**2).mean()}, optimizer, rate, averaging=averaging), parts


def train(stepper, parts, state):
    """Does a step, an evaluation and all that goes into a checkpoint."""
    stepper([[paddle.to_tensor(BATCH)]], state.global_step)
    state.advance()
    parts["statistics"].update({"lr": stepper.lr, "loss": 1.0})
    parts["statistics"].get()
    parts["early_stopping"].update(0.5, True)
    state.keep_if_best({"acc": 0.7}, "acc")
    return capture(stepper, state)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """``{suffix: bytes}`` of a small checkpoint."""
    folder = tmp_path_factory.mktemp("good")
    stepper, parts = make_run()
    state = TrainState()
    train(stepper, parts, state)
    checkpoints = Checkpointer(folder, stepper, logging.getLogger("damage"), run_info=FACTS, extra_state=parts)
    checkpoints.save_latest(state)
    checkpoints.finish()
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


def resume(prefix):
    stepper, parts = make_run()
    train(stepper, parts, load_checkpoint(prefix, stepper, STEPS, parts, FACTS))


def start(prefix):
    load_pretrained(paddle.nn.Linear(2, 1), prefix)


# The damaged file, what reads it, and the other files that are there.
READINGS = {
    "manifest": (".manifest", resume, (".pdparams", ".pdopt", ".states", ".train_state")),
    "weights": (".pdparams", start, ()),
    "weights of a run": (".pdparams", resume, (".pdopt", ".train_state")),
    "optimizer": (".pdopt", resume, (".pdparams", ".train_state")),
    "state": (".train_state", resume, (".pdparams", ".pdopt")),
    "counters of PaddleOCR": (".states", resume, (".pdparams", ".pdopt")),
}


def damage_all(folder, files, reading, every, offset=0):
    """Replaces every so-manieth byte by several others; returns how many of them were noticed, and how many loaded."""
    suffix, read, others = READINGS[reading]
    for other in others:
        (folder / f"latest{other}").write_bytes(files[other])
    path, good, outcomes = folder / f"latest{suffix}", files[suffix], {True: 0, False: 0}
    for place in range(offset, len(good), every):
        for value in {*VALUES, good[place] ^ 1, good[place] ^ 128, (good[place] + 1) % 256} - {good[place]}:
            path.write_bytes(good[:place] + bytes([value]) + good[place + 1 :])
            try:
                read(folder / "latest")
            except CheckpointError as error:
                assert "\n" not in str(error), (place, value)
                outcomes[True] += 1
            except Exception as error:
                raise AssertionError(f"byte {place} of {suffix} as {value}") from error
            else:
                outcomes[False] += 1
    return outcomes[True], outcomes[False]


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@pytest.mark.parametrize("reading", READINGS)
def test_any_byte_in_a_number_of_places(tmp_path, files, reading):
    noticed, _ = damage_all(tmp_path, files, reading, every=11, offset=5)
    assert noticed


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@pytest.mark.parametrize("reading", READINGS)
def test_any_byte_in_all_places(tmp_path, files, reading):
    noticed, loaded = damage_all(tmp_path, files, reading, every=1)
    assert noticed and loaded


def test_with_its_manifest_no_damage_of_a_file_is_loaded(tmp_path, files):
    for suffix, content in files.items():
        (tmp_path / f"latest{suffix}").write_bytes(content)
    resume(tmp_path / "latest")
    for suffix in files.keys() - {".manifest"}:
        path = tmp_path / f"latest{suffix}"
        path.write_bytes(files[suffix][:-9] + bytes([files[suffix][-9] ^ 1]) + files[suffix][-8:])
        with pytest.raises(CheckpointError, match=f"latest{suffix}: damaged, size or checksum"):
            resume(tmp_path / "latest")
        path.write_bytes(files[suffix])
    (tmp_path / "latest.pdparams").write_bytes(files[".pdparams"][:-9] + b"\0" + files[".pdparams"][-8:])
    with pytest.raises(CheckpointError, match=r"pdparams: damaged, size or checksum .*, remove \S+/latest.manifest$"):
        start(tmp_path / "latest")


def test_a_damaged_manifest_is_said_before_the_checkpoint_before_is_taken(tmp_path, files):
    for name, damage in (("latest", (b'"global_step": 1', b'"global_step": 0')), ("latest_previous", (b"", b""))):
        for suffix, content in files.items():
            content = content.replace(*damage) if suffix == ".manifest" else content
            (tmp_path / f"{name}{suffix}").write_bytes(content)
    found, (line,) = newest_checkpoint(tmp_path)
    assert found == str(tmp_path / "latest_previous")
    assert line.endswith("latest.manifest: damaged; trying the previous checkpoint")


def test_a_manifest_of_before_has_no_checksum_of_its_own(tmp_path, files):
    for suffix, content in files.items():
        (tmp_path / f"latest{suffix}").write_bytes(content)
    manifest = tmp_path / "latest.manifest"
    lines = manifest.read_text().splitlines()
    (line,) = [number for number, text in enumerate(lines) if '"checksum"' in text]
    manifest.write_text("\n".join([*lines[: line - 1], lines[line - 1].rstrip(","), *lines[line + 1 :]]))
    resume(tmp_path / "latest")


HUGE = struct.pack("<Q", 1 << 40)
LARGE = struct.pack("<I", (1 << 31) - 1)
HARMLESS = (
    b"\x80\x04\x95" + HUGE + b"}.",
    b"\x80\x04}r" + struct.pack("<I", (1 << 32) - 1) + b".",
)  # nothing is kept there
CRAFTED = {
    "bytes that are not there": b"\x80\x04\x8e" + HUGE + b"x.",
    "an array of bytes that are not there": b"\x80\x05\x96" + HUGE + b"x.",
    "a text that is not there": b"\x80\x04\x8d" + HUGE + b"x.",
    "a frame that is not there": HARMLESS[0],
    "a number that is not there": b"\x80\x04\x8b" + LARGE + b"x.",
    "a place far out": HARMLESS[1],
    "an array made of a size": b"\x80\x04cbuiltins\nbytearray\nJ" + LARGE + b"\x85R.",
    "an array made of a shape": b"\x80\x04cnumpy\nndarray\n(J" + LARGE + b"J" + LARGE + b"t\x85R.",
    "a call of what is no function": b"\x80\x04K\x01)R.",
    "a state for what has none": b"\x80\x04ccollections\nOrderedDict\n}b.",
    "a key that is a list": b"\x80\x04}]Ns.",
    "tuples without end as a key": b"\x80\x04}" + b")" + b"\x85" * 200_000 + b"Ns.",
    "nothing": b"",
    "no end": b"\x80\x04}",
    "two values": b"\x80\x04}}.",
}


@pytest.mark.parametrize("content", CRAFTED.values(), ids=CRAFTED)
def test_what_a_file_asks_for_is_not_made(tmp_path, content):
    (tmp_path / "a.pdparams").write_bytes(content)
    tracemalloc.start()
    try:
        weights, text = load_weights(tmp_path / "a"), ""
    except CheckpointError as error:
        weights, text = {}, str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert weights == {} and len(text) < 500 and peak < (1 << 20) + 100 * len(content)
    assert bool(text) != (content in HARMLESS)


ARRAY = np.arange(6, dtype="float32").reshape(2, 3)


@pytest.mark.parametrize("old, new", [(b"f4", b"O4"), (b"f4", b"V4"), (b"<", b">"), (b"K\x02K\x03", b"K\x02K\x02")])
def test_an_array_of_another_type_or_size_is_refused(tmp_path, old, new):
    content = pickle.dumps({"w": ARRAY}, protocol=2)
    path = tmp_path / "a.pdparams"
    path.write_bytes(content)
    np.testing.assert_array_equal(safe_pickle.load(path)["w"], ARRAY)
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    with pytest.raises(CheckpointError, match="cannot be loaded: arrays? |cannot be loaded: an array"):
        safe_pickle.load(path)


def test_whole_numbers_are_no_weights(tmp_path):
    weights = {"weight": np.ones((2, 1), "int32"), "bias": np.ones(1, "float32")}
    save_model(tmp_path / "a", {".pdparams": weights})
    report = load_pretrained(paddle.nn.Linear(2, 1), tmp_path / "a")
    assert report.loaded == ["bias"] and report.mismatched == ["weight of int32 for float32"]
