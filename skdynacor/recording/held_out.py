"""Hearing several sources of beliefs, none of which was told the label that it judges."""

from typing import Any, NamedTuple

import numpy as np

from ..noise_model.noise_model import classes_are_separable, gain_of, source_weights
from .heard_models import HeardModels


class Recording(NamedTuple):
    """What one source was trained to, and what it makes of rows and copies."""

    trained: Any  # None where the training was cut short
    record: np.ndarray  # (n_signals, n_rows, n_epochs)
    logits: np.ndarray  # (n_rows, n_classes)


def hear(record_classifier, partners, labels):
    """Record a classifier and its partners, as far as they matter, and weigh them.

    The first partner and the classifier's first half come first, since they are cheap beside the
    rest. A classifier that surely adds nothing goes no further. Where it adds nothing, the other
    partners join; they also do where it is far ahead of the first, to make sure that it is.

    Parameters
    ----------
    record_classifier : callable or None
        ``record_classifier(goes_on)`` makes its ``Recording``, see ``record_by_halves``; ``None``
        where it cannot be trained on these rows.
    partners : dict of str to callable
        Each makes a ``Recording``.
    labels : ndarray of shape (n_samples,)
        Of the originals, which come before the copies.

    Returns
    -------
    heard : HeardModels
    record : ndarray of shape (n_signals, n_rows, n_epochs)
        Of the first of the heard models.
    logits : ndarray of shape (n_rows, n_classes)
        What they make of rows and copies together.
    """
    n_samples = len(labels)
    waiting, recordings = dict(partners), {}

    def logits_of_partners():
        return [recording.logits[:n_samples] for recording in recordings.values()]

    def goes_on(logits, judged):
        others = [each[judged] for each in logits_of_partners()]
        return not others or gain_of(logits[judged], others, labels[judged]).may_matter

    def hear_partner(name):
        recordings[name] = waiting.pop(name)()

    if waiting:
        hear_partner(next(iter(waiting)))
    classifier = None if record_classifier is None else record_classifier(goes_on)
    if classifier is not None and classifier.trained is None:
        classifier = None

    def matters():
        if classifier is None:
            return False
        others = logits_of_partners()
        return not others or gain_of(classifier.logits[:n_samples], others, labels).matters

    def is_ahead():
        if classifier is None or not recordings:
            return False
        return classes_are_separable(classifier.logits[:n_samples], logits_of_partners(), labels)

    separable = is_ahead()
    if waiting and (separable or not matters()):
        for name in list(waiting):
            hear_partner(name)
        separable = separable and is_ahead()
    if classifier is not None:
        recordings = {"classifier": classifier, **recordings}
    return _weigh(recordings, labels, separable)


def _weigh(recordings, labels, separable):
    weights = np.ones(1)
    if len(recordings) > 1:
        judged = [recording.logits[: len(labels)] for recording in recordings.values()]
        weights = source_weights(judged, labels, separable)
    weights = dict(zip(recordings, weights.tolist(), strict=True))
    # A classifier that is heard gives the trajectories, else the partner that is heard most.
    order = sorted(weights, key=lambda name: (name != "classifier", -weights[name]))
    order = [name for name in order if weights[name] > 0] or order[:1]
    logits = sum(np.float32(weights[name]) * recordings[name].logits for name in order)
    trained = {name: recordings[name].trained for name in order}
    return HeardModels(trained, weights, separable), recordings[order[0]].record, logits
