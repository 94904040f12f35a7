"""The first step of DynaCor: copies of rows with injected label errors.

``LabelCorruptor`` and the augmentations of its copies, without torch. It imports neither recording
nor detection. A new augmentation goes into ``augmentations``.
"""
