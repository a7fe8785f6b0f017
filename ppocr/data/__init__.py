"""Data: label files, data sets, operators, and the loader that makes batches of them."""

import paddle.distributed

from ppocr.config import shared_values
from ppocr.data.bad_samples import BadSampleLog
from ppocr.data.loader import BatchLoader, LoaderOptions
from ppocr.data.sampling import EpochSampler, GroupSampler, ScaledSampler
from ppocr.errors import ConfigError
from ppocr.ignored_keys import IGNORED_KEYS
from ppocr.registry import COLLATE_FNS, DATASETS, SAMPLERS, bind_arguments

__all__ = ["build_dataloader"]


def build_dataloader(config, mode, device, logger, seed=None):
    """Builds the loader of one section.

    Args:
        config: configuration with ``Global`` and the section; other sections are not looked at.
        mode: name of the section; ``Train`` is training, every other name evaluation.
        device: paddle place, its name such as ``"cpu"``, or None for the current one.
        logger: gets warnings about bad samples; may be None.
        seed: seed of the run; by default ``Global.seed``, or 0.

    Returns:
        A :class:`ppocr.data.loader.BatchLoader`.

    Raises:
        ConfigError: a section is missing or a key does not fit.
        DataError: label files, databases or folders cannot be used.
    """
    section, global_config = config.get(mode), shared_values(config)
    if not isinstance(section, dict):
        raise ConfigError(f"section {mode} is missing or no mapping")
    training = mode == "Train"
    supplied = {
        "training": training,
        "base_seed": (global_config.get("seed") or 0) if seed is None else seed,
        "global_config": global_config,
    }
    options, scope = _options(section, mode), global_config.get("model_type")
    dataset = DATASETS.build(_part(section, mode, "dataset"), scope, supplied, global_config)
    sampler = _sampler(section.get("sampler"), dataset, options, scope)
    world_size = paddle.distributed.get_world_size()
    share = -(-len(dataset) // world_size) if training else len(dataset)
    report = BadSampleLog(share, training, logger, dataset.max_bad_ratio)
    report.unfilled = getattr(sampler, "unfilled", 0)
    if dataset.groups is not None and paddle.distributed.get_rank() == 0:
        report.leave_out("samples_of_rare_sizes", sampler.unread, "lower batch_size_per_pair to read them")
    collate = COLLATE_FNS.build(_collate_config(options.collate_fn), scope)
    return BatchLoader(dataset, sampler, collate, options, report, device, logger, world_size)


def _part(section, mode, name):
    if not isinstance(section.get(name), dict):
        raise ConfigError(f"{mode}.{name} is missing or no mapping")
    return section[name]


def _options(section, mode):
    given = _part(section, mode, "loader")
    unread = IGNORED_KEYS.get("section/loader")
    return bind_arguments(LoaderOptions, given, "loader", unread=unread).build(f"{mode}.loader")


def _collate_config(collate_fn):
    return collate_fn if isinstance(collate_fn, dict) else {"name": collate_fn or "ListCollator"}


def _sampler(config, dataset, options, scope):
    processes = {"rank": paddle.distributed.get_rank(), "world_size": paddle.distributed.get_world_size()}
    training = dataset.training
    if config is None:
        shuffle = training if options.shuffle is None else options.shuffle
        size, drop_last = dataset.batch_size(options.batch_size_per_card), options.drop_last
        if dataset.groups is None:
            return EpochSampler(dataset, size, shuffle, drop_last, training, **processes)
        drop_last = drop_last or not dataset.keep_smaller_batches
        return GroupSampler(dataset, size, shuffle, drop_last, training, **processes)
    if dataset.groups is not None:
        name = type(dataset).__name__
        raise ConfigError(f"leave the sampler out: {name} itself says which images share a batch")
    supplied = {"data_source": dataset, "seed": dataset.seed, **processes}
    if not training:
        supplied["is_training"] = False
    return ScaledSampler(dataset, SAMPLERS.build(config, scope, supplied))
