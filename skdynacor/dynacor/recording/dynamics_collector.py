"""Training a classifier and recording how it agrees with every label."""

from os import PathLike
from pathlib import Path

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet

from ...training.checkpoints import identify
from ...training.net_setup import takes_missing
from ...training.net_training import TrainedNet
from ...utils.notebooks import NotebookMixin
from ...utils.progress import progress_bar
from ...utils.random_numbers import draw_seed, make_rng
from ...utils.row_lookup import find_rows, hash_rows
from ...utils.sklearn_private import Count, HasMethods, StrOptions, validates_parameters
from ...utils.threads import ENTRIES_PER_THREAD, using_threads
from ...utils.torch_settings import default_torch_settings
from ...utils.validation import (
    check_copies,
    check_row_shape,
    encode_known_labels,
    row_params,
    unchanged_on_error,
    validate_data,
    validate_rows_and_labels,
)
from ..corrupted_array import CorruptedArray, CorruptedCopies
from .net_recording import record_net
from .signals import SIGNALS, find_signal
from .staged_training import record_stages, refuse_folders

#: Rows to score at a time, where these were not in ``fit``.
_ROWS_AT_ONCE = 8192


class DynamicsCollector(
    NotebookMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,
):
    """Train a classifier once and record a signal of every row at every epoch.

    ``fit_transform`` trains on the rows of X and on the corrupted copies that X carries, and
    returns the dynamics of the rows, with those of the copies in ``.corrupted``. A net's signal
    comes from the forward pass that training makes anyway; a scikit-learn classifier that learns in
    stages is evaluated at the end of each.

    Parameters
    ----------
    estimator : skorch.NeuralNet, scikit-learn classifier or None, default=None
        The classifier to train; it is cloned, never changed. ``None`` takes
        ``skdynacor.nets.make_mlp_classifier()``, which scales its own inputs. Parameters of a
        module's constructor named ``n_features``, ``n_classes``, ``n_channels``, ``feature_mean``
        or ``feature_scale`` are set from the data, unless you set them. Sparse rows are made dense
        by the batch; a module with an attribute ``takes_sparse = True`` gets sparse tensors.

        A classifier of scikit-learn must learn in stages, which are, whichever it has first:

        - those of its ``staged_decision_function`` or ``staged_predict_proba``, as of
          ``HistGradientBoostingClassifier`` and ``skdynacor.robust.DivideMixClassifier``;
        - calls of ``partial_fit`` on all rows, shuffled, as of ``SGDClassifier``;
        - with ``warm_start``, further parts of its ``n_estimators``, as of
          ``GradientBoostingClassifier``, or single iterations, as of ``LogisticRegression``.

        A model that overfits within a few epochs gives no useful dynamics: keep trees small. Large
        ones may also recognize the copies by their jitter: set ``LabelCorruptor(jitter=0)``.

        All rows are trained on: validation splits that skorch or scikit-learn make by default are
        switched off, and others refused.
    signal : str or callable, default="quantized_logit_difference"
        What to record for the given label of each row:

        - ``"quantized_logit_difference"``: +1 if the classifier agrees, −1 if not (the paper's);
        - ``"logit_difference"``: its logit less the largest other logit;
        - ``"confidence"``: its probability;
        - ``"cross_entropy"``: its negative log-probability, in nats;
        - a callable ``(logits, labels) -> (n,)`` on tensors.
    extra_signals : sequence of str or callable, default=()
        Further signals to record in the same training, see ``extra_dynamics_``.
    n_stages : int, default=20
        Of a scikit-learn classifier: how many stages to keep, evenly spread and the last among
        them; all where it has fewer. A net keeps every epoch.
    device : str, default="auto"
        Where to train a net: a torch device such as ``"cuda"`` or ``"cpu"``. ``"auto"`` takes CUDA
        when there is one, else the estimator's own device.
    keep_checkpoints : bool, str or path-like, default=True
        Whether to keep the weights of every epoch, which rows that were not in ``fit`` are scored
        with: in memory (True), in a folder (its path; nets only), or not at all (False). Each fit
        needs a folder of its own: the next one replaces its files.
    checkpoint_dir : str, path-like or None, default=None
        A folder in which the training is saved after every epoch, as ``training.pt``. When the
        process is killed, the same call resumes from there, with the results of an uninterrupted
        training. A file of other data or parameters is refused. Nets only.
    verbose : int, default=0
        1 shows a progress bar over the epochs, on standard error, which needs tqdm.
    random_state : int, RandomState instance or None, default=None
        Determines initial weights, batches and dropout, and each ``random_state`` that a
        scikit-learn classifier leaves at None. Pass an int for reproducible results.

    Attributes
    ----------
    estimator_ : skorch.NeuralNet or scikit-learn classifier
        The trained clone.
    classes_ : ndarray of shape (n_classes,)
        The classes seen in ``fit``, in the order of the estimator's outputs.
    dynamics_ : ndarray of shape (n_samples, n_epochs), float32
        The training dynamics of the rows seen in ``fit``: one trajectory each.
    log_probs_ : ndarray of shape (n_samples, n_classes), float32
        Logits of the rows seen in ``fit``, averaged over the epochs. They are in-sample.
    copies_ : CorruptedCopies or None
        The dynamics of the copies that X carried in ``fit``.
    extra_dynamics_ : dict of str or callable to CorruptedArray of shape (n_samples, n_epochs)
        The dynamics of each of the ``extra_signals``, as ``fit_transform`` would return them.
    checkpoints_ : sequence of length n_epochs
        The weights after each epoch (dict), or the classifier after each stage, where
        ``keep_checkpoints`` says so; not for classifiers with ``staged_*`` methods.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    LabelCorruptor : Makes the corrupted copies.
    DynaCorDetector : Turns dynamics into flags.

    Notes
    -----
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
        "estimator": [HasMethods(["fit"]), None],
        "signal": [StrOptions(set(SIGNALS)), callable],
        "extra_signals": ["array-like"],
        "n_stages": [Count(1)],
        "device": [str],
        "keep_checkpoints": ["boolean", str, PathLike],
        "checkpoint_dir": [str, PathLike, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator=None,
        *,
        signal="quantized_logit_difference",
        extra_signals=(),
        n_stages=20,
        device="auto",
        keep_checkpoints=True,
        checkpoint_dir=None,
        verbose=0,
        random_state=None,
    ):
        self.estimator = estimator
        self.signal = signal
        self.extra_signals = extra_signals
        self.n_stages = n_stages
        self.device = device
        self.keep_checkpoints = keep_checkpoints
        self.checkpoint_dir = checkpoint_dir
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X, y):
        """Train the classifier and record the dynamics.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five; a ``CorruptedArray`` brings its copies along.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        self : DynamicsCollector
        """
        self.fit_transform(X, y)
        return self

    @validates_parameters
    @unchanged_on_error
    @default_torch_settings()
    def fit_transform(self, X, y):
        """Train the classifier and return the recorded dynamics.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five; a ``CorruptedArray`` brings its copies along.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        T : CorruptedArray of shape (n_samples, n_epochs), dtype float32
            One column per epoch or stage; with the dynamics of the copies, if X carried any.
        """
        copies = getattr(X, "corrupted", None)
        params = row_params(X, accept_sparse=True, allow_nan=takes_missing(self.estimator))
        X, self.classes_, codes = validate_rows_and_labels(self, X, y, **params)
        self._row_keys, self._label_codes, self._row_shape = hash_rows(X), codes, X.shape[1:]
        self._trained, record, logits = self._train(X, codes, copies)
        self.log_probs_ = logits[: len(codes)]
        dynamics, *extra = (_with_copies(each, copies, len(codes)) for each in record)
        self.dynamics_, self.copies_ = np.asarray(dynamics), dynamics.corrupted
        self._n_features_out = dynamics.shape[1]
        self.extra_dynamics_ = dict(zip(self.extra_signals, extra, strict=True))
        return CorruptedArray(self.dynamics_.copy(), self.copies_)

    @default_torch_settings()
    def transform(self, X, y=None):
        """Return dynamics: the recorded ones of rows seen in ``fit``, computed ones of others.

        Rows are recognized by their content; the whole X of ``fit``, in its order, by position, so
        that equal rows with different labels stay apart. Other rows pass through the saved weights
        of every epoch, or through the stages.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
        y : array-like of shape (n_samples,), default=None
            The given labels. A row seen in ``fit`` has recorded dynamics only if it had this label
            there. ``None`` takes the label of ``fit`` for a row seen there, and for any other the
            class that the classifier predicts after the last epoch.

        Returns
        -------
        T : CorruptedArray of shape (n_samples, n_epochs), dtype float32
            Without copies.
        """
        check_is_fitted(self)
        params = row_params(X, accept_sparse=True, allow_nan=takes_missing(self.estimator))
        X = validate_data(self, X, reset=False, **params)
        check_row_shape(X, self._row_shape)
        if y is not None:
            y = encode_known_labels(y, self.classes_, X.shape[0])
        positions = find_rows(hash_rows(X), self._row_keys, y, self._label_codes)
        unseen = np.flatnonzero(positions < 0)
        T = self.dynamics_[positions]
        for start in range(0, len(unseen), _ROWS_AT_ONCE):
            rows = unseen[start : start + _ROWS_AT_ONCE]
            T[rows] = self._compute(X[rows], None if y is None else y[rows])
        return CorruptedArray(T)

    def set_output(self, *, transform=None):
        """Do nothing: the output stays a ``CorruptedArray``, which carries the copies.

        It lets ``pipeline.set_output(transform="pandas")`` set the steps before this one.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Ignored.

        Returns
        -------
        self : DynamicsCollector
        """
        return self

    @property
    def estimator_(self):
        return self._trained.net if isinstance(self._trained, TrainedNet) else self._trained.model

    @property
    def checkpoints_(self):
        return self._trained.checkpoints

    def representations(self):
        """Give the representations in which rows can be compared.

        Returns
        -------
        representations : list of (ndarray of shape (n_samples,), callable)
            Masks of the rows of ``fit`` to compare in each representation, and what maps rows to
            it, as directions of norm 1: the net's last hidden layer. Empty for other classifiers.
        """
        check_is_fitted(self)
        if not isinstance(self._trained, TrainedNet):
            return []
        everywhere = np.ones(len(self._label_codes), dtype=bool)
        return [(everywhere, self._trained.representation)]

    def _train(self, X, codes, copies):
        """Train on rows and copies; return the trained model, the record and mean logits."""
        rows, labels = check_copies(copies, X), codes
        if copies is not None:
            copied = encode_known_labels(copies.labels, self.classes_, len(rows))
            labels = np.concatenate([codes, copied])
        options = {
            "signals": [find_signal(signal) for signal in (self.signal, *self.extra_signals)],
            "seed": draw_seed(make_rng(self.random_state, "DynamicsCollector")),
        }
        data = self.estimator, X, rows, labels, len(self.classes_)
        if _is_net(self.estimator):
            keep = self.keep_checkpoints
            options["keep"] = keep if isinstance(keep, bool) else Path(keep)
            if self.checkpoint_dir is not None:
                options["state_path"] = Path(self.checkpoint_dir) / "training.pt"
                options["identity"] = identify(self, self._row_keys, hash_rows(rows), labels)
            with progress_bar(self.verbose, getattr(self.estimator, "max_epochs", 20)) as advance:
                return record_net(*data, **options, device=self.device, advance=advance)
        folders = {name: getattr(self, name) for name in ("checkpoint_dir", "keep_checkpoints")}
        refuse_folders(self.estimator, **folders)
        options |= {"n_stages": self.n_stages, "keep": self.keep_checkpoints}
        bar, threads = (
            progress_bar(self.verbose, self.n_stages),
            using_threads(X.size, ENTRIES_PER_THREAD),
        )
        with bar as advance, threads:
            return record_stages(*data, **options, advance=advance)

    def _compute(self, X, labels):
        """Dynamics of rows that were not in ``fit``, (n_samples, n_epochs)."""
        signal, n_epochs = find_signal(self.signal), self._n_features_out
        given = None if labels is None else torch.from_numpy(labels)
        T = torch.empty(X.shape[0], n_epochs)
        rows = X.astype(np.float32, copy=False)
        for epoch, logits in enumerate(self._trained.staged_logits(rows), start=1):
            given = logits.argmax(dim=1) if given is None else given
            T[:, -epoch] = signal(logits, given)
        return T.numpy()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        if _is_net(self.estimator) or isinstance(self.estimator, type):
            tags.input_tags.sparse = True
        else:
            tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        tags.input_tags.allow_nan = takes_missing(self.estimator)
        return tags


def _is_net(estimator):
    return isinstance(estimator, NeuralNet | None)


def _with_copies(record, copies, n_samples):
    """The dynamics of the rows, carrying those of the copies."""
    if copies is not None:
        copies = CorruptedCopies(record[n_samples:], copies.labels, copies.sources)
    return CorruptedArray(record[:n_samples], copies)
