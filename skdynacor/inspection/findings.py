"""What a fitted pipeline, detector or baseline knows of the labels that it was fitted on."""

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array, issparse
from scipy.special import log_softmax
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..corrupted_array import CorruptedArray
from ..groundwork.sklearn_private import num_samples
from ..groundwork.validation import encode_known_labels, number_labels, read_labels

#: Signals whose sign tells whether the model agrees with the label.
_SIGNED = ("quantized_logit_difference", "logit_difference")

_KNOWN_BY_DETECTORS = (
    *("noise_probability", "noise_rate", "class_noise_rates", "transition", "found_copies"),
    *("suggested_labels", "suggested_label_probability"),
)


@dataclass(frozen=True, eq=False)
class Findings:
    """What is known of the labels of some rows; None stands for what is not.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        The given labels.
    codes : ndarray of shape (n_samples,), dtype int64
        The same, as positions in ``classes``.
    classes : ndarray of shape (n_classes,)
        Sorted.
    index : ndarray of shape (n_samples,)
        The caller's names of the rows, or 0 to n_samples − 1.
    flags : ndarray of shape (n_samples,), bool
    noise_score : ndarray of shape (n_samples,)
        Larger for worse labels; the noise probability where there is no other.
    noise_probability : ndarray of shape (n_samples,), default=None
    noise_rate : float, default=None
    suggested_labels : ndarray of shape (n_samples,), default=None
        The given label where a row is not flagged.
    suggested_label_probability : ndarray of shape (n_samples,), default=None
    class_noise_rates : ndarray of shape (n_classes,), default=None
    transition : ndarray of shape (n_classes, n_classes), default=None
        Probability that a row of one class (its row) has the label of another (its column).
    found_copies : float, default=None
        The estimated recall, see ``TransitionDetector``.
    dynamics : ndarray of shape (n_samples, n_epochs), default=None
        The trajectories.
    planted_dynamics : ndarray of shape (n_copies, n_epochs), default=None
        Those of the planted wrong labels.
    agreement : bool, default=False
        Whether the model agrees with a label where its trajectory is positive.
    stage_name : str, default="epoch"
        What the columns of the trajectories are: "epoch" of a net, or "stage" of another model.
    rows : ndarray or csr_array of shape (n_samples, ...), default=None
        As the model gets them.
    spaces : list of (ndarray of shape (n_samples,), callable), default=[]
        Where rows can be compared, see ``DynamicsCollector.spaces``.
    """

    labels: np.ndarray
    codes: np.ndarray
    classes: np.ndarray
    index: np.ndarray
    flags: np.ndarray
    noise_score: np.ndarray
    noise_probability: np.ndarray | None = None
    noise_rate: float | None = None
    suggested_labels: np.ndarray | None = None
    suggested_label_probability: np.ndarray | None = None
    class_noise_rates: np.ndarray | None = None
    transition: np.ndarray | None = None
    found_copies: float | None = None
    dynamics: np.ndarray | None = None
    planted_dynamics: np.ndarray | None = None
    agreement: bool = False
    stage_name: str = "epoch"
    rows: object = None
    spaces: list = field(default_factory=list)

    @property
    def worst_first(self):
        """The order of the rows, worst label first; equals stay in their order."""
        return np.lexsort([-self.noise_score, ~self.flags])


def read_findings(estimator, X, y):
    """Gather what a fitted estimator knows of the labels that it was fitted on.

    Parameters
    ----------
    estimator : Pipeline or detector
        Fitted: a pipeline that ends in a detector, a detector, or one of ``skdynacor.baselines``.
    X : array-like, data frame or sparse array of shape (n_samples, ...)
        What ``fit`` was given; with a detector of trajectories alone, the rows that these are of.
    y : array-like of shape (n_samples,)
        The given labels, as ``fit`` was given them.

    Returns
    -------
    findings : Findings

    Raises
    ------
    sklearn.exceptions.NotFittedError
    TypeError
        If the estimator is no detector.
    ValueError
        If X and y are not of as many rows as ``fit`` had, or y has other labels.
    """
    steps = (
        [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    )
    *before, detector = steps
    check_is_fitted(detector)
    if not hasattr(detector, "flags_"):
        raise TypeError(
            "Pass a fitted detector, or a pipeline that ends in one: something with flags_ once it "
            f"is fitted. Got {type(detector).__name__}."
        )
    labels = read_labels(y)
    for name, n_given in (("X", num_samples(X)), ("y", len(labels))):
        if n_given != len(detector.flags_):
            raise ValueError(
                f"{name} has {n_given} rows, but {type(detector).__name__} was fitted on "
                f"{len(detector.flags_)}. Pass the X and y of fit."
            )
    collector, rows = _walk_to_training(before, X)
    known = {name: getattr(detector, f"{name}_", None) for name in _KNOWN_BY_DETECTORS}
    if collector is not None:
        trails = CorruptedArray(collector.dynamics_, collector.copies_, collector.beliefs_)
        known["agreement"] = collector.signal in _SIGNED
        known["stage_name"] = "epoch" if hasattr(collector.classifier_, "module_") else "stage"
        known["spaces"] = collector.spaces()
    elif isinstance(X, CorruptedArray):
        trails, rows = X, None
        known["agreement"] = bool((X < 0).any())
    else:
        trails = None
    if trails is not None:
        known["dynamics"] = np.asarray(trails)
        known["planted_dynamics"] = None if trails.corrupted is None else trails.corrupted.data
    beliefs = getattr(trails, "beliefs", None)
    classes, codes = _number(labels, detector, beliefs)
    known["noise_score"] = getattr(detector, "noise_score_", known["noise_probability"])
    if known["suggested_labels"] is None:
        logits = getattr(beliefs, "logits", None)
        if hasattr(detector, "probabilities_"):
            logits = np.log(np.maximum(detector.probabilities_, np.finfo(float).tiny))
        if logits is not None:
            known |= suggest(logits, codes, classes, detector.flags_, known["noise_probability"])
    return Findings(labels, codes, classes, find_index(X, y), detector.flags_, rows=rows, **known)


def suggest(logits, codes, classes, flags, noise_probability=None):
    """Suggest the likeliest other class where a row is flagged.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
    codes : ndarray of shape (n_samples,), dtype int64
        The given labels, as positions in ``classes``.
    classes : ndarray of shape (n_classes,)
    flags : ndarray of shape (n_samples,), bool
    noise_probability : ndarray of shape (n_samples,) or None, default=None

    Returns
    -------
    suggestions : dict
        ``suggested_labels`` and ``suggested_label_probability``, both of shape (n_samples,). The
        latter is None where the noise probability is.
    """
    others = np.array(logits, dtype=np.float64)
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
    """Give the caller's own names of the rows, of X or else of y: those of pandas, or 0, 1, ..."""
    for data in (X, y):
        index = getattr(data, "index", None)
        if hasattr(index, "to_numpy"):  # a list has a method of this name
            return index.to_numpy()
    return np.arange(len(y))


def _walk_to_training(steps, X):
    """Take rows through the steps before the training; give who recorded it, and the rows."""
    for step in steps:
        if hasattr(step, "dynamics_"):
            return step, _as_rows(X)
        if step is not None and step != "passthrough":
            X = step.transform(X)
    return None, _as_rows(X)


def _as_rows(X):
    return csr_array(X) if issparse(X) else np.asarray(X)


def _number(labels, detector, beliefs):
    """Number the labels, which must be those of ``fit`` where these are known."""
    classes = getattr(detector, "classes_", None) if beliefs is None else beliefs.classes
    if classes is None:
        return number_labels(labels)
    codes = encode_known_labels(labels, classes)
    differ = [] if beliefs is None else np.flatnonzero(codes != beliefs.labels)
    if len(differ):
        row = differ[0]
        here, there = (
            some[row : row + 1].tolist()[0] for some in (labels, classes[beliefs.labels])
        )
        raise ValueError(
            f"y differs from the y of fit in {len(differ)} of {len(labels)} labels; the first is "
            f"that of row {row}: {here!r} here, {there!r} in fit. "
            "Pass the y of fit."
        )
    return classes, codes
