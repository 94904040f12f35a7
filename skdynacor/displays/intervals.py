"""How far a share of few rows may be from the share of many."""

import numpy as np
from scipy.stats import beta


def share_interval(n_hits, n_rows):
    """Give the 95 % interval of a share, by Jeffreys' prior [1]_.

    Parameters
    ----------
    n_hits : array-like of shape (n,)
        How many of the rows have what the share is of.
    n_rows : int or array-like of shape (n,)
        How many rows there are, at least one.

    Returns
    -------
    low, high : ndarray of shape (n,)

    References
    ----------
    .. [1] Brown et al., "Interval Estimation for a Binomial Proportion", Statistical Science 16,
       2001. https://doi.org/10.1214/ss/1009213286
    """
    n_hits, n_rows = np.broadcast_arrays(n_hits, n_rows)
    low, high = beta.ppf([[0.025], [0.975]], n_hits + 0.5, n_rows - n_hits + 0.5)
    return np.where(n_hits == 0, 0, low), np.where(n_hits == n_rows, 1, high)
