"""Weak augmentations of images, for ``LabelCorruptor(augment=...)``."""

from .dynacor.corruption.augmentations import center_crop, compose, flip, random_crop, random_flip

__all__ = ["center_crop", "compose", "flip", "random_crop", "random_flip"]
