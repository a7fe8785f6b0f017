import os
import signal

import pytest

from ppocr.distributed import processes
from ppocr.engine.interruption import Interruption


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_end_is_asked_for(number, code):
    with Interruption() as interruption:
        assert not interruption.wants_end()
        os.kill(os.getpid(), number)
        assert interruption.wants_end() and not interruption.wants_checkpoint()
        assert interruption.exit_code() == code


def test_a_checkpoint_alone():
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGUSR1)
        assert interruption.wants_checkpoint() and not interruption.wants_end()
        assert not interruption.wants_checkpoint()


def test_a_second_interrupt_ends_the_process_at_once(monkeypatch):
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    with Interruption():
        os.kill(os.getpid(), signal.SIGINT)
        assert codes == []
        os.kill(os.getpid(), signal.SIGINT)
    assert codes == [130]


def test_the_handlers_before_come_back():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)]
    with Interruption():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)] == before


@pytest.mark.parametrize("several", [False, True])
def test_in_several_processes_one_that_fails_outlives_the_signal_of_the_launcher(monkeypatch, several):
    monkeypatch.setattr(processes, "is_distributed", lambda: several)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)}
    try:
        with pytest.raises(ZeroDivisionError), Interruption():
            raise ZeroDivisionError
        assert (signal.getsignal(signal.SIGTERM) == before[signal.SIGTERM]) is not several
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
