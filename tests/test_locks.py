"""Locks on files, which Ctrl-C leaves closed."""

import os
import signal
import threading

import pytest
from filelock import Timeout

from skdynacor.groundwork.locks import take_lock


@pytest.fixture(autouse=True)
def handler():
    """Have Ctrl-C heard, also where pytest was started without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def press_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def open_files():
    return sorted(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are listed in /proc")
def test_ctrl_c_leaves_no_file_open_that_has_just_been_opened(tmp_path, monkeypatch, handler):
    real, before = os.open, open_files()

    def open_and_press(path, *args, **kwargs):
        number = real(path, *args, **kwargs)
        if str(path).endswith("a.lock"):
            press_ctrl_c()
        return number

    monkeypatch.setattr(os, "open", open_and_press)
    with pytest.raises(KeyboardInterrupt):
        take_lock(tmp_path / "a.lock", wait=False)
    assert open_files() == before
    assert signal.getsignal(signal.SIGINT) is handler
    monkeypatch.undo()
    with take_lock(tmp_path / "a.lock", wait=False):
        assert open_files() != before
    assert open_files() == before


def test_a_lock_is_had_once(tmp_path):
    path = tmp_path / "a.lock"
    with take_lock(path, wait=True), pytest.raises(Timeout):
        take_lock(path, wait=False)
    with take_lock(path, wait=False):
        pass


def test_who_waits_gets_it_in_the_end_or_gives_up(tmp_path):
    path, got = tmp_path / "a.lock", []

    def wait():  # in a thread, which hears of no signal
        with take_lock(path, wait=True):
            got.append("lock")

    thread = threading.Thread(target=wait)
    with take_lock(path, wait=False):
        thread.start()
        thread.join(0.2)
        assert not got
        threading.Timer(0.2, press_ctrl_c).start()
        with pytest.raises(KeyboardInterrupt):
            take_lock(path, wait=True)
    thread.join(10)
    assert got == ["lock"]
