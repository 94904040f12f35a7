"""Hearing several sources of beliefs, none of which was told the label that it judges."""

import numpy as np

from ..groundwork.progress_bar import SILENCE
from ..noise_model.noise_model import gain_of, source_weights
from .heard_models import HeardModels
from .trial import is_ahead, is_open


def hear(halves, partners, labels, lead=None, progress=SILENCE):
    """Record a classifier and its partners, as far as they matter, and weigh them.

    A classifier that is far ahead of any forest is heard alone; its second half is asked, too,
    where the first leaves that open. Else the first partner is recorded, and the classifier's
    second half is trained only if it may add something to that. Where it adds nothing, the other
    partners join.

    Parameters
    ----------
    halves : Halves or None
        Of the classifier; ``None`` where it cannot be trained on these rows.
    partners : dict of str to callable
        Each makes a ``Recording``.
    labels : ndarray of shape (n_samples,)
        Of the originals, which come before the copies.
    lead : callable or None, default=None
        ``lead(logits, *trainings)`` gives the ``Lead`` over forests from what the classifier makes
        of the originals, and the masks of those that each of its trainings was told of and judges.
    progress : ProgressBar or Silence, default=SILENCE
        Is told what is not recorded after all.

    Returns
    -------
    heard : HeardModels
    record : ndarray of shape (n_signals, n_rows, n_epochs)
        Of the first of the heard models.
    logits : ndarray of shape (n_rows, n_classes)
        What they make of rows and copies together.
    """
    waiting, recordings, classifier = dict(partners), {}, None

    def gain(logits, rows=slice(None)):
        others = [recording.logits[: len(labels)][rows] for recording in recordings.values()]
        return gain_of(logits[rows], others, labels[rows])

    if halves is not None and waiting:
        logits = halves.first_logits()
        if lead is not None:
            found = lead(logits, halves.trainings[0])
            if is_open(found):
                classifier = halves.complete()
                found = lead(classifier.logits[: len(labels)], *halves.trainings)
            if is_ahead(found):
                progress.drop(*waiting)
                classifier = classifier or halves.complete()
                return _weigh({"classifier": classifier}, labels, separable=True)
    if waiting:
        name = next(iter(waiting))
        recordings[name] = waiting.pop(name)()
    if halves is not None and classifier is None:
        if not recordings or gain(logits, halves.trainings[0][1]).may_matter:
            classifier = halves.complete()
        else:
            progress.drop("second-half")
    if waiting and (classifier is None or not gain(classifier.logits[: len(labels)]).matters):
        recordings.update((name, record()) for name, record in waiting.items())
    else:
        progress.drop(*waiting)
    if classifier is not None:
        recordings = {"classifier": classifier, **recordings}
    return _weigh(recordings, labels)


def _weigh(recordings, labels, separable=False):
    weights = np.ones(1)
    if len(recordings) > 1:
        judged = [recording.logits[: len(labels)] for recording in recordings.values()]
        weights = source_weights(judged, labels)
    weights = dict(zip(recordings, weights.tolist(), strict=True))
    # A classifier that is heard gives the trajectories, else the partner that is heard most.
    order = sorted(weights, key=lambda name: (name != "classifier", -weights[name]))
    order = [name for name in order if weights[name] > 0] or order[:1]
    logits = sum(np.float32(weights[name]) * recordings[name].logits for name in order)
    trained = {name: recordings[name].trained for name in order}
    return HeardModels(trained, weights, separable), recordings[order[0]].record, logits
