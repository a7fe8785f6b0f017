"""Writes samples of a data set as images: ``python tools/show_data.py -c config.yml --folder samples``.

As they are stored, drawn or in a database, with ``labels.txt``, which data sets can read; with ``--augmented`` as a
model gets them, after all operators.
"""

import os
import re
from itertools import islice
from pathlib import Path

from ppocr.commands.arguments import ArgsParser
from ppocr.config import load, override
from ppocr.data import build_dataloader
from ppocr.data.batch import find_name, images_of
from ppocr.data.imaug.decode import DecodeImage
from ppocr.data.raw_samples import decoded_images, raw_dataset, stored_samples
from ppocr.drawing.samples import to_image
from ppocr.engine.preparation import prepare
from ppocr.errors import ConfigError, DataError, UserError
from ppocr.inference.results import write_image
from ppocr.wording import counted

LABELS = "labels.txt"


def main(arguments=None) -> Path:
    """Writes ``0000.png``, ``0001.png``, ... and returns the folder.

    Args:
        arguments: command-line words; by default those of the process.

    Raises:
        UserError: the data set cannot be used, or the folder not be written.
    """
    args = parse(arguments)
    if args.count < 1:
        raise ConfigError(f"--count {args.count}: must be at least 1")
    merged = override(load(args.config), args.opt)
    config, _, logger, _ = prepare(merged, args.config)
    if not isinstance(config.get(args.section), dict):
        raise ConfigError(f"--section {args.section}: {args.config} has no such section")
    folder, left_out = Path(args.folder), []
    refuse_folder_of_the_data(folder, config[args.section].get("dataset") or {})
    if args.augmented:
        found = fed_images(config, args.section, logger)
    else:
        found = stored_images(config, args.section, left_out)
    lines = [write_sample(folder, number, *one) for number, one in enumerate(islice(found, args.count))]
    for name, error in left_out:
        logger.warning("left out: %s: %s", name, error)
    if not lines:
        raise DataError(f"{args.section}: there is no sample that can be read")
    if not args.augmented:
        write_labels(folder / LABELS, lines)
    logger.info("%s in %s", counted(len(lines), "image"), folder)
    return folder


def parse(arguments=None):
    """Reads the command line."""
    parser = ArgsParser(description=__doc__)
    parser.add_argument("--section", default="Train", help="Train, Eval (default: %(default)s)")
    parser.add_argument("--count", type=int, default=20, metavar="N", help="samples, from the first (%(default)s)")
    parser.add_argument("--folder", required=True, help="where to; existing files of these names are replaced")
    parser.add_argument("--augmented", action="store_true", help="after all operators, in the order of epoch 1")
    return parser.parse_args(arguments)


def refuse_folder_of_the_data(folder, dataset):
    """Refuses to write among the files that are shown.

    Raises:
        ConfigError: the folder is ``data_dir``, or holds a label file.
    """
    files = dataset.get("label_file_list") or []
    files = [files] if isinstance(files, str) else files
    taken = [dataset.get("data_dir"), *(os.path.dirname(file) or "." for file in files)]
    if any(os.path.realpath(folder) == os.path.realpath(one) for one in taken if one):
        raise ConfigError(f"--folder {folder}: the data set itself lies there, and would be written over; name another")


def stored_images(config, section: str, left_out: list):
    """Yields (uint8 BGR image, label); a tab or line break, which no label file can hold, becomes a space.

    ``left_out`` gets (name, error) of what cannot be read.
    """
    samples = stored_samples(raw_dataset(config, section))
    for sample, image in decoded_images(samples, DecodeImage(img_mode="BGR").decode, left_out):
        yield image, re.sub(r"[\t\r\n]", " ", sample.label)


def fed_images(config, section: str, logger):
    """Yields (uint8 BGR image with full contrast, empty label) as batches hold them."""
    part = config[section]
    alone = {**part, "loader": {**part["loader"], "num_workers": 0}}
    loader = build_dataloader({**config, section: alone}, section, "cpu", logger)
    keys = getattr(loader.dataset.ops[-1], "keep_keys", []) if loader.dataset.ops else []
    if find_name("image", keys) is None:
        raise ConfigError(f"{section}.dataset.transforms: no KeepKeys at the end that keeps the image")
    loader.set_epoch(1)
    for batch in loader:
        for image in images_of(batch):
            yield to_image(image), ""


def write_sample(folder, number: int, image, label: str) -> str:
    """Writes an image; returns its line in a label file."""
    return f"{write_image(folder / f'{number:04d}.png', image).name}\t{label}\n"


def write_labels(path, lines):
    """Writes a label file.

    Raises:
        UserError: it cannot be written.
    """
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); name another --folder") from None
