"""First weights that do not depend on what classes are called."""

import torch


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
    order = torch.as_tensor(class_order)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter[order] = parameter.clone()
