"""What every task says of itself; a task overrides what it knows."""

from typing import Optional

import numpy as np

from ppocr.data.batch import IMAGES
from ppocr.formats.labels import Labels
from ppocr.tasks.sections.side_by_side import agreement_section
from ppocr.tasks.sections.texts import worst_sections


class Task:
    """A task, asked by everything that deals with its labels, results and networks.

    Args:
        name: under which it is registered, and post-processes and metrics know it; empty for a task that is not known.

    A result is what post-processing gives for one image of a single network.  What deals with images in use gets it in
    its typed form, see :mod:`ppocr.tasks.results`; of several networks ``{network: typed result}``.

    Attributes:
        name: as given.
        labels: the class of its labels, for statistics; what they must be is said by the operator that reads them.
        free_axes: axes of a network's images ``[N, C, H, W]`` that may have any size.
        draws_pages: a result is drawn on its image; else it is a short text, drawn beside the image.
        batch_size: images that are read at once by default.
    """

    labels = Labels
    free_axes = ()
    draws_pages = False
    batch_size = 32

    def __init__(self, name: str = ""):
        self.name = name

    @property
    def model_type(self) -> str:
        """``Architecture.model_type`` of its configurations: its name, unless several tasks share one."""
        return self.name

    def result(self, raw):
        """Returns the typed result of an image.

        Args:
            raw: as post-processing gives it.

        Raises:
            ConfigError: it is that of another task.
        """
        return raw

    def row(self, result) -> tuple:
        """Returns what result files hold of an image: values of columns, and a mapping for JSON.

        Args:
            result: the typed result; of several networks ``{network: typed result}``.
        """
        return [result], {"result": result}

    def summary(self, result) -> str:
        """Returns a result in a few words, for the screen and beside its image; see :meth:`row`."""
        columns, _ = self.row(result)
        return " ".join(map(str, columns))

    def draw(self, image, result) -> np.ndarray:
        """Draws a result on a copy of its image; where ``draws_pages`` says so.

        Args:
            image: uint8 BGR ``(H, W, 3)``.
            result: see :meth:`row`.
        """
        raise NotImplementedError(f"{type(self).__name__} says draws_pages, but has no draw")

    def draw_samples(self, samples, metric) -> Optional[np.ndarray]:
        """Draws samples of an evaluation, with truth and result.

        Args:
            samples: list of (image, result, batch): float ``[C, H, W]`` as the model gets it, what post-processing
                gives beside the truth (see ``process`` of :class:`ppocr.postprocess.base.PostProcess`), and the fields,
                each for one sample.
            metric: of a single network.

        Returns:
            uint8 BGR ``(H, W, 3)``; None where there is nothing to draw.
        """
        return None

    def watched(self, post_process):
        """Returns the post-processing with which a report evaluates; it may keep more than counts."""
        return post_process

    def compare(self, result, batch, metric, keys, post_process) -> list:
        """Returns the samples of a batch with truth and result, as the metric compares them, for a report.

        Args:
            result: what post-processing gives for the batch.
            batch: its fields on the host.
            metric: of a single network.
            keys: what the data set finds each sample by, or None.
            post_process: see :meth:`watched`.

        Returns:
            List of what :meth:`report_sections` shows, with an attribute ``key``; here and by default
            :class:`ppocr.tasks.compared.TextSample`.
        """
        return []

    def same_truth(self, samples) -> bool:
        """Tells whether what :meth:`compare` gave in several runs for one sample is about the same truth.

        Args:
            samples: one of each run.
        """
        return all(sample.truth == samples[0].truth for sample in samples)

    def report_sections(self, evaluated, thumbnails) -> list:
        """Returns the sections of a report about what :meth:`compare` gave.

        Args:
            evaluated: :class:`ppocr.report.samples.Evaluated`.
            thumbnails: :class:`ppocr.report.thumbnails.Thumbnails`.
        """
        return worst_sections(evaluated, thumbnails) if evaluated.samples else []

    def comparison_section(self, names, rows, intro: str, thumbnails):
        """Returns the section of a report that sets the samples of several runs side by side.

        Args:
            names: of the runs.
            rows: list of (name of the sample, its :meth:`compare` in each run), one or more, all of :meth:`same_truth`.
            intro: sentence to begin with.
            thumbnails: see :meth:`report_sections`.
        """
        return agreement_section(names, rows, intro, thumbnails)

    def input_shape(self, name: str, shape) -> list:
        """Returns the shape of a network's input, None for what may differ from call to call.

        Args:
            name: of the field.
            shape: of one batch of it.
        """
        free = (0, *self.free_axes) if name in IMAGES else (0,)
        return [None if axis in free else size for axis, size in enumerate(shape)]
