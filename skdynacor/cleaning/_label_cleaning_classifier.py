"""Finding wrong labels, then training a classifier on what is left of them."""

import warnings
from numbers import Real

from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, get_tags, indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, check_memory, column_or_1d, has_fit_parameter

from .._label_error_detector import LabelErrorDetector
from ..utils.random_numbers import draw_random_state, make_rng
from ..utils.sklearn_private import (
    HasMethods,
    Interval,
    StrOptions,
    safe_indexing,
    validates_parameters,
)
from ..utils.validation import MIN_SAMPLES, encode_labels, refusing_quietly, unchanged_on_error
from ._detections import detect
from ._strategies import STRATEGIES, clean
from ._trial import gain_in_accuracy, make_trial_folds


def _of_estimator(method):
    """Tell whether the classifier has a method, for ``available_if``."""

    def has(self):
        getattr(getattr(self, "estimator_", self.estimator), method)
        return True

    return available_if(has)


class LabelCleaningClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train a classifier on labels that were cleaned first.

    ``fit`` finds the labels that look wrong, takes them away in one of three ways, and trains a
    clone of any classifier on the rest. What it finds is at hand afterwards.

    Parameters
    ----------
    estimator : classifier of scikit-learn
        What to train; it is cloned, never changed, and gets X as it came.
    detector : Pipeline, detector or None, default=None
        What finds the wrong labels: anything with ``fit_predict(X, y)`` that returns True where a
        label looks wrong, baselines included. It is cloned. ``None`` takes
        ``LabelErrorDetector()``.
    strategy : {"drop", "relabel", "reweight"}, default="drop"
        What to do about them:

        - ``"drop"``: train without the rows that are flagged;
        - ``"relabel"``: train with the suggested label where a row is flagged and the suggestion
          is right with a probability of ``relabel_above`` at least, without the other flagged rows;
        - ``"reweight"``: train on all rows, each weighted by the probability that its label is
          right.

        No class loses all its rows: if it would, those with the smallest noise probability (one,
        or several if they tie) stay with their given label and weight 1, and a ``UserWarning``
        says so.
    relabel_above : float in [0, 1], default=0.5
        See ``strategy``.
    cv : "auto", int, cross-validation generator or None, default="auto"
        Folds of a trial whether cleaning pays. In each, both detection and training are done anew,
        and the labels held out, as they were given, judge the classifier with cleaning and without.
        Where it is less accurate with, ``estimator_`` is trained on all labels as they were given.
        ``"auto"`` tries the default detector, where there are 50 to 1,999 rows, in five folds or as
        many as the smallest class has rows: the fewer rows, the more each is missed that is taken
        away by mistake, and the less a trial costs. ``None`` cleans untried.
    memory : str, joblib.Memory or None, default=None
        Where to keep what was found, so that a search over ``estimator`` or ``strategy`` detects
        once per fold.
    random_state : int, RandomState instance or None, default=None
        That of the default detector, and of the trial's folds. Pass an int for results that repeat.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label looks wrong.
    noise_probability_ : ndarray of shape (n_samples,)
        Probability that the label is wrong; 0 or 1 where the detector gives none.
    detector_ : Pipeline or detector
        Fitted.
    estimator_ : classifier
        Trained on the cleaned labels, or on those given where a trial was lost.
    is_cleaned_ : bool
        Whether ``estimator_`` was trained on the cleaned labels.
    gain_ : tuple of (float, float) or None
        How much larger the accuracy on the labels given was with cleaning than without, in [−1, 1],
        in the trial, and its standard error; None without a trial.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int
        Number of features seen in ``fit``, where ``estimator_`` tells.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``estimator_`` tells.

    See Also
    --------
    skdynacor.inspection._label_issues : Lists what was found, from ``detector_``.

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
    >>> print(f"{cleaning.score(X_test, y_test):.2f}")
    0.95
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
    def fit(self, X, y):
        """Find the wrong labels, and train on what is left.

        Parameters
        ----------
        X : array-like, data frame or sparse array of shape (n_samples, ...)
            Rows, at least five, as detector and estimator take them.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        self : LabelCleaningClassifier

        Raises
        ------
        ValueError
            If the estimator takes no weights where it is to.
        """
        X, y = indexable(X, y)
        y = column_or_1d(y, warn=True)
        self._check_rows(X)
        self.classes_, codes = encode_labels(y)
        if self.strategy == "reweight":
            self._weights_name()  # refuses before anything is trained
        seed = draw_random_state(make_rng(self.random_state, type(self).__name__))
        self.detector_, findings = self._detect(X, y)
        cleaned = self._clean(y, findings)
        if len(cleaned.kept_classes):
            self._warn_of_doubtful(cleaned.kept_classes)
        self.flags_, self.noise_probability_ = findings.flags, findings.noise_probability
        cv = None if self.cv == "auto" and self.detector is not None else self.cv
        folds, self.gain_ = make_trial_folds(cv, codes, seed), None
        if folds is not None:
            self.gain_ = gain_in_accuracy(self._train, self._train_cleaned, X, y, folds)
        self.is_cleaned_ = self.gain_ is None or self.gain_.mean >= 0
        self.estimator_ = self._train(X, y, cleaned if self.is_cleaned_ else None)
        return self

    def _detect(self, X, y):
        detector = self.detector
        if detector is None:
            detector = LabelErrorDetector(random_state=self.random_state)
        return check_memory(self.memory).cache(detect)(detector, X, y)

    def _clean(self, y, findings):
        return clean(self.strategy, y, findings, self.relabel_above)

    def _warn_of_doubtful(self, classes):
        names = ", ".join(map(repr, classes.tolist()))
        warnings.warn(
            f"All labels of class {names} look wrong to the detector. The rows of the class with "
            "the smallest noise probability are kept. Look at the labels, or use a detector that "
            "flags less.",
            stacklevel=5,
        )

    def _train_cleaned(self, X, y):
        return self._train(X, y, self._clean(y, self._detect(X, y)[1]))

    def _train(self, X, y, cleaned=None):
        """Train a clone of the estimator, on rows as they came if nothing else is given."""
        options = {}
        if cleaned is not None:
            X = X if len(cleaned.rows) == len(y) else safe_indexing(X, cleaned.rows)
            y = cleaned.labels
            if cleaned.weights is not None:
                options[self._weights_name()] = cleaned.weights
        return clone(self.estimator).fit(X, y, **options)

    def _check_rows(self, X):
        """Check rows as the estimator takes them; they are not changed."""
        if isinstance(self.estimator, Pipeline):
            return  # its steps know what they take
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
        """The argument of the estimator's ``fit`` that weights go to."""
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
        """Give the probability of each class, as the estimator does.

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
        """Give the estimator's decision values.

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
