"""Rows that are images, in the ways that arrays hold them."""

import numpy as np

_CHANNELS = (1, 3, 4)


def find_images(images, n_rows, name="images"):
    """Check that an array holds an image for each row; leave its values as they are.

    Parameters
    ----------
    images : array-like of shape (n_rows, h, w), (n_rows, h, w, c) or (n_rows, c, h, w)
        With one, three or four channels c; the last dimension where two could be it.
    n_rows : int
    name : str, default="images"

    Returns
    -------
    images : ndarray of the same shape

    Raises
    ------
    ValueError
    """
    images = images if isinstance(images, np.ndarray) else np.asarray(images)
    if not _has_image_shape(images.shape) or images.dtype.kind not in "buif":
        raise ValueError(
            f"{name} must be numbers of shape (n_samples, h, w), (n_samples, h, w, c) or "
            f"(n_samples, c, h, w), with c = 1, 3 or 4; got shape {images.shape}, dtype "
            f"{images.dtype}."
        )
    if len(images) != n_rows:
        raise ValueError(
            f"{name} must have one image for each of the {n_rows} rows; got {len(images)}."
        )
    return images


def to_displayable(images):
    """Bring images to what matplotlib draws.

    Parameters
    ----------
    images : ndarray of shape (n, h, w), (n, h, w, c) or (n, c, h, w)

    Returns
    -------
    images : ndarray of shape (n, h, w), (n, h, w, 3) or (n, h, w, 4)
        In [0, 1]. There, bytes are 255ths, and values that are in [0, 1] stay as they are; all
        others are stretched from the smallest to the largest of these images.
    """
    if images.ndim == 4 and images.shape[-1] not in _CHANNELS:
        images = np.moveaxis(images, 1, -1)  # (n, h, w, c)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]  # (n, h, w)
    if images.dtype == np.uint8:
        return images / 255
    images = images.astype(np.float64)
    low, high = images.min(), images.max()
    if not np.isfinite([low, high]).all():
        raise ValueError("The images to draw hold NaN or infinity; fill in what is missing.")
    if low >= 0 and high <= 1:
        return images
    return (images - low) / max(high - low, np.finfo(float).tiny)


def _has_image_shape(shape):
    return len(shape) == 3 or (len(shape) == 4 and not {shape[1], shape[3]}.isdisjoint(_CHANNELS))
