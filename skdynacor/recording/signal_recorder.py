"""The callback that listens to a training and writes down every row's signal."""

import math

import torch
from skorch.callbacks import Callback

from .accelerated_nets import evaluate, gather, weights_of

# Entries of outputs that wait for their signals: few large computations cost less than many small,
# but what waits long lies between blocks of memory that are then not used again.
_PENDING_ENTRIES = 2**14


class Recorder(Callback):
    """Record signals of every row at every epoch, and the weights after each epoch.

    Signals are read from the forward pass that training makes anyway, before that step's update.
    A row that an epoch's sampler does not draw gets its signals from the weights at the epoch's
    end. The mean of its logits, over all times that it is drawn or judged, is recorded too. The
    record lives on the device of the logits; nothing waits for the device within an epoch. Where
    several processes train the net, each records the rows of its own batches, and the records are
    gathered at the end.

    Parameters
    ----------
    signals : list of callable
        ``(logits, labels) -> (n,)``.
    to_logits : callable
        Turns what the net puts out into logits of shape (n, n_classes).
    labels : tensor of shape (n_rows,), int64
    n_epochs : int
    fetch : callable
        ``fetch(positions)`` gives the batch of these rows.

    checkpoints : list
        Gets the module's state after each epoch, on the CPU.
    """

    def __init__(self, signals, to_logits, labels, n_epochs, fetch, checkpoints):
        self.signals = signals
        self.to_logits = to_logits
        self.labels = labels
        self.n_epochs = n_epochs
        self.fetch = fetch
        self.checkpoints = checkpoints
        # Made where the first signals are:
        self.record = None  # (n_signals, n_epochs, n_rows)
        self.sums = None  # of logits, (n_rows, n_classes), and how many there were, (n_rows,)
        self._pending = []

    def on_batch_end(self, net, batch=None, training=False, y_pred=None, **kwargs):
        if not training:
            return
        positions = getattr(batch, "positions", None)
        if positions is None:
            raise ValueError(
                "A training batch came without the positions of its rows: iterator_train must "
                "hand on the batches that a torch DataLoader makes of the data set it is given."
            )
        self._write(positions, y_pred)

    def on_epoch_end(self, net, **kwargs):
        self._check_finite(net)
        self._flush()
        # A signal is missing where the sampler did not draw the row, for any process.
        missing = self.record[:, len(self.checkpoints)].isnan().any(dim=0)
        missing = gather(net, missing).all(dim=0).nonzero()[:, 0].cpu()
        for start in range(0, len(missing), 1024):
            batch = self.fetch(missing[start : start + 1024].tolist())
            self._write(batch.positions, evaluate(net, batch))
        self._flush()
        self.checkpoints.append(weights_of(net))

    def on_train_end(self, net, **kwargs):
        self.record, *others = gather(net, self.record)
        for other in others:  # of a row that several processes drew, the first one's signal stays
            self.record = torch.where(self.record.isnan(), other, self.record)
        self.sums = [gather(net, each).sum(dim=0) for each in self.sums]

    def take_up(self, signals, weights, sums):
        """Add an epoch that was recorded before.

        Parameters
        ----------
        signals : tensor of shape (n_signals, n_rows)
        weights : dict
        sums : list of tensor
            As they were after the last epoch that is taken up.
        """
        if self.record is None:
            self._make_record(signals.device)
        self.record[:, len(self.checkpoints)] = signals
        self.checkpoints.append(weights)
        self.sums = [each.to(signals.device) for each in sums]

    def last_signals(self):
        """Return the signals of the last epoch, (n_signals, n_rows)."""
        return self.record[:, len(self.checkpoints) - 1]

    def trajectories(self):
        """Return the record, (n_signals, n_rows, n_epochs), on the CPU.

        Raises
        ------
        RuntimeError
            If an epoch is incomplete.
        """
        if len(self.checkpoints) != self.n_epochs:
            raise RuntimeError(
                f"The training ended after {len(self.checkpoints)} of {self.n_epochs} epochs; "
                "remove the callback that ends it, or lower max_epochs."
            )
        if self.record.isnan().any():
            raise ValueError("A signal is NaN for some rows; it must be finite for all of them.")
        return self.record.transpose(1, 2).cpu().contiguous()

    def mean_logits(self):
        """Return the mean of each row's logits, (n_rows, n_classes), and forget their sums."""
        (total, times), self.sums = self.sums, None
        return total.div_(times[:, None]).cpu()

    def _write(self, positions, outputs):
        outputs = outputs[0] if isinstance(outputs, tuple) else outputs
        self._pending.append((positions, outputs.detach()))
        if len(self._pending) * outputs.numel() >= _PENDING_ENTRIES:
            self._flush()

    @torch.no_grad()
    def _flush(self):
        """Write the signals of the batches that wait."""
        if not self._pending:
            return
        positions, outputs = map(torch.cat, zip(*self._pending, strict=True))
        self._pending = []
        logits = self.to_logits(outputs.float())  # (n_pending, n_classes)
        if self.record is None:
            self._make_record(logits.device)
        positions = positions.to(logits.device)
        labels, epoch = self.labels[positions], len(self.checkpoints)
        for record, signal in zip(self.record, self.signals, strict=True):
            record[epoch].index_copy_(0, positions, signal(logits, labels))
        if self.sums is None:
            n_rows = len(self.labels)
            self.sums = [logits.new_zeros(n_rows, logits.shape[1]), logits.new_zeros(n_rows)]
        self.sums[0].index_add_(0, positions, logits)
        self.sums[1].index_add_(0, positions, torch.ones_like(logits[:, 0]))

    def _make_record(self, device):
        shape = (len(self.signals), self.n_epochs, len(self.labels))
        self.record = torch.full(shape, torch.nan, device=device)
        self.labels = self.labels.to(device)

    def _check_finite(self, net):
        finite = all(bool(p.isfinite().all()) for p in net.module_.parameters())
        loss = net.history[-1, "batches", -1].get("train_loss", 0.0)  # the epoch's last
        if finite and math.isfinite(loss):
            return
        raise ValueError(
            f"The training diverged in epoch {len(self.checkpoints) + 1} of {self.n_epochs} "
            f"(loss {loss:.3g}): scale the features, for instance with StandardScaler, "
            f"or lower the learning rate (lr={net.lr})."
        )
