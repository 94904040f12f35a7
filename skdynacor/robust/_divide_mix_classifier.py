"""DivideMix: two nets, each trained on the labels that the other takes for right."""

from functools import partial
from numbers import Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet

from ..dynacor.corruption.label_corruptor import LabelCorruptor
from ..nets import make_mlp_classifier
from ..training.accelerated_nets import is_accelerated
from ..training.net_setup import initialize, prepare
from ..training.net_training import TrainedNet
from ..utils.moments import mean_and_scale
from ..utils.progress import progress_bar
from ..utils.random_numbers import draw_random_state, draw_seed, make_rng
from ..utils.sklearn_private import Count, HasMethods, Interval, validates_parameters
from ..utils.threads import OPERATIONS_PER_THREAD, using_threads
from ..utils.torch_settings import default_torch_settings, seeded
from ..utils.validation import (
    check_copies,
    check_row_shape,
    row_params,
    unchanged_on_error,
    validate_data,
    validate_rows_and_labels,
)
from ._co_training import Member, MixSettings, train_together
from ._divisions import DetectorDivision, LossDivision

#: Standard deviation of the noise on rows, as a share of each feature's own.
_JITTER = 0.1


class DivideMixClassifier(ClassifierMixin, BaseEstimator):
    """Train two nets on noisy labels, each on the labels that the other takes for right.

    After a warm-up on all labels, each net divides the rows at the start of every epoch into clean
    and noisy ones. The other net trains on the labels of the clean rows (refined by its own
    predictions) and takes the noisy rows as unlabelled (their labels are guessed by both nets).
    Predictions are means over both nets.

    Parameters
    ----------
    estimator : skorch.NeuralNet or None, default=None
        Both nets: module, optimiser, schedule, number of epochs and batch size; it is cloned.
        ``None`` uses ``skdynacor.nets.make_mlp_classifier(batch_size=64)``. Its criterion is used
        in the warm-up only.
    warm_up : int >= 1, default=5
        Number of epochs on all labels, of the ``max_epochs`` of the estimator.
    detector : estimator or None, default=None
        Divides the rows by the training dynamics of all epochs so far, with those of corrupted
        copies: ``DynaCorDetector``, or any that has ``fit`` and ``predict_proba`` (clean, noisy).
        ``None`` fits two Gaussians to the mean losses over the epochs so far, as in DivideMix.
    threshold : float in (0, 1), default=0.5
        Rows are clean from this probability on (τ of the paper).
    temperature : float > 0, default=0.5
        Sharpens refined and guessed labels (T of the paper); 1 leaves them.
    alpha : float >= 0, default=0.5
        Parameter of the Beta distribution of the mixing weights (α of the paper, which has 4 for
        small images). 0 mixes nothing, large values mix rows equally.
    lambda_u : float >= 0, default=0.3
        Weight of the unlabelled rows (λ_u of the paper, which has 0 to 150 for small images, the
        more the noisier the labels are). Where four labels in five are wrong, 1 is better.
    n_augmentations : int >= 1, default=2
        Number of augmentations of each row (M of the paper).
    augment : callable or None, default=None
        ``augment(rows, rng)`` returns augmented rows, see ``LabelCorruptor``; ``skdynacor.augment``
        has some for images. ``None`` adds Gaussian noise of a tenth of each feature's standard
        deviation.
    device : str, default="auto"
        Where to train, see ``DynamicsCollector``.
    verbose : int, default=0
        1 shows a progress bar over the epochs.
    random_state : int, RandomState instance or None, default=None
        Decides copies, initial weights, batches, augmentations and mixtures. Pass an int for
        reproducible results.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    nets_ : list of skorch.NeuralNet
        Both trained nets, with their ``history``.
    clean_probability_ : ndarray of shape (n_samples,)
        Probability that each label in ``fit`` is right, after the last epoch: the mean over both
        nets.
    losses_ : ndarray of shape (2, n_epochs)
        Mean training loss of each net in each epoch; another loss after the warm-up.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    skdynacor.DynamicsCollector : Records this classifier's training by its staged predictions.
    EarlyLearningRegularization : A robust loss, for a single net.

    Notes
    -----
    The paper on DynaCor combines the two methods in both directions. In DDyna-L, DivideMix gives
    the dynamics: ``DynamicsCollector(DivideMixClassifier())`` records its predictions for rows and
    copies after every epoch. In DDyna-S, DynaCor divides the rows:
    ``DivideMixClassifier(detector=DynaCorDetector())``, with one copy for every ten rows and the
    quantized logit difference as signal.

    With the label y of a row, the peer's probability w that it is right, and the mean prediction p
    over the augmentations, the refined label is w y + (1 − w) p; the guessed label is the mean
    prediction of both nets. Both are sharpened: p^(1/T), scaled to sum to 1. Rows and targets are
    mixed with the weights max(l, 1 − l) and min(l, 1 − l), l from Beta(α, α). With the predictions
    s and the targets t, the loss is the mean of −t log s over labelled rows, plus λ_u times the
    mean of ‖s − t‖² over unlabelled rows, plus KL(uniform ‖ mean of s), which assumes classes of
    about equal size. λ_u rises linearly over five epochs after the warm-up.

    Where classes overlap or are hard to learn, the losses of right and wrong labels overlap, and
    right labels are dropped; a single net may then predict better.

    NOTE[DIFF]: an epoch uses every row of the larger part once; the paper's uses every labelled
    row once. The paper trains for 300 epochs.

    NOTE[DIFF]: predictions for targets are made without dropout, and with the running averages of
    batch normalisation.

    NOTE[DIFF]: rows below the lower mean of the mixture count as clean as those at the mean; the
    wider Gaussian would otherwise take both tails.

    NOTE[DIFF]: losses are averaged over all epochs so far. The paper uses the last epoch, after
    which a right label that was dropped is divided by a net that trained without it.

    NOTE[DIFF]: the confidence penalty of the warm-up, for asymmetric noise, is not implemented.

    NOTE[DIFF]: the paper on DynaCor does not define the use of copies in DDyna-S. Here they train
    with their corrupted labels in the warm-up, and are unlabelled afterwards.

    References
    ----------
    .. [1] Li, Socher and Hoi, "DivideMix: Learning with Noisy Labels as Semi-supervised Learning",
       ICLR 2020. https://doi.org/10.48550/arXiv.2002.07394
    .. [2] Kim et al., "Learning Discriminative Dynamics with Label Corruption for Noisy Label
       Detection", CVPR 2024, Section 5.5. https://doi.org/10.48550/arXiv.2405.19902

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdynacor.datasets import make_label_noise
    >>> from skdynacor.robust import DivideMixClassifier
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> y_noisy, wrong = make_label_noise(y, "symmetric", 0.3, random_state=0)
    >>> classifier = DivideMixClassifier(random_state=0).fit(X, y_noisy)
    >>> classifier.score(X, y) > 0.97
    True
    >>> bool(((classifier.clean_probability_ < 0.5) == wrong).mean() > 0.9)
    True
    """

    _parameter_constraints: dict = {
        "estimator": [NeuralNet, None],
        "warm_up": [Count(1)],
        "detector": [HasMethods(["fit", "predict_proba"]), None],
        "threshold": [Interval(Real, 0, 1, closed="neither")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "lambda_u": [Interval(Real, 0, None, closed="left")],
        "n_augmentations": [Count(1)],
        "augment": [callable, None],
        "device": [str],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator=None,
        *,
        warm_up=5,
        detector=None,
        threshold=0.5,
        temperature=0.5,
        alpha=0.5,
        lambda_u=0.3,
        n_augmentations=2,
        augment=None,
        device="auto",
        verbose=0,
        random_state=None,
    ):
        self.estimator = estimator
        self.warm_up = warm_up
        self.detector = detector
        self.threshold = threshold
        self.temperature = temperature
        self.alpha = alpha
        self.lambda_u = lambda_u
        self.n_augmentations = n_augmentations
        self.augment = augment
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @validates_parameters
    @unchanged_on_error
    def fit(self, X, y):
        """Train both nets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        self : DivideMixClassifier
        """
        X, self.classes_, codes = validate_rows_and_labels(self, X, y, **row_params(X))
        self._row_shape = X.shape[1:]
        rng = make_rng(self.random_state, "DivideMixClassifier")
        copies, labels, sources = self._corrupt(X, codes, rng)
        self._fit(X, copies, np.concatenate([codes, labels]), sources, rng)
        return self

    @default_torch_settings()
    def predict_proba(self, X):
        """Predict class probabilities, the mean over both nets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        X = self._validate_like_fit(X)
        return _mean([next(trained.staged_logits(X)) for trained in self._trained])

    def predict(self, X):
        """Predict the class of the highest probability.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def staged_predict_proba(self, X):
        """Yield the probabilities after each epoch.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)

        Yields
        ------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        X = self._validate_like_fit(X)
        in_order = [
            TrainedNet(trained.net, trained.checkpoints[::-1], trained.to_logits)
            for trained in self._trained
        ]
        for logits in zip(*(trained.staged_logits(X) for trained in in_order), strict=True):
            yield _mean(logits)

    @property
    def nets_(self):
        return [trained.net for trained in self._trained]

    def _validate_like_fit(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, **row_params(X))
        check_row_shape(X, self._row_shape)
        return X.astype(np.float32, copy=False)

    def _corrupt(self, X, codes, rng):
        """Make the copies for a detector: rows, labels, sources."""
        if self.detector is None:
            return X[:0], codes[:0], codes[:0]
        corruptor = LabelCorruptor(augment=self.augment, random_state=draw_random_state(rng))
        copies = corruptor.fit_transform(X, codes).corrupted
        return check_copies(copies, X), copies.labels, copies.sources

    @default_torch_settings()
    def _fit(self, X, copies, labels, sources, rng):
        n_classes = len(self.classes_)
        estimator = self.estimator
        if estimator is None:
            estimator = make_mlp_classifier(batch_size=64)
        augment = self._make_augment(X, rng)
        divisions = [self._make_division(labels, sources, rng) for _ in range(2)]
        with seeded(draw_seed(rng)):
            members = []
            for division in divisions:
                net, dataset = prepare(estimator, X, copies, labels, n_classes, self.device)
                self._check(net)
                to_logits, n_operations = initialize(net, dataset, n_classes)
                members.append(Member(net, dataset, to_logits, division))
            settings = MixSettings(
                **{name: getattr(self, name) for name in MixSettings._fields if name != "augment"},
                augment=partial(augment, torch.device(net.device)),
            )
            # A step trains on as many mixtures as there are augmentations of both parts.
            n_operations *= 2 * self.n_augmentations
            threads = using_threads(n_operations, OPERATIONS_PER_THREAD)
            with threads, progress_bar(self.verbose, net.max_epochs) as advance:
                train_together(members, settings, advance)
        self._trained = [TrainedNet(m.net, m.checkpoints, m.to_logits) for m in members]
        self.losses_ = np.array([m.net.history[:, "train_loss"] for m in members])
        self.clean_probability_ = np.mean([d.clean_probability() for d in divisions], axis=0)

    def _make_augment(self, X, rng):
        if self.augment is not None:
            return partial(_augment, self.augment, rng)
        scale = torch.from_numpy(np.asarray(_JITTER * mean_and_scale(X)[1])).float()
        return partial(_jitter, scale)

    def _make_division(self, labels, sources, rng):
        labels = torch.from_numpy(labels)
        if self.detector is None:
            return LossDivision(labels, draw_random_state(rng))
        return DetectorDivision(self.detector, labels, sources, rng)

    def _check(self, net):
        if self.warm_up >= net.max_epochs:
            raise ValueError(
                f"warm_up={self.warm_up} leaves no epoch of the estimator's "
                f"max_epochs={net.max_epochs}. Lower the first, or raise the second."
            )
        if is_accelerated(net):
            raise ValueError(
                "DivideMixClassifier does not train with accelerate. Pass a net without an "
                "accelerator."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.three_d_array = True  # and more: rows have any shape
        return tags


def _mean(logits):
    """Average the probabilities of several nets, (n_samples, n_classes), in double precision."""
    return torch.stack([each.double().softmax(dim=1) for each in logits]).mean(dim=0).numpy()


def _jitter(scale, device, X):
    return X + scale.to(device) * torch.randn_like(X)


def _augment(augment, rng, device, X):
    """Augment a batch of rows with a function of arrays."""
    rows = np.asarray(augment(X.cpu().numpy(), rng), dtype=np.float32)
    if rows.shape != tuple(X.shape):
        raise ValueError(
            f"augment must return rows of the shape it was given, {tuple(X.shape)}; it returned "
            f"shape {rows.shape}."
        )
    return torch.from_numpy(rows).to(device)
