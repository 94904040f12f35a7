"""Which models can judge which rows."""

from scipy.sparse import issparse
from sklearn.utils import assert_all_finite, get_tags
from skorch import NeuralNet

from ..groundwork.sparse_rows import to_canonical
from ..groundwork.validation import (
    check_row_shape,
    has_missing,
    lives_on_disk,
    sparse_row_params,
    validate_data,
    validate_rows_and_labels,
)
from .out_of_bag import is_bagged


def check_partners(partners, held_out):
    """Check the forests that are to judge rows beside a classifier.

    Raises
    ------
    ValueError
    """
    if partners and not held_out:
        raise ValueError(
            "partners judge rows that they were not told the label of; set held_out=True, or leave "
            "partners empty."
        )
    for partner in partners:
        if not (isinstance(partner, tuple | list) and len(partner) == 2):
            raise ValueError(
                "partners must be pairs of a name and a forest, as in [('forest', "
                f"RandomForestClassifier())]; got {partner!r} among them."
            )
        name, forest = partner
        if name == "classifier" or not is_bagged(forest):
            raise ValueError(
                "partners must be RandomForestClassifier or ExtraTreesClassifier with "
                f"bootstrap=True, under other names than 'classifier'; got {forest!r} named "
                f"{name!r}."
            )


def is_net(classifier):
    """Tell whether a classifier is a skorch net; None stands for the default one."""
    return isinstance(classifier, NeuralNet | None)


def takes_missing(classifier):
    """Tell whether a classifier takes rows with missing values."""
    if is_net(classifier) or isinstance(classifier, type):  # a class is refused later on
        return False
    return get_tags(classifier).input_tags.allow_nan


def takes_sparse(classifier):
    """Tell whether a classifier takes sparse rows; of nets, those do that get them by the batch."""
    if is_net(classifier) or isinstance(classifier, type):
        return True
    return get_tags(classifier).input_tags.sparse


def can_judge(classifier, X):
    """Tell whether a classifier can train on these rows, whatever is beside it."""
    # Of sparse rows, trees take no missing values either.
    return (takes_missing(classifier) and not issparse(X)) or not has_missing(X)


def can_join(forest, X):
    """Tell whether a forest can judge these rows beside a classifier."""
    return X.ndim == 2 and not lives_on_disk(X) and can_judge(forest, X)


def anyone_takes_missing(classifier, partners):
    """Tell whether one of several models takes rows with missing values."""
    return any(map(takes_missing, (classifier, *(forest for _, forest in partners))))


def params_of_rows(X, missing):
    """Parameters of ``check_array`` for rows, in which values may be missing or not."""
    return {**sparse_row_params(X), "ensure_all_finite": "allow-nan" if missing else True}


def validate_for_members(collector, X, y):
    """Validate what ``fit`` is given, where classifier or partners may take missing values.

    They are refused, as scikit-learn does, where nobody is left to judge the rows.

    Returns
    -------
    X, classes, codes
        See ``validate_rows_and_labels``.

    Raises
    ------
    ValueError
    """
    classifier, partners = collector.classifier, collector.partners
    missing = anyone_takes_missing(classifier, partners)
    X, *labels = validate_rows_and_labels(collector, X, y, **params_of_rows(X, missing))
    forests = [forest for _, forest in partners]
    if missing and not (can_judge(classifier, X) or any(can_join(f, X) for f in forests)):
        assert_all_finite(X, estimator_name="DynamicsCollector", input_name="X")
    return X, *labels


def validate_like_fit(collector, X, classifiers, shape):
    """Validate rows for ``transform``, where all classifiers must take what values are missing.

    Returns
    -------
    X : ndarray or csr_array of shape (n_samples, *shape)

    Raises
    ------
    ValueError
    """
    missing = all(map(takes_missing, classifiers))
    X = validate_data(collector, X, reset=False, **params_of_rows(X, missing))
    check_row_shape(X, shape)
    return to_canonical(X) if issparse(X) else X
