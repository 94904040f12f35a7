"""Training signals: pure functions of logits and labels.

Every function takes

- ``logits``: float tensor of shape (n_samples, n_classes),
- ``labels``: int64 tensor of shape (n_samples,), the given label of each row,

and returns a float tensor of shape (n_samples,).
"""

from functools import partial

import torch
from torch.nn import functional as F


def logit_difference(logits, labels):
    """The given label's logit less the largest other, unbounded.

    Positive where the classifier agrees with the label. It is also the margin of AUM.
    """
    given = labels[:, None]
    others = logits.scatter(dim=1, index=given, value=-torch.inf)
    return logits.gather(dim=1, index=given)[:, 0] - others.amax(dim=1)


def quantized_logit_difference(logits, labels):
    """+1 if the classifier agrees with the label, also at a tie, else −1.

    The paper's signal, Section 4.2.
    """
    # The given label's logit less the largest of all: 0 where it is the largest.
    behind = logits.gather(dim=1, index=labels[:, None])[:, 0] - logits.amax(dim=1)
    return torch.where(behind.isnan(), behind, torch.where(behind < 0, -1.0, 1.0))


def confidence(logits, labels):
    """Probability of the given label, in [0, 1]."""
    return torch.exp(-cross_entropy(logits, labels))


def cross_entropy(logits, labels):
    """Negative log-probability of the given label, in nats, at least 0."""
    return F.cross_entropy(logits, labels, reduction="none")


SIGNALS = {
    function.__name__: function
    for function in (quantized_logit_difference, logit_difference, confidence, cross_entropy)
}


def find_signal(signal):
    """Look up a signal by name; wrap a function in checks of what it returns."""
    if callable(signal):
        return partial(_checked, signal)
    if signal not in SIGNALS:
        raise ValueError(
            f"A signal must be a function or one of {', '.join(map(repr, SIGNALS))}; "
            f"got {signal!r}."
        )
    return SIGNALS[signal]


def _checked(signal, logits, labels):
    """Check what a user's signal returns."""
    values = signal(logits, labels)
    if not torch.is_tensor(values) or values.shape != labels.shape:
        found = tuple(values.shape) if torch.is_tensor(values) else type(values).__name__
        raise ValueError(
            "A signal must return a tensor with one number for each row, of shape "
            f"{tuple(labels.shape)}; {getattr(signal, '__name__', signal)!r} returned {found}."
        )
    return values.float()
