"""Data to try detectors on: wrong labels to add, and files that the user has.

They import the groundwork, and of the steps only how other labels are drawn; torch only where a
file needs it. A new format is a loader in a module of its own, which refuses damaged files by
``file_checks``.
"""

from .cifar import load_cifar10, load_cifar10n, load_cifar100, load_cifar100n
from .label_noise import make_label_noise
from .npz import load_npz

__all__ = [
    "load_cifar10",
    "load_cifar10n",
    "load_cifar100",
    "load_cifar100n",
    "load_npz",
    "make_label_noise",
]
