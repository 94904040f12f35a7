"""Arrays of images."""

import numpy as np

_CHANNELS = (1, 3, 4)


def find_images(images, n_rows):
    """Check that an array holds one image per row, and return it unchanged."""
    images = np.asanyarray(images)
    if not has_image_shape(images.shape) or images.dtype.kind not in "buif":
        raise ValueError(
            "images must be numbers of shape (n_samples, h, w), (n_samples, h, w, c) or "
            f"(n_samples, c, h, w), with c = 1, 3 or 4; got shape {images.shape}, dtype "
            f"{images.dtype}."
        )
    if len(images) != n_rows:
        raise ValueError(
            f"images must have one image for each of the {n_rows} rows; got {len(images)}."
        )
    return images


def has_image_shape(shape):
    """Return whether an array of this shape can hold images."""
    return len(shape) == 3 or (len(shape) == 4 and not {shape[1], shape[3]}.isdisjoint(_CHANNELS))


def to_displayable(images):
    """Bring images to shape (n, h, w[, 3 or 4]) and [0, 1]; other ranges are stretched."""
    if images.ndim == 4 and images.shape[-1] not in _CHANNELS:
        images = np.moveaxis(images, 1, -1)  # (n, h, w, c)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]  # (n, h, w)
    if images.dtype == np.uint8:
        return images / 255
    images = images.astype(np.float64)
    low, high = images.min(), images.max()
    if not np.isfinite([low, high]).all():
        raise ValueError("The images to draw hold NaN or infinity; impute them.")
    if low >= 0 and high <= 1:
        return images
    return (images - low) / max(high - low, np.finfo(float).tiny)
