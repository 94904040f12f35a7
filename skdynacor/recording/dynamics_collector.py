"""Training a classifier and recording how it agrees with every label."""

from numbers import Integral
from os import PathLike

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from ..corrupted_array import CorruptedArray, CorruptedCopies
from ..groundwork.devices import own_settings
from ..groundwork.notebooks import NotebookMixin
from ..groundwork.progress_bar import open_progress
from ..groundwork.sklearn_private import (
    BaseComposition,
    Count,
    HasMethods,
    Interval,
    StrOptions,
    VisualBlock,
    validates_parameters,
)
from ..groundwork.validation import encode_known_labels, unchanged_on_error
from .accelerated_nets import speaks_for_all
from .heard_models import HeardModels
from .partners import (
    anyone_takes_missing,
    check_partners,
    takes_sparse,
    validate_for_members,
    validate_like_fit,
)
from .replay import find_rows, hash_rows
from .representation import spaces_of
from .signals import SIGNALS, find_signal
from .training_task import TrainingTask


class DynamicsCollector(
    NotebookMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseComposition,
    auto_wrap_output_keys=None,
):
    """Train a classifier and record a signal of every row at every epoch.

    ``fit_transform`` trains on the rows of X and on the corrupted copies that X carries, and
    returns the rows' trajectories, with those of the copies in ``.corrupted``. A net's signal comes
    from the forward pass that training makes anyway. A scikit-learn classifier that learns in
    stages is judged at the end of each, a bootstrapped forest by the trees that left the row out.
    What is made of the rows, over the whole training, goes along in ``.beliefs``.

    Parameters
    ----------
    classifier : skorch.NeuralNet, scikit-learn classifier or None, default=None
        The classifier to train; it is cloned, never changed. ``None`` takes
        ``skdynacor.nets.make_mlp_classifier()``, or ``make_quick_mlp_classifier()`` if
        ``held_out``, which scale their own inputs. A module whose constructor has parameters named
        ``n_features``, ``n_classes``, ``feature_mean``, ``feature_scale``, ``class_order`` (the
        classes, in an order that does not follow from their names) or ``telling_columns`` (the
        positions of features that are neither constant nor equal to one before; None if all are) is
        told them, unless you set them. Sparse rows are made dense by the batch; a module with an
        attribute ``takes_sparse = True`` gets them as sparse tensors.

        A classifier of scikit-learn must learn in stages, which are, whichever it has first:

        - those of its ``staged_decision_function`` or ``staged_predict_proba``, as of
          ``HistGradientBoostingClassifier`` and ``skdynacor.robust.DivideMixClassifier``;
        - calls of ``partial_fit`` on all rows, shuffled, as of ``SGDClassifier``;
        - with ``warm_start``, further parts of its ``n_estimators``, as of
          ``GradientBoostingClassifier``, or single iterations, as of ``LogisticRegression``.

        ``RandomForestClassifier`` and ``ExtraTreesClassifier`` with ``bootstrap=True`` are judged
        out of bag, as they grow: what the trees make of a row that were not told its label.

        One that soon knows all rows by heart leaves no trail: keep trees small. Large ones may also
        tell the copies by their jitter, and the flags are then wrong altogether: set
        ``LabelCorruptor(jitter=0)``.

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
    held_out : bool, default=False
        Whether no row is judged by a model that was told its label: the classifier is trained on
        each half of the rows and judges the other. Copies are then judged, not trained on. False
        trains once on rows and copies, as in the paper.
    partners : list of (str, forest), default=()
        Bootstrapped forests that judge rows beside the classifier if ``held_out``, where rows are
        features in memory. Who is heard how much follows from the likelihood of the given labels,
        see ``weights_``; what cannot matter is not trained to the end.
    n_stages : int, default=20
        Of a scikit-learn classifier: how many stages to keep, evenly spread and the last among
        them; all where it has fewer. A net keeps every epoch.
    device : str, default="auto"
        Where to train a net: a torch device such as ``"cuda"`` or ``"cpu"``. ``"auto"`` takes CUDA
        when there is one, else the classifier's own device.
    keep_checkpoints : bool, str or path-like, default=True
        Whether to keep the weights of every epoch, which rows that were not in the training are
        judged by: in memory (True), in a folder (its path; nets only), or not at all (False). Each
        fit needs a folder of its own: the next one replaces its files.
    checkpoint_dir : str, path-like or None, default=None
        A folder in which to save the training after every epoch: when the process is killed, the
        same call takes it up there and ends with what it would have recorded without the kill. A
        folder of another training is refused, a damaged file, and a second fit at the same time.
        It stays when the training is done. Nets only.
    n_jobs : int or None, default=None
        How many processes or threads to use, by joblib's conventions: the two halves are trained at
        once if ``held_out``, and trees of a forest are grown at once that has no ``n_jobs`` of its
        own. Results are the same for any number.
    verbose : int, default=0
        1 shows one progress bar over all trainings, on standard error, which needs tqdm: what is
        trained, its epoch, the share of rows that agree with their labels so far (rows of the other
        half, or out of bag, if ``held_out``), and the time left. Halves that are trained at once
        are shown when they are done. Results are the same.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, batches and dropout, and each ``random_state`` that a scikit-learn
        classifier leaves at None. Pass an int for results that repeat.

    Attributes
    ----------
    classifier_ : skorch.NeuralNet or scikit-learn classifier
        The trained clone, whose trajectories are recorded. If ``held_out``, that of the first half,
        or the partner that is heard most where the classifier is not.
    weights_ : dict of str to float
        What the logits of ``"classifier"`` and of each partner are multiplied by before they add up
        to beliefs; models that were not trained to the end are missing.
    classes_ : ndarray of shape (n_classes,)
        The classes seen in ``fit``, in the order of the classifier's outputs.
    dynamics_ : ndarray of shape (n_samples, n_epochs)
        The trajectories of the rows seen in ``fit``, float32.
    beliefs_ : Beliefs
        What is made of the rows seen in ``fit``, with the labels that they had there.
    copies_ : CorruptedCopies or None
        The trajectories and beliefs of the copies that X carried in ``fit``.
    records_ : dict of str or callable to CorruptedArray of shape (n_samples, n_epochs)
        The trajectories of each signal in ``also``, as ``fit_transform`` would return them.
    checkpoints_ : sequence of length n_epochs
        The weights after each epoch (dict), or the classifier after each stage, where
        ``keep_checkpoints`` says so; not for forests and classifiers with ``staged_*`` methods.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
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
        "held_out": ["boolean"],
        "partners": [list, tuple],
        "n_stages": [Count(1)],
        "device": [str],
        "keep_checkpoints": ["boolean", str, PathLike],
        "checkpoint_dir": [str, PathLike, None],
        "n_jobs": [
            Interval(Integral, None, -1, closed="right"),
            Count(1),
            None,
        ],
        "verbose": ["verbose"],
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
        held_out=False,
        partners=(),
        n_stages=20,
        device="auto",
        keep_checkpoints=True,
        checkpoint_dir=None,
        n_jobs=None,
        verbose=0,
        random_state=None,
    ):
        self.classifier = classifier
        self.signal = signal
        self.also = also
        self.held_out = held_out
        self.partners = partners
        self.n_stages = n_stages
        self.device = device
        self.keep_checkpoints = keep_checkpoints
        self.checkpoint_dir = checkpoint_dir
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    @validates_parameters
    def fit(self, X, y):
        """Train the classifier and record the trajectories.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five; a ``CorruptedArray`` or ``CorruptedRows`` brings its copies along.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        self : DynamicsCollector
        """
        self._fit(X, y)
        return self

    @validates_parameters
    def fit_transform(self, X, y, labels=None):
        """Train the classifier and return the recorded trajectories.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five; a ``CorruptedArray`` or ``CorruptedRows`` brings its copies along.
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

    @own_settings()
    def transform(self, X, labels=None):
        """Return trajectories: replayed for rows seen in ``fit``, computed for others.

        A row seen in ``fit`` replays its record. Rows are recognised by content; the whole X of
        ``fit``, in its order, is recognised by position, so that equal rows with different labels
        stay apart. Other rows pass through the saved weights of every epoch, or through the stages.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
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
        X = validate_like_fit(self, X, self._heard.classifiers, self._row_shape)
        if labels is not None:
            labels = column_or_1d(labels)
            check_consistent_length(X, labels)
            labels = encode_known_labels(labels, self.classes_)
        seen_as = find_rows(hash_rows(X), labels, self._row_keys, self._row_labels)
        unseen = np.flatnonzero(seen_as < 0)
        T, logits = self.dynamics_[seen_as], self._logits[seen_as]
        judged_for = self._row_labels[seen_as] if labels is None else labels
        for start in range(0, len(unseen), self._heard.rows_at_once):
            rows = unseen[start : start + self._heard.rows_at_once]
            T[rows], logits[rows], judged_for[rows] = self._heard.judge(
                X[rows].astype(np.float32, copy=False),
                None if labels is None else labels[rows],
                find_signal(self.signal),
                self._n_features_out,
            )
        return CorruptedArray(T, beliefs=self._heard.beliefs(logits, judged_for, self.classes_))

    @property
    def classifier_(self):
        return self._heard.recorded.classifier

    @property
    def checkpoints_(self):
        return self._heard.recorded.checkpoints

    @property
    def beliefs_(self):
        return self._heard.beliefs(self._logits, self._row_labels, self.classes_)

    def spaces(self):
        """Give where rows can be compared, as the recorded model sees them.

        Returns
        -------
        spaces : list of (ndarray of shape (n_samples,), callable)
            Which rows of ``fit`` to look at in a space, bool: if possible those whose label was not
            told to the model whose space it is. The callable takes rows, as ``transform`` does, and
            returns directions of length 1, see ``skdynacor.recording.representation``. Every row is
            looked at in one space; there is none if the model has no inner view of rows.
        """
        check_is_fitted(self)
        return spaces_of(self._heard.recorded, len(self._row_labels))

    def get_params(self, deep=True):
        """Give the parameters, with those of the classifier and the partners if ``deep``."""
        return self._get_params("partners", deep=deep)

    def set_params(self, **params):
        """Set parameters, also of the classifier and the partners; return self."""
        return self._set_params("partners", **params)

    @own_settings()
    def _fit(self, X, y):
        """Train, and return the trajectories with all that goes along."""
        with unchanged_on_error(self):
            copies = getattr(X, "corrupted", None)
            check_partners(self.partners, self.held_out)
            self._validate_names([name for name, _ in self.partners])
            X, self.classes_, codes = validate_for_members(self, X, y)
            task = TrainingTask.of(self, X, codes, copies)
            self._row_keys, self._row_labels, self._row_shape = task.keys, codes, X.shape[1:]
            verbose = self.verbose and speaks_for_all(self.classifier)
            with task.claiming() as task, open_progress(verbose, task.parts) as progress:
                if self.held_out:
                    self._heard, record, logits = task.record_held_out(progress)
                else:
                    trained, record, logits = task.record(progress=progress)
                    self._heard = HeardModels({"classifier": trained}, {"classifier": 1.0}, False)
            self.weights_ = self._heard.weights
            self._logits = logits[: len(codes)]
            record, *further = (
                self._with_copies(each, copies, task.labels, logits) for each in record
            )
            self.dynamics_, self._n_features_out = np.asarray(record), record.shape[1]
            self.copies_ = record.corrupted
            self.records_ = dict(zip(self.also, further, strict=True))
        return record

    def _with_copies(self, record, copies, labels, logits):
        """The trajectories and beliefs of the rows, which the copies' follow, carrying these."""
        n = len(self._row_labels)
        beliefs, of_copies = (
            self._heard.beliefs(logits[part], labels[part], self.classes_)
            for part in (slice(n), slice(n, None))
        )
        if copies is not None:
            copies = CorruptedCopies(record[n:], copies.labels, copies.sources, of_copies)
        return CorruptedArray(record[:n], copies, beliefs)

    def _sk_visual_block_(self):
        own = "default net" if self.classifier is None else self.classifier
        models = {"classifier": own, **dict(self.partners)}
        names = []
        for name, model in models.items():
            kind = model if isinstance(model, str) else type(model).__name__
            said = (
                self._heard.describe(name, self._n_features_out) if hasattr(self, "_heard") else []
            )
            names.append(f"{name}: {', '.join([kind, *said])}")
        details = [str(model) for model in models.values()]
        return VisualBlock("parallel", [*models.values()], names=names, name_details=details)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.sparse = takes_sparse(self.classifier)
        tags.input_tags.allow_nan = anyone_takes_missing(self.classifier, self.partners)
        return tags
