"""Find label errors.

``LabelErrorDetector`` scores labels with out-of-sample class probabilities and a noise model;
``find_label_issues`` does the same with probabilities that you have. ``make_dynacor_pipeline`` puts
together the paper's method: ``LabelCorruptor`` adds copies with wrong labels, ``DynamicsCollector``
trains a classifier and records its dynamics, and ``DynaCorDetector`` clusters them.
"""

from importlib import import_module

__version__ = "0.1.0"

# Their dependencies take seconds to import, so each is imported at its first use.
_LAZY = {
    "CorruptedArray": ".dynacor.corrupted_array",
    "CorruptedCopies": ".dynacor.corrupted_array",
    "DynaCorDetector": ".dynacor.detection.dynacor_detector",
    "DynamicsCollector": ".dynacor.recording.dynamics_collector",
    "LabelCorruptor": ".dynacor.corruption.label_corruptor",
    "LabelErrorDetector": "._label_error_detector",
    "OutOfSampleEnsemble": ".out_of_sample.ensemble",
    "find_label_issues": "._find_label_issues",
    "make_dynacor_pipeline": ".dynacor.pipeline",
    "report": ".reporting.report",
}

__all__ = [*_LAZY]


def __getattr__(name):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_LAZY])
