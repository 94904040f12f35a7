"""Training of two nets, each on the other's division of the rows."""

from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch

from ..training.accelerated_nets import weights_of
from ._mix_match import (
    draw_weights,
    guess_labels,
    mix_up,
    prior_loss,
    ramp_up,
    refine_labels,
    supervised_loss,
    unsupervised_loss,
)

#: Rows to predict at a time.
_ROWS_AT_ONCE = 1024


class MixSettings(NamedTuple):
    """Parameters of the training after the warm-up; see ``DivideMixClassifier``."""

    warm_up: int
    threshold: float
    temperature: float
    alpha: float
    lambda_u: float
    n_augmentations: int
    augment: Any  # maps rows (n, ...), a tensor, to others


class Member:
    """One of the two nets, with its data, its division of the rows and its weights by epoch.

    The net is initialized; ``dataset`` has all rows and copies; the division is for the other net.
    """

    def __init__(self, net, dataset, to_logits, division):
        self.net, self.dataset, self.to_logits = net, dataset, to_logits
        self.division = division
        self.n_rows = len(dataset)
        self.batch_size = net.get_params_for("iterator_train").get("batch_size", net.batch_size)
        self.checkpoints = []

    def fetch(self, positions):
        """The batch (X, y) of some rows."""
        return self.net.iterator_train__collate_fn(self.dataset.__getitems__(positions.tolist()))

    def logits(self, X):
        """Logits of rows, (n_samples, n_classes), in the net's present mode."""
        outputs = self.net.infer(X)
        outputs = outputs[0] if isinstance(outputs, tuple) else outputs
        return self.to_logits(outputs.float())

    @torch.no_grad()
    def predict_proba(self, X):
        """Class probabilities in evaluation mode, (n_samples, n_classes)."""
        self.net.module_.eval()
        return self.logits(X).softmax(dim=1)

    def run_epoch(self, steps):
        """Train by steps: pairs of a batch and a function that returns its loss and outputs.

        skorch's callbacks are notified.
        """
        net, parts = self.net, {"dataset_train": self.dataset, "dataset_valid": None}
        net.notify("on_epoch_begin", **parts)
        for batch, step in steps:
            net.notify("on_batch_begin", batch=batch, training=True)
            net.optimizer_.zero_grad()
            loss, outputs = step()
            loss.backward()
            net.optimizer_.step()
            net.history.record_batch("train_loss", loss.item())
            net.history.record_batch("train_batch_size", len(batch[1]))
            net.notify("on_batch_end", batch=batch, training=True, loss=loss, y_pred=outputs)
        of_batches = net.history[-1, "batches", :, "train_loss"]
        net.history.record("train_loss", float(np.mean(of_batches)))
        net.notify("on_epoch_end", **parts)
        self._end_epoch()

    @torch.no_grad()
    def _end_epoch(self):
        """Keep the weights, and update the division by predictions for all rows and copies."""
        self.net.module_.eval()
        parts = torch.arange(self.n_rows).split(_ROWS_AT_ONCE)
        logits = torch.cat([self.logits(self.fetch(part)[0]).cpu() for part in parts])
        if not logits.isfinite().all():
            raise ValueError(
                f"The training diverged in epoch {len(self.net.history)}: scale the features, for "
                f"instance with StandardScaler, or lower the learning rate (lr={self.net.lr})."
            )
        self.checkpoints.append(weights_of(self.net))
        self.division.update(logits)


def train_together(members, settings, advance):
    """Train a pair of ``Member`` for all epochs, and advance a progress bar after each."""
    for member in members:
        member.net.notify("on_train_begin", X=member.dataset, y=None)
    n_epochs = members[0].net.max_epochs
    for epoch in range(n_epochs):
        _run_epoch(members, epoch, settings)
        advance(1, "two nets")
    for member in members:
        member.net.notify("on_train_end", X=member.dataset, y=None)


def _run_epoch(members, epoch, settings):
    if epoch < settings.warm_up:
        for member in members:
            member.run_epoch(warm_up_steps(member))
        return
    # Both divide before either trains on.
    probabilities = [member.division.clean_probability() for member in members]
    for member, peer, clean in zip(members, members[::-1], probabilities[::-1], strict=True):
        done = epoch - settings.warm_up
        member.run_epoch(mixed_steps(member, peer, clean, settings, done))


def warm_up_steps(member):
    """Yield the steps of an epoch on all rows and copies with their given labels."""
    for positions in shuffled(torch.arange(member.n_rows), member.batch_size):
        batch = member.fetch(positions)
        yield batch, partial(_warm_up_loss, member.net, *batch)


def _warm_up_loss(net, X, y):
    net.module_.train()
    net.criterion_.train()
    outputs = net.infer(X)
    return net.get_loss(outputs, y, X=X, training=True), outputs


def divide(clean_probability, threshold, n_rows):
    """Positions of labelled rows, and of all others up to ``n_rows``, copies included.

    A row is labelled if its ``clean_probability`` reaches the threshold; if none does, the rows of
    the highest probability are.
    """
    kept = np.zeros(n_rows, dtype=bool)
    least = min(threshold, clean_probability.max())
    kept[: len(clean_probability)] = clean_probability >= least
    return torch.from_numpy(np.flatnonzero(kept)), torch.from_numpy(np.flatnonzero(~kept))


def mixed_steps(member, peer, clean_probability, settings, epochs_done):
    """Yield DivideMix's steps of an epoch for a member, with the division of its peer.

    ``clean_probability`` (n_samples,) is the peer's; ``epochs_done`` counts from the warm-up.
    """
    labelled, unlabelled = divide(clean_probability, settings.threshold, member.n_rows)
    clean_probability = torch.from_numpy(clean_probability).float()
    n_steps = -(-max(len(labelled), len(unlabelled)) // member.batch_size)
    with_labels, without = (endless(part, member.batch_size) for part in (labelled, unlabelled))
    for number in range(n_steps):
        chosen = next(with_labels)
        batch = member.fetch(chosen)
        guessed = member.fetch(next(without))[0] if len(unlabelled) else None
        weight = settings.lambda_u * ramp_up(epochs_done + number / n_steps)
        clean = clean_probability[chosen].to(batch[1].device)
        yield batch, partial(_mixed_loss, member, peer, *batch, clean, guessed, weight, settings)


def _mixed_loss(member, peer, X, y, clean_probability, guessed, weight, settings):
    """DivideMix's loss, and the logits of the first mixtures.

    X and y are labelled rows; ``guessed`` are unlabelled rows or None, of this ``weight``.
    """
    n_views = settings.n_augmentations
    views = [settings.augment(X) for _ in range(n_views)]
    predicted = [member.predict_proba(view) for view in views]
    refined = refine_labels(y.long(), clean_probability, predicted, settings.temperature)
    targets = [refined] * n_views
    if guessed is not None:
        others = [settings.augment(guessed) for _ in range(n_views)]
        predicted = [each.predict_proba(view) for each in (member, peer) for view in others]
        views += others
        targets += [guess_labels(predicted, settings.temperature)] * n_views
    rows, targets = torch.cat(views), torch.cat(targets)
    weights = draw_weights(len(rows), settings.alpha).to(rows)
    rows, targets = mix_up(rows, targets, weights, torch.randperm(len(rows)).to(rows.device))
    member.net.module_.train()
    logits = member.logits(rows)
    n = n_views * len(X)
    loss = supervised_loss(logits[:n], targets[:n]) + prior_loss(logits)
    if guessed is not None:
        loss = loss + weight * unsupervised_loss(logits[n:], targets[n:])
    return loss, logits[: len(X)]


def shuffled(positions, size):
    """Cut shuffled positions into batches of at most a size, as equal as can be."""
    order = positions[torch.randperm(len(positions))]
    return order.tensor_split(-(-len(order) // size))


def endless(positions, size):
    """Yield batches of shuffled positions, over and over."""
    return chain.from_iterable(iter(lambda: shuffled(positions, size), None))
