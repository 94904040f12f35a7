"""First weights that do not depend on what classes are called."""

import torch

from .vectors import as_positions


def draw_in_order(layer, class_order):
    """Give each class the first weights of its place in an order.

    Parameters
    ----------
    layer : torch.nn.Linear
        Whose outputs are the logits; changed.
    class_order : array-like of shape (n_classes,) or None
        Numbers of the classes, in an order that does not follow from their names, as that in which
        ``DynamicsCollector`` comes across them. ``None`` leaves all as they are.
    """
    if class_order is None:
        return
    n_classes = layer.out_features
    order = as_positions(class_order, n_classes, "class_order")
    if len(order) < n_classes:
        raise ValueError(f"class_order must hold all {n_classes} classes; it holds {len(order)}.")
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter[order] = parameter.clone()
