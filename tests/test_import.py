"""Importing the package is cheap."""

import subprocess
import sys

import pytest

import skdynacor

HEAVY = ["torch", "skorch", "matplotlib"]  # scikit-learn itself loads pandas


def loaded_after(code):
    check = f"; import sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code + check], capture_output=True, text=True, check=True
    )
    return result.stdout.split()


@pytest.mark.parametrize(
    "code",
    [
        "import skdynacor",
        "from skdynacor import LabelCorruptor, CorruptedArray, find_label_issues",
        "import skdynacor.datasets, skdynacor.model_selection, skdynacor.inspection",
        "from skdynacor import report",
        "import skdynacor; dir(skdynacor)",
    ],
)
def test_nothing_heavy_is_imported(code):
    assert loaded_after(code) == []


def test_the_command_starts_at_once():
    code = "import sys, skdynacor.command_line.main; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_test_above_can_fail():
    assert set(loaded_after("from skdynacor import DynaCorDetector")) >= {"torch"}


def test_all_names_can_be_had():
    for name in skdynacor.__all__:
        assert name in dir(skdynacor)
        assert getattr(skdynacor, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Detector'"):
        _ = skdynacor.Detector
