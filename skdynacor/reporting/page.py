"""The page: template, style, script and data in one file."""

import base64
import hashlib
import html
import json
from importlib.resources import files
from string import Template

# Only the script with this hash runs, and nothing is loaded from elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'sha256-{}'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def encode_json(value):
    r"""Encode as JSON, in UTF-8, for a ``<script>`` of a page.

    Examples
    --------
    >>> from skdynacor.reporting.page import encode_json
    >>> encode_json({"label": "</script>"})
    b'{"label":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "backslashreplace")  # half a surrogate pair, as JSON writes it


def make_page(*, title, origin, statements, next_steps, data, figures, conflicts):
    """Make the page of a report, in UTF-8, from JSON data and the HTML of plots and conflicts.

    ``statements`` are the sentences that it opens with, ``origin`` names the file and the labels,
    ``next_steps`` what to run after the review.
    """
    script = "\n".join(map(_read, ["rows.js", "table.js", "review.js", "page.js"]))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = Template(_read("page.html")).substitute(
        policy=_POLICY.format(digest),
        title=html.escape(title),
        origin=html.escape(origin),
        next_steps=html.escape(next_steps),
        style=_read("page.css"),
        statements="".join(f"<p>{html.escape(each)}</p>" for each in statements),
        figures=figures,
        conflicts=conflicts,
        data=data.decode(),
        script=script,
    )
    return page.encode()


def _read(name):
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
