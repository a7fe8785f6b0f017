"""Published configurations made small: a few drawn images, few steps, small crops; networks keep their size."""

import copy
import json
from pathlib import Path

import cv2
import lmdb
import numpy as np
import yaml
from tiny_tokenizer import write_tokenizer

from ppocr.commands import run, train
from ppocr.config import load
from tools.docs.model_cards import CANNOT_RUN

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
RUNNABLE = sorted(
    {
        str(path.relative_to(CONFIGS))
        for task in ("cls", "det", "e2e", "kie", "rec", "sr")
        for path in (CONFIGS / task).rglob("*.y*ml")
    }
    - set(CANNOT_RUN)
)
SIDE = 96
CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
TEXTS = ["ab12", "c3po", "r2d2", "paddle"]
SYMBOLS = ("eos", "sos", *CHARACTERS)  # of recognisers whose label files have blanks between them


def write_data(folder):
    """Fills a folder with images, label files and an LMDB of each task, a dictionary and a tokenizer."""
    write_tokenizer(folder)
    for name, entries in (("dict", CHARACTERS), ("symbol_dict", SYMBOLS)):
        (folder / f"{name}.txt").write_text("\n".join(entries) + "\n", encoding="utf-8")
    (folder / "classes.txt").write_text("Ignore\nWord\nOther\nTotal\n", encoding="utf-8")
    lines = {"rec": [], "symbols": [], "cls": [], "det": [], "kie": []}
    for i, text in enumerate(TEXTS):
        cv2.imwrite(str(folder / f"line{i}.png"), drawn(text, (140, 40)))
        lines["rec"].append(f"line{i}.png\t{text}")
        lines["symbols"].append(f"line{i}.png\t{' '.join(text)}")
        lines["cls"].append(f"line{i}.png\t{'0' if i % 2 else '180'}")
        cv2.imwrite(str(folder / f"page{i}.png"), drawn(text, (160, 120)))
        box = [[8, 60], [130, 60], [130, 100], [8, 100]]
        word = {"transcription": text, "points": box}
        words = [word, {**word, "points": [[x, y - 50] for x, y in box]}]
        lines["det"].append(f"page{i}.png\t{json.dumps(words)}")
        lines["kie"].append(f"page{i}.png\t{json.dumps([{**word, 'label': j} for j, word in enumerate(words, 1)])}")
    strokes = "".join(f"{character} {i % 9 + 1}\n" for i, character in enumerate(CHARACTERS))
    (folder / "strokes.txt").write_text(strokes, encoding="utf-8")
    for task, content in lines.items():
        (folder / f"{task}.txt").write_text("\n".join(content) + "\n", encoding="utf-8")
    with lmdb.open(str(folder / "lmdb"), map_size=2**22) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", str(len(TEXTS)).encode())
        for i, text in enumerate(TEXTS, start=1):
            for name in (b"image", b"image_lr", b"image_hr"):
                transaction.put(b"%s-%09d" % (name, i), (folder / f"line{i - 1}.png").read_bytes())
            transaction.put(b"label-%09d" % i, text.encode())


def drawn(text, size):
    image = np.full((size[1], size[0], 3), 235, np.uint8)
    cv2.putText(image, text, (10, size[1] - 12), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (20, 30, 40), 2)
    return image


def small_run(path, data, output):
    """Returns a configuration as it is in everything but data, length, and the size of detection crops."""
    config = copy.deepcopy(dict(load(path)))
    config["Global"].update(
        device="cpu", use_gpu=False, use_amp=False, distributed=False, epoch_num=10, print_batch_step=1,
        log_smooth_window=5, save_model_dir=str(output), eval_batch_step=3, max_steps=3, pretrained_model=None,
        use_visualdl=False, hang_timeout=0,
    )  # fmt: skip
    config["Global"].pop("use_gpu", None)
    task = config["Architecture"]["model_type"]
    symbols = any("CANLabelEncode" in operator for operator in config["Train"]["dataset"]["transforms"])
    if config["Global"].get("character_dict_path"):
        name = "strokes.txt" if task == "sr" else "symbol_dict.txt" if symbols else "dict.txt"
        config["Global"]["character_dict_path"] = str(data / name)
        if "character_dict_path" in config["Loss"]:
            config["Loss"]["character_dict_path"] = str(data / name)
    if task == "kie":
        config["Global"].update(class_path=str(data / "classes.txt"), img_scale=[SIDE, SIDE])
    if config["Global"].get("rec_char_dict_path"):
        config["Global"]["rec_char_dict_path"] = config["PostProcess"]["rec_char_dict_path"] = str(data)
        longest = "max_seq_len" if config["Architecture"]["Head"]["name"] == "LaTeXOCRHead" else "max_new_tokens"
        config["Global"][longest] = config["Architecture"]["Head"][longest] = 12
    for network in config["Architecture"].get("Models", {}).values():
        network["pretrained"] = None
    pages = task in ("det", "e2e")
    for name in ("Train", "Eval"):
        section, dataset = config[name], config[name]["dataset"]
        use_data(dataset, "symbols" if symbols else "det" if pages else task, data)
        section["loader"].update(
            num_workers=0, batch_size_per_card=1 if (pages or task == "kie") and name == "Eval" else 2
        )
        section.get("sampler", {})["first_bs"] = 2
        dataset["transforms"] = [shrunk(operator, data) for operator in dataset["transforms"]]
    return config


def use_data(dataset, lines, data):
    if dataset["name"] in ("LMDBDataSet", "LMDBDataSetSR"):
        dataset["data_dir"] = str(data / "lmdb")
        return
    if dataset["name"] == "LaTeXOCRDataSet":
        dataset.update(data_dir=str(data), data=str(data / "rec.txt"), keep_smaller_batches=True)
        return
    dataset.update(data_dir=str(data), label_file_list=[str(data / f"{lines}.txt")])
    if "ratio_list" in dataset:
        dataset["ratio_list"] = [1.0]


def shrunk(operator, data):
    ((name, arguments),) = operator.items()
    if "rec_char_dict_path" in (arguments or {}):
        return {name: {**arguments, "rec_char_dict_path": str(data)}}
    if name == "KieLabelEncode":
        return {name: {"character_dict_path": str(data / "dict.txt")}}
    if name in ("EastRandomCropData", "RandomCropImgMask", "RandomCrop") and "size" in arguments:
        return {name: {**arguments, "size": [SIDE, SIDE]}}
    if name in ("EASTProcessTrain", "PGProcessTrain", "SASTProcessTrain"):
        return {name: {**arguments, "image_shape": [128, 128]}}
    if name == "SquareResizePad":
        return {name: {**arguments, "target_size": SIDE}}
    if name == "GroupRandomCropPadding":
        return {name: {"target_size": [SIDE, SIDE]}}
    if name in ("RandomScale", "ScaleAlignedShort"):
        return {name: {"short_size": SIDE}}
    if name == "E2EResizeForTest":
        return {name: {"max_side_len": 128}}
    if name == "DetResizeForTest":  # the long side as such goes up to a multiple of 128, which a network may need
        long = "resize_long" in (arguments or {})
        return {name: {"resize_long": 128} if long else {"limit_side_len": SIDE, "limit_type": "max"}}
    return operator


def records(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def trained(config, folder, *options):
    """Writes a configuration and trains; returns the exit code."""
    file = folder / "run.yml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return run(lambda: train.main(["-c", str(file), *options]))
