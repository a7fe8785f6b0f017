"""What the checks look at: the configuration, and what follows from it, each made when it is first asked for."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

from ppocr import config as configuration
from ppocr.checkpoint.transfer import strip_suffix
from ppocr.data.imaug.decode import DecodeImage
from ppocr.engine.folder import where_to_go_on
from ppocr.failures import FAILURES
from ppocr.findings import Finding, place_of
from ppocr.formats.labels import Labels
from ppocr.options import global_options
from ppocr.preflight.label_lines import LineRule
from ppocr.registry import DATASETS, OPERATORS

STORED_LABELS = 10_000  # of a database that are looked at
LABEL_FILES, TRANSFORMS = "label_file_list", "transforms"


@dataclass(frozen=True)
class Step:
    """One operator of a ``transforms`` list.

    Attributes:
        path: YAML path of its settings.
        name: as the configuration names it.
        operator: the operator; its class where it cannot be built.
        error: what building it ended in, or None.
    """

    path: tuple
    name: str
    operator: Any
    error: Optional[Exception] = None

    @property
    def reads(self) -> tuple:
        return getattr(self.operator, "reads", ())

    @property
    def writes(self) -> tuple:
        return getattr(self.operator, "writes", ())

    @property
    def declares(self) -> bool:
        """Whether it says which keys it reads and writes."""
        return bool(self.reads or self.writes)


@dataclass
class DataSection:
    """``Train`` or ``Eval``.

    Attributes:
        name: of the section.
        config: the section.
        inherited: see :func:`ppocr.config.shared_values`.
    """

    name: str
    config: dict
    inherited: dict

    @property
    def training(self) -> bool:
        return self.name == "Train"

    @property
    def dataset(self) -> dict:
        return self.config["dataset"]

    @property
    def path(self) -> tuple:
        """YAML path of the data set."""
        return (self.name, "dataset")

    @cached_property
    def dataset_class(self):
        """The class of the data set."""
        return DATASETS.get(self.dataset["name"], self.inherited.get("model_type"))

    @property
    def has_database(self) -> bool:
        """Whether its labels lie in LMDB databases."""
        return getattr(self.dataset_class, "label_store", None) == "database"

    @property
    def has_label_lines(self) -> bool:
        """Whether its label files hold a path, the delimiter and a label on each line."""
        return getattr(self.dataset_class, "label_store", None) == "lines"

    @cached_property
    def label_files(self) -> list:
        """``(YAML path, file)`` of each label file."""
        given = self.dataset.get(LABEL_FILES) or []
        if isinstance(given, str):
            return [((*self.path, LABEL_FILES), given)]
        return [((*self.path, LABEL_FILES, i), str(file)) for i, file in enumerate(given)]

    @property
    def readable_files(self) -> list:
        """The label files that are there and not empty."""
        return [file for _, file in self.label_files if os.path.isfile(file) and os.path.getsize(file)]

    @cached_property
    def given_keys(self):
        """The keys that a sample has before the first operator."""
        return set(getattr(self.dataset_class, "gives", ("image", "label")))

    @property
    def late_keys(self) -> set:
        """The keys that the data set itself sets before the last operator."""
        return set(getattr(self.dataset_class, "gives_late", ())) if self.config.get("sampler") else set()

    @cached_property
    def steps(self) -> list:
        """The operators as :class:`Step`, none fused with another."""
        return [self._step(i, entry) for i, entry in enumerate(self.dataset[TRANSFORMS])]

    def _step(self, position, entry):
        ((name, given),) = entry.items()
        path, scope = (*self.path, TRANSFORMS, position, name), self.inherited.get("model_type")
        try:
            section = {**(given or {}), "name": name}
            return Step(path, name, OPERATORS.build(section, scope, inherited=self.inherited))
        except FAILURES as error:
            return Step(path, name, OPERATORS.get(name, scope), error)

    @property
    def operators(self) -> list:
        """The operators that could be built."""
        return [step.operator for step in self.steps if step.error is None]

    @cached_property
    def rule(self) -> LineRule:
        """What the lines of its label files must be."""
        labels = next(filter(None, (operator.labels() for operator in self.operators)), Labels())
        return LineRule(labels, self.dataset.get("delimiter") or "\t", bool(self.dataset.get("ds_width")))

    @property
    def decode(self) -> DecodeImage:
        """The operator that decodes images."""
        return next((one for one in self.operators if isinstance(one, DecodeImage)), None) or DecodeImage()


@dataclass
class Context:
    """Everything that a check may look at.

    Attributes:
        config: merged configuration; with ``sources``, findings name file and line.
        file: name of the configuration file.
        sample: images that are looked at in each data set; None for all.
        label_limit: lines that are looked at in each label file; None for all.
        processes: processes that read label files and images.
        progress: show progress bars.
    """

    config: dict
    file: str = ""
    sample: Optional[int] = None
    label_limit: Optional[int] = None
    processes: int = 1
    progress: bool = False

    def where(self, path) -> tuple:
        """Returns ``(file, line)`` of a YAML path, or of what holds it."""
        place = place_of(getattr(self.config, "sources", {}), tuple(path))
        return place.get("file", self.file), place.get("line", 0)

    def finding(self, severity, path, what) -> Finding:
        """Returns a finding about a YAML path (a tuple)."""
        return Finding(severity, what, *self.where(path), path=tuple(path))

    @cached_property
    def options(self):
        """The ``Global`` section with every default."""
        return global_options(self.config)

    @cached_property
    def checkpoint(self) -> str:
        """Prefix of the checkpoint that the run goes on from; empty if it starts anew."""
        return strip_suffix(self._start[0] or "")

    @property
    def damaged_checkpoints(self) -> list:
        """A line for each newer checkpoint that ``Global.resume: auto`` passes over."""
        return self._start[1]

    @cached_property
    def _start(self):
        return where_to_go_on(self.options)

    @cached_property
    def sections(self) -> list:
        """The :class:`DataSection` that there are."""
        inherited = configuration.shared_values(self.config)
        found = [(name, self.config.get(name)) for name in ("Train", "Eval")]
        return [DataSection(name, config, inherited) for name, config in found if isinstance(config, dict)]

    def section(self, name):
        """Returns a :class:`DataSection` by its name, or None."""
        return next((section for section in self.sections if section.name == name), None)

    @cached_property
    def post_process(self):
        """The post-processing."""
        from ppocr.postprocess import build_post_process

        return build_post_process(self.config["PostProcess"], configuration.shared_values(self.config))

    @cached_property
    def resolved(self):
        """The configuration with what follows from the dictionary."""
        return configuration.resolve(self.config, self.post_process)

    @cached_property
    def scans(self) -> dict:
        """What stands in the label files: ``{section: list of FileScan}``."""
        from ppocr.preflight.label_scan import scan_files

        found = {}
        for section in self.sections:
            if section.has_label_lines:
                folder = str(section.dataset.get("data_dir"))
                found[section.name] = scan_files(section.readable_files, folder, section.rule, self)
        return found

    @cached_property
    def stored(self) -> dict:
        """What stands in databases: ``{section: list of FileScan}``.

        Raises:
            UserError: a database cannot be read.
        """
        from ppocr.preflight.label_scan import scan_databases

        limit = self.label_limit or STORED_LABELS
        sections = [section for section in self.sections if section.has_database]
        opened = {one.name: one.dataset_class(one.dataset.get("data_dir"), []) for one in sections}
        return {one.name: scan_databases(opened[one.name], one.rule.labels, limit) for one in sections}

    def scans_of(self, section) -> list:
        """Returns the ``FileScan`` of a section's label files or databases; none for other data sets."""
        return self.scans.get(section.name) or self.stored.get(section.name) or []

    @cached_property
    def dry_run(self):
        """Model, first batches and what came of them: :class:`ppocr.preflight.dry_run.DryRun`."""
        from ppocr.preflight.dry_run import DryRun

        return DryRun(self)
