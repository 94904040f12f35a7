"""CIFAR-10, CIFAR-100 and the labels that people gave them, from files that the user has."""

from .cifar_files import load_human_labels, load_images


def load_cifar10(folder, subset="train"):
    """Load the images and labels of CIFAR-10.

    Parameters
    ----------
    folder : str or Path
        Where an archive from https://www.cs.toronto.edu/~kriz/cifar.html was unpacked: the Python
        version (``cifar-10-batches-py``) or the binary one (``cifar-10-batches-bin``). Either that
        directory or the one it is in. Nothing is downloaded.
    subset : {"train", "test"}, default="train"
        Which rows, in the order of the files. As published, 50,000 for training, 10,000 for
        testing.

    Returns
    -------
    X : ndarray of shape (n_samples, 3, 32, 32), dtype uint8
        Images: red, green and blue, from 0 to 255, rows from the top, columns from the left.
    y : ndarray of shape (n_samples,), dtype int64
        Classes, from 0 to 9.

    Raises
    ------
    FileNotFoundError
        If the folder holds neither version, or not all of its files.
    ValueError
        If a file is damaged, or ``subset`` is neither of the two.

    See Also
    --------
    load_cifar10n : Labels that people gave to the training rows.

    Notes
    -----
    The Python version is pickled. Only arrays and plain containers are unpickled; a file that
    asks for anything else is refused.

    References
    ----------
    .. [1] Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
       https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf

    Examples
    --------
    Here with a file of two images, of the binary version:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skdynacor.datasets import load_cifar10
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = np.zeros((2, 1 + 3072), np.uint8)
    ...     rows[:, 0] = 3, 5
    ...     rows.tofile(Path(folder, "test_batch.bin"))
    ...     X, y = load_cifar10(folder, "test")
    >>> X.shape, y.tolist()
    ((2, 3, 32, 32), [3, 5])
    """
    batches = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
    return load_images(
        folder,
        subset,
        batches,
        title="CIFAR-10",
        directories=("cifar-10-batches-py", "cifar-10-batches-bin"),
        n_classes={b"labels": 10},
        target=b"labels",
    )


def load_cifar100(folder, subset="train", coarse=False):
    """Load the images and labels of CIFAR-100.

    Parameters
    ----------
    folder : str or Path
        Where an archive from https://www.cs.toronto.edu/~kriz/cifar.html was unpacked: the Python
        version (``cifar-100-python``) or the binary one (``cifar-100-binary``). Either that
        directory or the one it is in. Nothing is downloaded.
    subset : {"train", "test"}, default="train"
        Which rows, in the order of the file. As published, 50,000 for training, 10,000 for
        testing.
    coarse : bool, default=False
        Whether to take the 20 groups of classes in place of the 100 classes.

    Returns
    -------
    X : ndarray of shape (n_samples, 3, 32, 32), dtype uint8
        Images: red, green and blue, from 0 to 255, rows from the top, columns from the left.
    y : ndarray of shape (n_samples,), dtype int64
        Classes, from 0 to 99, or groups, from 0 to 19.

    Raises
    ------
    FileNotFoundError
        If the folder holds neither version of the subset.
    ValueError
        If the file is damaged, or ``subset`` is neither of the two.

    See Also
    --------
    load_cifar10 : Fewer classes; its notes say what is unpickled.
    load_cifar100n : Labels that people gave to the training rows.

    References
    ----------
    .. [1] Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
       https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf

    Examples
    --------
    Here with a file of two images, of the binary version:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skdynacor.datasets import load_cifar100
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = np.zeros((2, 2 + 3072), np.uint8)
    ...     rows[:, :2] = [11, 19], [15, 29]
    ...     rows.tofile(Path(folder, "test.bin"))
    ...     X, y = load_cifar100(folder, "test")
    >>> X.shape, y.tolist()
    ((2, 3, 32, 32), [19, 29])
    """
    return load_images(
        folder,
        subset,
        {"train": ["train"], "test": ["test"]},
        title="CIFAR-100",
        directories=("cifar-100-python", "cifar-100-binary"),
        n_classes={b"coarse_labels": 20, b"fine_labels": 100},
        target=b"coarse_labels" if coarse else b"fine_labels",
    )


def load_cifar10n(folder):
    """Load CIFAR-10N: labels that people gave to the training rows of CIFAR-10.

    Parameters
    ----------
    folder : str or Path
        Where ``CIFAR-10_human.pt`` from http://noisylabels.com lies. Nothing is downloaded.

    Returns
    -------
    labels : Bunch of ndarray of shape (n_samples,), dtype int64
        Classes, from 0 to 9, row by row those of ``load_cifar10(folder, "train")``, 50,000 as
        published:

        - ``y_true`` : the right labels
        - ``random1``, ``random2``, ``random3`` : the labels of three people per row (17 to 18 %
          wrong)
        - ``aggre`` : the one that most of the three gave (9 % wrong)
        - ``worse`` : a wrong one of the three, if there is one (40 % wrong)

    Raises
    ------
    FileNotFoundError
        If the folder has no such file.
    ValueError
        If the file is damaged.

    See Also
    --------
    load_cifar10 : The images.

    Notes
    -----
    ``torch.load`` reads nothing but arrays and plain containers here, which takes torch 2.6 or
    later.

    References
    ----------
    .. [1] Wei et al., "Learning with Noisy Labels Revisited: A Study Using Real-World Human
       Annotations", ICLR 2022. https://doi.org/10.48550/arXiv.2110.12088

    Examples
    --------
    Here with a file of two rows:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import torch
    >>> from skdynacor.datasets import load_cifar10n
    >>> names = ["clean_label", "aggre_label", "worse_label"]
    >>> names += ["random_label1", "random_label2", "random_label3"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = {name: np.array([6, 9]) for name in names}
    ...     file["worse_label"] = np.array([6, 1])
    ...     torch.save(file, Path(folder, "CIFAR-10_human.pt"))
    ...     labels = load_cifar10n(folder)
    >>> (labels.worse != labels.y_true).tolist()
    [False, True]
    """
    return load_human_labels(
        folder,
        "CIFAR-10_human.pt",
        {
            "y_true": ("clean_label", 10),
            "aggre": ("aggre_label", 10),
            "worse": ("worse_label", 10),
            "random1": ("random_label1", 10),
            "random2": ("random_label2", 10),
            "random3": ("random_label3", 10),
        },
    )


def load_cifar100n(folder):
    """Load CIFAR-100N: labels that people gave to the training rows of CIFAR-100.

    Parameters
    ----------
    folder : str or Path
        Where ``CIFAR-100_human.pt`` from http://noisylabels.com lies. Nothing is downloaded.

    Returns
    -------
    labels : Bunch of ndarray of shape (n_samples,), dtype int64
        Row by row those of ``load_cifar100(folder, "train")``, 50,000 as published:

        - ``y_true`` : the right classes, from 0 to 99
        - ``noisy`` : the classes that people gave (40 % wrong)
        - ``y_true_coarse``, ``noisy_coarse`` : the groups of classes, from 0 to 19 (26 % wrong)

    Raises
    ------
    FileNotFoundError
        If the folder has no such file.
    ValueError
        If the file is damaged.

    See Also
    --------
    load_cifar100 : The images.
    load_cifar10n : Fewer classes; its notes say what ``torch.load`` reads.

    References
    ----------
    .. [1] Wei et al., "Learning with Noisy Labels Revisited: A Study Using Real-World Human
       Annotations", ICLR 2022. https://doi.org/10.48550/arXiv.2110.12088

    Examples
    --------
    Here with a file of two rows:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import torch
    >>> from skdynacor.datasets import load_cifar100n
    >>> names = ["clean_label", "noisy_label", "clean_coarse_label", "noisy_coarse_label"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = {name: np.array([11, 15]) for name in names}
    ...     file["noisy_label"] = np.array([11, 98])
    ...     torch.save(file, Path(folder, "CIFAR-100_human.pt"))
    ...     labels = load_cifar100n(folder)
    >>> (labels.noisy != labels.y_true).tolist()
    [False, True]
    """
    return load_human_labels(
        folder,
        "CIFAR-100_human.pt",
        {
            "y_true": ("clean_label", 100),
            "noisy": ("noisy_label", 100),
            "y_true_coarse": ("clean_coarse_label", 20),
            "noisy_coarse": ("noisy_coarse_label", 20),
        },
    )
