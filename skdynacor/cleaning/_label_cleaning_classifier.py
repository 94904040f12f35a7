"""A classifier that finds label errors first and trains on cleaned labels."""

import warnings
from numbers import Real

from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, get_tags, indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, check_memory, column_or_1d, has_fit_parameter

from .._label_error_detector import LabelErrorDetector
from ..utils.labels import takes_as_labels
from ..utils.random_numbers import draw_random_state, make_rng
from ..utils.sklearn_private import (
    HasMethods,
    Interval,
    StrOptions,
    safe_indexing,
    validates_parameters,
)
from ..utils.validation import (
    MIN_SAMPLES,
    encode_labels,
    refusing_quietly,
    to_array,
    unchanged_on_error,
)
from ..verdicts._review_sample import check_verdicts
from ._detections import detect
from ._strategies import STRATEGIES, clean
from ._trial import gain_in_accuracy, make_trial_folds


def _of_estimator(method):
    """Make a method available if the classifier has it."""

    def has(self):
        getattr(getattr(self, "estimator_", self.estimator), method)
        return True

    return available_if(has)


class LabelCleaningClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train a classifier on cleaned labels.

    ``fit`` finds the labels that look wrong, drops, corrects or down-weights them, and trains a
    clone of the classifier on the rest.

    Parameters
    ----------
    estimator : classifier
        The classifier to train. It is cloned, and gets X unchanged.
    detector : Pipeline, detector or None, default=None
        Finds the wrong labels: any estimator whose ``fit_predict(X, y)`` is True where a label
        looks wrong, baselines included. It is cloned. ``None`` takes ``LabelErrorDetector()``.
    strategy : {"drop", "relabel", "reweight"}, default="drop"
        What to do with them:

        - ``"drop"``: train without the flagged rows;
        - ``"relabel"``: give flagged rows their suggested label if that is right with a probability
          of at least ``relabel_above``, and drop the others;
        - ``"reweight"``: weight each row by the probability that its label is right.

        No class loses all its rows: its rows with the smallest noise probability then stay with
        their given label and weight 1, with a ``UserWarning``.
    relabel_above : float in [0, 1], default=0.5
        See ``strategy``.
    cv : "auto", int, cross-validation generator or None, default="auto"
        Folds of a cross-validation that compares training with and without cleaning. Each fold
        repeats detection and training, and scores both classifiers by the given labels of the
        test rows. If cleaning lowers the accuracy, ``estimator_`` is trained on the given labels.
        ``"auto"`` makes five folds, or as many as the smallest class has rows, for the default
        detector and 50 to 1,999 rows; else none. ``None`` always cleans.
    memory : str, joblib.Memory or None, default=None
        Where to cache the detection, so that a search over ``estimator`` or ``strategy`` runs it
        once per fold.
    random_state : int, RandomState instance or None, default=None
        Determines the default detector and the folds. Pass an int for reproducible results.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label looks wrong.
    noise_probability_ : ndarray of shape (n_samples,)
        Probability that the label is wrong; 0 or 1 if the detector gives none.
    detector_ : Pipeline or detector
        The fitted clone.
    estimator_ : classifier
        The classifier, trained on the cleaned or on the given labels.
    is_cleaned_ : bool
        Whether ``estimator_`` was trained on the cleaned labels.
    gain_ : tuple of (float, float) or None
        Accuracy with cleaning less that without, in [−1, 1], from the cross-validation, and its
        standard error; None without a cross-validation.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int
        Number of features seen in ``fit``, if ``estimator_`` has it.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if ``estimator_`` has them.

    See Also
    --------
    skdynacor.inspection.label_issues : Lists the label issues of ``detector_``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import train_test_split
    >>> from skdynacor.cleaning import LabelCleaningClassifier
    >>> from skdynacor.datasets import make_label_noise
    >>> X, y = load_digits(return_X_y=True)
    >>> X, X_test, y, y_test = train_test_split(X / 16, y, random_state=0)
    >>> y, wrong = make_label_noise(y, "symmetric", 0.4, random_state=0)
    >>> classifier = LogisticRegression(max_iter=1000)
    >>> print(f"{classifier.fit(X, y).score(X_test, y_test):.2f}")
    0.88
    >>> cleaning = LabelCleaningClassifier(classifier, cv=None, random_state=0).fit(X, y)
    >>> print(f"{cleaning.score(X_test, y_test):.2f}")  # doctest: +ELLIPSIS
    0.9...
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"])],
        "detector": "no_validation",  # anything with fit_predict, see detect
        "strategy": [StrOptions(set(STRATEGIES))],
        "relabel_above": [Interval(Real, 0, 1, closed="both")],
        "cv": [StrOptions({"auto"}), "cv_object"],
        "memory": [str, HasMethods(["cache"]), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator,
        detector=None,
        *,
        strategy="drop",
        relabel_above=0.5,
        cv="auto",
        memory=None,
        random_state=None,
    ):
        self.estimator = estimator
        self.detector = detector
        self.strategy = strategy
        self.relabel_above = relabel_above
        self.cv = cv
        self.memory = memory
        self.random_state = random_state

    @validates_parameters
    @unchanged_on_error
    def fit(self, X, y, verdicts=None):
        """Find the wrong labels, and train on cleaned ones.

        Parameters
        ----------
        X : array-like, data frame or sparse array of shape (n_samples, ...)
            Rows, at least five, for the detector and the estimator.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.
        verdicts : array-like of shape (n_samples,), default=None
            A person's verdicts on some labels, 1 wrong, 0 right, −1 not reviewed, which recalibrate
            the detector.

        Returns
        -------
        self : LabelCleaningClassifier

        Raises
        ------
        ValueError
            If ``strategy="reweight"`` and the estimator takes no weights, or if y holds objects
            that classifiers of scikit-learn do not take, such as intervals.
        """
        X, y = indexable(X, y)
        y = column_or_1d(to_array(y), warn=True)
        self._check_rows(X)
        verdicts = None if verdicts is None else check_verdicts(verdicts, len(y))
        self.classes_, codes = encode_labels(y)
        if not takes_as_labels(self.classes_):
            raise ValueError(
                f"y holds labels of the type {type(self.classes_[0]).__name__}, which classifiers "
                "of scikit-learn do not take; convert them, for instance with y.astype(str)."
            )
        if self.strategy == "reweight":
            self._weights_name()  # fails before anything is trained
        seed = draw_random_state(make_rng(self.random_state, type(self).__name__))
        self.detector_, findings = self._detect(X, y, verdicts)
        cleaned = self._clean(y, findings)
        if len(cleaned.kept_classes):
            self._warn_of_kept(cleaned.kept_classes)
        self.flags_, self.noise_probability_ = findings.flags, findings.noise_probability
        cv = None if self.cv == "auto" and self.detector is not None else self.cv
        folds, self.gain_ = make_trial_folds(cv, codes, seed), None
        if folds is not None:
            self.gain_ = gain_in_accuracy(self._train, self._train_cleaned, X, y, verdicts, folds)
        self.is_cleaned_ = self.gain_ is None or self.gain_.mean >= 0
        self.estimator_ = self._train(X, y, cleaned if self.is_cleaned_ else None)
        return self

    def _detect(self, X, y, verdicts):
        detector = self.detector
        if detector is None:
            detector = LabelErrorDetector(random_state=self.random_state)
        return check_memory(self.memory).cache(detect)(detector, X, y, verdicts)

    def _clean(self, y, findings):
        return clean(self.strategy, y, findings, self.relabel_above)

    def _warn_of_kept(self, classes):
        names = ", ".join(map(repr, classes.tolist()))
        warnings.warn(
            f"All labels of class {names} look wrong to the detector. The rows of the class with "
            "the smallest noise probability are kept. Check these labels, or use another detector.",
            stacklevel=5,
        )

    def _train_cleaned(self, X, y, verdicts):
        with warnings.catch_warnings():  # once, of all rows, is enough
            warnings.filterwarnings("ignore", message="Some labels differ only in case")
            findings = self._detect(X, y, verdicts)[1]
        return self._train(X, y, self._clean(y, findings))

    def _train(self, X, y, cleaned=None):
        """Train a clone of the estimator, on cleaned labels if there are any."""
        options = {}
        if cleaned is not None:
            X = X if len(cleaned.rows) == len(y) else safe_indexing(X, cleaned.rows)
            y = cleaned.labels
            if cleaned.weights is not None:
                options[self._weights_name()] = cleaned.weights
        return clone(self.estimator).fit(X, y, **options)

    def _check_rows(self, X):
        """Check that the estimator takes such rows, without converting them."""
        if isinstance(self.estimator, Pipeline):
            return  # its steps check them
        wanted = get_tags(self.estimator).input_tags
        refusing_quietly(check_array)(
            X,
            accept_sparse=wanted.sparse,
            accept_large_sparse=False,
            dtype=None,
            ensure_all_finite="allow-nan" if wanted.allow_nan else True,
            ensure_2d=wanted.two_d_array,
            allow_nd=True,
            ensure_min_samples=MIN_SAMPLES,
            estimator=self,
            input_name="X",
        )

    def _weights_name(self):
        """Name the argument of the estimator's ``fit`` for weights."""
        estimator, prefix = self.estimator, ""
        while isinstance(estimator, Pipeline):
            name, estimator = estimator.steps[-1]
            prefix += f"{name}__"
        if not has_fit_parameter(estimator, "sample_weight"):
            raise ValueError(
                f"strategy='reweight' needs an estimator whose fit takes sample_weight; that of "
                f"{type(estimator).__name__} does not. Use strategy='drop' or 'relabel'."
            )
        return f"{prefix}sample_weight"

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : array-like, data frame or sparse array of shape (n_samples, ...)

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self.estimator_.predict(X)

    @_of_estimator("predict_proba")
    def predict_proba(self, X):
        """Predict class probabilities.

        Parameters
        ----------
        X : array-like, data frame or sparse array of shape (n_samples, ...)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    @_of_estimator("decision_function")
    def decision_function(self, X):
        """Compute the estimator's decision function.

        Parameters
        ----------
        X : array-like, data frame or sparse array of shape (n_samples, ...)

        Returns
        -------
        values : ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self.estimator_.decision_function(X)

    @property
    def n_features_in_(self):
        return self.estimator_.n_features_in_

    @property
    def feature_names_in_(self):
        return self.estimator_.feature_names_in_

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        wanted = get_tags(self.estimator)
        tags.input_tags = wanted.input_tags
        tags.classifier_tags = wanted.classifier_tags
        return tags
