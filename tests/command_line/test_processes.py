"""The command as a process of its own: pipes and signals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

#: Has Ctrl-C interrupt a child also where these tests were started in the background, whose
#: children ignore it.
HEEDS_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


def test_the_script_is_the_module():
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert 'skdynacor = "skdynacor.command_line.main:main"' in project


def test_a_closed_pipe_is_no_failure(mixed_csv, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    path = tmp_path / "issues.csv"
    command = [sys.executable, "-m", "skdynacor", "find", str(mixed_csv), "--label", "label"]
    command += ["--out", str(path), "--fail-above", "0.01"]
    result = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert result.returncode == 3  # as with an open pipe
    assert len(result.stderr.splitlines()) == 1  # of the column that was left out
    assert path.exists()


def test_ctrl_c_ends_the_training_in_one_line(noisy_blobs, tmp_path):
    X, y, _ = noisy_blobs
    np.savez(tmp_path / "a.npz", X=X, y_given=y)
    # A hook reports when the net is about to train.
    watch = (
        "import sys, skorch; before = skorch.NeuralNet.notify\n"
        "def notify(self, name, **kwargs):\n"
        "    if name == 'on_epoch_begin': print('training', flush=True)\n"
        "    return before(self, name, **kwargs)\n"
        "skorch.NeuralNet.notify = notify\n"
        "from skdynacor.command_line.main import main; sys.exit(main())"
    )
    args = ["find", tmp_path / "a.npz", "--out", tmp_path / "issues.csv"]
    process = subprocess.Popen(
        [sys.executable, "-c", HEEDS_CTRL_C + watch, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "training\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "skdynacor: error: interrupted\n"
    assert [each.name for each in tmp_path.iterdir()] == ["a.npz"]
