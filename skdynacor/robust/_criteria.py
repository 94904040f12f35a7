"""Loss functions that are robust to label noise.

They take logits and labels, and inherit from ``torch.nn.CrossEntropyLoss``, so that skorch turns
the logits of a net into probabilities.
"""

from numbers import Real

import torch
from torch import nn
from torch.nn import functional as F

from ..utils.sklearn_private import Interval, validates_arguments


def log_probability(logits, labels):
    """Log-probability of each label, (n_samples,)."""
    return -F.cross_entropy(logits, labels, reduction="none")


class GeneralizedCrossEntropy(nn.CrossEntropyLoss):
    r"""Generalized cross-entropy, between the cross-entropy and the mean absolute error.

    With p_y the probability of a row's label, its loss is

    .. math:: L_q = \frac{1 - p_y^q}{q},

    whose gradient is that of the cross-entropy times p_y^q. The mean over the batch is taken.

    Parameters
    ----------
    q : float in (0, 1], default=0.7
        Robustness (q of the formula). Near 0 the loss is the cross-entropy; at 1 it is 1 − p_y,
        half of the mean absolute error.

    References
    ----------
    .. [1] Zhang and Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with
       Noisy Labels", NeurIPS 2018. https://doi.org/10.48550/arXiv.1805.07836

    Examples
    --------
    >>> import torch
    >>> from skdynacor.nets import make_mlp_classifier
    >>> from skdynacor.robust import GeneralizedCrossEntropy
    >>> GeneralizedCrossEntropy(q=1)(torch.zeros(2, 4), torch.tensor([0, 3]))
    tensor(0.7500)
    >>> net = make_mlp_classifier(criterion=GeneralizedCrossEntropy, criterion__q=0.5)
    """

    @validates_arguments(q=[Interval(Real, 0, 1, closed="right")])
    def __init__(self, q=0.7):
        super().__init__()
        self.q = q

    def forward(self, logits, labels):
        """Map logits (n_samples, n_classes) and labels (n_samples,) to a scalar."""
        # A smaller q gives the cross-entropy, up to rounding errors.
        q = max(self.q, torch.finfo(logits.dtype).eps)
        # 1 − p^q, without the rounding error where q log p is near 0.
        return -torch.expm1(q * log_probability(logits, labels)).mean() / q

    def extra_repr(self):
        return f"q={self.q}"


class SymmetricCrossEntropy(nn.CrossEntropyLoss):
    r"""Cross-entropy plus reverse cross-entropy, where label and prediction change places.

    With p the predicted probabilities of a row and y its label, the loss is

    .. math:: \alpha (-\log p_y) + \beta (-\sum_c p_c \log t_c),

    where t is 1 at the label and 0 elsewhere, and log 0 is A; the second sum is −A (1 − p_y). The
    mean over the batch is taken.

    Parameters
    ----------
    alpha : float >= 0, default=0.1
        Weight of the cross-entropy (α of the formula), which learns fast and overfits.
    beta : float >= 0, default=1.0
        Weight of the reverse cross-entropy (β of the formula), which is robust.
    clip : float < 0, default=-4.0
        Value of log 0 (A of the formula).

    Notes
    -----
    The defaults are the paper's for ten classes. For a hundred it has α = 6 and β = 0.1: the more
    classes, the slower the reverse cross-entropy learns.

    References
    ----------
    .. [1] Wang et al., "Symmetric Cross Entropy for Robust Learning with Noisy Labels", ICCV 2019.
       https://doi.org/10.48550/arXiv.1908.06112

    Examples
    --------
    >>> import torch
    >>> from skdynacor.robust import SymmetricCrossEntropy
    >>> SymmetricCrossEntropy(alpha=0, clip=-4)(torch.zeros(2, 4), torch.tensor([0, 3]))
    tensor(3.)
    """

    @validates_arguments(
        alpha=[Interval(Real, 0, None, closed="left")],
        beta=[Interval(Real, 0, None, closed="left")],
        clip=[Interval(Real, None, 0, closed="neither")],
    )
    def __init__(self, alpha=0.1, beta=1.0, clip=-4.0):
        super().__init__()
        self.alpha = alpha
        self.beta = beta
        self.clip = clip

    def forward(self, logits, labels):
        """Map logits (n_samples, n_classes) and labels (n_samples,) to a scalar."""
        given = log_probability(logits, labels)
        reverse = self.clip * torch.expm1(given)  # −A (1 − p)
        return (self.beta * reverse - self.alpha * given).mean()

    def extra_repr(self):
        return f"alpha={self.alpha}, beta={self.beta}, clip={self.clip}"
