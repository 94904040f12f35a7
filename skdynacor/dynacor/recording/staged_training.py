"""Training a scikit-learn classifier in stages, and recording the signals of every row at each."""

import copy
import warnings
from os import PathLike

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import get_tags

from ...training.checkpoints import make_checkpoints
from ...training.logits import logits_from_log_odds, logits_from_probabilities
from ...utils.progress import no_progress
from ...utils.random_numbers import set_random_states
from ...utils.sparse_rows import stack_rows

# Logits held at a time: 64 MiB of them.
_LOGITS_AT_ONCE = 2**24

#: Methods whose outputs become logits, the better first: a classifier predicts the class of the
#: largest decision value, also where several probabilities are rounded to 1.
_OUTPUTS = ("decision_function", "predict_proba")


class TrainedStages:
    """A fitted classifier with a method ``staged_<output>``, as boosting has.

    ``n_stages`` is how many stages to keep at most; they are counted with any ``sample``, (1,
    n_features).
    """

    def __init__(self, model, output, n_stages, sample):
        self.model = model
        self.output = output
        self.kept = spread(sum(1 for _ in self._outputs(sample)), n_stages)

    @property
    def n_stages(self):
        return len(self.kept)

    def logits_in_order(self, X):
        """Yield the logits at each kept stage, (n_samples, n_classes), the first first."""
        for stage, outputs in enumerate(self._outputs(X), start=1):
            if stage in self.kept:
                yield outputs_to_logits(outputs, self.output)

    def staged_logits(self, X):
        """Yield the same, the last first."""
        return reversed(list(self.logits_in_order(X)))

    def _outputs(self, X):
        return getattr(self.model, f"staged_{self.output}")(X)


class TrainedCopies:
    """A classifier, with a copy after each stage."""

    def __init__(self, model, checkpoints):
        self.model = model
        self.checkpoints = checkpoints

    def staged_logits(self, X):
        """Yield the logits of rows after each stage, (n_samples, n_classes), the last first."""
        return (logits_of(model, X) for model in reversed(self.checkpoints))


def record_stages(
    estimator,
    X,
    copies,
    labels,
    n_classes,
    *,
    signals,
    n_stages,
    seed,
    keep=True,
    advance=no_progress,
):
    """Train a scikit-learn classifier, and record the signals of every row at every stage.

    NOTE[DIFF]: signals are taken when a stage is done, since scikit-learn does not expose its
    forward passes; those of a net come from the training step of the row.

    At most ``n_stages`` of its stages are kept; copies of a classifier without ``staged_*`` methods
    only if ``keep``.

    Returns the ``TrainedStages`` or ``TrainedCopies``, the record, (n_signals, n_rows, n_stages),
    and mean logits over the stages, (n_rows, n_classes).
    """
    rng = np.random.default_rng(seed)
    model = clone_for_stages(estimator, X, rng)
    rows = stack_rows(X, copies)
    output = staged_output(model)
    if output is not None:
        model.fit(rows, labels)
        trained = TrainedStages(model, output, n_stages, rows[:1])
        n_kept = trained.n_stages
        parts = _slices(len(labels), max(1, _LOGITS_AT_ONCE // (n_kept * n_classes)))
        outputs = (
            (stage, part, logits)
            for part in parts
            for stage, logits in enumerate(trained.logits_in_order(rows[part]))
        )
    else:
        settings = warm_starts(model, n_stages)
        if hasattr(model, "partial_fit"):
            n_kept, stages = n_stages, fit_in_part(model, rows, labels, n_stages, rng)
        else:
            n_kept, stages = len(settings), fit_again(model, rows, labels, settings)
        trained = TrainedCopies(model, make_checkpoints(keep))
        parts = _slices(len(labels), max(1, _LOGITS_AT_ONCE // n_classes))
        outputs = (
            (stage, part, logits_of(state, rows[part]))
            for stage, state in enumerate(_keep(trained.checkpoints, stages))
            for part in parts
        )
    record = np.empty((len(signals), len(labels), n_kept), dtype=np.float32)
    means = np.zeros((len(labels), n_classes), dtype=np.float32)
    given = torch.from_numpy(labels)
    for stage, part, logits in outputs:
        means[part] += logits.numpy() / n_kept
        for signal, values in zip(signals, record, strict=True):
            values[part, stage] = signal(logits, given[part]).numpy()
        if part.stop >= len(labels):
            advance(1, type(model).__name__)
    if np.isnan(record).any():
        raise ValueError("A signal is NaN for some rows; it must be finite for all of them.")
    return trained, record, means


# --- the estimator -----------------------------------------------------------------------------


def clone_for_stages(estimator, X, rng):
    """Clone a classifier that learns in stages, seed it, and set it to train on all rows."""
    model = clone(estimator)
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
    _train_on_all_rows(model)
    return set_random_states(model, rng)


def refuse_folders(estimator, **params):
    """Refuse parameters that name a folder, which are for nets only."""
    for name, value in params.items():
        if isinstance(value, str | PathLike):
            instead = {"checkpoint_dir": None, "keep_checkpoints": True}[name]
            raise ValueError(
                f"{name}={str(value)!r} saves the training of a skorch net; the estimator is "
                f"{type(estimator).__name__}. Set {name}={instead}."
            )


def learns_in_stages(model):
    """Whether a classifier has stages that can be recorded."""
    if staged_output(model) is not None:
        return True
    can_go_on = hasattr(model, "partial_fit") or warm_starts(model, n_stages=1)
    return bool(can_go_on) and any(hasattr(model, output) for output in _OUTPUTS)


def staged_output(model):
    """The entry of ``_OUTPUTS`` that the classifier has staged methods for, or None."""
    return next((output for output in _OUTPUTS if hasattr(model, f"staged_{output}")), None)


def warm_starts(model, n_stages):
    """Parameters of successive fits by warm start; empty where it does not apply."""
    params = model.get_params(deep=False)
    if "warm_start" not in params or params.get("solver") == "liblinear":  # which starts cold
        return []
    if "n_estimators" in params:
        sizes = spread(params["n_estimators"], n_stages)
        return [{"warm_start": True, "n_estimators": size} for size in sizes]
    # A warm start goes on for max_iter iterations more.
    return [{"warm_start": True, "max_iter": 1}] * n_stages if "max_iter" in params else []


def _train_on_all_rows(model):
    """Switch off early stopping that is on by default, and refuse it where it was set."""
    params = model.get_params(deep=False)
    if params.get("early_stopping") == "auto":
        model.set_params(early_stopping=False)
    elif params.get("early_stopping"):
        _refuse_to_stop("early_stopping=True", "early_stopping=False")
    elif "early_stopping" not in params and params.get("n_iter_no_change") is not None:
        _refuse_to_stop(f"n_iter_no_change={params['n_iter_no_change']}", "n_iter_no_change=None")


def _refuse_to_stop(setting, instead):
    raise ValueError(
        f"The estimator holds out rows for early stopping ({setting}), which are then not trained "
        f"on. Set {instead}."
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


def _keep(checkpoints, stages):
    for stage in stages:
        checkpoints.append(stage)
        yield stage


def spread(n, n_kept):
    """Pick at most ``n_kept`` of the numbers 1 to n, evenly spread, n among them."""
    n_kept = min(n, n_kept)
    return [k * n // n_kept for k in range(1, n_kept + 1)]


def _slices(n_rows, size):
    return [slice(start, start + size) for start in range(0, n_rows, size)]


# --- its outputs -------------------------------------------------------------------------------


def logits_of(model, X):
    """Logits of rows, (n_samples, n_classes)."""
    output = next(output for output in _OUTPUTS if hasattr(model, output))
    with np.errstate(all="ignore"):  # outputs that are not finite are refused below
        return outputs_to_logits(getattr(model, output)(X), output)


def outputs_to_logits(outputs, output):
    """Convert an array from a method named ``output`` to logits, (n_samples, n_classes)."""
    outputs = torch.tensor(outputs, dtype=torch.float32)
    if not outputs.isfinite().all():
        raise ValueError(
            f"The estimator's {output} gives numbers that are not finite: scale the features, for "
            "instance with StandardScaler."
        )
    if output == "predict_proba":
        return logits_from_probabilities(outputs)
    # Two classes have one column, the log-odds of the second.
    return logits_from_log_odds(outputs) if outputs.numel() == len(outputs) else outputs
