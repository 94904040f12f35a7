"""Training a scikit-learn classifier that learns in stages, and recording each stage."""

import copy
import warnings
from os import PathLike

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import get_tags

from ..groundwork.progress_bar import SILENCE
from ..groundwork.random_numbers import draw_random_state
from ..groundwork.sparse_rows import stack_rows
from .checkpoints import make_checkpoints
from .progress import share_that_agree
from .recordings import Recording
from .signals import logits_from_log_odds, logits_from_probabilities

# Logits held at a time: 64 MiB of them.
LOGITS_AT_ONCE = 2**24

#: Methods whose outputs become logits, the better first: a classifier predicts the class of the
#: largest decision value, also where several probabilities are rounded to 1.
_OUTPUTS = ("decision_function", "predict_proba")


class TrainedStages:
    """A classifier that can put out any of its stages again, as boosting does.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Fitted.
    output : {"decision_function", "predict_proba"}
        What its method ``staged_<output>`` yields.
    n_classes : int
    n_stages : int
        How many stages to keep, at most.
    sample : ndarray of shape (1, n_features)
        Any row, to count the stages with.
    """

    averages_stages = True

    def __init__(self, classifier, output, n_classes, n_stages, sample):
        self.classifier = classifier
        self.output = output
        self.kept = spread(sum(1 for _ in self._outputs(sample)), n_stages)
        #: How many rows to ask the logits of: those of all stages are held together.
        self.rows_at_once = max(1, LOGITS_AT_ONCE // (len(self.kept) * n_classes))

    def staged_logits(self, X):
        """Yield the logits of rows at each kept stage, (n_samples, n_classes), the last first."""
        return reversed(list(self.logits_in_order(X)))

    def logits_in_order(self, X):
        """Yield the logits of rows at each kept stage, (n_samples, n_classes), the first first."""
        for stage, outputs in enumerate(self._outputs(X), start=1):
            if stage in self.kept:
                yield to_logits(outputs, self.output)

    def _outputs(self, X):
        return getattr(self.classifier, f"staged_{self.output}")(X)


class TrainedCopies:
    """A classifier, with a copy of it as it was after each stage.

    Parameters
    ----------
    classifier : scikit-learn classifier
    checkpoints : sequence of scikit-learn classifier
    """

    averages_stages = True
    rows_at_once = 65536  # to ask the logits of

    def __init__(self, classifier, checkpoints):
        self.classifier = classifier
        self.checkpoints = checkpoints

    def staged_logits(self, X):
        """Yield the logits of rows after each stage, (n_samples, n_classes), the last first."""
        return (logits_of(classifier, X) for classifier in reversed(self.checkpoints))


def record_stages(
    classifier,
    X,
    copies,
    labels,
    n_classes,
    *,
    signals,
    n_stages,
    seed,
    told,
    keep=True,
    progress=SILENCE,
):
    """Train a scikit-learn classifier once and record the signals of every row at every stage.

    NOTE[DIFF]: signals are taken when a stage is done, since scikit-learn hands out nothing of its
    forward passes; those of a net come from the very step that a row takes part in.

    Parameters
    ----------
    classifier : scikit-learn classifier
    X : ndarray or csr_array of shape (n_samples, n_features)
    copies : ndarray or csr_array of shape (n_copies, n_features)
    labels : ndarray of shape (n_samples + n_copies,), dtype int64
        From 0 to n_classes − 1.
    n_classes : int
    signals : list of callable
        ``(logits, labels) -> (n,)``.
    n_stages : int
        How many stages to keep, at most.
    seed : int
    told : ndarray of shape (n_trained,)
        Positions of the rows and copies to train on, in the order to train in; all are judged.
    keep : bool, default=True
        Whether to keep copies of a classifier that cannot put out its stages again.
    progress : Report or Silence, default=SILENCE
        Is told of every stage. Those that a classifier puts out again come at once, when it is
        fitted.

    Returns
    -------
    recording : Recording
        Of ``TrainedStages`` or ``TrainedCopies``; its logits are means over the stages.

    Raises
    ------
    ValueError
        If the classifier does not learn in stages, or not from all rows; if rows have more than
        one dimension; if outputs are not finite, or a signal is NaN.
    """
    rng = np.random.default_rng(seed)
    model = prepare(classifier, X, rng)
    arranged = told_first(told, len(labels))
    rows, labels = stack_rows(X, copies, arranged[: X.shape[0]]), labels[arranged]
    examples = rows[: len(told)], labels[: len(told)]
    output = staged_output(model)
    progress.begin()
    if output is not None:
        model.fit(*examples)
        trained = TrainedStages(model, output, n_classes, n_stages, rows[:1])
        n_kept = len(trained.kept)
        judged = (
            (stage, part, logits)
            for part in parts(len(labels), trained.rows_at_once)
            for stage, logits in enumerate(trained.logits_in_order(rows[part]))
        )
    else:
        settings = warm_starts(model, n_stages)
        if hasattr(model, "partial_fit"):
            n_kept, stages = n_stages, fit_in_part(model, *examples, n_stages, rng)
        else:
            n_kept, stages = len(settings), fit_again(model, *examples, settings)
        trained = TrainedCopies(model, make_checkpoints(keep))
        judged = (
            (stage, part, logits_of(state, rows[part]))
            for stage, state in enumerate(kept_in(trained.checkpoints, stages))
            for part in parts(len(labels), max(1, LOGITS_AT_ONCE // n_classes))
        )
    record = np.empty((len(signals), len(labels), n_kept), dtype=np.float32)
    means = np.zeros((len(labels), n_classes), dtype=np.float32)
    given = torch.from_numpy(labels)
    looked_at = slice(len(told) if len(told) < X.shape[0] else 0, X.shape[0])

    def agreement():
        return share_that_agree(means[looked_at], labels[looked_at])

    for stage, part, logits in judged:
        means[part] += logits.numpy() / n_kept
        for signal, trails in zip(signals, record, strict=True):
            trails[part, stage] = signal(logits, given[part]).numpy()
        if part.stop >= len(labels):
            progress.reach((stage + 1) / n_kept, f"stage {stage + 1}/{n_kept}", agreement)
    check_signals(record)
    places = np.argsort(arranged)
    return Recording(trained, record[:, places], means[places])


def told_first(told, n_rows):
    """Give the positions of all rows and copies, those first that a training is told of."""
    return np.append(told, np.setdiff1d(np.arange(n_rows), told))


def check_signals(record):
    """Check that no signal is NaN.

    Raises
    ------
    ValueError
    """
    if np.isnan(record).any():
        raise ValueError("A signal is NaN for some rows; it must be finite for all of them.")


# --- the classifier ----------------------------------------------------------------------------


def prepare(classifier, X, rng):
    """Clone a classifier that can be recorded, seed it, and let it train on all rows.

    Raises
    ------
    ValueError
        If it cannot be recorded.
    TypeError
        If rows are sparse, and it takes none.
    """
    model = clone(classifier)
    if not (is_classifier(model) and learns_in_stages(model)):
        raise ValueError(
            f"{model!r} does not learn in stages that can be recorded. Pass a skorch net, or a "
            "scikit-learn classifier that has staged_decision_function or staged_predict_proba "
            "(HistGradientBoostingClassifier), partial_fit (SGDClassifier, MLPClassifier), or "
            "warm_start with n_estimators or max_iter (RandomForestClassifier)."
        )
    if X.ndim != 2 and not get_tags(model).input_tags.three_d_array:
        raise ValueError(
            f"{type(model).__name__} takes rows of features; X has shape {X.shape}. Flatten its "
            "rows with X.reshape(len(X), -1), or pass a skorch net."
        )
    if issparse(X) and not get_tags(model).input_tags.sparse:
        raise TypeError(
            f"{type(model).__name__} takes no sparse rows. Pass X.toarray() if memory allows, or a "
            "classifier that takes them, as SGDClassifier, RandomForestClassifier and nets do."
        )
    _keep_all_rows(model)
    unset = [
        name
        for name, value in sorted(model.get_params().items())
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return model.set_params(**{name: draw_random_state(rng) for name in unset})


def refuse_folders(classifier, **params):
    """Refuse parameters that name a folder: a net's training alone is saved in one.

    Raises
    ------
    ValueError
    """
    for name, value in params.items():
        if isinstance(value, str | PathLike):
            instead = {"checkpoint_dir": None, "keep_checkpoints": True}[name]
            raise ValueError(
                f"{name}={str(value)!r} saves the training of a skorch net; the classifier is "
                f"{type(classifier).__name__}. Set {name}={instead}."
            )


def learns_in_stages(model):
    """Tell whether one of the ways to record a classifier is open."""
    if staged_output(model) is not None:
        return True
    can_go_on = hasattr(model, "partial_fit") or warm_starts(model, n_stages=1)
    return bool(can_go_on) and any(hasattr(model, output) for output in _OUTPUTS)


def staged_output(model):
    """Name what the classifier puts out of its stages: an entry of ``_OUTPUTS``, or None."""
    return next((output for output in _OUTPUTS if hasattr(model, f"staged_{output}")), None)


def warm_starts(model, n_stages):
    """List the parameters to fit with, one after the other; empty where no warm start helps."""
    params = model.get_params(deep=False)
    if "warm_start" not in params or params.get("solver") == "liblinear":  # which starts cold
        return []
    if "n_estimators" in params:
        sizes = spread(params["n_estimators"], n_stages)
        return [{"warm_start": True, "n_estimators": size} for size in sizes]
    # A warm start goes on for max_iter iterations more.
    return [{"warm_start": True, "max_iter": 1}] * n_stages if "max_iter" in params else []


def _keep_all_rows(model):
    params = model.get_params(deep=False)
    if params.get("early_stopping") == "auto":
        model.set_params(early_stopping=False)
    elif params.get("early_stopping"):
        _refuse_to_stop("early_stopping=True", "early_stopping=False")
    elif "early_stopping" not in params and params.get("n_iter_no_change") is not None:
        _refuse_to_stop(f"n_iter_no_change={params['n_iter_no_change']}", "n_iter_no_change=None")


def _refuse_to_stop(setting, instead):
    raise ValueError(
        f"The classifier holds rows out of its training, to stop early ({setting}); rows held out "
        f"leave no trail. Set {instead}."
    )


# --- its training ------------------------------------------------------------------------------


def fit_in_part(model, rows, labels, n_stages, rng):
    """Call ``partial_fit`` on all rows, in a new order each time; yield a copy after each."""
    classes = np.unique(labels)
    for _ in range(n_stages):
        order = rng.permutation(len(labels))
        model.partial_fit(rows[order], labels[order], classes=classes)
        yield copy.deepcopy(model)


def fit_again(model, rows, labels, settings):
    """Fit with one setting after the other, each from where the last ended; yield copies."""
    for setting in settings:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is meant to stop before
            model.set_params(**setting).fit(rows, labels)
        # What an ensemble has grown stays as it is, so that its copies may share it.
        grown = model.estimators_ if "n_estimators" in setting else ()
        yield copy.deepcopy(model, {id(part): part for part in grown})


def kept_in(checkpoints, stages):
    """Hand on each stage and keep it."""
    for stage in stages:
        checkpoints.append(stage)
        yield stage


def spread(n, n_kept):
    """Pick at most ``n_kept`` of the numbers 1 to n, evenly spread, n among them."""
    n_kept = min(n, n_kept)
    return [k * n // n_kept for k in range(1, n_kept + 1)]


def parts(n_rows, size):
    """Cut rows into slices of at most ``size``."""
    return [slice(start, start + size) for start in range(0, n_rows, size)]


# --- its outputs -------------------------------------------------------------------------------


def logits_of(model, X):
    """Give the logits of rows, (n_samples, n_classes)."""
    output = next(output for output in _OUTPUTS if hasattr(model, output))
    with np.errstate(all="ignore"):  # what comes of it is refused by name
        return to_logits(getattr(model, output)(X), output)


def to_logits(outputs, output):
    """Turn an array that a method named ``output`` gave into logits, (n_samples, n_classes).

    Raises
    ------
    ValueError
        If they are not finite in single precision.
    """
    outputs = torch.tensor(outputs, dtype=torch.float32)
    if not outputs.isfinite().all():
        raise ValueError(
            f"The classifier's {output} gives numbers that are not finite: scale the features, for "
            "instance with StandardScaler."
        )
    if output == "predict_proba":
        return logits_from_probabilities(outputs)
    # Two classes have one column, the log-odds of the second.
    return logits_from_log_odds(outputs) if outputs.numel() == len(outputs) else outputs
