"""How the constants of the default recipe were chosen: on half of the data, measured on the other.

The sources of beliefs are recorded once for each setting, as the default recipe does, but all of
them to the end. Then the noise model flags by them with each choice: which share of a class's rows
are its anchors where classes overlap, and how disagreement is read. It is read as overlap always,
as mistakes always, as the likelihood decides, or as planted labels decide: labels drawn by the
estimated transition, by which a rule's F1 can be estimated.
"""

import numpy as np
import pandas as pd
from harness import Benchmark
from peers import FIRST_HALF
from scipy import special
from scoring import score, timed

from skdynacor.groundwork.row_order import order_rows
from skdynacor.nets import make_quick_mlp_classifier
from skdynacor.noise_model.likelihood import combine, weigh
from skdynacor.noise_model.noise_model import (
    ANCHOR_SHARE_SEPARABLE,
    NoiseModel,
    gain_of,
)
from skdynacor.pipeline import make_forests
from skdynacor.recording.halves import Halves, halve
from skdynacor.recording.net_training import record_net
from skdynacor.recording.out_of_bag import record_out_of_bag
from skdynacor.recording.signals import confidence
from skdynacor.recording.trial import is_ahead, lead_over_trees

SHARES = {"1/5": 1 / 5, "1/3": 1 / 3, "1/2": 1 / 2}
READINGS = ("overlap", "decided")
VARIANTS = [
    *(f"{reading}, anchors {share}" for reading in READINGS for share in SHARES),
    *("mistakes", "planted labels decide"),
]
N_PLANTED = 20_000


def record_sources(X, labels, n_classes, seed):
    """Give the logits of the net and of each forest, none of which was told the labels it judges.

    Returns
    -------
    net : ndarray of shape (n_samples, n_classes)
    forests : list of ndarray of shape (n_samples, n_classes)
    separable : bool
        Whether the net is far ahead.
    """
    X = np.ascontiguousarray(X, dtype=np.float32)
    task = (X, X[:0], labels, n_classes)
    signals = {"signals": [confidence], "seed": seed}
    order = order_rows(X, labels)

    def train(only, name):
        net, told = make_quick_mlp_classifier(), order[np.isin(order, only)]
        return record_net(net, *task, **signals, device="cpu", told=told, keep=False)

    halves = Halves(train, halve(labels, order), labels)
    logits, forests = halves.complete().logits, [forest for _, forest in make_forests()]
    trainings = [[order[rows[order]] for rows in masks] for masks in halves.trainings]
    separable = is_ahead(lead_over_trees(logits, forests, X, labels, trainings, seed))
    options = {**signals, "n_stages": 1, "told": order}
    made = [record_out_of_bag(forest, *task, **options).logits for forest in forests]
    return logits, made, separable


def heard(net, forests, separable, labels):
    """Choose among sources as the default recipe does."""
    if separable:
        return [net]
    gain = gain_of(net, forests[:1], labels)
    if not gain.may_matter:
        return forests
    return [net, *(forests[:1] if gain.matters else forests)]


def flag(sources, labels, separable, share):
    """Give the log-odds of wrong labels, (n_samples,), and the model that they come from."""
    share = ANCHOR_SHARE_SEPARABLE if separable else share
    logits = combine(sources, weigh(sources, labels, share).weights)
    model = NoiseModel(separable, share).fit(logits, labels)
    return model.log_odds(logits, labels), model, logits


def decide_by_planted(candidates, labels, rng):
    """Choose the log-odds of which planted labels say that their F1 is larger.

    Rows are drawn by how likely their label is right, and get another by the estimated transition.
    With the share ρ of these flagged, φ of all rows, and a noise rate r, F1 is 2ρr / (φ + r).
    """
    odds, model, _ = candidates[0]
    right = 1 - special.expit(odds)
    sources = rng.choice(len(labels), N_PLANTED, p=right / right.sum())
    others = model.transition.copy()
    np.fill_diagonal(others, 0)
    others = others[labels[sources]]  # (n_planted, n_classes)
    frequency = others.sum(axis=1)
    steps = np.cumsum(others / frequency[:, None], axis=1)
    planted = (rng.random((N_PLANTED, 1)) > steps).sum(axis=1).clip(max=others.shape[1] - 1)
    rate = 1 - right.mean()

    def estimated_f1(candidate):
        odds, model, logits = candidate
        found = np.average(model.log_odds(logits[sources], planted) > 0, weights=frequency)
        return 2 * found * rate / (np.mean(odds > 0) + rate)

    return max(candidates, key=estimated_f1)


def compare(argument, seed, variants):
    """Yield the scores of each choice on one setting."""
    (setting,) = argument
    X, y, wrong = setting.make(seed)
    classes, labels = np.unique(y, return_inverse=True)
    recorded, seconds = timed(record_sources, X, labels, len(classes), seed)
    net, forests, separable = recorded
    sources = heard(net, forests, separable, labels)
    for variant in variants:
        reading, _, share = variant["choice"].partition(", anchors ")
        if reading == "planted labels decide":
            candidates = [flag(sources, labels, read, SHARES["1/3"]) for read in (False, True)]
            odds, *_ = decide_by_planted(candidates, labels, np.random.default_rng(seed))
        else:
            read = {"overlap": False, "mistakes": True, "decided": separable}[reading]
            odds, *_ = flag(sources, labels, read, SHARES.get(share))
        scores = score(wrong, odds > 0, odds, seconds)
        yield {**scores, "rate error": float(special.expit(odds).mean() - wrong.mean())}


def print_choices(table):
    """Print means of each choice by group, and what the best of one half gets on the other."""
    first, human = table.data.isin(FIRST_HALF), table.noise.str.startswith("human")
    groups = {"first half": first, "second half": ~first, "human": human, "added": ~human}
    means = pd.DataFrame(
        {name: table[rows].groupby("choice").F1.mean() for name, rows in groups.items()}
    ).reindex(VARIANTS)
    print(f"\nmean F1 in %, {table.seed.nunique()} seeds\n\n{means.round(1).to_string()}")
    for here, there in (("first half", "second half"), ("second half", "first half")):
        if means[[here, there]].notna().all(axis=None):
            best = means[here].idxmax()
            print(
                f"\nbest on the {here}: {best} ({means[here][best]:.1f}); on the {there} it gets "
                f"{means[there][best]:.1f}, of at most {means[there].max():.1f}"
            )


def main():
    """Measure and print."""
    benchmark = Benchmark("choices", __doc__)
    benchmark.parse()
    table = benchmark.run(benchmark.units(), [{"choice": name} for name in VARIANTS], compare)
    print_choices(table)


if __name__ == "__main__":
    main()
