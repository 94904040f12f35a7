"""HOC: the noise transition matrix from the labels of rows and their nearest rows."""

import numpy as np
import torch
from scipy.optimize import minimize

# The optimization starts with this share of right labels in each class, the others spread evenly.
# The solutions differ by a permutation of the true classes; this start leads to the one with most
# labels right. At uniform rows the gradient is zero.
_SHARE_RIGHT = 0.8
_MAX_ITERATIONS = 500


def consensus(labels):
    """Give for each order ν the combinations of labels, (ν, n_cells), and their shares, (n_cells,).

    ``labels``, (n_samples, 3), are those of rows and of their two nearest rows.
    """
    shares = []
    for order in (1, 2, 3):
        cells, counts = np.unique(labels[:, :order], axis=0, return_counts=True)
        cells = np.ascontiguousarray(cells.T)
        shares.append((torch.from_numpy(cells), torch.from_numpy(counts / len(labels))))
    return shares


def consensus_mismatch(T, p, shares):
    """Give the squared difference of the shares of ``consensus`` to those of the model, a scalar.

    Rows of one true class, k with probability p_k, get the labels (i, j, l) with probability
    Σ_k p_k T_ki T_kj T_kl. The differences are summed over all C, C² and C³ combinations; only
    those that occur need to be computed: ‖model − share‖² = ‖model‖² − 2⟨model, share⟩ + ‖share‖²,
    where ‖model‖² = Σ_kk' p_k p_k' [(TTᵀ)_kk']^ν.
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
    """Estimate T[i, j], the probability that class i gets label j, and the class shares p."""
    shares = consensus(labels)

    def unpack(logits):
        logits = logits.view(n_classes + 1, n_classes)
        return logits[:-1].softmax(dim=1), logits[-1].softmax(dim=0)

    def objective(logits):
        logits = torch.tensor(logits, requires_grad=True)
        # Times n, the mismatch due to chance is of the order of 1, as ``ftol`` needs.
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
