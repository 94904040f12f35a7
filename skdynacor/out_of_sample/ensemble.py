"""Out-of-sample class probabilities of several estimators together."""

from functools import partial
from numbers import Integral

import numpy as np
from joblib import effective_n_jobs
from scipy.sparse import issparse
from scipy.special import log_softmax
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from sklearn.utils import assert_all_finite, get_tags
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet

from ..nets import make_quick_mlp_classifier
from ..training.net_setup import takes_missing
from ..utils.labels import takes_as_labels
from ..utils.notebooks import NotebookMixin
from ..utils.progress import progress_bar
from ..utils.random_numbers import draw_random_state, make_rng
from ..utils.row_lookup import find_rows, hash_rows
from ..utils.sklearn_private import (
    BaseComposition,
    Count,
    Interval,
    VisualBlock,
    validates_parameters,
)
from ..utils.sparse_rows import to_canonical
from ..utils.torch_settings import default_torch_settings
from ..utils.validation import (
    check_groups,
    check_row_shape,
    has_missing,
    lives_on_disk,
    row_params,
    unchanged_on_error,
    validate_data,
    validate_rows_and_labels,
)
from .folds import make_folds, number_groups
from .members import CrossFittedMember, OutOfBagMember, count_steps, is_out_of_bag
from .model_selection import select_members
from .preprocessing import make_preprocessing

#: Rows to score at a time, where these were not in ``fit``.
_ROWS_AT_ONCE = 8192
#: Fewer samples than this are split twice, as results vary between single draws.
_FEW_SAMPLES = 900
#: The time of a support vector machine grows with the square of the number of samples.
_FEW_ENOUGH_FOR_SVM = 2000
#: Numbers of classes: a random forest weighs each at every possible split, and all trees keep the
#: counts of each at every node.
_FEW_ENOUGH_FOR_RANDOM_FOREST, _FEW_ENOUGH_FOR_TREES = 50, 100


def make_default_estimators():
    """Make the default estimators: a net, two other smooth classifiers and two forests."""
    return [
        ("net", make_quick_mlp_classifier()),
        ("logistic_regression", LogisticRegression(tol=1e-3, max_iter=1000)),
        ("svm", SVC()),
        ("extra_trees", ExtraTreesClassifier(200, bootstrap=True, min_samples_leaf=5)),
        ("random_forest", RandomForestClassifier(60, max_samples=0.3, min_samples_leaf=3)),
    ]


#: What the estimators and both public classes that hold them share.
PARAMETER_CONSTRAINTS = {
    "estimators": [list, tuple, None],
    "cv": ["cv_object"],
    "device": [str],
    "n_jobs": [Interval(Integral, None, -1, closed="right"), Count(1), None],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}


class EstimatorsMixin(BaseComposition):
    """Makes parameters of the ``estimators`` reachable by their names, as ``net__lr``."""

    def get_params(self, deep=True):
        """Get the parameters, with those of the estimators if ``deep``."""
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params):
        """Set parameters, also of the estimators; return self.

        A parameter of a default estimator, as ``net__lr``, fills in ``estimators``.
        """
        defaults = make_default_estimators()
        own = {name.partition("__")[0] for name in params}
        if self.estimators is None and own & {name for name, _ in defaults}:
            self.estimators = params.pop("estimators", None) or defaults
        return self._set_params("estimators", **params)


class OutOfSampleEnsemble(
    NotebookMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, EstimatorsMixin
):
    """Out-of-sample class probabilities of several estimators, weighted by likelihood.

    ``fit_transform`` scores every row of the training data by models that were not trained on it:
    nets and other classifiers are cross-fitted, bootstrapped forests score out of bag. The models'
    log-probabilities are added up with the weights under which the given labels are likeliest.
    ``transform`` scores other rows with all models.

    Parameters
    ----------
    estimators : list of (str, estimator) or None, default=None
        Names and classifiers: skorch nets, or any with ``predict_proba`` or ``decision_function``.
        They are cloned. ``None`` takes a net (``skdynacor.nets.make_quick_mlp_classifier()``),
        logistic regression, a support vector machine (up to 2,000 rows), extremely randomized trees
        (up to 100 classes) and a random forest (up to 50), named ``net``, ``logistic_regression``,
        ``svm``, ``extra_trees`` and ``random_forest``; of rows of several dimensions or on the disk
        the net alone. These see the columns of a table centred and scaled, long-tailed ones as
        ranks, and gaps filled.
    cv : int, cross-validation generator, iterable or None, default=None
        Folds of the cross-fitting. An int stratifies by class and shuffles. ``None`` makes two
        folds for nets and five for other classifiers (two of more than 2,000 rows), twice for fewer
        than 900 rows. Several scores of a row are averaged.
    device : str, default="auto"
        Where to train nets: ``"auto"`` takes CUDA when there is one, else the net's own device.
    n_jobs : int or None, default=None
        Folds to train at a time, and jobs of a forest that has no ``n_jobs`` of its own, by
        joblib's conventions. Results are the same for any number.
    verbose : int, default=0
        1 shows a progress bar over epochs, trees and folds, on standard error; it needs tqdm.
    random_state : int, RandomState instance or None, default=None
        Determines the folds, the nets' training and each ``random_state`` that an estimator leaves
        at None. Pass an int for reproducible results.

    Attributes
    ----------
    log_probs_ : ndarray of shape (n_samples, n_classes), float32
        Out-of-sample log-probabilities of the rows of ``fit``.
    weights_ : dict of str to float
        Each estimator's weight; 0 if it was not needed. They need not sum to 1.
    agreement_ : float
        By how many standard errors the estimators' probabilities of the given labels exceed those
        of labels drawn at random, in the mean over estimators: 2 may be chance.
    duplicated_share_ : float
        Share of the rows that equal another row in all features.
    groups_ : ndarray of shape (n_samples,), int
        The groups of rows that shared folds: the caller's, or equal rows.
    estimators_ : dict of str to list of estimator
        The fitted clones of each estimator that is used: one for each fold, or one forest.
    classes_ : ndarray of shape (n_classes,)
        The columns of ``log_probs_``.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    LabelErrorDetector : Finds label errors with these probabilities.

    Notes
    -----
    Members are trained as far as they may matter, which is decided by the likelihood of the given
    labels. Forests are left out, after 16 trees, if the others are far ahead and these add nothing
    to them; the net, after its first fold, if that adds nothing to the others and the first forest.
    The second forest is grown where the net was left out, or the others are ahead of the first.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skdynacor import OutOfSampleEnsemble
    >>> X, y = load_wine(return_X_y=True)
    >>> log_probs = OutOfSampleEnsemble(random_state=0).fit_transform(X, y)
    >>> log_probs.shape, bool((log_probs.argmax(axis=1) == y).mean() > 0.95)
    ((178, 3), True)
    """

    _parameter_constraints: dict = PARAMETER_CONSTRAINTS

    def __init__(
        self,
        estimators=None,
        *,
        cv=None,
        device="auto",
        n_jobs=None,
        verbose=0,
        random_state=None,
    ):
        self.estimators = estimators
        self.cv = cv
        self.device = device
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X, y, groups=None):
        """Train the estimators.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group are never scored by a model trained on another row of it. Equal rows
            are a group of their own accord; a ``cv`` that is not an int must see to both itself.

        Returns
        -------
        self : OutOfSampleEnsemble
        """
        self.fit_transform(X, y, groups)
        return self

    @validates_parameters
    @unchanged_on_error
    @default_torch_settings()
    def fit_transform(self, X, y, groups=None):
        """Train the estimators, and return out-of-sample log-probabilities of the rows.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.
        groups : array-like of shape (n_samples,), default=None
            See ``fit``.

        Returns
        -------
        log_probs : ndarray of shape (n_samples, n_classes), float32
        """
        self.check_estimators()
        X, self.classes_, codes = validate_rows_and_labels(self, X, y, **self.row_params(X))
        self._row_keys, self._row_shape = hash_rows(X, np.float64), X.shape[1:]
        n_copies = np.unique(self._row_keys, return_counts=True)[1]
        self.duplicated_share_ = float(n_copies[n_copies > 1].sum() / len(codes))
        given_groups = None if groups is None else check_groups(groups, len(codes))
        self.groups_ = groups = number_groups(self._row_keys, given_groups)
        seed = draw_random_state(make_rng(self.random_state, "OutOfSampleEnsemble"))
        estimators = self._estimators_for(X)
        folds = {
            name: self._make_folds(each, codes, groups, given_groups, seed)
            for name, each in estimators
            if not is_out_of_bag(each)
        }
        n_steps = [
            len(folds[name]) * count_steps(each, len(codes)) if name in folds else each.n_estimators
            for name, each in estimators
        ]
        # Some labels, intervals for instance, are no labels to scikit-learn.
        is_known = takes_as_labels(self.classes_)
        classes = self.classes_ if is_known else np.arange(len(self.classes_))
        data = self._fit_preprocess(X), codes, classes
        with progress_bar(self.verbose, sum(n_steps)) as advance:
            options = {"seed": seed, "n_jobs": effective_n_jobs(self.n_jobs), "advance": advance}
            members = {
                name: CrossFittedMember(
                    each, *data, folds[name], device=self.device, name=name, **options
                )
                if name in folds
                else OutOfBagMember(each, *data, groups, name=name, **options)
                for name, each in estimators
            }
            weights, self.agreement_ = select_members(members, codes)
            for member in members.values():
                member.finish()
        self.weights_ = {name: weights.get(name, 0.0) for name, _ in estimators}
        self._members = {name: members[name] for name in self.weights_ if name in weights}
        self.log_probs_ = self._combine(lambda member: member.log_probs)
        self._n_features_out = len(self.classes_)
        return self.log_probs_.copy()

    @default_torch_settings()
    def transform(self, X):
        """Return log-probabilities of rows.

        Those of ``fit``, recognized by their content, have the out-of-sample log-probabilities of
        ``fit``; other rows those of all models.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)

        Returns
        -------
        log_probs : ndarray of shape (n_samples, n_classes), float32
        """
        check_is_fitted(self)
        X = self._validate_like_fit(X)
        positions = find_rows(hash_rows(X, np.float64), self._row_keys)
        unseen = np.flatnonzero(positions < 0)
        log_probs = self.log_probs_[positions]
        for start in range(0, len(unseen), _ROWS_AT_ONCE):
            rows = unseen[start : start + _ROWS_AT_ONCE]
            part = self._preprocess(X[rows])
            log_probs[rows] = self._combine(lambda member, part=part: member.predict(part))
        return log_probs

    def find_rows_of_fit(self, X, codes, codes_of_fit):
        """Give the positions of rows in ``fit``, (n_samples,), −1 if not there with this label."""
        keys = hash_rows(self._validate_like_fit(X), np.float64)
        return find_rows(keys, self._row_keys, codes, codes_of_fit)

    @property
    def estimators_(self):
        return {name: member.estimators for name, member in self._members.items()}

    def representations(self):
        """Give the representations in which rows can be compared, of the member with most weight.

        Returns
        -------
        representations : list of (ndarray of shape (n_samples,), callable)
            Masks of the rows of ``fit`` to compare in each representation, those that its model was
            not trained on where it is a net; and what maps rows to it, as directions of norm 1: the
            net's last hidden layer, or a forest's leaves. A net that is used comes before forests.
            Empty if no member has one.
        """
        check_is_fitted(self)
        by_weight = sorted(self._members, key=self.weights_.get, reverse=True)
        is_forest = {n: isinstance(self._members[n], OutOfBagMember) for n in by_weight}
        for name in sorted(by_weight, key=is_forest.get):
            if found := self._members[name].representations():
                return [(mask, partial(self._represent, represent)) for mask, represent in found]
        return []

    def _represent(self, represent, X):
        return represent(self._preprocess(X))

    def _combine(self, log_probs_of):
        total = sum(
            np.float32(self.weights_[name]) * log_probs_of(member)
            for name, member in self._members.items()
        )
        return log_softmax(total, axis=1).astype(np.float32, copy=False)

    def _validate_like_fit(self, X):
        X = validate_data(self, X, reset=False, **self.row_params(X))
        check_row_shape(X, self._row_shape)
        return to_canonical(X) if hasattr(X, "tocsr") else X

    def row_params(self, X):
        """Parameters of ``check_array`` for rows; tables keep double precision, but for nets."""
        params = row_params(X, accept_sparse=True, allow_nan=self._allows_nan())
        keeps_double = not any(isinstance(each, NeuralNet) for _, each in self.estimators or [])
        if keeps_double and "order" in params and len(getattr(X, "shape", ())) < 3:
            params["dtype"] = [np.float64, *params["dtype"]]
        return params

    def _fit_preprocess(self, X):
        """Fit and apply what comes before the default estimators; the caller's see X."""
        self._preprocessing = None
        if self.estimators is not None or not _is_table(X):
            return X
        self._preprocessing = make_preprocessing(len(X))
        return self._preprocessing.fit_transform(_at_least_single(X)).astype(np.float32, copy=False)

    def _preprocess(self, X):
        if self._preprocessing is None:
            return X
        return self._preprocessing.transform(_at_least_single(X)).astype(np.float32, copy=False)

    def _make_folds(self, estimator, codes, groups, given_groups, seed):
        """Few rows are split twice, and in five folds but for nets, which take longer."""
        if not isinstance(self.cv, int | np.integer | None):
            groups = given_groups  # the caller's splitter may take none
        is_net = isinstance(estimator, NeuralNet)
        default = 2 if is_net or len(codes) > _FEW_ENOUGH_FOR_SVM else 5
        n_repeats = 2 if len(codes) < _FEW_SAMPLES else 1
        return make_folds(self.cv, codes, groups, self.classes_, seed, default, n_repeats)

    def check_estimators(self):
        """Check that the estimators are named classifiers that give class probabilities.

        Raises
        ------
        ValueError
        """
        if self.estimators is None:
            return
        if not len(self.estimators):
            raise ValueError("estimators is empty; pass (name, classifier) pairs, or None.")
        for pair in self.estimators:
            if not (isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str)):
                raise ValueError(
                    "estimators must be pairs of a name and a classifier, as in "
                    f"[('forest', RandomForestClassifier())]; got {pair!r} among them."
                )
            name, estimator = pair
            if isinstance(estimator, type):
                raise ValueError(
                    f"The estimator {name!r} is the class {estimator.__name__}; pass an instance, "
                    f"as {estimator.__name__}()."
                )
            if not _gives_scores(estimator):
                raise ValueError(
                    f"The estimator {name!r}, {estimator!r}, has neither predict_proba nor "
                    "decision_function, of which one is needed for class probabilities. Pass a "
                    "classifier that has, or wrap it in CalibratedClassifierCV."
                )
        self._validate_names([name for name, _ in self.estimators])

    def _estimators_for(self, X):
        """The estimators given, or those of the default set that take such rows."""
        if self.estimators is not None:
            return self.estimators
        estimators = make_default_estimators()
        if not (_is_table(X) or issparse(X)):
            estimators = [each for each in estimators if isinstance(each[1], NeuralNet)]
        if not _is_table(X) and has_missing(X):
            assert_all_finite(X, estimator_name=type(self).__name__, input_name="X")
        left_out = {
            "svm": X.shape[0] > _FEW_ENOUGH_FOR_SVM,
            "random_forest": len(self.classes_) > _FEW_ENOUGH_FOR_RANDOM_FOREST,
            "extra_trees": len(self.classes_) > _FEW_ENOUGH_FOR_TREES,
        }
        return [each for each in estimators if not left_out.get(each[0])]

    def _allows_nan(self):
        if self.estimators is None:
            return True
        return all(takes_missing(estimator) for _, estimator in self.estimators)

    def _sk_visual_block_(self):
        estimators = self.estimators or make_default_estimators()
        names = []
        for name, _ in estimators:
            weight = getattr(self, "weights_", {}).get(name)
            names.append(name if weight is None else f"{name}: weight {weight:.2f}")
        models = [estimator for _, estimator in estimators]
        details = [str(model) for model in models]
        return VisualBlock("parallel", models, names=names, name_details=details)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.sparse = all(
            isinstance(each, NeuralNet) or get_tags(each).input_tags.sparse
            for _, each in self.estimators or make_default_estimators()
        )
        tags.input_tags.allow_nan = self._allows_nan()
        return tags


def _at_least_single(X):
    return X if X.dtype == np.float64 else X.astype(np.float32, copy=False)


def _is_table(X):
    return not issparse(X) and X.ndim == 2 and not lives_on_disk(X)


def _gives_scores(estimator):
    return any(hasattr(estimator, name) for name in ("predict_proba", "decision_function"))
