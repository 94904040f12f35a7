"""What a report says of the whole data set, in words and numbers."""

import platform
from datetime import datetime
from importlib.metadata import version

_PACKAGES = ["skdynacor", "scikit-learn", "torch", "numpy"]


def find_facts(findings):
    """Say what was found, in numbers.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    facts : list of (name, number, remark)
        All strings.
    """
    n_rows, n_flagged = len(findings.flags), int(findings.flags.sum())
    facts = [
        ("Rows", f"{n_rows:,}", f"with labels of {len(findings.classes):,} classes"),
        ("Flagged", f"{n_flagged:,}", f"{n_flagged / n_rows:.1%} of the rows"),
    ]
    if findings.noise_rate is not None:
        remark = f"about {round(findings.noise_rate * n_rows):,} wrong labels"
        facts.append(("Estimated noise rate", f"{findings.noise_rate:.1%}", remark))
    if findings.found_copies is not None:
        remark = "of labels made wrong as a check; of people's mistakes, fewer may be found"
        facts.append(("Estimated recall", f"{findings.found_copies:.0%}", remark))
    return facts


def find_origin(estimator):
    """Say when, with what and by which models it was found.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    origin : list of (name, text)
    """
    now = datetime.now().astimezone()
    versions = [f"{package} {version(package)}" for package in _PACKAGES]
    origin = [
        ("Made", f"{now:%Y-%m-%d %H:%M %Z}"),
        ("With", ", ".join([*versions, f"Python {platform.python_version()}"])),
    ]
    weights = _find_weights(estimator)
    if weights:
        heard = ", ".join(f"{name} × {weight:.3g}" for name, weight in weights.items() if weight)
        origin.append(("Models heard", f"{heard} (what their logits were multiplied by)"))
    origin.append(("Estimator", repr(estimator)))
    return origin


def _find_weights(estimator):
    """The weights of the models that a step heard, or None."""
    steps = [step for _, step in getattr(estimator, "steps", [])]
    return next((step.weights_ for step in steps if hasattr(step, "weights_")), None)
