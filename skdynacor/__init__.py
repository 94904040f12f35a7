"""Find wrong labels by watching how a classifier learns them.

``LabelCorruptor`` plants labels that are known to be wrong, ``DynamicsCollector`` trains a
classifier and records at every epoch how it agrees with each label, and ``TransitionDetector``, or
the paper's ``DynaCorDetector``, tells wrong labels from right ones. ``make_dynacor_pipeline`` puts
the three together.
"""

from importlib import import_module

from .corrupted_array import Beliefs, CorruptedArray, CorruptedCopies
from .corrupted_rows import CorruptedRows
from .corruption.label_corruptor import LabelCorruptor
from .detection.transition_detector import TransitionDetector

__version__ = "0.1.0"

# Importing torch takes seconds, so what needs it, and what looks at results, is imported when it is
# first asked for.
_LAZY = {
    "DynamicsCollector": ".recording.dynamics_collector",
    "DynaCorDetector": ".detection.dynacor_detector",
    "make_dynacor_pipeline": ".pipeline",
    "report": ".reporting.report",
}

__all__ = [
    "Beliefs",
    "CorruptedArray",
    "CorruptedCopies",
    "CorruptedRows",
    "LabelCorruptor",
    "TransitionDetector",
    *_LAZY,
]


def __getattr__(name):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_LAZY])
