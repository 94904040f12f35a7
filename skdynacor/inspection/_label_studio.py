"""Label issues as tasks of Label Studio, and its export back."""

import json
from pathlib import Path

from ..utils.files import writing
from ..utils.optional import import_optional
from ..utils.validation import read_labels
from ._corrections import UNSURE, LabelNames, find_corrections
from ._frames import read_issues, to_frame

#: Names of the tags of the labeling interface.
_CHOICES, _OBJECT = "label", "row"
_OF_TASKS = ("position", "given_label", "suggested_label", "suggested_label_probability")


def write_label_studio(issues, path):
    """Write issues as tasks of Label Studio, with the suggested labels as predictions.

    The labeling interface needs ``Choices`` named "label" of an object named "row"; the guide shows
    one. All columns of a task are in ``row``.

    Parameters
    ----------
    issues : pandas.DataFrame or polars.DataFrame
        What ``label_issues`` returned, or some of its rows; further columns are shown, too.
    path : str or path-like
        The JSON file.

    See Also
    --------
    read_label_studio : Reads the export back.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from sklearn.datasets import load_wine
    >>> from skdynacor import LabelErrorDetector
    >>> from skdynacor.inspection import label_issues, write_label_studio
    >>> X, y = load_wine(return_X_y=True)
    >>> y[[3, 70]] = [2, 0]
    >>> detector = LabelErrorDetector(random_state=0).fit(X, y)
    >>> path = Path(mkdtemp()) / "tasks.json"
    >>> write_label_studio(label_issues(detector, X, y).head(2), path)
    >>> [task["data"]["position"] for task in json.loads(path.read_text())]
    [3, 70]
    """
    rows = read_issues(issues, "write_label_studio").rows(named=True)
    tasks = []
    for row in rows:
        row = {name: _to_json(value) for name, value in row.items()}
        suggested, probability = row["suggested_label"], row.get("suggested_label_probability")
        task = {"data": {**{n: row[n] for n in _OF_TASKS if n in row}, _OBJECT: row}}
        if suggested is not None:
            choice = {"choices": [str(suggested)]}
            result = {"from_name": _CHOICES, "to_name": _OBJECT, "type": "choices", "value": choice}
            prediction = {"model_version": "skdynacor", "result": [result]}
            task["predictions"] = [prediction | ({"score": probability} if probability else {})]
        tasks.append(task)
    with writing(path) as file:
        file.write(json.dumps(tasks, ensure_ascii=False, indent=1).encode())


def _to_json(value):
    if value is None or value != value:
        return None
    if hasattr(value, "item"):
        value = value.item()
    return value if isinstance(value, bool | int | float | str) else str(value)


def read_label_studio(path, y):
    """Read an export of Label Studio, in its format JSON, as a review.

    Parameters
    ----------
    path : str or path-like
        The exported file, of tasks that ``write_label_studio`` wrote.
    y : array-like of shape (n_samples,)
        The given labels that the issues were found in; some may be missing.

    Returns
    -------
    issues : pandas.DataFrame, or polars.DataFrame if y is of polars
        As ``read_review`` returns them: one line for each annotation, with the label that was
        chosen as its ``decision`` ("unsure" where the task was skipped) and the annotator as
        ``reviewer``.

    Raises
    ------
    ValueError
        If the file is no such export, or does not fit y.
    """
    try:
        tasks = json.loads(Path(path).read_text(encoding="utf-8"))
        rows = [row for task in tasks for row in _read_task(task)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{str(path)!r} is not an export of Label Studio in its format JSON, of tasks that "
            f"write_label_studio wrote ({type(error).__name__}: {error})."
        ) from error
    if not rows:
        raise ValueError(f"{str(path)!r} has no annotations; was it exported before the review?")
    pandas = import_optional("pandas", "report", "read_label_studio")
    frame = pandas.DataFrame(rows)
    for _, of_one in frame.groupby("reviewer"):
        find_corrections(y, of_one)
    names = LabelNames(read_labels(y, allow_missing=True))
    columns = {name: frame[name].to_numpy() for name in frame}
    for name in ("given_label", "suggested_label"):
        columns[name] = names.read(columns[name], columns["position"], name)
    return to_frame(columns, y)


def _read_task(task):
    """Give a row for each annotation of a task."""
    data = task["data"]
    for annotation in task["annotations"]:
        chosen = [
            choice
            for result in annotation["result"]
            if result["type"] == "choices"
            for choice in result["value"]["choices"]
        ]
        if len(chosen) > 1:
            raise ValueError(f"task {task.get('id')} has several choices: {', '.join(chosen)}")
        by = annotation.get("completed_by", "")
        skipped = annotation.get("was_cancelled") or not chosen
        yield {
            "position": data["position"],
            "given_label": str(data["given_label"]),
            "suggested_label": str(data["suggested_label"]),
            "suggested_label_probability": data.get("suggested_label_probability"),
            "reviewer": str(by["email"] if isinstance(by, dict) else by),
            "decision": UNSURE if skipped else chosen[0],
        }
