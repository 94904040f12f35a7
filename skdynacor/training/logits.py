"""Logits from what nets and classifiers put out."""

import torch


def logits_from_log_odds(outputs):
    """Turn the output of a two-class net, (n_samples,) or (n_samples, 1), into (n_samples, 2)."""
    outputs = outputs.reshape(-1)
    return torch.stack([torch.zeros_like(outputs), outputs], dim=1)


def logits_from_probabilities(outputs):
    """Turn probabilities into logits of the same softmax, (n_samples, n_classes) both."""
    return outputs.clamp(min=torch.finfo(outputs.dtype).tiny).log()
