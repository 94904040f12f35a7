"""``skdynacor apply``: write a file with the labels of a review."""

import csv
import io
from dataclasses import fields

import numpy as np
import pandas as pd

from ..inspection._corrections import DROP, SUGGESTED, find_corrections
from ..utils.files import writing
from .bad_input import BadInput, listed
from .data import read_labels_of_file
from .labels import as_texts
from .options import FileFormat
from .outputs import check_outputs
from .reviews import check_reviews, read_reviews, split_contradictions
from .rewrite import DROPPED, rewrite


def apply(args):
    """Read the reviews, write the corrected file and its log; return exit code and text."""
    log = args.log or args.out.with_name(f"{args.out.name.partition('.')[0]}-changes.csv")
    check_reviews(args.reviews)
    for path in (args.file, *args.reviews):
        check_outputs({"--out": args.out, "--log": log}, path, force=True)
    file_format = FileFormat(**{f.name: getattr(args, f.name) for f in fields(FileFormat)})
    columns = read_labels_of_file(args.file, args.label, file_format)
    label, y, review = _read_reviews_of_label(args, columns)
    agreed, contradicting = split_contradictions(review)
    rest = review[~review["position"].isin([*agreed["position"], *contradicting])]
    parts = [_find_changes(y, agreed, "person")]
    if args.accept is not None:
        parts.append(_find_changes(y, _accept(rest, args.accept), "model"))
    changes = pd.concat(parts).sort_values("position")
    as_written = _as_written(columns[label])
    new_labels = {
        row.position: DROPPED if row.to == DROP else as_written[row.to]
        for row in changes.itertuples()
    }
    rewrite(args.file, args.out, label, new_labels, file_format)
    _write_log(changes, log)
    return 0, _describe(changes, review, contradicting, args, log)


def _read_reviews_of_label(args, columns):
    """Find the column that the reviews are of; return its name, labels and the reviews."""
    found, errors = [], []
    for name, cells in columns.items():
        texts = as_texts(cells)
        y = texts.where(texts != "", None).to_numpy(dtype=object)
        try:
            found.append((name, y, read_reviews(args.reviews, y)))
        except BadInput as error:
            errors.append(error)
    if len(found) == 1:
        return found[0]
    if found:
        names = [name for name, *_ in found]
        raise BadInput(f"The review fits the columns {listed(names)}; name one with --label.")
    if len(errors) == 1:
        raise errors[0]
    raise BadInput(
        f"No column of {args.file} has the labels of the review; was the file changed since? "
        "With --label COLUMN, the message says where they differ."
    )


def _accept(issues, probability):
    """Accept suggestions for flagged rows without a decision."""
    issues = issues[issues["decision"] == ""].drop_duplicates("position")
    sure = issues["suggested_label_probability"].astype(float) >= probability
    return issues[sure & issues["flagged"]].assign(decision=SUGGESTED)


def _find_changes(y, issues, by):
    """List the rows that decisions change, as the log does."""
    positions, labels = find_corrections(y, issues)
    to = np.where(issues["decision"] == DROP, DROP, labels)
    probability = issues.get("suggested_label_probability", pd.Series(np.nan, issues.index))
    changes = pd.DataFrame(
        {
            "position": positions,
            "index": issues.get("index", issues["position"]).to_numpy(),
            "from": y[positions],
            "to": to,
            "by": by,
            "probability": np.where(to == issues["suggested_label"], probability, np.nan),
        }
    )
    return changes[changes["from"] != changes["to"]]


def _as_written(cells):
    """Give how the file writes each label, most often."""
    counts = pd.DataFrame({"text": as_texts(cells), "cell": cells.astype(object)}).value_counts()
    return dict(reversed(counts.index.tolist()))


def _write_log(changes, path):
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(changes.columns)
    writer.writerows(changes.astype(object).where(changes.notna(), "").itertuples(index=False))
    with writing(path) as file:
        file.write(text.getvalue().encode("utf-8-sig"))


def _describe(changes, review, contradicting, args, log):
    if args.quiet:
        return ""
    n_dropped = int((changes["to"] == DROP).sum())
    by = changes["by"].value_counts()
    lines = [
        f"{args.file}: {len(changes) - n_dropped:,} labels changed"
        + (f", {n_dropped:,} rows dropped" if n_dropped else "")
        + (f"; {by['model']:,} of the changes by the model" if "model" in by else "")
    ]
    if len(contradicting):
        some = ", ".join(map(str, contradicting[:5])) + ", ..." * (len(contradicting) > 5)
        lines.append(
            f"{len(contradicting):,} rows are left as they are, as reviewers disagree: {some}"
        )
    undecided = review.loc[review["decision"].isin(["", "unsure"]), "position"].nunique()
    if undecided:
        lines.append(f"{undecided:,} rows of the review have no decision, and stay as they are.")
    lines.append(f"Wrote {args.out} and {log} (position, from, to, by whom, probability).")
    return "\n".join(lines) + "\n"
