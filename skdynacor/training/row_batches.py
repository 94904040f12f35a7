"""Training rows that know their position, batched on the training device."""

import warnings
from functools import partial

import numpy as np
import torch
from scipy.sparse import csr_matrix
from skorch.dataset import Dataset as SkorchDataset
from skorch.utils import to_device
from torch.utils.data import Dataset

from ..utils.sparse_rows import stack_rows


class IndexedBatch(tuple):
    """The pair (X, y) that skorch unpacks, with its rows' ``positions`` in the data set."""

    def __new__(cls, X, y, positions):
        batch = super().__new__(cls, (X, y))
        batch.positions = positions
        return batch

    def __reduce__(self):  # batches cross processes where a loader has workers
        return IndexedBatch, (*self, self.positions)

    def to(self, device, non_blocking=False):
        """Move the rows; accelerate calls this, and takes batches apart that do not have it."""
        return IndexedBatch(*(to_device(part, device) for part in self), self.positions)


class ArrayRows(Dataset):
    """Originals followed by copies, stored apart and served by the batch, as float32.

    ``targets`` are those of the criterion. Rows are stored and batches made on ``device``;
    originals are not copied on the CPU.
    """

    def __init__(self, originals, copies, targets, device):
        self.originals = to_tensor(originals).to(device)
        self.copies = to_tensor(copies).to(device)
        self.targets = targets.to(device)

    def __len__(self):
        return len(self.targets)

    def __getitems__(self, positions):
        positions = torch.as_tensor(positions)
        n = len(self.originals)
        # On the host, where the positions come from, so that no device has to wait.
        from_copies = (positions >= n).nonzero()[:, 0]
        rows = self.originals.index_select(0, self._move(positions.clamp(max=n - 1))).float()
        if len(from_copies):
            copies = self.copies[self._move(positions[from_copies] - n)]
            rows[self._move(from_copies)] = copies.float()
        positions = self._move(positions)
        return IndexedBatch(rows, self.targets[positions], positions)

    def __getitem__(self, position):
        X, y = self.__getitems__([position])
        return X[0], y[0]

    def _move(self, tensor):
        return tensor.to(self.targets.device, non_blocking=True)


class SparseRows(Dataset):
    """Sparse originals followed by copies, served by the batch, as float32.

    Rows stay on the host; batches go to ``device``, dense or as sparse tensors.
    """

    def __init__(self, originals, copies, targets, device, dense=True):
        self.rows = stack_rows(originals, copies)
        self.targets = targets.to(device)
        self.dense = dense

    @classmethod
    def of(cls, net, loader):
        """Choose dense or sparse batches by the net's module and the loader's workers."""
        # Of sparse tensors that cross processes, torch warns.
        takes_sparse = getattr(net.module, "takes_sparse", False) and not loader.get("num_workers")
        return partial(cls, dense=not takes_sparse)

    def __len__(self):
        return len(self.targets)

    def __getitems__(self, positions):
        positions = torch.as_tensor(positions)
        rows = self.rows[positions.numpy()]
        if self.dense:
            batch = torch.from_numpy(rows.toarray())
        else:
            places = np.repeat(np.arange(len(positions)), np.diff(rows.indptr)), rows.indices
            batch = torch.sparse_coo_tensor(
                torch.from_numpy(np.stack(places)),
                torch.from_numpy(rows.data),
                rows.shape,
                is_coalesced=True,
                check_invariants=False,  # of scipy's; left unsaid, torch warns
            )
        positions = positions.to(self.targets.device)
        return IndexedBatch(batch.to(positions.device), self.targets[positions], positions)

    def __getitem__(self, position):
        X, y = self.__getitems__([position])
        return X[0], y[0]


def as_served(net, X):
    """Make a data set of sparse rows to be scored, and set up the net's loader for it."""
    if net.dataset is not SkorchDataset:  # it serves rows in its own way
        return csr_matrix(X)
    net.set_params(iterator_valid__collate_fn=as_fetched, iterator_valid__pin_memory=False)
    serve = SparseRows.of(net, net.get_params_for("iterator_valid"))
    return serve(X, X[:0], torch.zeros(X.shape[0]), "cpu")


class SomeRows(Dataset):
    """Some rows of a data set that serves batches; ``torch.utils.data.Subset`` needs a list."""

    def __init__(self, dataset, positions):
        self.dataset = dataset
        self.positions = positions

    def __len__(self):
        return len(self.positions)

    def __getitem__(self, position):
        return self.dataset[int(self.positions[position])]

    def __getitems__(self, positions):
        return self.dataset.__getitems__(self.positions[positions].tolist())


class IndexedDataset(Dataset):
    """Any data set of pairs (X, y), served with the position of each row."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, position):
        return self.dataset[position]

    def __getitems__(self, positions):
        return [self.dataset[position] for position in positions], torch.as_tensor(positions)


class IndexedCollate:
    """Collate rows with a loader's own function and keep their positions."""

    def __init__(self, collate):
        self.collate = collate

    def __call__(self, fetched):
        rows, positions = fetched
        X, y = self.collate(rows)
        return IndexedBatch(X, y, positions)


def as_fetched(batch):
    """Return a batch that the data set made already."""
    return batch


def is_indexed(collate):
    """Whether a loader's collate function keeps the positions of rows."""
    return collate is as_fetched or isinstance(collate, IndexedCollate)


def to_tensor(array):
    """View an array as a tensor without torch's warning about read-only arrays."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writ")
        return torch.as_tensor(array)
