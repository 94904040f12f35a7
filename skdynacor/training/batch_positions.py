"""Passing row positions to a criterion that stores something for each row."""

from skorch.callbacks import Callback


class BatchPositions(Callback):
    """Set ``positions`` of the criterion for each batch; ``n_rows`` counts all rows and copies."""

    def __init__(self, n_rows):
        self.n_rows = n_rows

    def on_train_begin(self, net, **kwargs):
        net.criterion_.set_n_rows(self.n_rows)

    def on_batch_begin(self, net, batch=None, training=False, **kwargs):
        if training:
            net.criterion_.positions = batch.positions
