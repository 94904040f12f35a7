"""What befalls the folder of a training: kills, damage, full disks, others that write there."""

import os
import shutil
import signal
import subprocess
import time
from functools import partial

from crash_checks import (
    REFUSED,
    SAME,
    Child,
    compare,
    files_of,
    fit,
    judge,
    make_pipeline,
    make_rows,
    time_fit,
)

from skdynacor.groundwork.files import read_sealed

NOBODY = 65534


def kill(flow, rng, n, folder):
    """Kill a fit at a random moment, then make the same call again."""
    whole, seconds = time_fit(flow, folder / "whole")
    while n > 0:
        own = folder / str(n)
        child = Child(partial(fit, flow, own))
        time.sleep(rng.uniform(0, seconds))
        if end(child):
            n -= 1
            yield judge(partial(fit, flow, own), whole)
            shutil.rmtree(own, ignore_errors=True)


def kill_while_writing(flow, rng, n, folder):
    """Kill a fit while a file is half written, then make the same call again."""
    whole, _ = time_fit(flow, folder / "whole")
    n_files = len(files_of(folder / "whole"))
    while n > 0:
        own = folder / str(n)
        child, after = Child(partial(fit, flow, own)), rng.integers(0, n_files - 1)
        while not child.ended():
            files = files_of(own)
            if len(files) > after and any(path.suffix == ".part" for path in files):
                break
        if end(child) and any(path.suffix == ".part" for path in files_of(own)):
            n -= 1
            outcome = judge(partial(fit, flow, own), whole)
            left = [path.name for path in files_of(own) if path.suffix == ".part"]
            yield f"left {left}" if left else outcome
        shutil.rmtree(own, ignore_errors=True)


def end(child):
    """Kill a child; tell whether that came before its own end."""
    if child.ended():
        child.wait()
        return False
    child.signal(signal.SIGKILL)
    return child.wait() is None


def damage(flow, rng, n, folder):
    """Cut every file short and flip bits in it, n times each, and make the same call again."""
    whole, _ = time_fit(flow, folder / "whole")
    for path in files_of(folder / "whole"):
        written = path.read_bytes()
        for changed in damaged(written, rng, n):
            path.write_bytes(changed)
            yield judge(partial(fit, flow, folder / "whole"), whole, named=str(path))
        path.write_bytes(written)


def damage_weights(flow, rng, n, folder):
    """Do the same with the weights that ``keep_checkpoints`` leaves in a folder."""
    X, y, unseen = make_rows()
    collector = make_pipeline(flow)[1].set_params(keep_checkpoints=folder).fit(X, y)
    whole = [collector.transform(unseen)]
    for path in files_of(folder):
        written = path.read_bytes()
        for changed in damaged(written, rng, n):
            path.write_bytes(changed)
            yield judge(lambda: [collector.transform(unseen)], whole, named=str(path))
        path.write_bytes(written)


def damaged(written, rng, n):
    """Yield bytes cut short, and with one bit flipped, n times each."""
    for length in rng.integers(0, len(written), n):
        yield written[:length]
    for position in rng.integers(0, len(written), n):
        flipped = bytearray(written)
        flipped[position] ^= 1 << rng.integers(0, 8)
        yield flipped


def full_disk(flow, rng, n, folder):
    """Fit on a disk with too little room; make room, and make the same call again."""
    whole, _ = time_fit(flow, folder / "whole")
    n_bytes = sum(path.stat().st_size for path in files_of(folder / "whole"))
    disk = folder / "disk"
    disk.mkdir()
    for _ in range(n):
        mount(disk, int(rng.integers(4096, n_bytes // 2)))
        try:
            outcome = judge(partial(fit, flow, disk / "own"), whole, named=str(disk / "own"))
            for path in files_of(disk):
                read_sealed(path)  # none is half written
            if outcome == REFUSED:
                mount(disk, 2 * n_bytes + 2**20, "remount,")
                resumed = judge(partial(fit, flow, disk / "own"), whole)
                outcome = REFUSED if resumed == SAME else resumed
            yield outcome
        finally:
            subprocess.run(["umount", disk], check=True)


def mount(folder, n_bytes, how=""):
    """Mount a disk in memory that has room for some bytes, or change how many."""
    options = f"{how}size={n_bytes}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)


def read_only(flow, rng, n, folder):
    """Fit where nothing may be written: a new training, one that was killed, one that is done."""
    whole, seconds = time_fit(flow, folder / "done")
    for number in range(n):
        child = Child(partial(fit, flow, folder / "killed"))
        time.sleep(rng.uniform(0, seconds))
        end(child)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        for name in (f"new-{number}", "killed", "done"):
            call = partial(fit, flow, folder / name)
            judged = Child(partial(as_nobody, judge, call, whole, named=str(folder))).wait()
            yield judged or "it hangs, or ends early"
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        shutil.rmtree(folder / "killed", ignore_errors=True)


def as_nobody(call, *args, **kwargs):
    """Call as somebody who is no administrator, whom permissions bind."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
    return call(*args, **kwargs)


def two_fits(flow, rng, n, folder):
    """Fit where another process is fitting; the first one must end as if alone."""
    whole, seconds = time_fit(flow, folder / "whole")
    while n > 0:
        own = folder / str(n)
        child = Child(partial(fit, flow, own))
        time.sleep(rng.uniform(0, seconds))
        child.signal(signal.SIGSTOP)
        begun, ended = (own / "fit.lock").exists(), child.ended()
        second = judge(partial(fit, flow, own), whole, named="is in use") if begun else None
        child.signal(signal.SIGCONT)
        first = child.wait()
        if begun and not ended:
            n -= 1
            # The first may have been about to end, and have left the folder.
            yield second if compare(first, whole) == SAME else "the first was disturbed"
        shutil.rmtree(own, ignore_errors=True)


KINDS = {
    "kill": (kill, 5),
    "kill while writing": (kill_while_writing, 5),
    "damaged file": (damage, 1),
    "damaged weights": (damage_weights, 1),
    "full disk": (full_disk, 2),
    "read-only folder": (read_only, 1),
    "two fits in a folder": (two_fits, 2),
}
