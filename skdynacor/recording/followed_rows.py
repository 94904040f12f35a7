"""Telling a criterion which rows it judges, for one that keeps something for each row."""

from skorch.callbacks import Callback


def follows_rows(criterion):
    """Tell whether a criterion asks which rows each batch has."""
    return getattr(criterion, "follows_rows", False)


class TellRows(Callback):
    """Tell a criterion how many rows there are, and the positions of each batch's rows.

    Parameters
    ----------
    n_rows : int
        Of all rows and copies, whether they are trained on or not.
    """

    def __init__(self, n_rows):
        self.n_rows = n_rows

    def on_train_begin(self, net, **kwargs):
        net.criterion_.follow(self.n_rows)

    def on_batch_begin(self, net, batch=None, training=False, **kwargs):
        if training:
            net.criterion_.positions = batch.positions
