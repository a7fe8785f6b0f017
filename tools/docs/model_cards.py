"""Writes the page of model cards: ``python tools/docs/model_cards.py --out docs/models.md``.

A card tells what an architecture of ``configs/`` costs at its training size, what it is fed and what it gives.
"""

import argparse
import inspect
import json
import re
import sys
import tempfile
from pathlib import Path

import paddle

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ppocr import config as configuration
from ppocr.commands import run
from ppocr.data.batch import images_of, pick, with_fields, with_images
from ppocr.data.imaug import create_operators, transform
from ppocr.errors import UserError
from ppocr.inference.in_use import without_guide
from ppocr.modeling.architectures import build_model
from ppocr.postprocess import build_post_process
from ppocr.registry import BACKBONES, HEADS, NECKS, OPERATORS, TRANSFORMS, parameters_of
from ppocr.shipped_configs import config_folder
from ppocr.text.dictionary import character_list
from ppocr.wording import counted
from tools.docs.cost import count_macs, count_parameters, trace

PARTS = {"Transform": TRANSFORMS, "Backbone": BACKBONES, "Neck": NECKS, "Head": HEADS}
PAPER = re.compile(r"https://arxiv\.org/abs/[\d.]+")
# Lines of the published dictionaries that do not come with the project.
PUBLISHED = {
    "EN_symbol_dict.txt": 94,
    "arabic_dict.txt": 161,
    "chinese_cht_dict.txt": 8421,
    "cyrillic_dict.txt": 163,
    "devanagari_dict.txt": 167,
    "dict90.txt": 90,
    "french_dict.txt": 136,
    "german_dict.txt": 143,
    "hebrew_dict.txt": 214,
    "japan_dict.txt": 4399,
    "ka_dict.txt": 153,
    "korean_dict.txt": 3688,
    "latex_symbol_dict.txt": 111,
    "latin_dict.txt": 185,
    "parseq_dict.txt": 94,
    "ppocr_keys_v1.txt": 6623,
    "ppocrv4_doc_dict.txt": 15629,
    "ppocrv5_dict.txt": 18383,
    "ppocrv6_dict.txt": 18708,
    "ppocrv6_tiny_dict.txt": 6904,
    "samaritan_dict.txt": 222,
    "spin_dict.txt": 68,
    "syriac_dict.txt": 157,
    "ta_dict.txt": 128,
    "te_dict.txt": 151,
}
# Published configurations whose networks cannot run, neither here nor where they come from.
CANNOT_RUN = {
    "rec/PP-OCRv4/PP-OCRv4_mobile_rec_distillation.yml": (
        "the teacher's backbone gives tokens, and its head, without `use_pool`, takes a map"
    )
}
AS_IT_IS = (128, 512)  # height and width
SIDES = ("size", "target_size", "image_shape", "input_size")  # keys of cropping operators: [width, height], or a side
HEADING = """# Model cards

Written by `python tools/docs/model_cards.py`. Parameters are those of the form that trains, for the dictionary named,
in its published length. MACs are multiply-accumulate operations for one image of the training size in evaluation: of
convolutions, linear and recurrent layers, and products of matrices. `N` is the number of images.
"""


def main(arguments=None):
    """Writes one card for each architecture; configurations that share one stand on the same card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="docs/models.md", help="file to write")
    args = parser.parse_args(arguments)
    cards = [card(names) for names in by_architecture(family_configs())]
    Path(args.out).write_text("\n".join([HEADING, *cards]), encoding="utf-8")
    print(f"{args.out}: {counted(len(cards), 'architecture')}")


def family_configs() -> list:
    """Returns the configurations of PaddleOCR as paths relative to ``configs/``.

    Raises:
        UserError: there are none, as in a package that was installed in part.
    """
    folder = config_folder()
    found = [
        path for task in ("det", "rec", "cls", "e2e", "kie", "sr") for path in sorted((folder / task).rglob("*.y*ml"))
    ]
    if not found:
        raise UserError(f"{folder}: there are no configurations here, so there is nothing to make cards of")
    return [str(path.relative_to(folder)) for path in found]


def by_architecture(names) -> list:
    """Groups names of configurations whose ``Architecture`` is the same but for labels and starting weights."""
    groups = {}
    for name in names:
        key = json.dumps(_essence(configuration.load(config_folder() / name)["Architecture"]), sort_keys=True)
        groups.setdefault(key, []).append(name)
    # The one whose name is shortest is the plainest of a group: the others are languages and longer runs.
    return [sorted(group, key=lambda name: (len(name), name)) for group in groups.values()]


def _essence(value):
    if isinstance(value, list):
        return [_essence(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    labels = ("algorithm", "pretrained", "freeze_params")
    return {key: _essence(inner) for key, inner in value.items() if key not in labels and inner is not None}


def card(names) -> str:
    """Returns the card of the first configuration as Markdown; the others are named."""
    print(names[0], file=sys.stderr, flush=True)
    config = configuration.load(config_folder() / names[0])
    dictionary = None if _has_strokes(config) else config["Global"].get("character_dict_path")
    with tempfile.TemporaryDirectory() as folder:
        return _card(names, measurable(config, Path(folder)), dictionary)


def _card(names, config, dictionary):
    model = build_model(config["Architecture"])
    model.eval()
    lines = [
        f"## {names[0]}\n",
        f"* Parameters: {count_parameters(model) / 1e6:.2f} million"
        + (f", with `{Path(dictionary).name}`" if dictionary else ""),
        *_networks(model, config),
        *([f"* Cannot run: {CANNOT_RUN[names[0]]}"] if names[0] in CANNOT_RUN else _costs(model, config)),
    ]
    papers = sources(config["Architecture"])
    lines += [f"* Papers: {', '.join(papers)}"] if papers else []
    lines += [f"* The same architecture: {', '.join(names[1:])}"] if names[1:] else []
    return "\n".join(lines) + "\n"


def _costs(model, config):
    if getattr(getattr(model, "head", None), "export_obstacle", None):
        return ["* MACs: not counted; they depend on the texts of an image"]
    with without_guide(model):
        return _measured(model, example(config))


def _measured(model, batch):
    inputs = (images_of(batch), pick(batch, model.feed, model.inputs)) if model.feed else (images_of(batch),)
    traced = trace(model, *inputs)
    return [
        f"* MACs: {count_macs(traced.program) / 1e9:.2f} billion",
        f"* Input: {_shapes(inputs[0])}" + (" and what its operators prepare" if len(batch) > 1 else ""),
        f"* Output: {_shapes(traced.outputs)}",
    ]


def _networks(model, config):
    networks = config["Architecture"].get("Models") or {}
    sizes = [f"{name} {count_parameters(getattr(model, name)) / 1e6:.2f}" for name in networks]
    return [f"* Networks (million parameters): {', '.join(sizes)}"] if sizes else []


def measurable(config, folder) -> dict:
    """Returns the configuration with its sizes filled in and without files of weights.

    Args:
        config: as it is published.
        folder: where a dictionary is written in place of a published one that is not there, as long as that.
    """
    path = config["Global"].get("character_dict_path")
    if _has_strokes(config):
        return configuration.resolve(config, build_post_process(config["PostProcess"], config["Global"]))
    if path and not Path(path).exists():
        path = folder / "dictionary.txt"
        length = PUBLISHED[Path(config["Global"]["character_dict_path"]).name]
        path.write_text("\n".join(map(chr, range(0x4E00, 0x4E00 + length))), encoding="utf-8")
        config = configuration.override(config, {"Global.character_dict_path": str(path)})
    tokenizer = config["PostProcess"].get("rec_char_dict_path")
    without = tokenizer is not None and not Path(tokenizer).exists()  # sizes are the head's own, whatever its sub-words
    section = {"name": "None"} if without else config["PostProcess"]
    result = configuration.resolve(config, build_post_process(section, config["Global"]))
    for network in (result["Architecture"].get("Models") or {}).values():
        network["pretrained"] = None
    return result


def _has_strokes(config):
    """Tells whether ``character_dict_path`` holds strokes of characters, on which no size depends."""
    return config["Architecture"]["model_type"] == "sr"


def training_shape(config) -> list:
    """Returns channels, height and width of a training image, as the operators of the configuration make it.

    Where they leave images as they are, ``AS_IT_IS`` stands for one.
    """
    for section in ("Train", "Eval"):
        for operator in config[section]["dataset"]["transforms"]:
            ((name, arguments),) = operator.items()
            kind = OPERATORS.get(name, config["Architecture"]["model_type"])
            values = {key: p.default for key, p in parameters_of(kind).items()} | (arguments or {})
            if name == "SRResize":
                return [3, *(values[side] // values["down_sample_scale"] for side in ("imgH", "imgW"))]
            if "Resize" in name and len(values.get("image_shape", ())) > 2:
                channels, height, *widths = values["image_shape"]
                return [channels, height, widths[-1]]  # of several the largest
            if any(word in name for word in ("Crop", "Resize", "Process")) and _side(values):
                return [config["Architecture"].get("in_channels", 3), *_side(values)]
    return [config["Architecture"].get("in_channels", 3), *AS_IT_IS]


def _side(values):
    """Returns height and width that a cropping operator gives; None where it leaves them open."""
    size = next((values[key] for key in SIDES if values.get(key)), None)
    return [size, size] if isinstance(size, int) else size and list(size[::-1])


def example(config) -> list:
    """Returns a batch of one blank image of the training size; with the fields a network is fed besides, if any."""
    image = paddle.zeros([1, *training_shape(config)])
    if config["Architecture"].get("Head", {}).get("name") is None:
        return [image]
    head = HEADS.get(config["Architecture"]["Head"]["name"], config["Architecture"]["model_type"])
    if not getattr(head, "feed", ()) or getattr(head, "codecs", None):
        return [image]
    operators = create_operators(config["Eval"]["dataset"]["transforms"][1:], config["Global"])
    blank = image[0].transpose([1, 2, 0]).numpy().astype("uint8").repeat(4 - image.shape[1], axis=2)[:, :, :3]
    label = character_list(config["Global"].get("character_dict_path"))[0]
    fields = transform({"image": blank, "label": label}, operators)
    return with_images(with_fields(fields, [paddle.to_tensor(field)[None] for field in fields]), image)


def _shapes(output) -> str:
    """Returns the shapes of tensors in lists and mappings as text, the batch as N."""
    if isinstance(output, dict):
        return ", ".join(f"{key} {_shapes(value)}" for key, value in output.items() if value is not None)
    if isinstance(output, (list, tuple)):
        return ", ".join(_shapes(value) for value in output if value is not None)
    return "`[" + ", ".join(["N", *map(str, output.shape[1:])]) + "]`"


def sources(architecture) -> list:
    """Returns the papers that the classes of an architecture name in their docstrings."""
    found = []
    for network in (architecture.get("Models") or {"": architecture}).values():
        for part, registry in PARTS.items():
            name = (network.get(part) or {}).get("name")
            if name:
                kind = registry.get(name, network.get("model_type", architecture["model_type"]))
                found += PAPER.findall(f"{inspect.getmodule(kind).__doc__} {inspect.getdoc(kind)}")
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    sys.exit(run(main))
