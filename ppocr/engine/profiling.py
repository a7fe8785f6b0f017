"""A timeline of some training steps, written by Paddle's profiler."""

from typing import Literal, Optional

import paddle

from ppocr.errors import ConfigError
from ppocr.registry import bind_arguments
from ppocr.yaml_text import NotYaml, parse

# Names of PaddleOCR for the columns by which Paddle sorts its table; it cannot sort by calls.
_COLUMNS = {"total": "Total", "calls": "Total", "max": "Max", "min": "Min", "ave": "Avg"}


class StepProfiler:
    """Profiles the steps in ``batch_range`` and writes a timeline that chrome://tracing opens.

    Args:
        batch_range: first step and the step after the last, counted from the start of the process.
        profile_path: folder of the timeline.
        state: ``CPU``, ``GPU`` or ``All``.
        sorted_key: time by which the summary table is sorted, that of the GPU where one is profiled: ``total``,
            ``max``, ``min`` or ``ave``; ``calls`` is taken for ``total``.  None: no table.
        tracer_option: ``Default``, ``OpDetail`` or ``AllOpDetail``; ``Default`` records less detail.
        timer_only: only measure throughput.
        exit_on_finished: end the process after the last profiled step.
    """

    def __init__(
        self,
        batch_range: Optional[list] = None,
        profile_path: str = "./profile",
        state: Literal["CPU", "GPU", "All"] = "All",
        sorted_key: Optional[Literal["total", "calls", "max", "min", "ave"]] = None,
        tracer_option: str = "Default",
        timer_only: bool = False,
        exit_on_finished: bool = True,
    ):
        first, last = batch_range or (10, 20)
        if not 0 <= first < last:
            raise ConfigError(f"-p batch_range: must be [first, last] with first < last, not {batch_range}")
        self._last, self._steps, self._exit = last, 0, exit_on_finished
        device = "GPU" if state != "CPU" and paddle.device.get_device().startswith("gpu") else "CPU"
        self._sorted_by = sorted_key and getattr(paddle.profiler.SortedKeys, device + _COLUMNS[sorted_key])
        targets = {"CPU": [paddle.profiler.ProfilerTarget.CPU], "GPU": [paddle.profiler.ProfilerTarget.GPU]}
        self._profiler = paddle.profiler.Profiler(
            targets=targets.get(state),
            scheduler=(first, last),
            on_trace_ready=paddle.profiler.export_chrome_tracing(profile_path),
            timer_only=timer_only,
            emit_nvtx=tracer_option != "Default" and paddle.is_compiled_with_cuda(),
        )
        self._profiler.start()

    def step(self):
        """Counts a finished step; stops, and ends the process if asked to, after the last one.

        Raises:
            SystemExit: the last profiled step is done and ``exit_on_finished`` is set.
        """
        if self._steps >= self._last:
            return
        self._steps += 1
        self._profiler.step()
        if self._steps == self._last:
            self._profiler.stop()
            if self._sorted_by:
                self._profiler.summary(sorted_by=self._sorted_by)
            if self._exit:
                raise SystemExit(0)


def build_profiler(text):
    """Returns a :class:`StepProfiler` for ``key=value;key=value`` options, or None for None.

    Raises:
        ConfigError: an option is unknown or its value does not fit.
    """
    if not text:
        return None
    given = {}
    for item in text.replace(" ", "").strip(";").split(";"):
        key, equals, value = item.partition("=")
        if not equals:
            raise ConfigError(f"-p {item}: must have the form key=value;key=value")
        try:
            given[key] = parse(value)
        except NotYaml as error:
            raise ConfigError(f"-p {item}: the value is not YAML: {error}") from None
    return bind_arguments(StepProfiler, given, "the profiler").build("-p")
