"""Training on each half of the rows to judge the other, so that no row is judged from memory."""

import joblib
import numpy as np

from ..groundwork.progress_bar import SILENCE
from ..groundwork.row_order import number_classes
from .recordings import Recording


def halve(labels, order):
    """Mark half of each class's rows, (n_samples,) bool.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
    order : ndarray of shape (n_samples,)
        Positions, see ``order_rows``. They are shuffled, since neighbours may be alike.

    Returns
    -------
    in_half : ndarray of shape (n_samples,), bool
    """
    in_half = np.zeros(len(labels), dtype=bool)
    shuffled = np.random.default_rng(0).permutation(len(labels))
    by_class = np.lexsort((shuffled, number_classes(labels[order])[0]))
    in_half[order[by_class[::2]]] = True
    return in_half


_NAMES = "first-half", "second-half"


class TrainedHalves:
    """Two classifiers of the same kind, each trained on its half of the rows.

    Parameters
    ----------
    first, second : TrainedNet, TrainedStages or TrainedCopies
    half : ndarray of shape (n_samples,), bool
        The rows that the first is trained on.
    n_stages : tuple of (int, int)
        How many stages each has. One that ended early, as boosting does that has nothing left to
        learn, stays as it was.
    """

    averages_stages = True

    def __init__(self, first, second, half, n_stages):
        self.first = first
        self.second = second
        self.half = half
        self.n_stages = n_stages

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
        stages = (
            _lengthen(half.staged_logits(X), max(self.n_stages) - n_stages)
            for half, n_stages in zip((self.first, self.second), self.n_stages, strict=True)
        )
        for one, other in zip(*stages, strict=True):
            yield (one + other) / 2


def _lengthen(stages, n_more):
    """Yield the first of some stages so many times more."""
    for stage in stages:
        yield from [stage] * (n_more + 1)
        n_more = 0


class Halves:
    """Two trainings, each on the half of the rows that the other judges.

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
    n_jobs : int, default=1
        Both are trained at once, in processes of their own, if it is more than 1.
    progress : ProgressBar or Silence, default=SILENCE
        Is told when a half is done. Processes of their own tell nothing before.

    Attributes
    ----------
    trainings : list of (ndarray of shape (n_samples,), ndarray of shape (n_samples,))
        For each of the two, bool: which rows it is told of, and which it judges.

    Raises
    ------
    ValueError
        If no row can be kept from either, since each is alone in its class.
    """

    def __init__(self, train, half, labels, n_jobs=1, progress=SILENCE):
        self._train = train
        self._half = half
        self._n_jobs = n_jobs
        self._progress = progress
        alone = (np.bincount(labels) == 1)[labels]  # of its class; a training needs all classes
        if alone.all():
            raise ValueError(
                f"y holds {len(labels)} classes of one row each. A label is judged by a model that "
                "was not told it but knows its class, so that some class needs two rows or more."
            )
        self._n_samples = len(labels)
        own = half[: len(labels)]
        self.trainings = [(told, ~told) for told in (own | alone, ~own | alone)]
        self._done = []

    def first_logits(self):
        """Train on the first half; return the logits of the originals, (n_samples, n_classes)."""
        if not self._done:
            self._go_on(2 if self._n_jobs > 1 else 1)
        return self._done[0][-1][: self._n_samples]

    def complete(self):
        """Train on the second half, too; return the ``Recording`` of rows judged by the other."""
        self._go_on(2 - len(self._done))
        (first, record, logits), (second, other_record, other_logits) = self._done
        half, n_stages = self._half, (record.shape[-1], other_record.shape[-1])
        if len(set(n_stages)) > 1:
            record, other_record = (
                np.pad(each, [(0, 0), (0, 0), (0, max(n_stages) - n)], mode="edge")
                for each, n in zip((record, other_record), n_stages, strict=True)
            )
        record[:, half], logits[half] = other_record[:, half], other_logits[half]
        self._done = []
        trained = TrainedHalves(first, second, half[: self._n_samples], n_stages)
        return Recording(trained, record, logits)

    def _go_on(self, n_trainings):
        """Make the next trainings, at once if there are several and jobs for them."""
        done = len(self._done)
        ahead = [*zip(_NAMES, self.trainings, strict=True)][done : done + n_trainings]
        calls = [
            (self._train, (), {"only": np.flatnonzero(told), "name": name})
            for name, (told, _) in ahead
        ]
        # Processes, since threads would share torch's random numbers.
        n_jobs = min(self._n_jobs, len(calls)) or 1
        if n_jobs > 1:
            self._progress.of(ahead[0][0]).begin()
        made = joblib.Parallel(n_jobs, backend="loky", return_as="generator")(calls)
        for (name, _), recording in zip(ahead, made, strict=True):
            self._progress.of(name).end()
            self._done.append(recording)
