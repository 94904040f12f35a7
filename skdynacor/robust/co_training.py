"""Training two nets, each on what the other takes for right labels."""

from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch

from ..recording.accelerated_nets import weights_of
from ..recording.progress import share_that_agree
from .mix_match import (
    draw_shares,
    guess_labels,
    mix_up,
    prior_loss,
    ramp_up,
    refine_labels,
    supervised_loss,
    unsupervised_loss,
)

#: Rows to judge at a time.
_ROWS_AT_ONCE = 1024


class Recipe(NamedTuple):
    """How to train after the warm-up; see ``DivideMixClassifier``."""

    warm_up: int
    threshold: float
    temperature: float
    concentration: float
    lambda_u: float
    lambda_prior: float
    ramp: int
    n_augmentations: int
    augment: Any  # maps rows (n, ...), a tensor, to others


class Member:
    """One of the two nets, as skorch made it, with what trains it and what becomes of it.

    Parameters
    ----------
    net : skorch.NeuralNet
        Initialized.
    dataset : torch.utils.data.Dataset
        Of all rows and copies, see ``skdynacor.recording.net_setup.prepare``.
    to_logits : callable
        Turns what the net puts out into logits of shape (n, n_classes).
    judge : LossMixture or DetectorOfTrails
        Of the labels, by this net: for the other.
    keep : bool
        Whether to keep the weights of every epoch, or of the last only.
    """

    def __init__(self, net, dataset, to_logits, judge, keep):
        self.net, self.dataset, self.to_logits = net, dataset, to_logits
        self.judge, self.keep = judge, keep
        self.n_rows = len(dataset)
        self.batch_size = net.get_params_for("iterator_train").get("batch_size", net.batch_size)
        self.checkpoints = []

    def fetch(self, positions):
        """Give the batch (X, y) of some rows."""
        return self.net.iterator_train__collate_fn(self.dataset.__getitems__(positions.tolist()))

    def logits(self, X):
        """Give the logits of rows, (n_samples, n_classes), in the net's present mode."""
        outputs = self.net.infer(X)
        outputs = outputs[0] if isinstance(outputs, tuple) else outputs
        return self.to_logits(outputs.float())

    @torch.no_grad()
    def beliefs(self, X):
        """Give the probabilities of rows in evaluation mode, (n_samples, n_classes)."""
        self.net.module_.eval()
        return self.logits(X).softmax(dim=1)

    def run_epoch(self, steps):
        """Train by steps, between the events that skorch's callbacks listen to.

        Parameters
        ----------
        steps : iterable of (batch, callable)
            The callable gives the loss and what the net puts out for the batch.
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
        """Keep the weights, and let the judge see all rows and copies."""
        self.net.module_.eval()
        parts = torch.arange(self.n_rows).split(_ROWS_AT_ONCE)
        logits = torch.cat([self.logits(self.fetch(part)[0]).cpu() for part in parts])
        if not logits.isfinite().all():
            raise ValueError(
                f"The training diverged in epoch {len(self.net.history)}: scale the features, for "
                f"instance with StandardScaler, or lower the learning rate (lr={self.net.lr})."
            )
        if not self.keep:
            self.checkpoints.clear()
        self.checkpoints.append(weights_of(self.net))
        self.judge.watch(logits)
        self.last_logits = logits

    def agreement(self):
        """Give the share of rows and copies whose label has the largest logit."""
        return share_that_agree(self.last_logits, self.judge.labels)


def train_together(members, recipe, progress):
    """Train two nets for the epochs of their recipe.

    In each epoch after the warm-up, both nets first judge the labels as they are then; each is
    trained on the judgment of the other.

    Parameters
    ----------
    members : pair of Member
    recipe : Recipe
    progress : Report or Silence
        Is told of every epoch.
    """
    for member in members:
        member.net.notify("on_train_begin", X=member.dataset, y=None)
    progress.begin()
    n_epochs = members[0].net.max_epochs
    for epoch in range(n_epochs):
        _run_epoch(members, epoch, recipe)
        text = f"epoch {epoch + 1}/{n_epochs}"
        progress.reach((epoch + 1) / n_epochs, text, members[0].agreement)
    for member in members:
        member.net.notify("on_train_end", X=member.dataset, y=None)


def _run_epoch(members, epoch, recipe):
    if epoch < recipe.warm_up:
        for member in members:
            member.run_epoch(warm_up_steps(member))
        return
    judgments = [member.judge.clean_probability() for member in members]
    for member, peer, judgment in zip(members, members[::-1], judgments[::-1], strict=True):
        done = epoch - recipe.warm_up
        member.run_epoch(mixed_steps(member, peer, judgment, recipe, done))


def warm_up_steps(member):
    """Yield the steps of an epoch on all rows and copies, with the labels that they have."""
    for positions in shuffled(torch.arange(member.n_rows), member.batch_size):
        batch = member.fetch(positions)
        yield batch, partial(_warm_up_loss, member.net, *batch)


def _warm_up_loss(net, X, y):
    net.module_.train()
    net.criterion_.train()
    outputs = net.infer(X)
    return net.get_loss(outputs, y, X=X, training=True), outputs


def divide(clean_probability, threshold, n_rows):
    """Divide rows into those whose label is taken for right, and the others; copies are others.

    Parameters
    ----------
    clean_probability : ndarray of shape (n_samples,)
    threshold : float
        Labels count as right from it on; if none does, the likeliest do.
    n_rows : int
        Of rows and copies.

    Returns
    -------
    labelled, unlabelled : tensor of shape (n_labelled,), tensor of shape (n_unlabelled,)
        Positions, n_rows in all; there is always one with a label.
    """
    kept = np.zeros(n_rows, dtype=bool)
    least = min(threshold, clean_probability.max())
    kept[: len(clean_probability)] = clean_probability >= least
    return torch.from_numpy(np.flatnonzero(kept)), torch.from_numpy(np.flatnonzero(~kept))


def mixed_steps(member, peer, clean_probability, recipe, epochs_done):
    """Yield DivideMix's steps of an epoch on all rows and copies, as the peer divides them.

    Parameters
    ----------
    member : Member
        The net to train.
    peer : Member
        The net that judged the labels, and helps to guess.
    clean_probability : ndarray of shape (n_samples,)
        The peer's judgment.
    recipe : Recipe
    epochs_done : int
        Since the warm-up.
    """
    labelled, unlabelled = divide(clean_probability, recipe.threshold, member.n_rows)
    clean_probability = torch.from_numpy(clean_probability).float()
    n_steps = -(-max(len(labelled), len(unlabelled)) // member.batch_size)
    with_labels, without = (endless(part, member.batch_size) for part in (labelled, unlabelled))
    for number in range(n_steps):
        chosen = next(with_labels)
        batch = member.fetch(chosen)
        guessed = member.fetch(next(without))[0] if len(unlabelled) else None
        weight = recipe.lambda_u * ramp_up(epochs_done + number / n_steps, recipe.ramp)
        doubt = clean_probability[chosen].to(batch[1].device)
        yield batch, partial(_mixed_loss, member, peer, *batch, doubt, guessed, weight, recipe)


def _mixed_loss(member, peer, X, y, clean_probability, guessed, weight, recipe):
    """Give DivideMix's loss, and the logits of the first mixtures.

    Parameters
    ----------
    member, peer : Member
    X, y : tensor of shape (n_labelled, ...), tensor of shape (n_labelled,)
        Rows whose labels are taken for right.
    clean_probability : tensor of shape (n_labelled,)
    guessed : tensor of shape (n_unlabelled, ...) or None
        Other rows, if there are any.
    weight : float
        Of the other rows.
    recipe : Recipe
    """
    views = [recipe.augment(X) for _ in range(recipe.n_augmentations)]
    beliefs = [member.beliefs(view) for view in views]
    refined = refine_labels(y.long(), clean_probability, beliefs, recipe.temperature)
    targets = [refined] * recipe.n_augmentations
    if guessed is not None:
        others = [recipe.augment(guessed) for _ in range(recipe.n_augmentations)]
        beliefs = [each.beliefs(view) for each in (member, peer) for view in others]
        views += others
        targets += [guess_labels(beliefs, recipe.temperature)] * recipe.n_augmentations
    rows, targets = torch.cat(views), torch.cat(targets)
    shares = draw_shares(len(rows), recipe.concentration).to(rows)
    rows, targets = mix_up(rows, targets, shares, torch.randperm(len(rows)).to(rows.device))
    member.net.module_.train()
    logits = member.logits(rows)
    n = recipe.n_augmentations * len(X)
    loss = supervised_loss(logits[:n], targets[:n]) + recipe.lambda_prior * prior_loss(logits)
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
