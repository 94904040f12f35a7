"""A threshold by corrupted copies, whose labels are known to be wrong."""

from typing import NamedTuple

import numpy as np


class CopiesReading(NamedTuple):
    """What copies say of the rows."""

    threshold: float  # rows are flagged above it
    noise_rate: float


def read_copies(q_noisy, q_of_copies):
    """Find where F1 is largest if errors among the rows are distributed as among the copies.

    Beyond a threshold lies a share φ of the rows and ρ of the copies. As many rows at most are
    wrong as make up all of φ: the noise rate r is the least of φ / ρ, two standard errors added.
    Then F1 = 2 ρ r / (φ + r).

    Parameters
    ----------
    q_noisy : ndarray of shape (n_samples,)
        q_noisy of Eq. 3, of the rows.
    q_of_copies : ndarray of shape (n_copies,)
    """
    values = np.unique(np.concatenate([q_noisy, q_of_copies]))
    n_rows, n_copies = (
        len(each) - np.searchsorted(np.sort(each), values) for each in (q_noisy, q_of_copies)
    )
    some = (n_rows > 0) & (n_copies > 0)
    if not some.any():
        return CopiesReading(1.0, 0.0)
    values, n_rows, n_copies = values[some], n_rows[some], n_copies[some]
    phi, rho = n_rows / len(q_noisy), n_copies / len(q_of_copies)
    ratio = phi / rho
    relative_error = np.sqrt((1 - phi) / n_rows + (1 - rho) / n_copies)
    rate = min(float(np.min(ratio * (1 + 2 * relative_error))), 1.0)
    best = np.argmax(2 * rho * rate / (phi + rate))
    return CopiesReading(float(np.nextafter(values[best], 0)), rate)
