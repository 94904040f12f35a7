"""Training a classifier once and recording how it agrees with every label."""

import hashlib
import inspect

import numpy as np
import torch
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
from sklearn.preprocessing import StandardScaler
from sklearn.utils import gen_batches
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)
from skorch import NeuralNet, NeuralNetBinaryClassifier
from skorch.callbacks import EarlyStopping
from skorch.dataset import Dataset as SkorchDataset
from skorch.dataset import ValidSplit
from torch import nn
from torch.utils.data import default_collate

from ._compat import StrOptions, validates_parameters
from ._corrupted_array import CorruptedArray, CorruptedCopies
from ._device import choose_device, seeded
from ._random import make_rng
from ._recorder import Recorder
from ._rows import ArrayRows, IndexedCollate, IndexedDataset, as_fetched, to_tensor
from ._signals import SIGNALS, logits_from_log_odds, logits_from_probabilities
from ._training import train
from ._validation import (
    MIN_SAMPLES,
    check_copies,
    encode_known_labels,
    unchanged_on_error,
    validate_rows_and_labels,
)
from .nets import make_mlp_classifier


class DynamicsCollector(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Train a classifier once and record a signal of every row at every epoch.

    ``fit_transform`` trains on the rows of X and on the corrupted copies that X carries, and
    returns the rows' trajectories, with those of the copies in ``.corrupted``. The signal comes
    from the forward pass that training makes anyway.

    Parameters
    ----------
    classifier : skorch.NeuralNet or None, default=None
        The classifier to train; it is cloned, never changed. ``None`` takes
        ``skdynacor.nets.make_mlp_classifier()``, which scales its own inputs. A module whose
        constructor has parameters named ``n_features``, ``n_classes``, ``feature_mean`` or
        ``feature_scale`` is told them, unless you set them. skorch's default split for validation
        is switched off, since rows held out leave no trail.
    signal : str or callable, default="quantized_logit_difference"
        What to record for the given label of each row:

        - ``"quantized_logit_difference"``: +1 if the classifier agrees, −1 if not (the paper's);
        - ``"logit_difference"``: its logit less the largest other logit;
        - ``"confidence"``: its probability;
        - ``"cross_entropy"``: its negative log-probability, in nats;
        - a callable ``(logits, labels) -> (n,)`` on tensors.
    device : str, default="auto"
        Where to train: a torch device such as ``"cuda"`` or ``"cpu"``. ``"auto"`` takes CUDA when
        there is one, else the classifier's own device.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, batches and dropout. Pass an int for results that repeat.

    Attributes
    ----------
    classifier_ : skorch.NeuralNet
        The trained clone.
    classes_ : ndarray of shape (n_classes,)
        The classes seen in ``fit``, in the order of the classifier's outputs.
    dynamics_ : ndarray of shape (n_samples, n_epochs)
        The trajectories of the rows seen in ``fit``, float32.
    checkpoints_ : list of dict, of length n_epochs
        The weights after each epoch.
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
        "classifier": [NeuralNet, None],
        "signal": [StrOptions(set(SIGNALS)), callable],
        "device": [str],
        "random_state": ["random_state"],
    }

    # Routed wherever routing is enabled, see the notes above.
    __metadata_request__transform = {"labels": True}

    def __init__(
        self,
        classifier=None,
        *,
        signal="quantized_logit_difference",
        device="auto",
        random_state=None,
    ):
        self.classifier = classifier
        self.signal = signal
        self.device = device
        self.random_state = random_state

    @validates_parameters(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Train the classifier and record the trajectories.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
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
        X : array-like of shape (n_samples, n_features)
            Rows, at least five; a ``CorruptedArray`` brings its copies into the training.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.
        labels : array-like of shape (n_samples,), default=None
            The labels to judge the rows for, if not ``y``, as in ``transform``.

        Returns
        -------
        T : ndarray or CorruptedArray of shape (n_samples, n_epochs), dtype float32
            One column per epoch; with the trajectories of the copies, if X carried copies.
        """
        with unchanged_on_error(self):
            copies = self._fit(X, y)
            T = self.dynamics_.copy() if labels is None else self.transform(X, labels=labels)
        return T if copies is None else CorruptedArray(T, copies)

    def transform(self, X, labels=None):
        """Return trajectories: replayed for rows seen in ``fit``, computed for others.

        A row seen in ``fit`` replays its record. Rows are recognised by content; the whole X of
        ``fit``, in its order, is recognised by position, so that equal rows with different labels
        stay apart. Other rows pass through the saved weights of every epoch.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        labels : array-like of shape (n_samples,), default=None
            The label to judge each row for. A row seen in ``fit`` replays only if it had this
            label there. ``None`` judges a row seen in ``fit`` for its label there, and any other
            for the class that the classifier ends on.

        Returns
        -------
        T : ndarray of shape (n_samples, n_epochs), dtype float32
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, order="C", reset=False)
        if labels is not None:
            labels = column_or_1d(labels)
            check_consistent_length(X, labels)
            labels = encode_known_labels(labels, self.classes_)
        seen_as = self._find(X, labels)
        unseen = np.flatnonzero(seen_as < 0)
        T = self.dynamics_[seen_as]
        if unseen.size:
            T[unseen] = self._judge_unseen(X[unseen], None if labels is None else labels[unseen])
        return T

    def _fit(self, X, y):
        """Train, and return the trajectories of the copies, if there are any."""
        with unchanged_on_error(self):
            copies = getattr(X, "corrupted", None)
            X, self.classes_, codes = validate_rows_and_labels(
                self, X, y, dtype=np.float32, order="C"
            )
            rows, labels = check_copies(copies, X), codes
            if copies is not None:
                copied = encode_known_labels(np.asarray(copies.labels), self.classes_)
                labels = np.concatenate([codes, copied])
            net, recorder = self._train(X, rows, labels)
            record = recorder.trajectories().numpy()
            self.classifier_, self.checkpoints_ = net, recorder.checkpoints
            self._to_logits = recorder.to_logits
            self.dynamics_, self._n_features_out = record[: len(X)], record.shape[1]
            self._row_keys, self._row_labels = hash_rows(X), codes
        if copies is None:
            return None
        return CorruptedCopies(record[len(X) :], copies.labels, copies.sources)

    def _train(self, X, rows, labels):
        net = make_mlp_classifier() if self.classifier is None else clone(self.classifier)
        _check_net(net)
        device = choose_device(self.device, otherwise=net.device)
        net.set_params(train_split=None, warm_start=False, device=device)
        if getattr(net, "classes", ()) is None:  # skorch cannot infer them from a data set
            net.set_params(classes=list(range(len(self.classes_))))
        _tell_module(net, X, len(self.classes_))

        targets = to_tensor(labels)
        if isinstance(net, NeuralNetBinaryClassifier):
            targets = targets.float()
        dataset = _make_dataset(net, X, rows, targets)
        rng = make_rng(self.random_state, "DynamicsCollector")
        with seeded(rng):
            net.initialize()
            to_logits = _check_outputs(net, dataset, len(self.classes_))
            recorder = Recorder(
                signal=SIGNALS.get(self.signal, self.signal),
                to_logits=to_logits,
                labels=to_tensor(labels),
                n_epochs=net.max_epochs,
                fetch=lambda positions: net.iterator_train__collate_fn(
                    dataset.__getitems__(positions)
                ),
            )
            recorder.initialize()
            net.callbacks_.append(("recorder", recorder))
            train(net, dataset)
            net.callbacks_.pop()
        return net, recorder

    def _find(self, X, labels):
        """Positions in ``fit`` of the rows of X that replay, −1 elsewhere."""
        keys = hash_rows(X)
        if np.array_equal(keys, self._row_keys):
            same = True if labels is None else labels == self._row_labels
            return np.where(same, np.arange(len(keys)), -1)
        known = self._row_keys
        if labels is not None:
            keys, known = _with_label(keys, labels), _with_label(known, self._row_labels)
        order = np.argsort(known, kind="stable")
        places = np.searchsorted(known, keys, sorter=order).clip(max=len(order) - 1)
        return np.where(known[order[places]] == keys, order[places], -1)

    def _judge_unseen(self, X, labels):
        """Trajectories (n, n_epochs) of rows that pass through the weights of every epoch."""
        net = clone(self.classifier_).set_params(callbacks="disable")
        signal = SIGNALS.get(self.signal, self.signal)
        given = None if labels is None else torch.from_numpy(labels)
        T = torch.empty(len(X), len(self.checkpoints_))
        # What is drawn here decides nothing: weights are replaced, loaders draw needlessly.
        with seeded(np.random.default_rng(0)):
            net.initialize()
            for epoch in reversed(range(len(self.checkpoints_))):
                net.module_.load_state_dict(self.checkpoints_[epoch])
                outputs = net.forward(X)
                outputs = outputs[0] if isinstance(outputs, tuple) else outputs
                logits = self._to_logits(outputs.float())
                if given is None:
                    given = logits.argmax(dim=1)  # the class that the classifier ends on
                T[:, epoch] = signal(logits, given)
        return T.numpy()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def hash_rows(X):
    """Give each row a 64-bit key, (n_samples,) uint64, equal for equal rows."""
    keys = bytearray()
    for row in X:
        keys += hashlib.blake2b(row, digest_size=8).digest()
    return np.frombuffer(bytes(keys), dtype=np.uint64)


def _with_label(keys, labels):
    # Odd multipliers spread small numbers over all 64 bits.
    return keys ^ ((labels.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))


def _check_net(net):
    split = net.train_split
    default = isinstance(split, ValidSplit) and split.cv == 5 and split.random_state is None
    if split and not default:
        raise ValueError(
            f"The classifier holds rows out of its training (train_split={split}); rows held out "
            "leave no trail. Set train_split=None."
        )
    loader = net.get_params_for("iterator_train")
    sampler = loader.get("batch_sampler")
    if loader.get("drop_last") or getattr(sampler, "drop_last", False):
        raise ValueError(
            "The classifier drops the last batch of an epoch (iterator_train__drop_last=True); "
            "rows that are dropped leave no trail. Set iterator_train__drop_last=False."
        )
    for callback in net.callbacks or () if net.callbacks != "disable" else ():
        callback = callback[1] if isinstance(callback, tuple) else callback
        if isinstance(callback, EarlyStopping) or callback is EarlyStopping:
            raise ValueError(
                "The classifier stops early (EarlyStopping among its callbacks); every epoch of "
                "max_epochs is needed. Remove the callback, or lower max_epochs."
            )
    if net.max_epochs < 1:
        raise ValueError(
            f"The classifier trains for max_epochs={net.max_epochs}; at least 1 is needed."
        )


def _tell_module(net, X, n_classes):
    """Set what a module asks for by name and the user did not set."""
    if not inspect.isclass(net.module):
        return
    asked = set(inspect.signature(net.module).parameters) - set(net.get_params_for("module"))
    facts = {"n_features": X.shape[1], "n_classes": n_classes}
    if asked & {"feature_mean", "feature_scale"}:
        scaler = StandardScaler()
        for chunk in gen_batches(len(X), 4096):  # a double-precision copy of all of X is large
            scaler.partial_fit(X[chunk])
        facts["feature_mean"] = scaler.mean_
        # StandardScaler tells a constant from rounding errors, and gives it a scale of 1.
        constant = (scaler.scale_ == 1) & (scaler.var_ < 0.5)
        facts["feature_scale"] = np.where(constant, 0, scaler.scale_)
    net.set_params(**{f"module__{name}": facts[name] for name in facts.keys() & asked})


def _make_dataset(net, X, copies, targets):
    """Make the training's data set, and set up the net's loader for it."""
    loader = net.get_params_for("iterator_train")
    custom = net.dataset is not SkorchDataset or net.get_params_for("dataset")
    if custom or "collate_fn" in loader:
        inner = net.get_dataset(np.concatenate([X, copies]), targets.numpy())
        dataset = IndexedDataset(inner)
        collate = IndexedCollate(loader.get("collate_fn", default_collate))
    else:
        # Workers are processes, which cannot share what lives on an accelerator.
        device = "cpu" if loader.get("num_workers") else net.device
        dataset, collate = ArrayRows(X, copies, targets, device), as_fetched
    # NB: pinning takes batches apart and loses their positions.
    net.set_params(iterator_train__collate_fn=collate, iterator_train__pin_memory=False)
    return dataset


def _check_outputs(net, dataset, n_classes):
    """Try the net on a few rows; return how its outputs become logits."""
    batch = net.iterator_train__collate_fn(dataset.__getitems__(list(range(MIN_SAMPLES))))
    shape = tuple(batch[0].shape)
    try:
        outputs = net.evaluation_step(batch)
    except Exception as error:
        raise ValueError(
            f"The classifier's module fails on a batch of shape {shape}: "
            f"{type(error).__name__}: {error}. Set its input size to {shape[1:]}, or give its "
            "constructor a parameter n_features, which is set for you."
        ) from None
    outputs = outputs[0] if isinstance(outputs, tuple) else outputs
    if isinstance(net, NeuralNetBinaryClassifier):
        if n_classes != 2 or outputs.numel() != len(outputs):
            raise ValueError(
                f"NeuralNetBinaryClassifier separates two classes with one output; y has "
                f"{n_classes} classes and the module returns shape {tuple(outputs.shape)}."
            )
        return logits_from_log_odds
    if tuple(outputs.shape) != (len(batch[0]), n_classes):
        raise ValueError(
            f"The classifier's module returns shape {tuple(outputs.shape)} for a batch of "
            f"{len(batch[0])} rows; y has {n_classes} classes, so it must return "
            f"({len(batch[0])}, {n_classes}). Set its number of outputs to {n_classes}, or give "
            "its constructor a parameter n_classes, which is set for you."
        )
    sums = outputs.float().sum(dim=1)
    probabilities = bool(
        (outputs >= 0).all() and torch.isclose(sums, sums.new_ones(()), atol=1e-3).all()
    )
    if isinstance(net.criterion_, nn.CrossEntropyLoss) and probabilities:
        raise ValueError(
            "The classifier's module ends in a softmax and its criterion, CrossEntropyLoss, takes "
            "a softmax again. Remove the softmax from the module, or set criterion=NLLLoss."
        )
    if isinstance(net.criterion_, nn.NLLLoss) and not probabilities:
        raise ValueError(
            "The classifier's criterion is NLLLoss, for which skorch wants probabilities, but the "
            "module returns something else. Set criterion=torch.nn.CrossEntropyLoss for logits, "
            "or end the module in a softmax."
        )
    return logits_from_probabilities if probabilities else torch.nn.Identity()
