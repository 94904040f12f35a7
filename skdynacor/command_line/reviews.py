"""Reviews of the rows of a file, by one or several people."""

import numpy as np
import pandas as pd

from ..inspection import read_label_studio, read_review
from .bad_input import BadInput


def check_reviews(paths):
    """Check that there are such files."""
    for path in paths or []:
        if not path.is_file():
            raise BadInput(f"There is no review {path}.")


def read_reviews(paths, y):
    """Read reviews, each a CSV or Excel file or an export of Label Studio, as one data frame.

    ``y`` are the labels of all rows of the file, None where there is none. The column ``reviewer``
    tells reviews apart.
    """
    reviews = []
    for path in paths:
        read = read_label_studio if path.suffix == ".json" else read_review
        try:
            review = read(path, y)
        except ValueError as error:
            raise BadInput(f"{path}: {error}") from error
        name = str(path)
        by = review["reviewer"].astype(str) if "reviewer" in review else ""
        reviews.append(review.assign(reviewer=name + by.radd(" ") if len(by) else name))
    return pd.concat(reviews, ignore_index=True)


def split_contradictions(review):
    """Split decisions on rows into those that agree, one for each row, and rows on which not.

    Undecided rows are in neither. Returns the decisions, indexed by position, and positions.
    """
    decided = review[~review["decision"].isin(["", "unsure"])]
    final = final_labels(decided)
    n_choices = final.groupby(decided["position"]).nunique()
    contradicting = n_choices.index[n_choices > 1].to_numpy()
    agreed = decided[~decided["position"].isin(contradicting)].drop_duplicates("position")
    return agreed, np.sort(contradicting)


def final_labels(review):
    """Give the text of the label that each decision leads to, "drop" where the row goes."""
    decision = review["decision"].astype(object)
    given, suggested = (review[f"{name}_label"].map(str) for name in ("given", "suggested"))
    return decision.where(decision != "keep", given).where(decision != "suggested", suggested)
