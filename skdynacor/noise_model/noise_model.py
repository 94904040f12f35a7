"""What tells wrong labels from right ones, given what each row looks like."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, log_softmax, logit, logsumexp

from .likelihood import label_log_likelihoods, parts, weigh
from .mixture import average_with, fit_mixture
from .transition import implied_noise_rate

# The share of a class's rows that are its anchors: where classes overlap only those that lie far
# from the others, else more, since people err on hard rows.
ANCHOR_SHARE = 1 / 3
ANCHOR_SHARE_SEPARABLE = 1 / 2
# A rare class, of less than half the rows that classes have on average, that fewer rows look like
# than this share of those labelled with it is not learnt. Where many rows are labelled with it,
# most may be mistakes, and their square root is enough.
_LEAST_SEEN = 0.1
# How many standard errors a difference must be to be believed.
_SURE_BY = 2.0


class NoiseModel:
    """Class posteriors, and from them the log-odds that a label is wrong.

    Parameters
    ----------
    separable : bool, default=False
        Whether classes are taken not to overlap, see ``fit``.
    anchor_share : float or None, default=None
        The share of a class's rows that are its anchors; ``None`` leaves it to ``separable``.
    """

    def __init__(self, separable=False, anchor_share=None):
        self.separable = separable
        self.anchor_share = anchor_share

    def fit(self, logits, labels, seed=0):
        """Estimate transition, sharpness and shift.

        1. The transition comes from anchors, the sharpness of beliefs from the likelihood of the
           labels under it.
        2. Log-odds are shifted up until their mean probability is the rate that the transition
           implies, less what chance may have added to it: where errors follow from what rows look
           like, classifiers learn them, and beliefs alone find too few.
        3. If classes are separable, log-odds are averaged with those of a mixture of two groups.
        4. Labels of a rare class that was not learnt are left alone: no row looks like it, whatever
           its label should be.

        Parameters
        ----------
        logits : ndarray of shape (n_samples, n_classes)
            Of models that were not told the rows' labels.
        labels : ndarray of shape (n_samples,)
        seed : int, default=0
            Of the mixture.

        Returns
        -------
        self : NoiseModel
        """
        share = self.anchor_share
        if share is None:
            share = ANCHOR_SHARE_SEPARABLE if self.separable else ANCHOR_SHARE
        (self.sharpness,), _, self.transition, n_anchors = weigh([logits], labels, share)
        self.shift, self.mixture = 0.0, None
        n_seen, n_labelled = (
            np.bincount(classes, minlength=logits.shape[1])
            for classes in (logits.argmax(axis=1), labels)
        )
        is_rare = n_labelled < len(labels) / (2 * logits.shape[1])
        few = n_seen < np.minimum(_LEAST_SEEN * n_labelled, np.sqrt(n_labelled))
        self.learnt = ~(is_rare & few)
        odds = self.log_odds(logits, labels)
        rate = implied_noise_rate(self.transition, labels)
        chance = _SURE_BY * np.sqrt(max(rate * (1 - rate), 1e-4) / max(1, n_anchors))
        self.shift = shift_to_rate(odds, rate - chance)
        if self.separable:
            self.mixture = fit_mixture(odds + self.shift, seed)
        return self

    def log_odds(self, logits, labels):
        """Give the log-odds that each label is wrong, (n_samples,)."""
        odds = noise_log_odds(logits, labels, self.transition, self.sharpness)
        odds = average_with(self.mixture, odds + self.shift)
        return np.where(self.learnt[labels], odds, np.minimum(odds, 0))

    def class_probabilities(self, logits, labels):
        """Give the probability of each class, given looks and label, (n_samples, n_classes)."""
        return class_probabilities(logits, labels, self.transition, self.sharpness)


def class_probabilities(logits, labels, transition, sharpness=1.0):
    """Give the probability of each class, given what a row looks like and its label.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
    labels : ndarray of shape (n_samples,)
    transition : ndarray of shape (n_classes, n_classes)
    sharpness : float, default=1.0
        What logits are multiplied by.

    Returns
    -------
    probabilities : ndarray of shape (n_samples, n_classes)
        In proportion to belief^sharpness × T[class, label].
    """
    return np.exp(log_softmax(_joint(logits, labels, transition, sharpness), axis=1))


def noise_log_odds(logits, labels, transition, sharpness=1.0):
    """Give the log-odds that each label is wrong, (n_samples,), see ``class_probabilities``."""
    odds = np.empty(len(labels))
    for part in parts(*logits.shape):
        joint = _joint(logits[part], labels[part], transition, sharpness)
        given = np.arange(len(joint)), labels[part]
        right = joint[given]
        joint[given] = -np.inf
        odds[part] = logsumexp(joint, axis=1) - right
    return odds


def _joint(logits, labels, transition, sharpness):
    """Log of belief × transition, but for a constant, (n, n_classes)."""
    return sharpness * np.asarray(logits, dtype=np.float64) + np.log(transition.T)[labels]


def shift_to_rate(log_odds, rate):
    """Find what to add to log-odds for their mean probability to be ``rate``; never less than 0."""
    if expit(log_odds).mean() >= rate:
        return 0.0
    largest = logit(rate) - log_odds.min()  # by which all probabilities are the rate or more
    return float(brentq(lambda shift: expit(log_odds + shift).mean() - rate, 0, largest, xtol=1e-6))


# --- several sources ---------------------------------------------------------------------------

# A source that makes a label less than this much likelier, in nats, cannot matter.
_LEAST_GAIN = 0.005
# By how much of a forest's cross-entropy a classifier must beat it for classes to be separable.
CLEARLY_AHEAD = 0.05


class Gain(NamedTuple):
    """How much likelier labels are with a source than without, in nats per row."""

    mean: float
    error: float  # standard error of the mean

    @property
    def matters(self):
        """Whether it is worth hearing the source."""
        return bool(self.mean > _LEAST_GAIN)

    @property
    def may_matter(self):
        """Whether chance may be the reason that it seems not to be."""
        return bool(self.mean + self.error > _LEAST_GAIN)


def gain_of(source, others, labels):
    """Compare the likelihood of labels with and without a source of beliefs.

    Parameters
    ----------
    source : ndarray of shape (n_samples, n_classes)
        Logits of a model that was not told the labels.
    others : list of ndarray of shape (n_samples, n_classes)
    labels : ndarray of shape (n_samples,)

    Returns
    -------
    gain : Gain
    """
    together = _by_row([source, *others], labels, ANCHOR_SHARE)
    difference = together - _by_row(others, labels, ANCHOR_SHARE)
    return Gain(difference.mean(), difference.std() / np.sqrt(len(labels)))


def _by_row(sources, labels, anchor_share):
    """Log-likelihoods of the labels, (n_samples,), by sources weighed as well as can be."""
    weighing = weigh(sources, labels, anchor_share)
    return label_log_likelihoods(sources, labels, weighing.transition, weighing.weights)


class Lead(NamedTuple):
    """By how much a classifier is ahead of a forest in the likelihood of labels."""

    cross_entropy: float  # of the forest, in nats per row
    share: float  # of it, by which the classifier is surely ahead of the forest when it is grown
    error: float  # standard error of the share


def lead_over(forest, classifier, labels, cross_entropy_before=None):
    """Compare a classifier with a forest that is still growing.

    Where the classifier is clearly ahead, classes are taken to be *separable*: disagreement with a
    label is read as a mistake, not as overlap. From looks and labels alone the two cannot be told
    apart: rows of which three in ten have another label may lie where classes overlap, or where
    people err. What a forest makes of single features can say something. Features of a table that
    measure things explain labels about as well as anything smooth does; those of a pretrained net,
    of which no single one means much, do not, and are there because somebody can tell the classes
    apart. NB: it is a prior, not a finding.

    Parameters
    ----------
    forest, classifier : ndarray of shape (n_samples, n_classes)
        Logits of models that were not told the labels.
    labels : ndarray of shape (n_samples,)
    cross_entropy_before : float or None, default=None
        That of the forest when it had half as many trees: with ever more, it falls by about as much
        again. ``None`` takes the forest as it is.

    Returns
    -------
    lead : Lead
    """
    smooth, steps = (
        _by_row([logits], labels, ANCHOR_SHARE_SEPARABLE) for logits in (classifier, forest)
    )
    difference = smooth - steps
    now = -steps.mean()
    to_come = 0.0 if cross_entropy_before is None else max(0.0, cross_entropy_before - now)
    error = difference.std() / np.sqrt(len(labels))
    surely = difference.mean() - _SURE_BY * error - to_come
    grown = max(now - to_come, np.finfo(float).tiny)
    return Lead(float(now), float(surely / grown), float(error / grown))


def source_weights(sources, labels):
    """Weigh sources by the likelihood of the labels, see ``likelihood.weigh``.

    Parameters
    ----------
    sources : list of ndarray of shape (n_samples, n_classes)
    labels : ndarray of shape (n_samples,)

    Returns
    -------
    weights : ndarray of shape (n_sources,)
    """
    return weigh(sources, labels, ANCHOR_SHARE).weights
