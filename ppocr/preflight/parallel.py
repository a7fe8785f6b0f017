"""Work that several processes share, with a progress bar."""

import contextlib
import gc
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from tqdm import tqdm

from ppocr.errors import UserError


def mapped(function, items, processes, title, progress):
    """Yields ``function(item)`` for every item, in order.

    Args:
        function: a function of a module.
        items: list of picklable values.
        processes: number of processes; 1, or a system that cannot fork, works in this one.
        title: of the progress bar.
        progress: show it.

    Raises:
        UserError: a process was killed.
    """
    with contextlib.ExitStack() as stack:
        if processes > 1 and len(items) > 1 and "fork" in multiprocessing.get_all_start_methods():
            context = multiprocessing.get_context("fork")
            pool = stack.enter_context(ProcessPoolExecutor(min(processes, len(items)), context, gc.freeze))
            results = pool.map(function, items)
        else:
            results = map(function, items)
        try:
            yield from tqdm(results, desc=title, total=len(items), disable=not progress, leave=False)
        except BrokenProcessPool:
            raise UserError(f"{title}: a worker process was killed; memory may have run out") from None
