"""The cache of decoded images: same batches, bounds, changed and damaged files, killed processes."""

import errno
import json
import os
import resource
import signal

import cv2
import numpy as np
import paddle
import pytest

from ppocr import config as configuration
from ppocr.data import cache as caching
from ppocr.data.cache import CacheOptions, build_store
from ppocr.data.datasets.base import SampleKey
from ppocr.data.image_store import DiskStore, MemoryStore
from ppocr.data.imaug import decode
from ppocr.errors import ConfigError
from ppocr.report.thumbnails import load_image

RECOGNITION = [
    {"DecodeImage": {"img_mode": "BGR"}},
    {"RecConAug": {"prob": 0.5, "ext_data_num": 2, "image_shape": [24, 160, 3]}},
    {"RecAug": None},
    {"RecResizeImg": {"image_shape": [3, 24, 160]}},
    {"KeepKeys": {"keep_keys": ["image", "label"]}},
]
DETECTION = [
    {"DecodeImage": {"img_mode": "BGR"}},
    {"DetLabelEncode": None},
    {"CopyPaste": None},
    {"IaaAugment": None},
    {"EastRandomCropData": {"size": [64, 64]}},
    {"NormalizeImage": {"order": "hwc"}},
    {"ToCHWImage": None},
    {"KeepKeys": {"keep_keys": ["image", "polys"]}},
]
KEY, OTHER = bytes(range(16)), bytes(range(1, 17))


def noise(seed=0, height=30, width=50):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def key_of(number):
    return number.to_bytes(16, "big")


@pytest.fixture
def text_lines(tmp_path):
    """Returns a data section of 11 noisy text lines and one that is missing."""
    for i in range(11):
        cv2.imwrite(str(tmp_path / f"{i}.png"), noise(i, 24 + i, 60 + 3 * i))
    (tmp_path / "label.txt").write_text("".join(f"{i}.png\tw{i}\n" for i in range(12)), encoding="utf-8")
    files = {"data_dir": str(tmp_path), "label_file_list": [str(tmp_path / "label.txt")]}
    return {"name": "SimpleDataSet", **files, "ext_op_transform_idx": 1, "transforms": RECOGNITION}


@pytest.fixture
def pages(tmp_path):
    """Returns a data section of 6 pages with a box each."""
    lines = []
    for i in range(6):
        cv2.imwrite(str(tmp_path / f"page{i}.png"), noise(i, 80, 90))
        quad = [[5 + i, 8], [50, 10], [50, 30], [5, 28]]
        lines.append(f"page{i}.png\t{json.dumps([{'transcription': 'x', 'points': quad}])}\n")
    (tmp_path / "pages.txt").write_text("".join(lines), encoding="utf-8")
    files = {"data_dir": str(tmp_path), "label_file_list": [str(tmp_path / "pages.txt")]}
    return {"name": "SimpleDataSet", **files, "transforms": DETECTION}


@pytest.fixture(params=["memory", "disk"])
def cached(request, tmp_path):
    """Returns the keys of a data section that turn a cache on."""
    return {"cache": request.param, **({"cache_dir": str(tmp_path / "kept")} if request.param == "disk" else {})}


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    """Returns an empty store of 1 MiB."""
    return MemoryStore(1 << 20) if request.param == "memory" else DiskStore(str(tmp_path / "kept"), 1 << 20)


@pytest.fixture
def no_decoding(monkeypatch):
    """Returns a function after whose call nothing can be decoded, nor in processes that are forked later."""

    def forbid():
        def fail(self, encoded):
            raise AssertionError("an image was decoded that the cache should have")

        monkeypatch.setattr(decode.DecodeImage, "in_mode", fail)

    return forbid


def values(loader, epoch, skip=0):
    """Returns everything that the batches of an epoch hold."""
    loader.set_epoch(epoch, skip)
    return [[plain(field) for field in batch] for batch in loader]


def plain(field):
    if isinstance(field, list):
        return [plain(item) for item in field]
    return field.tolist() if isinstance(field, (np.ndarray, paddle.Tensor)) else field


def said(caplog):
    """Returns each message of the project's logger once, through however many handlers it came."""
    return [record.getMessage() for record in {id(r): r for r in caplog.records if r.name == "ppocr"}.values()]


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_batches_are_the_same_with_and_without(text_lines, make_loader, cached, workers, no_decoding):
    expected = [values(make_loader(text_lines), epoch) for epoch in range(2)]
    made = make_loader({**text_lines, **cached}, num_workers=workers)
    assert [values(made, epoch) for epoch in range(2)] == expected
    assert made.report.counts["unreadable_image"]
    no_decoding()
    assert [values(made, epoch) for epoch in range(2)] == expected
    assert values(made, 1, skip=1) == expected[1][1:]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_run_gets_the_same_batches(text_lines, make_loader, cached, workers):
    epoch = values(make_loader(text_lines), 4)
    resumed = make_loader({**text_lines, **cached}, num_workers=workers)
    assert values(resumed, 4, skip=1) == epoch[1:]
    assert values(resumed, 4) == epoch


def test_fused_operators_and_pasting(pages, make_loader, cached, no_decoding):
    expected = [values(make_loader(pages, batch_size_per_card=2), epoch) for epoch in range(3)]
    made = make_loader({**pages, **cached}, batch_size_per_card=2)
    assert [type(op).__name__ for op in made.dataset.ops][3:5] == ["AugmentAndCrop", "NormalizeToCHW"]
    assert values(made, 0) == expected[0]
    no_decoding()
    assert [values(made, epoch) for epoch in range(3)] == expected


@pytest.mark.parametrize("settings", [{"img_mode": "GRAY"}, {"img_mode": "RGB"}, {"channel_first": True}])
def test_settings_of_the_decoder(text_lines, make_loader, cached, settings):
    section = {**text_lines, "transforms": [{"DecodeImage": settings}, RECOGNITION[-1]]}
    fresh, made = make_loader(section, "Eval").dataset, make_loader({**section, **cached}, "Eval").dataset
    for index in (0, 3, 3):
        expected, image = fresh[index][0], made[index][0]
        assert image.shape == expected.shape and image.strides == expected.strides and (image == expected).all()


def test_two_settings_share_a_folder(text_lines, make_loader, tmp_path):
    disk = {"cache": "disk", "cache_dir": str(tmp_path / "kept")}
    images = []
    for mode in ("BGR", "RGB"):
        section = {**text_lines, **disk, "transforms": [{"DecodeImage": {"img_mode": mode}}, RECOGNITION[-1]]}
        images.append(make_loader(section, "Eval").dataset[0][0])
    assert (images[0] == images[1][..., ::-1]).all() and (images[0] != images[1]).any()


def test_lmdb(tmp_path, make_loader, cached, no_decoding):
    lmdb = pytest.importorskip("lmdb")
    with lmdb.open(str(tmp_path / "base"), map_size=1 << 20) as base, base.begin(write=True) as write:
        write.put(b"num-samples", b"3")
        for i in (1, 2):
            write.put(b"image-%09d" % i, cv2.imencode(".png", noise(i))[1].tobytes())
            write.put(b"label-%09d" % i, b"w%d" % i)
        write.put(b"label-%09d" % 3, b"w3")
    section = {"name": "LMDBDataSet", "data_dir": str(tmp_path), "transforms": [RECOGNITION[0], RECOGNITION[-1]]}
    fresh, made = make_loader(section, "Eval"), make_loader({**section, **cached}, "Eval")
    expected = values(fresh, 0)
    assert values(made, 0) == expected
    assert made.report.counts == fresh.report.counts == {"unreadable_image": 1}
    no_decoding()
    assert values(made, 0) == expected and expected[0][1] == ["w1", "w2"]


def test_multi_scale(text_lines, make_loader, cached, no_decoding):
    transforms = [RECOGNITION[0], {"KeepKeys": {"keep_keys": ["image", "label", "valid_ratio"]}}]
    section = {**text_lines, "name": "MultiScaleDataSet", "transforms": transforms}
    sampler = {"name": "MultiScaleSampler", "scales": [[64, 32], [96, 40]], "first_bs": 4, "fix_bs": False}
    expected = values(make_loader(section, sampler=sampler), 1)
    made = make_loader({**section, **cached}, sampler=sampler)
    assert values(made, 0) and values(made, 1) == expected
    no_decoding()
    assert values(made, 1) == expected


def test_a_changed_file_is_decoded_again(text_lines, make_loader, cached, tmp_path):
    section = {**text_lines, **cached, "transforms": [RECOGNITION[0], RECOGNITION[-1]]}
    dataset = make_loader(section, "Eval").dataset
    before = dataset[0][0]
    cv2.imwrite(str(tmp_path / "0.png"), 255 - before)
    os.utime(tmp_path / "0.png", (1, 1))
    assert (dataset[0][0] == 255 - before).all()


def test_images_are_read_only(text_lines, make_loader, cached):
    dataset = make_loader({**text_lines, **cached, "transforms": [RECOGNITION[0], RECOGNITION[-1]]}, "Eval").dataset
    for _ in range(2):
        with pytest.raises(ValueError, match="read-only"):
            dataset[0][0][:] = 0


def test_a_page_of_a_report_shows_it(text_lines, make_loader, cached):
    dataset = make_loader({**text_lines, **cached}, "Eval").dataset
    for _ in range(2):
        assert (load_image(dataset, SampleKey(0, 1)) == noise(1, 25, 63)).all()


def test_evaluation_of_a_damaged_image(text_lines, make_loader, cached, tmp_path):
    (tmp_path / "2.png").write_bytes(b"no image")
    made = make_loader({**text_lines, **cached}, "Eval")
    for _ in range(2):
        assert [label for _, labels in values(made, 0) for label in labels].count("w2") == 0
        assert made.report.counts == {"unreadable_image": 2}


def test_stores_give_what_they_got(store):
    assert store.get(KEY) is None
    for number, shape in enumerate([(1, 1, 3), (7, 5, 3), (30, 50, 3)]):
        store.put(key_of(number + 1), noise(number, *shape[:2]))
    for number, shape in enumerate([(1, 1, 3), (7, 5, 3), (30, 50, 3)]):
        image = store.get(key_of(number + 1))
        assert image.shape == shape and image.dtype == np.uint8 and (image == noise(number, *shape[:2])).all()
    store.put(key_of(1), noise(9))
    assert store.get(key_of(1)).shape == (1, 1, 3)  # the first stays
    assert store.get(OTHER) is None


def test_a_child_process_fills_it_and_dies(store):
    child = os.fork()
    if not child:
        store.put(KEY, noise())
        store._lock.__enter__()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert (store.get(KEY) == noise()).all()
    store.put(OTHER, noise(1))
    assert (store.get(OTHER) == noise(1)).all()


def test_memory_takes_no_more_than_its_bound(ppocr_caplog):
    store = MemoryStore(10_000)  # two images of 4500 bytes
    for number in range(1, 5):
        store.put(key_of(number), noise(number))
    kept = [store.get(key_of(number)) for number in range(1, 5)]
    assert (kept[0] == noise(1)).all() and (kept[1] == noise(2)).all() and kept[2:] == [None, None]
    (message,) = said(ppocr_caplog)
    assert message.startswith("cache: memory is full") and "cache_size_gb" in message


def test_memory_bounds_the_number_of_images():
    store = MemoryStore(1 << 20)
    keys = [os.urandom(16) for _ in range(2000)]
    for number, key in enumerate(keys):
        store.put(key, noise(number, 1, 1))
    found = [store.get(key) for key in keys]
    assert 200 < sum(image is not None for image in found) <= 257
    assert all(image is None or (image == noise(i, 1, 1)).all() for i, image in enumerate(found))


def size_of(folder):
    return sum(-(-file.stat().st_size // 4096) * 4096 for file in folder.iterdir() if file.name != "usage")


def test_disk_takes_no_more_than_its_bound(tmp_path, ppocr_caplog):
    store = DiskStore(str(tmp_path), 20_000)  # two images of 8192 bytes, as whole blocks
    for number in range(1, 5):
        store.put(key_of(number), noise(number))
    assert [store.get(key_of(number)) is not None for number in range(1, 5)] == [True, True, False, False]
    assert size_of(tmp_path) <= 20_000
    (message,) = said(ppocr_caplog)
    assert message.startswith(f"cache: {tmp_path} is full with")


def test_a_full_folder_gives_up_what_this_run_does_not_use(tmp_path, ppocr_caplog):
    store = DiskStore(str(tmp_path), 5 * 8192)
    for number in range(1, 6):
        store.put(key_of(number), noise(number))
        os.utime(tmp_path / f"{key_of(number).hex()}.picture", (number, number))
    later = DiskStore(str(tmp_path), 5 * 8192)
    assert later.get(key_of(1)) is not None
    later.put(key_of(6), noise(6))
    assert [later.get(key_of(number)) is not None for number in range(1, 7)] == [True, False, True, True, True, True]
    assert size_of(tmp_path) <= 5 * 8192 and not said(ppocr_caplog)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[:64],
        lambda content: b"",
        lambda content: content[:900] + bytes([content[900] ^ 1]) + content[901:],
        lambda content: b"X" + content[1:],
        lambda content: bytes(len(content)),
    ],
)
def test_a_damaged_entry_is_replaced(tmp_path, damage):
    store, path = DiskStore(str(tmp_path), 1 << 20), tmp_path / f"{KEY.hex()}.picture"
    store.put(KEY, noise())
    path.write_bytes(damage(path.read_bytes()))
    assert store.get(KEY) is None and not path.exists()
    store.put(KEY, noise())
    assert (store.get(KEY) == noise()).all()


def test_half_written_entries(tmp_path):
    store, part = DiskStore(str(tmp_path), 1 << 20), tmp_path / f"{KEY.hex()}.part"
    part.write_bytes(b"another process is at it")
    store.put(KEY, noise())
    assert store.get(KEY) is None and part.exists()
    os.utime(part, (1, 1))  # that process was killed long ago
    store = DiskStore(str(tmp_path), 1 << 20)
    store.put(KEY, noise())
    assert not part.exists() and (store.get(KEY) == noise()).all()


@pytest.mark.parametrize("most", [100, 1000, 4600])
def test_a_full_disk_ends_the_adding_with_one_warning(tmp_path, ppocr_caplog, most):
    store = DiskStore(str(tmp_path), 1 << 20)
    store.put(KEY, noise())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        for number in range(1, 4):
            store.put(key_of(number), noise(number, 60))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert said(ppocr_caplog) == [f"cache: {tmp_path} takes no more images: {os.strerror(errno.EFBIG)}"]
    assert (store.get(KEY) == noise()).all()
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"{KEY.hex()}.picture", "usage"]


def test_a_run_goes_on_when_its_folder_vanishes(text_lines, make_loader, tmp_path, ppocr_caplog):
    made = make_loader({**text_lines, "cache": "disk", "cache_dir": str(tmp_path / "kept")})
    (tmp_path / "kept" / "usage").unlink()
    (tmp_path / "kept").rmdir()
    assert values(made, 0) == values(make_loader(text_lines), 0)
    (message,) = said(ppocr_caplog)
    assert "takes no more images" in message


def test_memory_that_is_not_there(monkeypatch, ppocr_caplog):
    monkeypatch.setattr(caching, "free_memory", lambda: 1 << 20)
    assert len(build_store(CacheOptions("memory", 8.0))._block) == 3 << 18
    assert "8.0 GiB are too much" in ppocr_caplog.text
    with pytest.raises(ConfigError, match="cache_size_gb: no block of 1073741824.0 GiB"):
        MemoryStore(1 << 60)


def test_free_memory_is_known_here():
    assert caching.free_memory() > 1 << 20


def test_processes_of_a_machine_share_the_bound(monkeypatch):
    monkeypatch.setenv("PADDLE_LOCAL_SIZE", "4")
    assert len(build_store(CacheOptions("memory", 1 / 1024))._block) == 1 << 18


@pytest.mark.parametrize(
    "keys, message",
    [
        ({"cache": "ram"}, "'cache' must be one of memory, disk, not 'ram'"),
        ({"cache": "memory", "cache_size_gb": 0}, "'cache_size_gb' must be a number above 0, up to 1,000,000, not 0"),
        (
            {"cache": "memory", "cache_size_gb": float("inf")},
            "'cache_size_gb' must be a number above 0, up to 1,000,000, not inf",
        ),
        ({"cache": "memory", "cache_dir": "x"}, "'cache_dir' needs cache: disk"),
        ({"cache": "disk", "cache_dir": __file__}, "cannot be used (File exists); name another"),
        ({"cache": "memory", "transforms": RECOGNITION[-1:]}, "DecodeImage gives, which is not among the transforms"),
    ],
)
def test_wrong_settings_are_one_line(text_lines, make_loader, keys, message):
    with pytest.raises(ConfigError) as caught:
        make_loader({**text_lines, **keys})
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["SimpleDataSet", "MultiScaleDataSet", "LMDBDataSet"])
def test_the_keys_are_part_of_a_configuration(name):
    section = {"name": name, "data_dir": ".", "transforms": [], "cache": "disk", "cache_size_gb": 2, "cache_dir": "x"}
    problems = configuration.validate({"Train": {"dataset": {**section, "cache_sice_gb": 2}}})
    texts = [str(problem) for problem in problems if "cache" in str(problem)]
    assert len(texts) == 1 and "cache_sice_gb" in texts[0] and "did you mean 'cache_size_gb'" in texts[0]


def test_the_default_folder_follows_tmpdir(monkeypatch):
    monkeypatch.setattr(caching.tempfile, "gettempdir", lambda: "/scratch")
    assert caching.default_folder() == f"/scratch/ppocr_cache_{os.getuid()}"
