"""Which rows to flag, given the probability that their label is wrong."""

from numbers import Real

import numpy as np

#: No row is flagged below it for the sake of the expected F1.
_LEAST_FOR_F1 = 0.2


def check_threshold(threshold, names=("f1",)):
    """Check a threshold: a name, a probability, or a wanted precision."""
    is_wanted = (
        isinstance(threshold, tuple | list)
        and len(threshold) == 2
        and threshold[0] == "precision"
        and _is_share(threshold[1])
    )
    if not (is_wanted or _is_share(threshold) or (threshold in names)):
        known = ", ".join(f'"{name}"' for name in names)
        raise ValueError(
            f'threshold must be a probability between 0 and 1, {known} or ("precision", p) with p '
            f"between 0 and 1; got {threshold!r}."
        )


def _is_share(value):
    return isinstance(value, Real) and not isinstance(value, bool) and 0 < value < 1


def find_threshold(probability, threshold):
    """Find the probability above which rows are flagged; 1 if none is."""
    if isinstance(threshold, Real):
        return float(threshold)
    falling = np.sort(probability)[::-1]
    n_wrong, n_flagged = np.cumsum(falling), np.arange(1, len(falling) + 1)
    last = np.r_[falling[1:] < falling[:-1], True]  # equal rows are flagged together
    if threshold == "f1":
        expected_f1 = 2 * n_wrong / (n_flagged + n_wrong[-1])
        allowed = last & (falling >= _LEAST_FOR_F1)
        n = np.where(allowed, expected_f1, 0).argmax() if allowed.any() else -1
    else:
        n = np.flatnonzero(last & (n_wrong / n_flagged >= threshold[1])).max(initial=-1)
    return float(np.nextafter(falling[n], 0)) if n >= 0 else 1.0
