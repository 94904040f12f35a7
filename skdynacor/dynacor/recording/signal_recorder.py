"""The callback that records every row's signals while a net is trained."""

import torch
from skorch.callbacks import Callback

from ...training.accelerated_nets import evaluate, gather, weights_of
from ...training.net_training import check_finite

# Entries of outputs kept before their signals are computed: few large computations cost less than
# many small ones, but outputs kept long fragment the memory.
_PENDING_ENTRIES = 2**14


class Recorder(Callback):
    """Record signals of every row at every epoch, and the weights after each epoch.

    Signals are read from the forward pass of training, before that step's update. A row that an
    epoch's sampler does not draw gets its signals from the weights at the epoch's end. Mean logits
    are recorded, too. The record lives on the device of the logits; recording does not wait for the
    device within an epoch. Where several processes train the net, each records the rows of its own
    batches, and the records are gathered at the end.

    ``fetch(positions)`` gives a batch of rows; ``checkpoints`` get the module's state, on the CPU.
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
        check_finite(net, len(self.checkpoints) + 1)
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

    def state_dict(self):
        """Everything recorded so far, for ``load_state_dict``."""
        kept = self.checkpoints if isinstance(self.checkpoints, list) else []
        return {
            "record": self.record.cpu(),
            "sums": [each.cpu() for each in self.sums],
            "n_epochs": len(self.checkpoints),
            "checkpoints": kept,
        }

    def load_state_dict(self, state):
        """Resume from what ``state_dict`` returned."""
        self.record, self.sums = state["record"], state["sums"]
        if isinstance(self.checkpoints, list):
            self.checkpoints[:] = state["checkpoints"]
        else:
            self.checkpoints.n_epochs = state["n_epochs"]

    def trajectories(self):
        """The record of all epochs, (n_signals, n_rows, n_epochs), on the CPU."""
        if len(self.checkpoints) != self.n_epochs:
            raise RuntimeError(
                f"The training ended after {len(self.checkpoints)} of {self.n_epochs} epochs; "
                "remove the callback that ends it, or lower max_epochs."
            )
        if self.record.isnan().any():
            raise ValueError("A signal is NaN for some rows; it must be finite for all of them.")
        return self.record.transpose(1, 2).cpu().contiguous()

    def mean_logits(self):
        """The mean of each row's logits, (n_rows, n_classes); their sums are deleted."""
        (total, times), self.sums = self.sums, None
        return total.div_(times[:, None]).cpu()

    def _write(self, positions, outputs):
        outputs = outputs[0] if isinstance(outputs, tuple) else outputs
        self._pending.append((positions, outputs.detach()))
        if len(self._pending) * outputs.numel() >= _PENDING_ENTRIES:
            self._flush()

    @torch.no_grad()
    def _flush(self):
        """Write the signals of the pending batches."""
        if not self._pending:
            return
        positions, outputs = map(torch.cat, zip(*self._pending, strict=True))
        self._pending = []
        logits = self.to_logits(outputs.float())  # (n_pending, n_classes)
        if self.record is None:
            shape = (len(self.signals), self.n_epochs, len(self.labels))
            self.record = torch.full(shape, torch.nan)
            n_rows, n_classes = len(self.labels), logits.shape[1]
            self.sums = [torch.zeros(n_rows, n_classes), torch.zeros(n_rows)]
        self._move_to(logits.device)
        positions = positions.to(logits.device)
        labels, epoch = self.labels[positions], len(self.checkpoints)
        for record, signal in zip(self.record, self.signals, strict=True):
            record[epoch].index_copy_(0, positions, signal(logits, labels))
        self.sums[0].index_add_(0, positions, logits)
        self.sums[1].index_add_(0, positions, torch.ones_like(logits[:, 0]))

    def _move_to(self, device):
        self.record, self.labels = self.record.to(device), self.labels.to(device)
        self.sums = [each.to(device) for each in self.sums]
