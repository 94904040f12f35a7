"""What a training tells of how far it is."""

import torch
from skorch.callbacks import Callback


def share_that_agree(logits, labels):
    """Give the share of rows whose label has the largest logit.

    Parameters
    ----------
    logits : ndarray or tensor of shape (n_samples, n_classes)
    labels : ndarray or tensor of shape (n_samples,)

    Returns
    -------
    share : float
    """
    return float((torch.as_tensor(logits).argmax(dim=1) == torch.as_tensor(labels)).float().mean())


class EpochReporter(Callback):
    """Report every epoch of a net's training.

    Parameters
    ----------
    progress : Report or Silence
    recorder : Recorder
    rows : ndarray
        The rows to look at: positions or a mask.
    """

    def __init__(self, progress, recorder, rows):
        self.progress = progress
        self.recorder = recorder
        self.rows = rows

    def on_epoch_begin(self, net, **kwargs):
        self.progress.begin(self._share())  # what is there already was taken up

    def on_epoch_end(self, net, **kwargs):
        text = f"epoch {len(self.recorder.checkpoints)}/{self.recorder.n_epochs}"
        self.progress.reach(self._share(), text, self._agreement)

    def on_train_end(self, net, **kwargs):
        self.progress.begin(self._share())

    def _share(self):
        return len(self.recorder.checkpoints) / self.recorder.n_epochs

    def _agreement(self):
        totals, _ = self.recorder.sums
        return share_that_agree(totals[self.rows], self.recorder.labels[self.rows])
