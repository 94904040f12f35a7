"""How good flags and a ranking are, and how long a call takes."""

import time

import numpy as np
from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score


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


def best_threshold(wrong, probability):
    """Find the probability from which on to flag for the largest F1."""
    precision, recall, thresholds = precision_recall_curve(wrong, probability)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return thresholds[np.argmax(f1[:-1])]


def timed(function, *args, **kwargs):
    """Call a function; return its result and the seconds that it took."""
    start = time.perf_counter()
    result = function(*args, **kwargs)
    return result, time.perf_counter() - start
