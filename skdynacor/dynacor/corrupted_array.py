"""The array that carries corrupted copies through a scikit-learn ``Pipeline``."""

import copy
from dataclasses import dataclass

import numpy as np

from ..utils.sklearn_private import num_samples


@dataclass(frozen=True, eq=False)
class CorruptedCopies:
    """Copies of rows with injected label errors.

    Parameters
    ----------
    data : ndarray of shape (n_copies, ...)
        One row per copy: augmented features, or, after ``DynamicsCollector``, trajectories.
    labels : ndarray of shape (n_copies,)
        The label that each copy was given in place of its source's.
    sources : ndarray of shape (n_copies,), dtype int64
        The original row that each copy was made of.
    """

    data: np.ndarray
    labels: np.ndarray
    sources: np.ndarray

    def __post_init__(self):
        lengths = {name: len(getattr(self, name)) for name in ("data", "labels", "sources")}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"Corrupted copies need one label and one source each; got {lengths}.")


class _Strides(tuple):
    """Strides that also hold the copies, see ``CorruptedArray.strides``."""


class CorruptedArray(np.ndarray):
    """The original rows, with their corrupted copies at hand.

    It is an array of the original rows in every respect, so that steps which know nothing of
    corruption see as many rows as labels. What may break the correspondence of rows and copies
    (indexing, arithmetic, ``astype``, ...) gives a plain array.

    Parameters
    ----------
    data : array-like of shape (n_samples, ...)
        The original rows.
    corrupted : CorruptedCopies or None, default=None
        The copies, whose ``sources`` are rows of ``data``.

    Attributes
    ----------
    corrupted : CorruptedCopies or None

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor import CorruptedArray, CorruptedCopies
    >>> copies = CorruptedCopies(np.zeros((1, 2)), labels=np.array([1]), sources=np.array([0]))
    >>> X = CorruptedArray(np.ones((3, 2)), copies)
    >>> X.shape, X.corrupted.labels
    ((3, 2), array([1]))
    >>> type(X[:2]).__name__
    'ndarray'
    """

    def __new__(cls, data, corrupted=None):
        try:
            data = np.asarray(data)
        except ValueError as error:
            raise ValueError(f"The rows of data must have one shape: {error}") from error
        n_rows, sources = num_samples(data), () if corrupted is None else corrupted.sources
        if len(sources) and not (min(sources) >= 0 and max(sources) < n_rows):
            raise ValueError(
                f"The copies' sources must be rows of data, 0 to {n_rows - 1}; "
                f"got {min(sources)} to {max(sources)}."
            )
        array = data.view(cls)
        array.corrupted = corrupted
        return array

    @property
    def strides(self):
        # NB: joblib's hash of an array covers bytes, dtype, shape and strides, but no attribute.
        # Without the copies in one of them, Pipeline(memory=...) would return the training of
        # another corruption of the same rows.
        strides = _Strides(_plain(self).strides)
        strides.corrupted = self.corrupted
        return strides

    def copy(self, order="C"):
        return CorruptedArray(_plain(self).copy(order), self.corrupted)

    __copy__ = copy

    def __deepcopy__(self, memo):
        return CorruptedArray(_plain(self).copy(), copy.deepcopy(self.corrupted, memo))

    def __reduce__(self):
        return CorruptedArray, (_plain(self), self.corrupted)

    def __reduce_ex__(self, protocol):
        return self.__reduce__()

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if "out" in kwargs:
            kwargs["out"] = _plain(kwargs["out"])
        return getattr(ufunc, method)(*_plain(inputs), **kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return _plain(super().__array_function__(function, types, args, kwargs))


def _plain(value):
    """View corrupted arrays, also inside a tuple or list, as plain ones."""
    if isinstance(value, CorruptedArray):
        return value.view(np.ndarray)
    if type(value) in (tuple, list):
        return type(value)(map(_plain, value))
    return value


def _plain_method(name):
    inherited = getattr(np.ndarray, name)

    def method(self, *args, **kwargs):
        return _plain(inherited(self, *args, **kwargs))

    method.__name__ = name
    return method


# Everything else that numpy gives back as an array of the same class.
for _name in [
    *("__getitem__", "argpartition", "argsort", "astype", "byteswap", "choose", "clip", "compress"),
    *("conj", "conjugate", "cumprod", "cumsum", "diagonal", "flatten", "getfield", "newbyteorder"),
    *("ravel", "repeat", "reshape", "round", "squeeze", "swapaxes", "take", "transpose", "all"),
    *("any", "argmax", "argmin", "dot", "max", "mean", "min", "prod", "ptp", "std", "sum", "trace"),
    "var",
]:
    if hasattr(np.ndarray, _name):
        setattr(CorruptedArray, _name, _plain_method(_name))
for _name in ("T", "mT", "real", "imag"):
    if hasattr(np.ndarray, _name):
        setattr(
            CorruptedArray,
            _name,
            property(lambda self, name=_name: getattr(_plain(self), name)),
        )
del _name
