"""Summary of a report: facts and origin."""

import platform
from datetime import datetime
from importlib.metadata import version

_PACKAGES = ["skdynacor", "scikit-learn", "torch", "numpy"]


def find_facts(findings):
    """Give name, number and remark of each fact about the data set."""
    n_rows, n_flagged = len(findings.flags), int(findings.flags.sum())
    facts = [
        ("Rows", f"{n_rows:,}", f"with labels of {len(findings.classes):,} classes"),
        ("Flagged", f"{n_flagged:,}", f"{n_flagged / n_rows:.1%} of the rows"),
    ]
    if findings.noise_rate is not None:
        low, high = findings.noise_rate_interval or (findings.noise_rate, findings.noise_rate)
        remark = f"about {round(findings.noise_rate * n_rows):,} wrong labels"
        if high - low > 0.01:
            remark += f"; from {low:.1%} to {high:.1%}, as disagreement is overlap or error"
        facts.append(("Estimated noise rate", f"{findings.noise_rate:.1%}", remark))
    if findings.injected_recall is not None:
        remark = "of injected label errors; lower for human errors"
        facts.append(("Estimated recall", f"{findings.injected_recall:.0%}", remark))
    return facts


def find_origin(estimator):
    """Give date, versions, model weights and estimator: name and text of each."""
    now = datetime.now().astimezone()
    versions = [f"{package} {version(package)}" for package in _PACKAGES]
    origin = [
        ("Made", f"{now:%Y-%m-%d %H:%M %Z}"),
        ("With", ", ".join([*versions, f"Python {platform.python_version()}"])),
    ]
    steps = [step for _, step in getattr(estimator, "steps", [("", estimator)])]
    for weights in (step.weights_ for step in steps if hasattr(step, "weights_")):
        models = [f"{name} {weight:.3g}" for name, weight in weights.items() if weight]
        origin.append(("Model weights", f"{', '.join(models)} (factors of their logits)"))
    origin.append(("Estimator", repr(estimator)))
    return origin
