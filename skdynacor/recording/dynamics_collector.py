"""Training a classifier and recording how it agrees with every label."""

from functools import partial
from numbers import Integral
from os import PathLike
from pathlib import Path

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)
from skorch import NeuralNet

from ..corrupted_array import Beliefs, CorruptedArray, CorruptedCopies
from ..groundwork.random_numbers import draw_seed, make_rng
from ..groundwork.sklearn_private import HasMethods, Interval, StrOptions, validates_parameters
from ..groundwork.validation import (
    check_copies,
    check_row_shape,
    encode_known_labels,
    row_params,
    unchanged_on_error,
    validate_rows_and_labels,
)
from .checkpoints import TrainingFolder, identify
from .net_training import record_net
from .replay import find_rows, hash_rows, judge_by_stages
from .screening import screen_rows
from .signals import SIGNALS, find_signal
from .staged_training import record_stages, refuse_folders


class DynamicsCollector(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Train a classifier and record a signal of every row at every epoch.

    ``fit_transform`` trains on the rows of X and on the corrupted copies that X carries, and
    returns the rows' trajectories, with those of the copies in ``.corrupted``. A net's signal comes
    from the forward pass that training makes anyway. A scikit-learn classifier that learns in
    stages is judged at the end of each. What the classifier makes of the rows, the mean of their
    logits over the epochs, goes along in ``.beliefs``.

    Parameters
    ----------
    classifier : skorch.NeuralNet, scikit-learn classifier or None, default=None
        The classifier to train; it is cloned, never changed. ``None`` takes
        ``skdynacor.nets.make_mlp_classifier()``, which scales its own inputs. A module whose
        constructor has parameters named ``n_features``, ``n_classes``, ``feature_mean`` or
        ``feature_scale`` is told them, unless you set them.

        A classifier of scikit-learn must learn in stages, which are, whichever it has first:

        - those of its ``staged_decision_function`` or ``staged_predict_proba``, as of
          ``HistGradientBoostingClassifier``;
        - calls of ``partial_fit`` on all rows, shuffled, as of ``SGDClassifier``;
        - with ``warm_start``, further parts of its ``n_estimators``, as of
          ``RandomForestClassifier``, or single iterations, as of ``LogisticRegression``.

        One that soon knows all rows by heart, such as a forest of full depth, leaves no trail: keep
        trees small (``max_leaf_nodes``, ``max_depth``). Large trees may also tell the copies by
        their jitter, where features are whole numbers or pile up at a bound, and the flags are then
        wrong altogether: set ``LabelCorruptor(jitter=0)``.

        Rows held out leave no trail, so that splits for validation which skorch or scikit-learn
        make by default are switched off, and others refused.
    signal : str or callable, default="quantized_logit_difference"
        What to record for the given label of each row:

        - ``"quantized_logit_difference"``: +1 if the classifier agrees, −1 if not (the paper's);
        - ``"logit_difference"``: its logit less the largest other logit;
        - ``"confidence"``: its probability;
        - ``"cross_entropy"``: its negative log-probability, in nats;
        - a callable ``(logits, labels) -> (n,)`` on tensors.
    also : sequence of str or callable, default=()
        Further signals to record in the same training, for detectors that read another one; they
        end in ``records_``.
    screen : bool, default=False
        Whether to screen the rows before the training that is recorded: train on each half of them,
        judge the other half, and leave out the rows whose label this makes doubtful. Left-out rows
        and copies are judged at the end of every epoch, by a classifier that was not told their
        labels. It costs about as much again.
    n_stages : int, default=20
        Of a scikit-learn classifier: how many stages to keep, evenly spread and the last among
        them; all where it has fewer. A net keeps every epoch.
    device : str, default="auto"
        Where to train a net: a torch device such as ``"cuda"`` or ``"cpu"``. ``"auto"`` takes CUDA
        when there is one, else the classifier's own device.
    keep_checkpoints : bool, str or path-like, default=True
        Whether to keep the weights of every epoch, which rows that were not in the training are
        judged by: in memory (True), in a folder (its path; nets only), or not at all (False).
        Classifiers with ``staged_*`` methods need none.
    checkpoint_dir : str, path-like or None, default=None
        A folder in which to save the training after every epoch: when the process is killed, the
        same call takes it up there and ends with what it would have recorded without the kill. A
        folder of another training is refused. It stays when the training is done; remove it then.
        Nets only.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, batches and dropout, and each ``random_state`` that a scikit-learn
        classifier leaves at None. Pass an int for results that repeat.

    Attributes
    ----------
    classifier_ : skorch.NeuralNet or scikit-learn classifier
        The trained clone.
    classes_ : ndarray of shape (n_classes,)
        The classes seen in ``fit``, in the order of the classifier's outputs.
    dynamics_ : ndarray of shape (n_samples, n_epochs)
        The trajectories of the rows seen in ``fit``, float32.
    records_ : dict of str or callable to CorruptedArray of shape (n_samples, n_epochs)
        The trajectories of each signal in ``also``, as ``fit_transform`` would return them.
    checkpoints_ : sequence of length n_epochs
        The weights after each epoch (dict), or the classifier after each stage, where
        ``keep_checkpoints`` says so; not there if the classifier has ``staged_*`` methods.
    trained_on_ : ndarray of shape (n_trained,)
        Positions of the rows that the recorded training was made on; fewer than all if ``screen``.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    LabelCorruptor : Makes the corrupted copies.
    DynaCorDetector : Turns trajectories into flags.

    Notes
    -----
    With scikit-learn's metadata routing enabled, ``labels`` is requested by ``transform`` by
    default, so that ``pipeline.score(X, y, labels=y)`` judges rows that were held out for the
    labels they were given.

    NOTE[DIFF]: copies and originals are pooled with equal weight, as in the public code; Eq. 2
    would weigh a copy 1/γ times as much.

    References
    ----------
    .. [1] Kim et al., "Learning Discriminative Dynamics with Label Corruption for Noisy Label
       Detection", CVPR 2024, Section 4.2. https://doi.org/10.48550/arXiv.2405.19902

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdynacor import DynamicsCollector
    >>> X, y = load_iris(return_X_y=True)
    >>> T = DynamicsCollector(random_state=0).fit_transform(X, y)
    >>> T.shape, sorted(set(T.ravel().tolist()))
    ((150, 20), [-1.0, 1.0])
    """

    _parameter_constraints: dict = {
        "classifier": [HasMethods(["fit"]), None],
        "signal": [StrOptions(set(SIGNALS)), callable],
        "also": ["array-like"],
        "screen": ["boolean"],
        "n_stages": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        "keep_checkpoints": ["boolean", str, PathLike],
        "checkpoint_dir": [str, PathLike, None],
        "random_state": ["random_state"],
    }

    # Routed wherever routing is enabled, see the notes above.
    __metadata_request__transform = {"labels": True}

    def __init__(
        self,
        classifier=None,
        *,
        signal="quantized_logit_difference",
        also=(),
        screen=False,
        n_stages=20,
        device="auto",
        keep_checkpoints=True,
        checkpoint_dir=None,
        random_state=None,
    ):
        self.classifier = classifier
        self.signal = signal
        self.also = also
        self.screen = screen
        self.n_stages = n_stages
        self.device = device
        self.keep_checkpoints = keep_checkpoints
        self.checkpoint_dir = checkpoint_dir
        self.random_state = random_state

    @validates_parameters(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Train the classifier and record the trajectories.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            Rows, at least five; a ``CorruptedArray`` brings its copies into the training.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        self : DynamicsCollector
        """
        self._fit(X, y)
        return self

    @validates_parameters(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y, labels=None):
        """Train the classifier and return the recorded trajectories.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            Rows, at least five; a ``CorruptedArray`` brings its copies into the training.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.
        labels : array-like of shape (n_samples,), default=None
            The labels to judge the rows for, if not ``y``, as in ``transform``.

        Returns
        -------
        T : CorruptedArray of shape (n_samples, n_epochs), dtype float32
            One column per epoch or stage, with ``beliefs`` and, if X carried copies, their
            trajectories.
        """
        with unchanged_on_error(self):
            fitted = self._fit(X, y)
            if labels is None:
                T, beliefs = self.dynamics_.copy(), fitted.beliefs
            else:
                T = self.transform(X, labels=labels)
                beliefs = T.beliefs
        return CorruptedArray(T, fitted.corrupted, beliefs)

    def transform(self, X, labels=None):
        """Return trajectories: replayed for rows seen in ``fit``, computed for others.

        A row seen in ``fit`` replays its record. Rows are recognised by content; the whole X of
        ``fit``, in its order, is recognised by position, so that equal rows with different labels
        stay apart. Other rows pass through the saved weights of every epoch, or through the stages.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        labels : array-like of shape (n_samples,), default=None
            The label to judge each row for. A row seen in ``fit`` replays only if it had this
            label there. ``None`` judges a row seen in ``fit`` for its label there, and any other
            for the class that the classifier ends on.

        Returns
        -------
        T : CorruptedArray of shape (n_samples, n_epochs), dtype float32
            With ``beliefs``, and no copies.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, **row_params(X))
        check_row_shape(X, self._row_shape)
        if labels is not None:
            labels = column_or_1d(labels)
            check_consistent_length(X, labels)
            labels = encode_known_labels(labels, self.classes_)
        seen_as = find_rows(hash_rows(X), labels, self._row_keys, self._row_labels)
        unseen = np.flatnonzero(seen_as < 0)
        T, logits = self.dynamics_[seen_as], self._logits[seen_as]
        judged_for = self._row_labels[seen_as] if labels is None else labels
        for start in range(0, len(unseen), self._trained.rows_at_once):
            rows = unseen[start : start + self._trained.rows_at_once]
            given = None if labels is None else labels[rows]
            stages = self._trained.staged_logits(X[rows].astype(np.float32, copy=False))
            T[rows], logits[rows], judged_for[rows] = judge_by_stages(
                stages, given, find_signal(self.signal), self._n_features_out
            )
        return CorruptedArray(T, beliefs=self._beliefs(logits, judged_for))

    @property
    def classifier_(self):
        return self._trained.classifier

    @property
    def checkpoints_(self):
        return self._trained.checkpoints

    def _fit(self, X, y):
        """Train, and return the trajectories with all that goes along."""
        with unchanged_on_error(self):
            copies = getattr(X, "corrupted", None)
            X, self.classes_, codes = validate_rows_and_labels(self, X, y, **row_params(X))
            rows, labels = check_copies(copies, X), codes
            if copies is not None:
                copied = encode_known_labels(np.asarray(copies.labels), self.classes_)
                labels = np.concatenate([codes, copied])
            self._row_keys, self._row_labels, self._row_shape = hash_rows(X), codes, X.shape[1:]
            signals = [find_signal(signal) for signal in (self.signal, *self.also)]
            seed = draw_seed(make_rng(self.random_state, "DynamicsCollector"))
            train = partial(self._train, X, seed=seed)
            self.trained_on_, only = np.arange(len(X)), None
            if self.screen:
                judge = partial(train, rows[:0], codes, signals[:1], keep=False)
                only = screen_rows(judge, self._row_keys, codes, len(self.classes_))
                self.trained_on_ = only
            self._trained, record, logits = train(
                rows, labels, signals, only=only, keep=self.keep_checkpoints
            )
            self._logits = logits[: len(X)]
            record, *further = (self._with_copies(each, copies, labels, logits) for each in record)
            self.dynamics_, self._n_features_out = np.asarray(record), record.shape[1]
            self.records_ = dict(zip(self.also, further, strict=True))
        return record

    def _with_copies(self, record, copies, labels, logits):
        """The trajectories and beliefs of the rows, which the copies' follow, carrying these."""
        n = len(self._row_labels)
        if copies is not None:
            beliefs = self._beliefs(logits[n:], labels[n:])
            copies = CorruptedCopies(record[n:], copies.labels, copies.sources, beliefs)
        return CorruptedArray(record[:n], copies, self._beliefs(logits[:n], labels[:n]))

    def _beliefs(self, logits, labels):
        return Beliefs(logits, labels, self.classes_)

    def _train(self, X, copies, labels, signals, *, seed, keep, only=None, name=""):
        folder = None
        if self.checkpoint_dir is not None:
            digests = {"X": self._row_keys, "y": labels[: len(X)], "copies": hash_rows(copies)}
            digests["labels of the copies"] = labels[len(X) :]
            digests["rows trained on"] = np.empty(0) if only is None else only
            folder = TrainingFolder(Path(self.checkpoint_dir, name), identify(self, digests))
        task = (self.classifier, X, copies, labels, len(self.classes_))
        options = {"signals": signals, "seed": seed, "only": only, "keep": keep}
        if isinstance(self.classifier, NeuralNet | None):
            return record_net(*task, **options, device=self.device, folder=folder)
        folders = {name: getattr(self, name) for name in ("checkpoint_dir", "keep_checkpoints")}
        refuse_folders(self.classifier, **folders)
        return record_stages(*task, **options, n_stages=self.n_stages)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        return tags
