"""Results of fitted pipelines, detectors and baselines, in one form."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.sparse import csr_array, issparse
from scipy.special import log_softmax
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..dynacor.corrupted_array import CorruptedArray
from ..utils.sklearn_private import num_samples
from ..utils.validation import encode_known_labels, number_labels, read_labels

#: Signals that are positive where the model predicts the label.
_SIGNED = ("quantized_logit_difference", "logit_difference")

#: Attributes of detectors, less the underscore; those missing are None.
_OF_DETECTORS = (
    *("noise_probability", "noise_rate", "class_noise_rates", "transition_matrix"),
    *("injected_recall", "suggested_labels", "suggested_label_probability", "log_probs"),
    *("noise_rate_interval", "learnability", "duplicated_share", "status", "verdicts"),
    *("precision_interval", "recall_interval", "n_remaining", "verdicts_needed"),
)


@dataclass(frozen=True, eq=False)
class Findings:
    """Results for the labels of ``fit``; None where the detector has none.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        The given labels.
    codes : ndarray of shape (n_samples,), dtype int64
        The same, as positions in ``classes``.
    classes : ndarray of shape (n_classes,)
        Sorted.
    index : ndarray of shape (n_samples,)
        The index of the caller's data, or 0 to n_samples − 1.
    flags : ndarray of shape (n_samples,), bool
    noise_score : ndarray of shape (n_samples,)
        Larger for worse labels; the noise probability where there is no other.
    noise_probability : ndarray of shape (n_samples,), default=None
    noise_rate : float, default=None
    noise_rate_interval : tuple of (float, float), default=None
        See ``LabelErrorDetector``, as for the next two.
    learnability : Learnability, default=None
    duplicated_share : float, default=None
    status : ndarray of shape (n_samples,), str, default=None
        "wrong", "in doubt" or "fine", see ``LabelErrorDetector``, as for the next five.
    verdicts : ndarray of shape (n_samples,), int, default=None
    reviewed_flags : tuple of (int, int), default=None
        Number of rows with a verdict that were flagged without it, and of those that are wrong.
    precision_interval, recall_interval : tuple of (float, float), default=None
    n_remaining : float, default=None
    verdicts_needed : int, default=None
    suggested_labels : ndarray of shape (n_samples,), default=None
        The given label where a row is not flagged.
    suggested_label_probability : ndarray of shape (n_samples,), default=None
    class_noise_rates : ndarray of shape (n_classes,), default=None
    transition_matrix : ndarray of shape (n_classes, n_classes), default=None
        Probability that a row of one class (its row) has the label of another (its column).
    injected_recall : float, default=None
        See ``LabelErrorDetector``.
    log_probs : ndarray of shape (n_samples, n_classes), default=None
        Log-probabilities of the classes.
    dynamics : ndarray of shape (n_samples, n_epochs), default=None
        The training dynamics.
    copies_dynamics : ndarray of shape (n_copies, n_epochs), default=None
        Those of the corrupted copies.
    agreement : bool, default=False
        Whether the model agrees with a label where its trajectory is positive.
    stage_name : str, default="epoch"
        Name of a column of the dynamics: "epoch" of a net, or "stage" of another model.
    transformed : ndarray or csr_array of shape (n_samples, ...), default=None
        X after the steps before the model.
    representations : list of (ndarray of shape (n_samples,), callable), default=[]
        See ``OutOfSampleEnsemble.representations``.
    """

    labels: np.ndarray
    codes: np.ndarray
    classes: np.ndarray
    index: np.ndarray
    flags: np.ndarray
    noise_score: np.ndarray
    noise_probability: np.ndarray | None = None
    noise_rate: float | None = None
    noise_rate_interval: tuple | None = None
    learnability: object = None
    duplicated_share: float | None = None
    status: np.ndarray | None = None
    verdicts: np.ndarray | None = None
    reviewed_flags: tuple | None = None
    precision_interval: tuple | None = None
    recall_interval: tuple | None = None
    n_remaining: float | None = None
    verdicts_needed: int | None = None
    suggested_labels: np.ndarray | None = None
    suggested_label_probability: np.ndarray | None = None
    class_noise_rates: np.ndarray | None = None
    transition_matrix: np.ndarray | None = None
    injected_recall: float | None = None
    log_probs: np.ndarray | None = None
    dynamics: np.ndarray | None = None
    copies_dynamics: np.ndarray | None = None
    agreement: bool = False
    stage_name: str = "epoch"
    transformed: object = None
    representations: list = field(default_factory=list)

    @property
    def is_reviewed(self):
        """Whether there are verdicts."""
        return self.verdicts is not None and bool((self.verdicts >= 0).any())

    @property
    def worst_first(self):
        """Positions of the rows, worst label first."""
        return np.lexsort([-self.noise_score, ~self.flags])


def read_findings(estimator, X, y):
    """Read the results of a fitted detector, pipeline or baseline, for the X and y of ``fit``."""
    steps = [s for _, s in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    *before, detector = steps
    check_is_fitted(detector)
    if not hasattr(detector, "flags_"):
        raise TypeError(
            "Pass a fitted detector, or a pipeline that ends in one; it must have flags_. Got "
            f"{type(detector).__name__}."
        )
    labels = read_labels(y)
    for name, n_given in (("X", num_samples(X)), ("y", len(labels))):
        if n_given != len(detector.flags_):
            raise ValueError(
                f"{name} has {n_given} rows, but {type(detector).__name__} was fitted on "
                f"{len(detector.flags_)}. Pass the X and y of fit."
            )
    known = {name: getattr(detector, f"{name}_", None) for name in _OF_DETECTORS}
    known["reviewed_flags"] = getattr(detector, "_reviewed_flags", None)
    collector, known["transformed"] = _transform_until_dynamics(before, X)
    fitted = detector
    if collector is not None:
        fitted, dynamics = collector, CorruptedArray(collector.dynamics_, collector.copies_)
        known["log_probs"] = collector.log_probs_
        known["agreement"] = collector.signal in _SIGNED
        known["stage_name"] = "epoch" if hasattr(collector.estimator_, "module_") else "stage"
    elif isinstance(X, CorruptedArray):
        dynamics, known["transformed"] = X, None
        known["agreement"] = bool((X < 0).any())
    else:
        dynamics = None
    if hasattr(fitted, "representations"):
        known["representations"] = fitted.representations()
    if dynamics is not None:
        known["dynamics"] = np.asarray(dynamics)
        copies = dynamics.corrupted
        known["copies_dynamics"] = None if copies is None else copies.data
    classes, codes = _number(labels, fitted)
    known["noise_score"] = getattr(detector, "noise_score_", known["noise_probability"])
    if hasattr(detector, "probabilities_"):
        probabilities = np.maximum(detector.probabilities_, np.finfo(float).tiny)
        known["log_probs"] = np.log(probabilities)
    if known["suggested_labels"] is None and known["log_probs"] is not None:
        known |= _suggest(
            known["log_probs"], codes, classes, detector.flags_, known["noise_probability"]
        )
    return Findings(labels, codes, classes, find_index(X, y), detector.flags_, **known)


def suggest_alternatives(findings, rows):
    """Suggest the likeliest other class for ``rows`` that are not flagged, too."""
    rows = rows[~findings.flags[rows]]
    if findings.log_probs is None or findings.suggested_labels is None or not len(rows):
        return findings
    others = np.array(findings.log_probs[rows], dtype=np.float64)
    others[np.arange(len(rows)), findings.codes[rows]] = -np.inf
    labels = findings.suggested_labels.copy()
    labels[rows] = findings.classes[others.argmax(axis=1)]
    probability = findings.suggested_label_probability
    if probability is not None and findings.noise_probability is not None:
        probability = probability.copy()
        share = np.exp(log_softmax(others, axis=1).max(axis=1))
        probability[rows] = findings.noise_probability[rows] * share
    return replace(findings, suggested_labels=labels, suggested_label_probability=probability)


def _suggest(log_probs, codes, classes, flags, noise_probability):
    """Suggest the likeliest other class where a row is flagged, as fields of ``Findings``."""
    others = np.array(log_probs, dtype=np.float64)
    others[np.arange(len(codes)), codes] = -np.inf
    suggested = np.where(flags, others.argmax(axis=1), codes)
    probability = None
    if noise_probability is not None:
        share = np.exp(log_softmax(others, axis=1).max(axis=1))
        probability = np.where(flags, noise_probability * share, 1 - noise_probability)
    return {
        "suggested_labels": classes[suggested],
        "suggested_label_probability": probability,
    }


def find_index(X, y):
    """Give the pandas index of X, else of y, else 0, 1, ..."""
    for data in (X, y):
        index = getattr(data, "index", None)
        if hasattr(index, "to_numpy"):  # a list has a method of this name
            return index.to_numpy()
    return np.arange(len(y))


def _transform_until_dynamics(steps, X):
    """Give the ``DynamicsCollector`` among the steps, or None, and X after the steps before."""
    for step in steps:
        if hasattr(step, "dynamics_"):
            break
        if step is not None and step != "passthrough":
            X = step.transform(X)
    else:
        step = None
    return step, csr_array(X) if issparse(X) else np.asarray(X)


def _number(labels, fitted):
    """Number the labels, which must be those of ``fit`` where these are known."""
    classes = getattr(fitted, "classes_", None)
    if classes is None:
        return number_labels(labels)
    codes = encode_known_labels(labels, classes, len(labels))
    of_fit = getattr(fitted, "_label_codes", codes)
    differ = np.flatnonzero(codes != of_fit)
    if len(differ):
        row = differ[0]
        here, there = (some[row : row + 1].tolist()[0] for some in (labels, classes[of_fit]))
        raise ValueError(
            f"y differs from the y of fit in {len(differ)} of {len(labels)} labels; the first is "
            f"that of row {row}: {here!r} here, {there!r} in fit. Pass the y of fit."
        )
    return classes, codes
