"""Which members are trained to the end, and how much each counts."""

from typing import NamedTuple

import numpy as np

from ..noise_model.likelihood import fit_weights
from ..noise_model.noise_model import ANCHOR_SHARE

#: Trees that a forest is compared by before it is grown to the end.
_FIRST_TREES = 16
#: A member that makes a label less than this much likelier, in nats, adds nothing.
_LEAST_GAIN = 0.005
#: Relative lead in cross-entropy that more trees will not make up for.
_FAR_AHEAD = 0.18
#: Relative lead over a forest beyond which classes are assumed not to overlap.
_AHEAD = 0.05
#: Standard errors that a lead must exceed.
_N_ERRORS = 2.0


class Selection(NamedTuple):
    """The members that are used."""

    weights: dict  # name: float, at least 0
    classes_overlap: bool


def select_members(cross_fitted, forests, labels):
    """Train members as far as they may matter, and weigh them by maximum likelihood.

    ``cross_fitted`` and ``forests`` map names to members that are not trained yet. After one fold
    of the cross-fitted members (a net) and a few trees of the first forest, the forest is left out
    if the net is far ahead and the trees add nothing to it. Else the forest is grown, and the net
    left out if its first fold adds nothing to that. Further forests are grown where the net was
    left out, or is ahead of the first.

    Class overlap and label errors look alike in features and labels. NB: it is a prior, not a
    finding, that classes do not overlap if the net is ahead of every forest. From the features of a
    table, which each mean something, a forest predicts about as well as a smooth model does; single
    features of an embedding, made to separate classes, mean little.
    """
    if not forests or not cross_fitted:
        return Selection(_weigh(_fit_all({**cross_fitted, **forests}), labels), True)
    (name, first), *others = forests.items()
    nets = [member.fit(1).first_log_probs for member in cross_fitted.values()]
    tested = next(iter(cross_fitted.values())).test_folds[0]

    def fit(*log_probs):
        return fit_weights(log_probs, labels[tested], ANCHOR_SHARE)

    net = fit(*nets)
    half, few = (first.fit(_FIRST_TREES // n).log_probs[tested] for n in (2, 1))
    to_come = max(0.0, _gain(fit(few), fit(half)))
    if (
        _lead(net, fit(few), to_come) > _FAR_AHEAD
        and _gain(fit(*nets, few), net, n_errors=1) < _LEAST_GAIN
    ):
        return Selection(_weigh(_fit_all(cross_fitted), labels), False)
    grown = first.fit().log_probs[tested]
    if _gain(fit(*nets, grown), fit(grown), n_errors=1) < _LEAST_GAIN:
        return Selection(_weigh(_fit_all(forests), labels), True)
    members = _fit_all(cross_fitted)
    net, compared = _fit_weights(members, labels), {name: first}
    lead = _lead(net, _fit_weights(compared, labels))
    if lead > _AHEAD:
        for name, forest in _fit_all(dict(others)).items():
            compared[name] = forest
            lead = min(lead, _lead(net, _fit_weights({name: forest}, labels)))
    return Selection(_weigh({**members, **compared}, labels), bool(lead <= _AHEAD))


def _fit_all(members):
    return {name: member.fit() for name, member in members.items()}


def _fit_weights(members, labels):
    return fit_weights([each.log_probs for each in members.values()], labels, ANCHOR_SHARE)


def _weigh(members, labels):
    return dict(zip(members, _fit_weights(members, labels).weights.tolist(), strict=True))


def _gain(weighting, other, n_errors=0):
    """How much likelier labels are, in nats per sample, plus standard errors."""
    difference = weighting.log_likelihoods - other.log_likelihoods
    return difference.mean() + n_errors * difference.std() / np.sqrt(len(difference))


def _lead(weighting, other, to_come=0.0):
    """By how much of its cross-entropy another member is surely behind.

    ``to_come`` is what more trees take off the cross-entropy of a forest, about as much as the last
    doubling did.
    """
    cross_entropy = max(-other.log_likelihoods.mean() - to_come, np.finfo(float).tiny)
    return (_gain(weighting, other, n_errors=-_N_ERRORS) - to_come) / cross_entropy
