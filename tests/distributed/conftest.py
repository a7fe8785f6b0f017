"""Several processes, forked from the one that runs the tests: importing Paddle again would take seconds."""

import contextlib
import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def in_processes():
    """``in_processes(function, count) -> list``: what ``function(rank)`` returns in each of ``count`` processes.

    What is no value but an exception comes back as such; a process that ended by itself as its exit code.
    """
    return run_in_processes


@pytest.fixture(scope="session")
def launched():
    """``with launched(words) as launcher``: a launcher that is gone at the end, with what it has started."""
    return run_launcher


@contextlib.contextmanager
def run_launcher(words):
    launcher = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    launcher.children = lambda: children(launcher.pid)
    try:
        yield launcher
    finally:
        for pid in [launcher.pid, *launcher.children()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        launcher.wait()


def children(pid):
    """Numbers of the processes that one has started, the oldest first."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(folder.name))
    return sorted(found)


def run_in_processes(function, count=2, meanwhile=None, limit=120):
    """``meanwhile(pids)`` is called in the parent process once they have started."""
    readers, pids = start_processes(function, count)
    try:
        if meanwhile is not None:
            meanwhile(pids)
        return wait_for(readers, pids, limit)
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def start_processes(function, count):
    ports = [free_port() for _ in range(count + 1)]
    readers, pids = [], []
    for rank in range(count):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            act(function, rank, ports, writer)
        os.close(writer)
        readers.append(reader)
        pids.append(pid)
    return readers, pids


def wait_for(readers, pids, limit):
    outcomes, deadline = {}, time.monotonic() + limit
    while len(outcomes) < len(pids):
        for pid in set(pids) - outcomes.keys():
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                outcomes[pid] = os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            pytest.fail(f"processes still run after {limit} s; ended: {list(outcomes.values())}")
        time.sleep(0.01)
    return [received(reader, outcomes[pid]) for reader, pid in zip(readers, pids)]


def received(reader, code):
    with open(reader, "rb") as file:
        content = file.read()
    return pickle.loads(content) if content else code


def act(function, rank, ports, writer):
    """The life of one process; what it returns must fit into a pipe (64 KiB)."""
    gc.freeze()  # an exported network of another test waits, when it is destroyed, for threads that are not here
    code, content = 1, b""
    try:
        join(rank, ports)
        content = pickle.dumps(function(rank))
        code = 0
    except SystemExit as end:
        code = end.code
    except Exception as error:  # noqa: BLE001 (the test looks at it)
        traceback.print_exc()
        content = pickle.dumps(error)
    finally:
        os.write(writer, content)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def join(rank, ports):
    """Gives this process the environment that a launcher gives."""
    import paddle

    endpoints = [f"127.0.0.1:{port}" for port in ports[:-1]]
    os.environ.update(
        PADDLE_TRAINER_ID=str(rank),
        PADDLE_TRAINERS_NUM=str(len(endpoints)),
        PADDLE_CURRENT_ENDPOINT=endpoints[rank],
        PADDLE_TRAINER_ENDPOINTS=",".join(endpoints),
        PADDLE_MASTER=f"127.0.0.1:{ports[-1]}",
        PADDLE_RANK_IN_NODE=str(rank),
    )
    paddle.distributed.parallel._global_parallel_env = None  # read anew
    paddle.set_device("cpu")
    time.sleep(0.2 if rank else 0)  # Paddle waits for 3 seconds when the first process does not listen yet


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
