"""The rows that a page asks about."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from skdynacor import LabelErrorDetector, report
from skdynacor.datasets import make_label_noise
from skdynacor.inspection import apply_corrections, read_review, rows_to_drop

N_ASKED = 20


def make_data(n_classes=3, n=300):
    X, y_true = make_blobs(n, 4, centers=n_classes, cluster_std=2, random_state=0)
    y, wrong = make_label_noise(y_true, "symmetric", 0.2, random_state=0)
    names = np.array([f"class_{k} of a long name" for k in range(n_classes)])
    return X, names[y], names[y_true], wrong


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A detector, X and y, right labels, and the report."""
    X, y, right, _ = make_data()
    detector = LabelErrorDetector(RandomForestClassifier(50), random_state=0).fit(X, y)
    path = tmp_path_factory.mktemp("asked") / "report.html"
    X = pd.DataFrame(X, columns=["length", "width", "height", "weight"])
    columns = pd.DataFrame({"name": [f"Row {i} & Co." for i in range(len(y))]})
    texts = [f"{'A text that goes on and on. ' * 8}{i}" for i in range(len(y))]
    options = {"source": "a <b>.csv", "label_name": "kind", "next_steps": "run this"}
    report(detector, X, y, path, texts=texts, columns=columns, **options)
    return detector, X, y, right, path


@pytest.fixture
def page(asked, open_page):
    return open_page(asked[-1], viewport={"width": 1280, "height": 800})


def row_shown(page):
    return int(page.locator("#asked .question bdi").first.inner_text())


def download(page):
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download review.csv").click()
    return waited.value.path()


def test_a_review_by_keys_alone(page, asked):
    detector, _, y, right, _ = asked
    expected = detector.rows_to_review(N_ASKED, random_state=0).tolist()
    answers = {}
    for number in range(N_ASKED):
        assert page.locator("#asked-progress").inner_text() == f"{number} of 20 decided"
        row = row_shown(page)
        text = page.locator("#asked .question").inner_text()
        suggested = text.partition("Or is it ")[2].rstrip("?")
        assert f"is labelled {y[row]}." in text
        assert suggested not in ("", y[row])
        key = "k" if right[row] == y[row] else "s" if right[row] == suggested else "u"
        answers[row] = {"k": "keep", "s": "suggested", "u": "unsure"}[key]
        page.keyboard.press(key)
    assert list(answers) == expected
    assert page.locator("#asked-progress").inner_text() == "20 of 20 decided"
    assert page.locator("#next-steps pre").inner_text() == "run this"
    review = read_review(download(page), y)
    assert dict(zip(review["position"], review["decision"], strict=True)) == answers
    corrected = apply_corrections(y, review)
    changed = [row for row, answer in answers.items() if answer == "suggested"]
    assert sorted(np.flatnonzero(corrected != y)) == sorted(changed)
    assert (corrected[changed] == right[changed]).all()
    verdicts = detector.recalibrate(review).verdicts_
    assert (verdicts >= 0).sum() == sum(answer != "unsure" for answer in answers.values())
    detector.recalibrate(np.full(len(y), -1))


def test_both_sides_are_shown(page, asked):
    _, _, y, _, _ = asked
    row = row_shown(page)
    captions = page.locator("#asked figcaption").all_inner_texts()
    assert captions[0] == f"This row, labelled {y[row]}"
    labels = [text.partition("labelled ")[2] for text in captions[1:]]
    assert len(labels) == 4
    assert labels[2:] == [y[row]] * 2
    assert y[row] not in labels[:2]
    cells = page.locator("#asked .values td.own").all_inner_texts()
    assert cells[0] == f"Row {row} & Co."
    assert len(cells) == 5


def test_decisions_are_one_store(page, asked):
    first = row_shown(page)
    page.keyboard.press("d")
    second = row_shown(page)
    page.get_by_role("button", name="Previous").first.click()
    assert row_shown(page) == first
    dropped = page.get_by_role("button", name="Drop the row").first
    assert dropped.get_attribute("aria-pressed") == "true"
    page.reload()
    assert page.locator("#asked-progress").inner_text() == "1 of 20 decided"
    page.get_by_role("button", name="Next").first.click()
    assert row_shown(page) == second
    other = page.locator("#asked select optgroup option").first.inner_text()
    page.locator("#asked select").select_option(label=other)
    page.uncheck("#flagged")
    page.select_option("#decided", "yes")
    assert page.locator("#place").inner_text() == "1–2 of 2"
    review = read_review(download(page), asked[2])
    assert rows_to_drop(review).tolist() == [first]
    assert review.set_index("position")["decision"][second] == other


def test_decisions_on_many_rows_are_undone(page):
    page.locator(".row select").first.select_option("unsure")
    page.get_by_role("button", name="Accept all").click()
    page.get_by_role("button", name="Clear all").click()
    assert page.locator("#progress").inner_text().startswith("0 of")
    page.get_by_role("button", name="Undo").click()
    assert not page.locator("#progress").inner_text().startswith(("0 of", "1 of"))
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("button", name="Undo").click()
    assert page.locator(".row select").first.input_value() == "unsure"


def test_the_first_question_is_above_the_fold_and_nothing_scrolls_sideways(page):
    bottom = "document.querySelector('#asked .bar').getBoundingClientRect().bottom"
    assert page.evaluate(bottom) < 500
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    right = "document.querySelector('#issue-table select').getBoundingClientRect().right"
    assert page.evaluate(right) <= 1280
    assert page.locator("#source").inner_text() == "a <b>.csv, labels in 'kind'"
    order = page.locator("section").evaluate_all("all => all.map(e => e.id)")
    assert order.index("review") < order.index("issues") < order.index("plots")


def test_tables_show_features_unopened(page):
    page.goto(page.url)
    assert "A text that goes on" in page.locator("#issue-table td.preview").first.inner_text()


def test_features_are_previewed(open_page, tmp_path):
    X, y, *_ = make_data()
    X = pd.DataFrame(X, columns=["length", "width", "height", "weight"])
    detector = LabelErrorDetector(GaussianNB(), random_state=0).fit(X, y)
    page = open_page(report(detector, X, y, tmp_path / "report.html"))
    assert page.locator("#issue-table td.preview").first.inner_text().startswith("length ")


def test_without_scripts_the_page_says_so(asked, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(asked[-1].as_uri())
    assert "This page needs scripts" in page.locator("noscript").inner_text()
    context.close()


def test_eighty_classes(open_page, tmp_path):
    X, y, *_ = make_data(80, 900)
    detector = LabelErrorDetector(GaussianNB(), random_state=0).fit(X, y)
    path = report(detector, X, y, tmp_path / "report.html")
    page = open_page(path, viewport={"width": 1280, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    ticks = page.locator("#plots figure").last.locator("text")
    assert sum("class_" in text for text in ticks.all_text_contents()) == 2 * 15


def test_twenty_thousand_rows_stay_small(open_page, tmp_path):
    X, y, *_ = make_data(10, 20_000)
    detector = LabelErrorDetector(GaussianNB(), random_state=0).fit(X, y)
    path = report(detector, X, y, tmp_path / "report.html", texts=["a text " * 40] * 20_000)
    assert path.stat().st_size < 5e6
    page = open_page(path)
    assert page.locator("#asked .question").inner_text()


def test_given_positions_are_asked_about(tmp_path, read_page):
    X, y, *_ = make_data()
    detector = LabelErrorDetector(GaussianNB(), random_state=0).fit(X, y)
    path, rows = tmp_path / "report.html", [7, 3, 250]
    data = read_page(report(detector, X, y, path, ask=rows, max_rows=1)).data
    assert [data["issues"]["position"][row] for row in data["asked"]] == rows
    assert read_page(report(detector, X, y, path, ask=0)).data["asked"] == []
    assert len(read_page(report(detector, X[:300], y, path, ask=999)).data["asked"]) == 300
    for ask in ([300], [-1], [[1]]):
        with pytest.raises(ValueError, match="ask must be a number, or positions from 0 to 299"):
            report(detector, X, y, path, ask=ask)


def test_after_a_review_the_page_says_what_it_tells(tmp_path):
    X, y, _, wrong = make_data()
    detector = LabelErrorDetector(GaussianNB(), random_state=0).fit(X, y)
    verdicts = np.full(len(y), -1)
    verdicts[:30] = wrong[:30]
    path = report(detector.recalibrate(verdicts), X, y, tmp_path / "report.html")
    n = wrong[:30].sum()
    assert f"After 30 verdicts ({n} wrong, {30 - n} right), between" in path.read_text("utf-8")
    verdicts[:] = np.where(detector.flags_, 0, -1)
    path = report(detector.recalibrate(verdicts), X, y, tmp_path / "report.html")
    assert "labels that looked wrong and were reviewed is: at most" in path.read_text("utf-8")
