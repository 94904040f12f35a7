"""Verdicts in the decisions of a review."""

import numpy as np


def read_decisions(issues, n_rows):
    """Read verdicts from a data frame of issues with the column ``decision``.

    They are (n_rows,), or (n_rows, n_reviewers) if there is a column ``reviewer``. The label is
    right where it is kept, wrong where another one or none was chosen ("drop"), and not known where
    the decision is empty or "unsure".
    """
    missing = {"position", "given_label", "decision"} - set(issues.columns)
    if missing:
        raise ValueError(
            f"The data frame of verdicts has no column {', '.join(sorted(missing))}; pass what "
            "skdynacor.inspection.read_review returns, or an array of one verdict per row."
        )
    given = [str(label) for label in issues["given_label"]]
    decisions = ["" if each is None or each != each else str(each) for each in issues["decision"]]
    reviewers = list(issues["reviewer"]) if "reviewer" in issues.columns else [""] * len(given)
    column_of = {name: number for number, name in enumerate(dict.fromkeys(reviewers))}
    verdicts = np.full((n_rows, max(len(column_of), 1)), -1)
    for position, label, decision, reviewer in zip(
        issues["position"], given, decisions, reviewers, strict=True
    ):
        if not 0 <= position < n_rows:
            raise ValueError(
                f"There is a verdict for row {position}, but fit had the rows 0 to {n_rows - 1}."
            )
        if decision.strip() not in ("", "unsure"):
            verdicts[position, column_of[reviewer]] = decision.strip() not in ("keep", label)
    return verdicts if len(column_of) > 1 else verdicts[:, 0]
