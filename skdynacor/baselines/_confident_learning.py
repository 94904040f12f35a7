"""Confident learning: cleanlab's filter of out-of-sample class probabilities."""

import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, check_cv
from skorch import NeuralNet

from ..training.net_setup import initialize, prepare
from ..training.net_training import train
from ..utils.optional import import_optional
from ..utils.random_numbers import draw_random_state, draw_seed, make_rng
from ..utils.sklearn_private import HasMethods, StrOptions
from ..utils.torch_settings import seeded
from ._transductive_detector import TransductiveDetector

FILTERS = {
    *("prune_by_noise_rate", "prune_by_class", "both", "confident_learning"),
    *("predicted_neq_given", "low_normalized_margin", "low_self_confidence"),
}


class ConfidentLearning(TransductiveDetector):
    """Flag rows by confident learning on out-of-sample class probabilities.

    It needs the package cleanlab: ``pip install 'skdynacor[baselines]'``.

    Parameters
    ----------
    estimator : skorch.NeuralNet, scikit-learn classifier or None, default=None
        The classifier to train on each fold; it is cloned. A skorch net is set up as by
        ``DynamicsCollector``; ``None`` uses the same net as there.
    cv : int, splitter or iterable, default=5
        Folds of the cross-validation. An int stratifies by class and shuffles.
    filter_by : str, default="prune_by_noise_rate"
        Which of cleanlab's filters to use, see ``cleanlab.filter.find_label_issues``.
    device : str, default="auto"
        Where to train a skorch net, see ``DynamicsCollector``.
    random_state : int, RandomState instance or None, default=None
        Determines the folds and the training of a skorch net; a scikit-learn classifier has its
        own. Pass an int for reproducible results.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label is likely wrong.
    noise_score_ : ndarray of shape (n_samples,)
        One less the out-of-fold probability of the given label, in [0, 1].
    probabilities_ : ndarray of shape (n_samples, n_classes)
        Out-of-fold class probabilities.
    noise_rate_ : float
        Share of rows flagged.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int

    References
    ----------
    .. [1] Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset
       Labels", JAIR 2021. https://doi.org/10.1613/jair.1.12125

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdynacor.baselines import ConfidentLearning
    >>> X, y = load_iris(return_X_y=True)
    >>> y[[3, 120]] = [2, 0]
    >>> flags = ConfidentLearning(random_state=0).fit_predict(X, y)
    >>> flags[[3, 120]]
    array([ True,  True])
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "cv": ["cv_object"],
        "filter_by": [StrOptions(FILTERS)],
        "device": [str],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator=None,
        *,
        cv=5,
        filter_by="prune_by_noise_rate",
        device="auto",
        random_state=None,
    ):
        self.estimator = estimator
        self.cv = cv
        self.filter_by = filter_by
        self.device = device
        self.random_state = random_state

    def _detect(self, X, codes):
        cleanlab_filter = import_optional("cleanlab.filter", "baselines", "ConfidentLearning")
        rng = make_rng(self.random_state, "ConfidentLearning")
        with config_context(array_api_dispatch=False):  # cleanlab takes numpy arrays only
            self.probabilities_ = self._cross_validate(X, codes, rng)
            flags = cleanlab_filter.find_label_issues(
                codes, self.probabilities_, filter_by=self.filter_by, n_jobs=1
            )
        return flags, 1 - self.probabilities_[np.arange(len(codes)), codes]

    def _cross_validate(self, X, codes, rng):
        cv, seed = self.cv, draw_random_state(rng)
        if isinstance(cv, int):
            cv = StratifiedKFold(cv, shuffle=True, random_state=seed)
        probabilities = np.zeros((len(X), len(self.classes_)))  # 0 for classes that a fold lacks
        tested = np.zeros(len(X), dtype=bool)
        for training, held_out in check_cv(cv, codes, classifier=True).split(X, codes):
            known, columns = self._train_and_predict(X[training], codes[training], X[held_out], rng)
            probabilities[held_out] = 0
            probabilities[np.ix_(held_out, known)] = columns
            tested[held_out] = True
        if not np.isfinite(probabilities).all():
            raise ValueError(
                f"{type(self.estimator).__name__} gives probabilities that are not finite; scale "
                "the features, or pass another classifier."
            )
        if not tested.all():
            raise ValueError(
                f"cv leaves {(~tested).sum()} of {len(X)} rows in no test fold; every row must be "
                "in one. Pass a number of folds, or a splitter such as KFold."
            )
        return probabilities

    def _train_and_predict(self, X, codes, X_new, rng):
        """Give the classes of the training fold and their probabilities, (n_new, n_known)."""
        X, X_new = (rows.astype(np.float32, copy=False) for rows in (X, X_new))  # of the folds
        if self.estimator is not None and not isinstance(self.estimator, NeuralNet):
            classifier = clone(self.estimator).fit(X, codes)
            return classifier.classes_, classifier.predict_proba(X_new)
        n_classes = len(self.classes_)
        net, dataset = prepare(self.estimator, X, X[:0], codes, n_classes, self.device)
        with seeded(draw_seed(rng)):
            initialize(net, dataset, n_classes)
            train(net, dataset)
            return np.arange(n_classes), net.predict_proba(X_new)
