"""From out-of-sample class probabilities and given labels to the probability of a label error.

It knows arrays only, and needs no torch. The documentation has the mathematics on one page.

Shapes: ``log_probs`` (n_samples, n_classes) are log-probabilities of the classes, of which a
constant in each row does not matter; ``labels`` (n_samples,), int, are the given ones; a transition
matrix (n_classes, n_classes) holds the probability that a sample of one class (its row) is given
the label of another (its column).
"""
