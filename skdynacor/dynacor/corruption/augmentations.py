"""Weak augmentations of images, for ``LabelCorruptor(augment=...)``.

All take a batch of images and a generator of random numbers, and return images of the same shape
and dtype in the same order. They work in numpy, once per copy; ``nets.RandomCropFlip`` does the
same to every batch of a training.
"""

from functools import partial
from numbers import Integral

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...utils.sklearn_private import validates_arguments


def flip(rows, rng=None):
    """Mirror every image, left to right.

    Parameters
    ----------
    rows : array-like of shape (n_samples, n_channels, height, width)
    rng : numpy.random.Generator, default=None
        Not used: nothing is left to chance.

    Returns
    -------
    flipped : ndarray of shape (n_samples, n_channels, height, width)

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.augment import flip
    >>> flip(np.arange(6).reshape(1, 1, 2, 3))
    array([[[[2, 1, 0],
             [5, 4, 3]]]])
    """
    return np.flip(_as_images(rows), axis=3).copy()  # torch takes no negative strides


def random_flip(rows, rng):
    """Mirror each image with probability one half, left to right.

    Parameters
    ----------
    rows : array-like of shape (n_samples, n_channels, height, width)
    rng : numpy.random.Generator

    Returns
    -------
    flipped : ndarray of shape (n_samples, n_channels, height, width)

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.augment import random_flip
    >>> rows = np.tile([0, 1, 2], (4, 1, 1, 1))
    >>> random_flip(rows, np.random.default_rng(1))[:, 0, 0]
    array([[0, 1, 2],
           [0, 1, 2],
           [2, 1, 0],
           [0, 1, 2]])
    """
    rows = _as_images(rows)
    mirrored = rng.random(len(rows)) < 0.5
    return np.where(mirrored[:, None, None, None], np.flip(rows, axis=3), rows)


@validates_arguments(margin=[Integral])
def center_crop(rows, rng=None, margin=4):
    """Keep the centre of every image, in a frame of zeros.

    The centre is height − 2 margin pixels high and width − 2 margin wide and stays where it is, at
    its own scale; zeros take the place of what is cut off, so that the shape remains.

    Parameters
    ----------
    rows : array-like of shape (n_samples, n_channels, height, width)
    rng : numpy.random.Generator, default=None
        Not used: nothing is left to chance.
    margin : int, default=4
        Pixels to cut at each side; less than half of the height and of the width. The default is
        the paper's, for 32 × 32 images. Another one is set by
        ``functools.partial(center_crop, margin=2)``.

    Returns
    -------
    cropped : ndarray of shape (n_samples, n_channels, height, width)

    Notes
    -----
    NB: a net may recognize copies by a frame that all copies have and no row has.
    Training with ``nets.RandomCropFlip``, as the paper does, gives frames to rows, too; ``flip``
    needs no frame.

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.augment import center_crop
    >>> center_crop(np.arange(16).reshape(1, 1, 4, 4), margin=1)
    array([[[[ 0,  0,  0,  0],
             [ 0,  5,  6,  0],
             [ 0,  9, 10,  0],
             [ 0,  0,  0,  0]]]])
    """
    rows = _as_images(rows)
    height, width = rows.shape[2:]
    _check_margin(margin, rows.shape, most=(min(height, width) - 1) // 2)
    centre = np.s_[:, :, margin : height - margin, margin : width - margin]
    cropped = np.zeros_like(rows)
    cropped[centre] = rows[centre]
    return cropped


@validates_arguments(margin=[Integral])
def random_crop(rows, rng, margin=4):
    """Shift each image by a few pixels at random, and fill up with zeros.

    Each image is padded by ``margin`` zeros at each side, and a window of the original size is cut
    from it, all (2 margin + 1)² places being equally likely.

    Parameters
    ----------
    rows : array-like of shape (n_samples, n_channels, height, width)
    rng : numpy.random.Generator
    margin : int, default=4
        Largest shift in either direction, in pixels; less than the height and the width. The
        default is the paper's, for 32 × 32 images. Another one is set by
        ``functools.partial(random_crop, margin=2)``.

    Returns
    -------
    cropped : ndarray of shape (n_samples, n_channels, height, width)

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.augment import random_crop
    >>> random_crop(np.arange(1, 10).reshape(1, 1, 3, 3), np.random.default_rng(2), margin=1)
    array([[[[0, 4, 5],
             [0, 7, 8],
             [0, 0, 0]]]])
    """
    rows = _as_images(rows)
    _check_margin(margin, rows.shape, most=min(rows.shape[2:]) - 1)
    padded = np.pad(rows, ((0, 0), (0, 0), (margin, margin), (margin, margin)))
    # (n_samples, n_channels, 2 margin + 1, 2 margin + 1, height, width), a view
    windows = sliding_window_view(padded, rows.shape[2:], axis=(2, 3))
    top, left = rng.integers(2 * margin + 1, size=(2, len(rows)))
    return windows[np.arange(len(rows)), :, top, left]


def compose(*functions):
    """Augment by several functions, one after the other.

    Parameters
    ----------
    *functions : callables
        Each is called with rows and a ``numpy.random.Generator`` and returns rows.

    Returns
    -------
    augment : callable
        To be called like each of them, and picklable if each of them is.

    Examples
    --------
    The copies of the paper's ResNet34, if the net does not augment in training:

    >>> import numpy as np
    >>> from skdynacor.augment import center_crop, compose, random_crop, random_flip
    >>> augment = compose(center_crop, random_crop, random_flip)
    >>> augment(np.ones((5, 3, 32, 32)), np.random.default_rng(0)).sum(axis=(1, 2, 3))
    array([1728., 1728., 1728., 1728., 1728.])
    """
    return partial(_apply, functions)


def _apply(functions, rows, rng):
    for function in functions:
        rows = function(rows, rng)
    return rows


def _as_images(rows):
    try:
        rows = np.asarray(rows)
    except ValueError:
        raise ValueError("Images of one shape are wanted; got rows of several shapes.") from None
    if rows.ndim != 4:
        raise ValueError(
            "Images of shape (n_samples, n_channels, height, width) are wanted; got an array of "
            f"shape {rows.shape}. Reshape it, or pass an augment of your own."
        )
    return rows


def _check_margin(margin, shape, most):
    if not 0 <= margin <= most:
        raise ValueError(
            f"margin must be from 0 to {most} pixels for images of {shape[2]} × {shape[3]}; got "
            f"margin={margin}."
        )
