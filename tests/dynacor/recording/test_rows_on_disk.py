"""Rows on the disk are never copied into memory as a whole: a fresh process with a hard limit."""

import subprocess
import sys

import numpy as np
import pytest

SCRIPT = """
import resource, sys
import numpy as np
import torch
from skdynacor import make_dynacor_pipeline
from skdynacor.nets import make_mlp_classifier

torch.set_num_threads(1)
folder, megabytes, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
pipe = make_dynacor_pipeline(
    make_mlp_classifier(max_epochs=1, batch_size=1024, module__hidden_units=16), random_state=0
)
rng = np.random.default_rng(0)
pipe.fit(rng.normal(size=(3000, 8)), rng.integers(0, 3, 3000))  # load all there is

with open("/proc/self/status") as status:
    data = next(int(line.split()[1]) for line in status if line.startswith("VmData"))
limit = data * 1024 + megabytes * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
X, y = np.load(folder + "/X.npy", mmap_mode="r"), np.load(folder + "/y.npy")
if mode == "copy":
    X = np.array(X)
flags = pipe.fit_predict(X, y)
assert flags.shape == (len(X),)
assert (pipe.predict(X) == flags).all()
print("done")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """400 MB of rows."""
    folder = tmp_path_factory.mktemp("disk")
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 200_000)
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", dtype=np.float32, shape=(200_000, 512))
    for start in range(0, len(X), 10_000):
        noise = rng.standard_normal((10_000, 512), dtype=np.float32)
        X[start : start + 10_000] = noise + y[start : start + 10_000, None]
    X.flush()
    np.save(folder / "y.npy", y)
    return folder


def run(folder, megabytes, mode="map"):
    command = [sys.executable, "-c", SCRIPT, str(folder), str(megabytes), mode]
    return subprocess.run(command, capture_output=True, text=True)


def test_rows_on_the_disk_stay_there(folder):
    result = run(folder, 300)
    assert result.stdout == "done\n", result.stderr


def test_the_limit_is_one(folder):
    result = run(folder, 300, "copy")
    assert result.stdout == ""
    assert "MemoryError" in result.stderr or "allocate memory" in result.stderr
