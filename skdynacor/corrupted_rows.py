"""The sparse rows that carry corrupted copies through a scikit-learn ``Pipeline``."""

import copy

from scipy.sparse import csr_array

from .corrupted_array import Beliefs, CorruptedCopies, check_carried


class CorruptedRows(csr_array):
    """The original rows, sparse, with their corrupted copies at hand.

    What ``CorruptedArray`` is to dense rows. What may break the correspondence of rows and copies
    (indexing, arithmetic, ...) gives a plain ``csr_array``.

    Parameters
    ----------
    data : sparse array or matrix of shape (n_samples, n_features)
        The original rows.
    corrupted : CorruptedCopies or None, default=None
        The copies, whose ``sources`` are rows of ``data``.
    beliefs : Beliefs or None, default=None
        What a classifier makes of the rows.

    Attributes
    ----------
    corrupted : CorruptedCopies or None
    beliefs : Beliefs or None

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from skdynacor import CorruptedCopies, CorruptedRows
    >>> X = csr_array(np.eye(3))
    >>> X = CorruptedRows(X, CorruptedCopies(X[:1], labels=np.array([1]), sources=np.array([0])))
    >>> X.shape, X.corrupted.labels
    ((3, 3), array([1]))
    >>> type(X[:2]).__name__
    'csr_array'
    """

    def __new__(cls, *args, **kwargs):
        # NB: scipy makes the results of indexing and arithmetic by calling type(self), with what
        # csr_array takes; carrying nothing, they are plain.
        carries = any(isinstance(arg, CorruptedCopies | Beliefs) for arg in _values(args, kwargs))
        return super().__new__(cls) if carries else csr_array(*args, **kwargs)

    def __init__(self, data, corrupted=None, beliefs=None):
        super().__init__(data)
        check_carried(self.shape[0], corrupted, beliefs)
        self.corrupted = corrupted
        self.beliefs = beliefs

    def copy(self):
        return CorruptedRows(csr_array(self).copy(), self.corrupted, self.beliefs)

    __copy__ = copy

    def __deepcopy__(self, memo):
        carried = copy.deepcopy((self.corrupted, self.beliefs), memo)
        return CorruptedRows(csr_array(self).copy(), *carried)

    def __reduce__(self):
        # NB: joblib hashes what is pickled; scipy's own state also holds what was asked before,
        # such as whether indices are sorted.
        parts = (self.data, self.indices, self.indptr), self.shape
        return _restore, (*parts, self.corrupted, self.beliefs)

    def __reduce_ex__(self, protocol):
        return self.__reduce__()

    def __imul__(self, other):
        return csr_array(self) * other

    def __itruediv__(self, other):
        return csr_array(self) / other


def _values(args, kwargs):
    return *args, *kwargs.values()


def _restore(parts, shape, corrupted, beliefs):
    return CorruptedRows(csr_array(parts, shape=shape), corrupted, beliefs)
