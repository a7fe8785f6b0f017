"""Writing checkpoints: what is in them, and the thread that writes while training continues.

A checkpoint is four files with one prefix.  ``.pdparams`` (weights by structured name), ``.pdopt`` (optimizer and
schedule) and ``.states`` (epoch, step, best metrics) have the content that PaddleOCR gives them; ``.train_state`` is
this project's and holds what an exact resume needs besides.
"""

import queue
from pathlib import Path

import paddle

from ppocr.checkpoint.facts import TRAIN_STATE
from ppocr.checkpoint.files import MANIFEST, STATES, BackgroundWriter, delete_checkpoint, write_checkpoint
from ppocr.checkpoint.host_copy import HostBuffers, plain
from ppocr.checkpoint.networks import unwrap
from ppocr.checkpoint.optimizer_state import HALF, MASTER_WEIGHTS, NAMES_KEY, OPTIMIZER_STATE
from ppocr.checkpoint.state import TrainState
from ppocr.checkpoint.transfer import PARAMS
from ppocr.distributed import processes
from ppocr.errors import CheckpointError

NUMBERED = "iter_epoch_"


def capture(stepper, state: TrainState, trained=None, copy=paddle.Tensor.numpy) -> dict:
    """Copies everything that a checkpoint holds from a :class:`ppocr.engine.stepper.Stepper` to the host.

    Args:
        stepper: holds model, optimizer, schedule, mixed precision and averaging.
        state: the counters.
        trained: the trained weights where the model holds averaged ones at the moment.
        copy: function that copies a tensor into an array.
    """
    live = unwrap(stepper.model).state_dict()
    optimizer = plain(stepper.optimizer.state_dict(), copy)
    masters = optimizer.get(MASTER_WEIGHTS, {})
    exact = {name: masters.get(tensor.name, tensor) for name, tensor in live.items()}
    best = {**exact, **stepper.averaging.average()} if trained else exact
    weights = {name: _in_float32(value, copy) for name, value in best.items()}
    weights[NAMES_KEY] = {name: tensor.name for name, tensor in live.items()}
    trained = {name: _in_float32(value, copy) for name, value in (trained or {}).items()}
    states = {"best_model_dict": dict(state.best), "epoch": state.epoch, "global_step": state.global_step}
    extra = {
        "format": 1,
        "counters": state.to_dict(),
        "scaler": plain(stepper.amp.state_dict(), copy),
        "averaging": plain(stepper.averaging.state_dict(), copy),
        "trained_weights": trained or None,
    }
    return {PARAMS: weights, OPTIMIZER_STATE: optimizer, STATES: states, TRAIN_STATE: extra}


def _in_float32(value, copy):
    """Returns an array of a weight, in float32 where the model has it in half precision."""
    if isinstance(value, paddle.Tensor) and value.dtype in HALF:
        return value.astype("float32").numpy()
    return copy(value) if isinstance(value, paddle.Tensor) else value


class Checkpointer:
    """Saves the checkpoints of one run: ``latest``, ``iter_epoch_N`` and ``best_accuracy``.

    Training waits only while everything is copied; a thread writes.  If a checkpoint could not be written, that is
    logged at the next step and training continues: the previous one is still there.  If the last one of a run fails,
    that is an error.  A context: what is being written at its end is finished, even if training has failed.

    Args:
        folder: ``Global.save_model_dir``.
        stepper: what is saved.
        logger: every checkpoint is logged to it.
        enabled: False in processes other than the first; these wait until the first has handed over what is saved.
        run_info: plain values that describe the run; a resumed run is compared with them.
        extra_state: ``{name: object with state_dict()}`` of whatever else is to be restored.
        keep_last: number of ``iter_epoch_N`` to keep; 0 keeps all.
    """

    def __init__(self, folder, stepper, logger, enabled=True, run_info=None, extra_state=None, keep_last=0):
        self._folder, self._stepper, self._logger, self._enabled = Path(folder), stepper, logger, enabled
        self._run_info, self._extra_state, self._keep_last = run_info or {}, extra_state or {}, keep_last
        self._writer = BackgroundWriter()
        self._free = queue.SimpleQueue()  # buffers that no checkpoint on its way uses

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._writer.wait()

    def save_latest(self, state, numbered: bool = False):
        """Saves where the run stands; ``numbered``: as ``iter_epoch_N`` too, which is kept."""
        self._save(state, None, "save model in", ["latest"] + ([f"{NUMBERED}{state.epoch}"] if numbered else []))

    def save_best(self, state, trained=None):
        """Saves the weights that have just been evaluated; ``trained``: see :func:`capture`."""
        self._save(state, trained, "save best model is to", ["best_accuracy"])

    def save_at_once(self, state):
        """Saves where the run stands, as ``latest``, before it ends in an error; waits for no other process."""
        self._stepper.resolve_pending()
        if self._enabled:
            self._submit(state, None, "save model in", ["latest"])
            self._writer.wait()
            self.report_errors()

    def report_errors(self):
        """Logs what went wrong in the background since the last call; returns the last error, or None."""
        last = None
        while (error := self._writer.error()) is not None:
            self._logger.error("%s; training continues, the previous checkpoint is still there", error)
            last = error
        return last

    def finish(self):
        """Waits for the last checkpoint.

        Raises:
            CheckpointError: it could not be written.
        """
        self._writer.wait()
        error = self.report_errors()
        if error is not None:
            raise error if isinstance(error, CheckpointError) else CheckpointError(f"{self._folder}: {error}")

    def _save(self, state, trained, words, names):
        self._stepper.resolve_pending()  # every checkpoint holds weights that are known to be finite
        if self._enabled:
            self._submit(state, trained, words, names)
        processes.barrier()  # a slow disk may hold up the first one longer than a collective waits for it

    def _submit(self, state, trained, words, names):
        buffers = HostBuffers() if self._free.empty() else self._free.get()
        buffers.restart()
        contents = capture(self._stepper, state, trained, buffers.copy)
        contents[TRAIN_STATE]["run"] = self._run_info
        contents[TRAIN_STATE]["parts"] = {n: plain(p.state_dict(), buffers.copy) for n, p in self._extra_state.items()}
        self._writer.submit(lambda: self._write(names, contents, buffers))
        for name in names:
            self._logger.info("%s %s", words, self._folder / name)

    def _write(self, names, contents, buffers):
        """Writes one captured state under several names; runs in the background."""
        try:
            for name in names:
                if name.startswith(NUMBERED):
                    contents = {**contents, STATES: {**contents[STATES], "done_flag": False}}
                counters = contents[TRAIN_STATE]["counters"]
                write_checkpoint(self._folder / name, contents, counters, keep_previous=name == "latest")
        finally:
            self._free.put(buffers)
        if self._keep_last:
            self._delete_old()

    def _delete_old(self):
        numbered = [(path, _number(path)) for path in self._folder.glob(f"{NUMBERED}*{MANIFEST}")]
        for path, _ in sorted(numbered, key=lambda item: -item[1])[self._keep_last :]:
            delete_checkpoint(str(path)[: -len(MANIFEST)])


def _number(path):
    text = path.name[len(NUMBERED) : -len(MANIFEST)]
    return int(text) if text.isdigit() else -1
