"""Find wrong labels by watching how a classifier learns them.

``LabelCorruptor`` plants labels that are known to be wrong, ``DynamicsCollector`` trains a
classifier and records at every epoch how it agrees with each label, and ``TransitionDetector``, or
the paper's ``DynaCorDetector``, tells wrong labels from right ones. ``make_dynacor_pipeline`` puts
the three together.
"""

from importlib import import_module

__version__ = "0.1.0"

# Importing what these stand on takes seconds, so each is imported when it is first asked for.
_LAZY = {
    "Beliefs": ".corrupted_array",
    "CorruptedArray": ".corrupted_array",
    "CorruptedCopies": ".corrupted_array",
    "CorruptedRows": ".corrupted_rows",
    "LabelCorruptor": ".corruption.label_corruptor",
    "TransitionDetector": ".detection.transition_detector",
    "DynamicsCollector": ".recording.dynamics_collector",
    "DynaCorDetector": ".detection.dynacor_detector",
    "make_dynacor_pipeline": ".pipeline",
    "report": ".reporting.report",
}

__all__ = [*_LAZY]


def __getattr__(name):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_LAZY])
