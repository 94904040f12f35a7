"""The first step: planting labels that are known to be wrong.

``LabelCorruptor`` and the augmentations of its copies. It stands on ``groundwork`` and the array
that goes between the steps, imports neither recording nor detection, and needs no torch. A new way
to alter copies is a function in ``augmentations``; a new way to draw labels, one beside
``draw_other_labels``.
"""
