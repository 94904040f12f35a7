"""Which members are trained to the end, and how much each counts."""

import numpy as np

from ..noise_model.likelihood import fit_weights

#: Trees that a forest is compared by before it is grown to the end.
_FIRST_TREES = 16
#: A member that takes less than this share off the cross-entropy of the others adds nothing.
_LEAST_GAIN = 0.005
#: Relative lead in cross-entropy that more trees will not make up for.
_FAR_AHEAD = 0.18
#: Relative lead over the first forest beyond which another is grown.
_AHEAD = 0.05
#: Standard errors that a lead must exceed.
_N_ERRORS = 2.0


def select_members(members, labels):
    """Train members as far as they may matter; return weights, and how far they agree with labels.

    ``members`` maps names to members that are not trained yet; those that are not needed have no
    weight of maximum likelihood. The agreement is the mean over those that have one. Classifiers
    that are neither nets nor forests are trained first, as they are quick. After one fold of the
    nets and a few trees of the first forest, the forest is left out if the others are far ahead and
    the trees add nothing to them. Else the forest is grown, and the nets left out if their first
    fold adds nothing to the rest. Further forests are grown where the nets were left out, or the
    others are ahead of the first.
    """
    forests = {name: each for name, each in members.items() if each.is_forest}
    nets = {name: each for name, each in members.items() if each.is_net}
    if not forests or not nets:
        return _weigh(_fit_all(members), labels)
    quick = {name: each for name, each in members.items() if name not in {**forests, **nets}}
    _fit_all(quick)
    name, first = next(iter(forests.items()))
    smooth = [member.fit(1).first_log_probs for member in nets.values()]
    tested = next(iter(nets.values())).test_folds[0]
    rest = [member.log_probs[tested] for member in quick.values()]

    def fit(*log_probs):
        return fit_weights(log_probs, labels[tested])

    net = fit(*smooth, *rest)
    half, few = (first.fit(_FIRST_TREES // n).log_probs[tested] for n in (2, 1))
    to_come = max(0.0, _gain(fit(few), fit(half)))
    if _lead(net, fit(few), to_come) > _FAR_AHEAD and _adds_nothing(fit(*smooth, *rest, few), net):
        return _weigh(_fit_all({**nets, **quick}), labels)
    grown = first.fit().log_probs[tested]
    if _adds_nothing(fit(*smooth, *rest, grown), fit(*rest, grown)):
        return _weigh(_fit_all({**quick, **forests}), labels)
    used = _fit_all({**nets, **quick})
    lead = _lead(_fit_weights(used, labels), _fit_weights({name: first}, labels))
    return _weigh({**used, **(_fit_all(forests) if lead > _AHEAD else {name: first})}, labels)


def _fit_all(members):
    return {name: member.fit() for name, member in members.items()}


def _fit_weights(members, labels):
    return fit_weights([each.log_probs for each in members.values()], labels)


def _weigh(members, labels):
    weighting = _fit_weights(members, labels)
    return dict(zip(members, weighting.weights.tolist(), strict=True)), weighting.agreement


def _gain(weighting, other, n_errors=0):
    """How much likelier labels are, in nats per sample, plus standard errors."""
    difference = weighting.log_likelihoods - other.log_likelihoods
    return difference.mean() + n_errors * difference.std() / np.sqrt(len(difference))


def _adds_nothing(weighting, other):
    cross_entropy = -other.log_likelihoods.mean()
    return _gain(weighting, other, n_errors=1) < _LEAST_GAIN * cross_entropy


def _lead(weighting, other, to_come=0.0):
    """By how much of its cross-entropy another member is surely behind.

    ``to_come`` is what more trees take off the cross-entropy of a forest, about as much as the last
    doubling did.
    """
    cross_entropy = max(-other.log_likelihoods.mean() - to_come, np.finfo(float).tiny)
    return (_gain(weighting, other, n_errors=-_N_ERRORS) - to_come) / cross_entropy
