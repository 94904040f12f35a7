"""How good flags and a ranking are, and how long a call takes."""

import time

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score


def percent_f1(wrong, flags):
    """Score flags against the truth, in %."""
    return float(100 * f1_score(wrong, flags, zero_division=0))


def score(wrong, flags, noise_score, seconds):
    """Score flags (in %) and a ranking against the truth; with no wrong label, AUROC is NaN."""
    return {
        "noise rate": float(wrong.mean()),
        "flagged": float(flags.mean()),
        "F1": percent_f1(wrong, flags),
        "AUROC": float(roc_auc_score(wrong, noise_score)) if wrong.any() else np.nan,
        "seconds": float(seconds),
    }


def timed(function, *args, **kwargs):
    """Call a function; return its result and the seconds that it took."""
    start = time.perf_counter()
    result = function(*args, **kwargs)
    return result, time.perf_counter() - start
