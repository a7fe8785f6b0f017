"""Faults planted in the configuration, its operators, its dictionaries and the files that it names."""

import pytest

from ppocr.data.imaug.db_maps import MakeShrinkMap

E, W = "error", "warning"
CONFIG = "config.yml"


# Each fault changes a site and returns (severity, file, line, words of the finding).
def not_yaml(site):
    line = site.replace("Loss:", "Loss: [")
    return E, CONFIG, line + 2, "not YAML"


def key_twice(site):
    line = site.replace("  epoch_num: 2", "  epoch_num: 2\n  epoch_num: 3")
    return E, CONFIG, line + 1, f"written twice, first in line {line}"


def unknown_section(site):
    return E, CONFIG, site.replace("Loss:", "Loss: {name: CTCLoss}\nLos:") + 1, "unknown section (did you mean 'Loss'?)"


def missing_section(site):
    site.replace("Metric:\n  name: RecMetric\n", "")
    return E, CONFIG, 0, "Metric: this section is missing"


def unknown_class(site):
    return E, CONFIG, site.replace("VGG", "VGGG"), "unknown backbone 'VGGG' (did you mean 'VGG'?)"


def unknown_key(site):
    return E, CONFIG, site.replace("batch_size_per_card", "batch_size_per_gpu"), "no key 'batch_size_per_gpu'"


def module_of_the_user_is_missing(site):
    line = site.replace("Global:", "Global:\n  imports: [no_such_module]") + 1
    return E, CONFIG, line, "Global.imports: there is no module 'no_such_module'"


def wrong_type(site):
    return (
        E,
        CONFIG,
        site.replace("epoch_num: 2", "epoch_num: many"),
        "must be a whole number from 1 to 1,000,000, not 'many'",
    )


def unknown_operator(site):
    return E, CONFIG, site.replace("RecResizeImg", "RecResizeImage"), "unknown operator 'RecResizeImage'"


def unread_key(site):
    return W, CONFIG, site.replace("Global:", "Global:\n  debug: true") + 1, "is read by nothing"


def unknown_key_on_the_command_line(site):
    site.overrides = ["Global.epoch_nun=3"]
    return E, "-o Global.epoch_nun=3", 0, "did you mean 'epoch_num'?"


def no_such_device(site):
    return E, CONFIG, site.replace("Global:", "Global:\n  device: tpu") + 1, "must be auto, cpu, gpu"


def kept_key_that_nothing_sets(site):
    return E, CONFIG, site.replace("[image, label, length]", "[image, label, length, len]"), "KeepKeys needs 'len'"


def key_that_nothing_sets(site):
    line = site.replace("      - DetLabelEncode:\n", "")
    return E, CONFIG, line, "EastRandomCropData needs 'polys'"


def keep_keys_missing(site):
    site.replace("      - KeepKeys: {keep_keys: [image, label, length]}\n", "")
    return E, CONFIG, site.line_of("transforms:"), "KeepKeys is missing"


def operator_after_keep_keys(site):
    keep = "      - KeepKeys: {keep_keys: [image, label, length]}\n"
    return E, CONFIG, site.replace(keep, keep + "      - ToCHWImage:\n") + 1, "no operator can follow KeepKeys"


def operator_that_cannot_be_built(site):
    def broken(self):
        raise ValueError("no map")

    site.monkeypatch.setattr(MakeShrinkMap, "__init__", broken)
    return E, CONFIG, site.line_of("MakeShrinkMap"), "MakeShrinkMap: ValueError: no map"


def no_dictionary(site):
    return E, CONFIG, site.replace("dict.txt", "dictionary.txt"), "there is no dictionary"


def no_dictionary_for_the_decoder(site):
    site.overrides.append("PostProcess.character_dict_path=/nowhere/d.txt")
    return E, "-o PostProcess.character_dict_path=/nowhere/d.txt", 0, "there is no dictionary '/nowhere/d.txt'"


def weights_at_an_address(site):
    line = site.replace("  epoch_num: 2", "  epoch_num: 2\n  pretrained_model: https://host/w.pdparams") + 1
    return (
        E,
        CONFIG,
        line,
        "https://host/w.pdparams is a URL, and nothing is downloaded: download the file and give its path, or",
    )


def repeated_character(site):
    site.append("dict.txt", "b\n")
    return W, "dict.txt", 2, "line 2 'b': a later line holds the same"


def dictionary_not_utf8(site):
    return E, "dict.txt", site.append("dict.txt", b"\xe9\n"), "is not UTF-8; save the dictionary as UTF-8"


def dictionary_with_tabs(site):
    site.replace("b\n", "b\t\n", "dict.txt")
    return W, "dict.txt", 2, r"line 2 'b\t': an entry with a tab is never used"


def dictionary_with_an_empty_line(site):
    return W, "dict.txt", site.append("dict.txt", "\n"), "an empty line is a class"


def decoder_with_another_dictionary(site):
    site.write("other.txt", "a\nb\n")
    other = f"CTCLabelDecode\n  character_dict_path: {site.path('other.txt')}"
    site.replace("CTCLabelDecode", other)
    return E, CONFIG, site.line_of("PostProcess:"), "2 characters that it cannot write (c, d)"


def no_data_folder(site):
    line = site.replace(f"data_dir: {site.folder}\n", "data_dir: /nowhere\n")
    return E, CONFIG, line, "Train.dataset.data_dir: '/nowhere' is no folder"


def no_label_file(site):
    return E, CONFIG, site.replace("train.txt", "training.txt"), "training.txt' is not there"


def empty_label_file(site):
    site.write("more.txt", "")
    line = site.replace("train.txt]", f"train.txt, {site.path('more.txt')}]")
    return E, CONFIG, line, "more.txt' is empty"


def no_pretrained_weights(site):
    return E, CONFIG, site.replace("Global:", "Global:\n  pretrained_model: ./none") + 1, "no file './none.pdparams'"


def checkpoint_without_optimizer(site):
    site.write("old.pdparams", b"")
    line = site.replace("Global:", f"Global:\n  checkpoints: {site.path('old')}") + 1
    return E, CONFIG, line, "old.pdopt'"


def run_folder_with_a_name_too_long(site):
    return E, CONFIG, site.replace("/output", f"/{'x' * 300}"), "is no name of a folder: File name too long"


def run_folder_below_a_file(site):
    return E, CONFIG, site.replace("/output", "/dict.txt/output"), "dict.txt is a file"


REC_FAULTS = [
    not_yaml,
    key_twice,
    unknown_section,
    missing_section,
    unknown_class,
    module_of_the_user_is_missing,
    unknown_key,
    wrong_type,
    unknown_operator,
    unread_key,
    unknown_key_on_the_command_line,
    no_such_device,
    kept_key_that_nothing_sets,
    keep_keys_missing,
    operator_after_keep_keys,
    no_dictionary,
    no_dictionary_for_the_decoder,
    weights_at_an_address,
    repeated_character,
    dictionary_not_utf8,
    dictionary_with_tabs,
    dictionary_with_an_empty_line,
    decoder_with_another_dictionary,
    no_data_folder,
    no_label_file,
    empty_label_file,
    no_pretrained_weights,
    checkpoint_without_optimizer,
    run_folder_below_a_file,
    run_folder_with_a_name_too_long,
]
DET_FAULTS = [key_that_nothing_sets, operator_that_cannot_be_built]
FAULTS = [("rec", plant) for plant in REC_FAULTS] + [("det", plant) for plant in DET_FAULTS]


@pytest.mark.parametrize("task, plant", FAULTS, ids=[plant.__name__ for _, plant in FAULTS])
def test_a_planted_fault_is_found_where_it_is(task, plant, find_planted):
    expected, found, everything = find_planted(task, plant)
    assert found == [expected], everything


def test_a_dictionary_that_nothing_reads_need_not_be_there(make_site, serious):
    site = make_site("cls")
    site.overrides += ["Global.character_dict_path=/nowhere/d.txt"]
    assert serious(site.check()) == []


def test_a_missing_dictionary_is_all_that_is_said_of_it(make_site, serious):
    site = make_site("rec")
    site.replace("CTCLabelEncode:", "MultiLabelEncode: {gtc_encode: NRTRLabelEncode}", times=2)
    site.replace("[image, label, length]", "[image, label, length, label_gtc, img_path]", times=2)
    site.overrides += ["Global.character_dict_path=/nowhere/d.txt"]
    (found,) = serious(site.check())
    assert "there is no dictionary '/nowhere/d.txt'" in found.what
