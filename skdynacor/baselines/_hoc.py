"""HOC: the noise transition, from how often rows and their nearest rows have which labels."""

import numpy as np
import torch
from scipy.optimize import minimize

# Where the search for the transition matrix starts: this share of each class labelled right, the
# others spread evenly. Of the solutions, which differ by the names of the true classes, it is to
# find the one where most labels are right; from even rows, no gradient would lead anywhere.
_SHARE_RIGHT = 0.8
_MAX_ITERATIONS = 500


def consensus(labels):
    """Give the shares of the labels of a row, of it and its nearest row, and of all three.

    Parameters
    ----------
    labels : ndarray of shape (n_samples, 3), int64
        The given labels of rows and of their two nearest rows.

    Returns
    -------
    shares : list of (cells, share), for the orders ν = 1, 2, 3
        The combinations that occur, tensors of shape (ν, n_cells), int64, and how often they do,
        (n_cells,), float64, which sums to 1.
    """
    shares = []
    for order in (1, 2, 3):
        cells, counts = np.unique(labels[:, :order], axis=0, return_counts=True)
        cells = np.ascontiguousarray(cells.T)
        shares.append((torch.from_numpy(cells), torch.from_numpy(counts / len(labels))))
    return shares


def consensus_mismatch(T, p, shares):
    """Compare how often labels occur together with how often they should.

    Rows that share the true class k, which has the share p_k, get the labels (i, j, l) with
    probability Σ_k p_k T_ki T_kj T_kl. This is the squared difference to the ``shares``, summed
    over all C, C² and C³ combinations of one, two and three labels.

    Most combinations never occur, and the sum needs only those that do: ‖model − share‖² =
    ‖model‖² − 2⟨model, share⟩ + ‖share‖², where ‖model‖² = Σ_kk' p_k p_k' [(TTᵀ)_kk']^ν.

    Parameters
    ----------
    T : tensor of shape (n_classes, n_classes)
        T[i, j], the probability that a row of class i gets the label j.
    p : tensor of shape (n_classes,)
        Shares of the true classes.
    shares : list of (cells, share)
        See ``consensus``.

    Returns
    -------
    mismatch : tensor of shape ()
    """
    by_label, overlap = T.t().contiguous(), T @ T.t()
    mismatch = 0
    for order, (cells, share) in enumerate(shares, start=1):
        likelihood = by_label.index_select(0, cells[0])  # (n_cells, n_classes), given each k
        for labels in cells[1:]:
            likelihood = likelihood * by_label.index_select(0, labels)
        model = likelihood @ p
        mismatch = mismatch + p @ overlap**order @ p - 2 * model @ share + share @ share
    return mismatch


def estimate_transition(labels, n_classes):
    """Estimate by HOC which labels the classes get, and how frequent the classes are.

    Parameters
    ----------
    labels : ndarray of shape (n_samples, 3), int64
        The given labels of rows and of their two nearest rows, which are taken to share the true
        class.
    n_classes : int

    Returns
    -------
    T : ndarray of shape (n_classes, n_classes)
        T[i, j], the probability that a row of class i gets the label j.
    p : ndarray of shape (n_classes,)
        Shares of the true classes.
    """
    shares = consensus(labels)

    def unpack(logits):
        logits = logits.view(n_classes + 1, n_classes)
        return logits[:-1].softmax(dim=1), logits[-1].softmax(dim=0)

    def objective(logits):
        logits = torch.tensor(logits, requires_grad=True)
        # Times n, the mismatch that chance leaves is of the order of 1, whatever the data.
        mismatch = len(labels) * consensus_mismatch(*unpack(logits), shares)
        mismatch.backward()
        return mismatch.item(), logits.grad.numpy()

    start = np.zeros((n_classes + 1, n_classes))
    odds = _SHARE_RIGHT / (1 - _SHARE_RIGHT) * (n_classes - 1)
    np.fill_diagonal(start, np.log(odds))
    options = {"maxiter": _MAX_ITERATIONS, "maxfun": 2 * _MAX_ITERATIONS, "ftol": 1e-9}
    found = minimize(objective, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    T, p = unpack(torch.from_numpy(found.x))
    return T.numpy(), p.numpy()
