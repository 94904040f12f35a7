"""Training on each half of the rows to judge the other, so that no row is judged from memory."""

import numpy as np


def halve(keys, labels):
    """Mark half of each class's rows, (n_samples,) bool.

    Halves follow from what rows hold, hashed to ``keys``, so that a training which is taken up
    again finds the same ones.
    """
    in_half = np.zeros(len(labels), dtype=bool)
    in_half[np.lexsort((keys, labels))[::2]] = True
    return in_half


class TrainedHalves:
    """Two classifiers of the same kind, each trained on its half of the rows.

    Parameters
    ----------
    first, second : TrainedNet, TrainedStages or TrainedCopies
    """

    averages_stages = True

    def __init__(self, first, second):
        self.first = first
        self.second = second

    @property
    def classifier(self):
        return self.first.classifier

    @property
    def checkpoints(self):
        return self.first.checkpoints

    @property
    def rows_at_once(self):
        return self.first.rows_at_once

    def staged_logits(self, X):
        """Yield what both make of rows, on average, after every epoch, the last first."""
        stages = (half.staged_logits(X) for half in (self.first, self.second))
        for one, other in zip(*stages, strict=True):
            yield (one + other) / 2


def record_by_halves(train, half, labels, goes_on=None):
    """Record each row as seen by a training on the half without it.

    Parameters
    ----------
    train : callable
        ``train(only=positions, name=name)`` trains on some of the originals, and returns what was
        trained, the record of all rows and their logits.
    half : ndarray of shape (n_rows,), bool
        Whether a row belongs to the first half; copies, which come last, belong where their
        originals do.
    labels : ndarray of shape (n_samples,)
        Of the originals.
    goes_on : callable or None, default=None
        ``goes_on(logits, judged)`` tells from the logits of all rows, and the mask of those that
        the first training was not told of, whether the second is worth its time.

    Returns
    -------
    trained : TrainedHalves or None
        None where the second training was not worth it; then nothing else is to be read.
    record : ndarray of shape (n_signals, n_rows, n_epochs)
    logits : ndarray of shape (n_rows, n_classes)
    """
    n_samples = len(labels)
    alone = (np.bincount(labels) == 1)[labels]  # of its class; a training needs all classes
    first_half, second_half = (told[:n_samples] | alone for told in (half, ~half))
    first, record, logits = train(only=np.flatnonzero(first_half), name="first-half")
    if goes_on is not None and not goes_on(logits[:n_samples], ~half[:n_samples]):
        return None, record, logits
    second, *other = train(only=np.flatnonzero(second_half), name="second-half")
    record[:, half], logits[half] = other[0][:, half], other[1][half]
    return TrainedHalves(first, second), record, logits
