"""The page of a report, as a browser shows it and a person uses it."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skdynacor import report
from skdynacor.baselines import ConfidentLearning, SimiFeatV
from skdynacor.inspection import apply_corrections, label_issues, read_review

N_ROWS = 240
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><!--",
    "שלום \u202eabc",
    "a,b;\n'c' & \u2028 🦊",
    "=1+1;\r@SUM(A1)",
]


@pytest.fixture(scope="module")
def animals(make_fitted, tmp_path_factory):
    """The pipeline, X and y of a table with names of rows, and its report."""
    rng = np.random.default_rng(0)
    y_true = np.repeat(["ant", "bee", "cat"], N_ROWS // 3)
    y = y_true.copy()
    y[::6] = np.roll(y_true, 90)[::6]
    X = pd.DataFrame(
        {
            "legs": np.where(y_true == "cat", 4.0, 6.0),
            "weight": rng.lognormal(size=N_ROWS),
            "color": rng.choice(["red", "black", None], N_ROWS),
            "seen": pd.Timestamp("2024-05-01") + pd.to_timedelta(np.arange(N_ROWS), "D"),
        },
        index=[f"row-{i}" for i in range(N_ROWS)],
    )
    X.loc["row-0", "weight"] = np.nan
    texts = [f"{name} number {i}, {'buzzing' * (name == 'bee')}" for i, name in enumerate(y_true)]
    images = rng.integers(0, 255, (N_ROWS, 8, 8), dtype=np.uint8)
    pipe = make_fitted(y_true, y)
    path = tmp_path_factory.mktemp("animals") / "report.html"
    columns = pd.DataFrame({"finder": [f"person {i}" for i in range(N_ROWS)]})
    contents = {"texts": texts, "images": images, "columns": columns}
    report(pipe, X, y, path, **contents, title="Of animals")
    return pipe, X, y, path


@pytest.fixture
def page(animals, open_page):
    return open_page(animals[-1], viewport={"width": 1280, "height": 900})


@pytest.fixture
def issues(animals):
    return label_issues(*animals[:3])


def column(page, name):
    return page.locator(f"#issue-table tr.row td.{name}").all_inner_texts()


def download(page):
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download CSV").click()
    return waited.value.path()


def test_worst_rows_come_first(page, issues):
    assert page.title() == "Of animals"
    assert column(page, "row") == issues["index"][:25].tolist()
    assert column(page, "given_label") == issues["given_label"][:25].tolist()
    assert column(page, "suggested_label") == issues["suggested_label"][:25].tolist()
    flagged = int(issues["flagged"].sum())
    assert page.locator("#place").inner_text() == f"1–25 of {flagged}"
    assert page.locator("#progress").inner_text() == f"0 of {flagged} flagged rows decided"


def test_headers_sort(page):
    page.select_option("#per-page", "100")
    header = page.get_by_role("columnheader", name="Given")
    assert header.get_attribute("aria-sort") == "none"
    page.get_by_role("button", name="Given", exact=True).click()
    assert header.get_attribute("aria-sort") == "ascending"
    assert column(page, "given_label") == sorted(column(page, "given_label"))
    page.keyboard.press("Enter")  # the header still has the focus
    assert header.get_attribute("aria-sort") == "descending"
    assert column(page, "given_label") == sorted(column(page, "given_label"), reverse=True)
    page.get_by_role("button", name="Row", exact=True).click()
    numbers = [int(name.removeprefix("row-")) for name in column(page, "row")]
    assert numbers == sorted(numbers)
    assert header.get_attribute("aria-sort") == "none"


def test_filters_leave_what_passes_all(page, issues):
    page.select_option("#per-page", "100")
    page.uncheck("#flagged")
    assert page.locator("#place").inner_text() == f"1–100 of {N_ROWS}"
    page.select_option("#given", label="bee")
    page.select_option("#suggested", label="cat")
    wanted = issues.query("given_label == 'bee' and suggested_label == 'cat'")
    assert len(wanted)
    assert column(page, "row") == wanted["index"].tolist()
    page.get_by_role("button", name="Reset").click()
    page.fill("#search", "BUZZING")
    page.uncheck("#flagged")
    assert page.locator("#place").inner_text() == "1–80 of 80"
    page.fill("#search", "row-17")
    assert set(column(page, "row")) == {"row-17", *(f"row-17{i}" for i in range(10))}
    page.fill("#search", "Person 17")
    assert set(column(page, "row")) == {"row-17", *(f"row-17{i}" for i in range(10))}
    page.fill("#search", "no such thing")
    assert "No row passes" in page.locator("#issue-table tbody").inner_text()
    page.get_by_role("button", name="Reset").click()
    page.locator("#minimum").fill("0.9")
    n_sure = (issues["noise_probability"] >= 0.9).sum()
    assert page.locator("#place").inner_text().endswith(f" of {n_sure}")


def test_classes_lead_to_their_issues(page, issues):
    page.locator("#class-table").get_by_role("button", name="bee").click()
    assert set(column(page, "given_label")) == {"bee"}
    n_bees = issues.query("flagged and given_label == 'bee'").shape[0]
    assert page.locator("#place").inner_text().endswith(f" of {n_bees}")


def test_pages_turn(page, issues):
    page.select_option("#per-page", "10")
    page.get_by_role("button", name="Next").click()
    assert column(page, "row") == issues["index"][10:20].tolist()
    page.get_by_role("button", name="Last", exact=True).click()
    n_flagged = int(issues["flagged"].sum())
    assert column(page, "row")[-1] == issues["index"][n_flagged - 1]
    assert page.get_by_role("button", name="Next").is_disabled()
    page.get_by_role("button", name="First").click()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Previous").click()
    assert column(page, "row") == issues["index"][:10].tolist()


def test_evidence_opens(page, animals, issues):
    page.locator("tr.row").first.click()
    evidence = page.locator("tr.evidence")
    row, text = issues.iloc[0], evidence.inner_text()
    assert page.locator(".toggle").first.get_attribute("aria-expanded") == "true"
    assert f"Labelled {row['given_label']}" in text
    assert f"It looks like {row['suggested_label']}" in text
    assert evidence.locator("blockquote").count() == 3  # its own text and two neighbours'
    assert f"number {row['neighbor_1']}," in evidence.locator("blockquote").nth(1).inner_text()
    width = "img => img.decode().then(() => img.naturalWidth)"
    assert [image.evaluate(width) for image in evidence.locator("img").all()] == [8, 8, 8]
    values = dict(
        zip(
            evidence.locator(".values tbody th").all_inner_texts(),
            evidence.locator(".values tbody td.own").all_inner_texts(),
            strict=True,
        )
    )
    features = animals[1].loc[row["index"]]
    assert values["legs"] == f"{features['legs']:.0f}"
    assert values["seen"] == str(features["seen"].date())
    assert values["finder"] == f"person {row['position']}"
    page.locator("tr.row").first.click()
    assert evidence.count() == 0


def test_missing_values_are_said_to_be(page):
    page.fill("#search", "row-0")
    page.locator(".toggle").first.click()
    own = page.locator("tr.evidence .values td.own").all_inner_texts()
    assert own[2] == "missing"  # after the finder and the legs


def test_csv_holds_the_filtered_rows(page, issues):
    page.select_option("#given", label="cat")
    read = pd.read_csv(download(page), keep_default_na=False, na_values={"decision": ""})
    wanted = issues.query("flagged and given_label == 'cat'").reset_index(drop=True)
    assert list(read.columns) == [*issues.columns, "decision"]
    assert read["decision"].isna().all()
    assert read["status"].eq("").all()  # unknown
    pd.testing.assert_frame_equal(
        read.drop(columns=["decision", "status"]),
        wanted.drop(columns="status"),
        check_dtype=False,
        atol=1e-4,
        rtol=0,
    )


def test_decisions_come_back(page, animals, issues):
    y = animals[2]
    first, second, third = issues["position"][:3]
    page.locator(".toggle").first.click()
    page.keyboard.press("s")  # goes on to the next row
    page.get_by_role("button", name=re.compile("^Keep (ant|bee|cat)")).click()
    other = ({"ant", "bee", "cat"} - {*issues.loc[2, ["given_label", "suggested_label"]]}).pop()
    page.get_by_label(f"Decision for row {issues['index'][2]}").select_option(label=other)
    assert page.locator("#progress").inner_text().startswith("3 of ")
    review = read_review(download(page), y)
    corrected = apply_corrections(y, review)
    assert corrected[first] == issues["suggested_label"][0]
    assert corrected[second] == y[second]
    assert corrected[third] == other
    assert (corrected != y).sum() == 2


def test_decisions_survive_a_reload(page):
    page.locator(".row select").first.select_option("keep")
    page.reload()
    assert page.locator(".row select").first.input_value() == "keep"
    page.select_option("#decided", "no")
    assert page.locator(".row select").first.input_value() == ""


def test_all_shown_rows_are_decided_at_once(page, issues):
    page.locator(".row select").first.select_option("keep")
    page.select_option("#given", label="ant")
    page.get_by_role("button", name="Accept all").click()
    page.get_by_role("button", name="Reset").click()
    decided = pd.read_csv(download(page))["decision"]
    expected = np.where(issues["given_label"] == "ant", "suggested", None)[: len(decided)]
    expected[0] = "keep"
    assert decided.astype(object).where(decided.notna(), None).tolist() == expected.tolist()


def test_keys_move_from_row_to_row(page, issues):
    page.locator(".toggle").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.locator("tr.row:has(+ tr.evidence) td.row").inner_text() == issues["index"][1]
    page.keyboard.press("Escape")
    assert page.locator("tr.evidence").count() == 0
    assert page.evaluate("document.activeElement.id") == "toggle-1"


def test_last_decision_of_a_page_leads_to_the_next_page(page):
    page.select_option("#per-page", "10")
    page.locator(".toggle").last.click()
    page.keyboard.press("k")
    assert page.locator("#place").inner_text().startswith("11–20")
    assert page.locator("tr.evidence").count() == 1


CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(animals, open_page, scheme):
    page = open_page(animals[-1], color_scheme=scheme)
    page.locator(".toggle").first.click()
    worst = page.evaluate(CONTRAST)
    assert len(worst) > 200
    assert worst[0][0] > 4.5, worst[:5]  # level AA of the Web Content Accessibility Guidelines


def test_colors_can_be_turned(animals, open_page):
    page = open_page(animals[-1], color_scheme="light")
    color = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(color)
    page.get_by_role("button", name="Dark colours").click()
    assert page.evaluate(color) != light
    assert page.evaluate(CONTRAST)[0][0] > 4.5
    page.get_by_role("button", name="Light colours").click()
    assert page.evaluate(color) == light


def test_page_fits_a_narrow_screen(animals, open_page):
    page = open_page(animals[-1], viewport={"width": 360, "height": 740})
    page.locator(".toggle").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_paper_gets_the_table_without_its_controls(page):
    page.emulate_media(media="print", color_scheme="dark")
    head = page.locator("#issue-table th.given_label").inner_text()
    assert head == "Given"
    assert page.locator("#class-table tbody th").first.inner_text()
    assert page.locator("#filters").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_controls_have_names(page):
    page.locator(".toggle").first.click()
    for control in page.locator("button, select, input").all():
        name = control.evaluate(
            "e => e.getAttribute('aria-label') || e.innerText || e.labels?.[0]?.innerText || ''"
        )
        assert name.strip(), control.evaluate("e => e.outerHTML")
    assert page.locator("table").evaluate_all("all => all.every(table => table.caption)")
    ids = page.locator("[id]").evaluate_all("all => all.map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_hostile_strings_are_shown_as_text(make_fitted, open_page, tmp_path):
    y_true = np.repeat(HOSTILE, 20).astype(object)
    y = y_true.copy()
    y[::5] = np.roll(y_true, 20)[::5]
    X = pd.DataFrame({name: [HOSTILE[4]] * 120 for name in HOSTILE}, index=HOSTILE * 20)
    texts = [HOSTILE[i % 6] + "\ud800" for i in range(120)]
    path = tmp_path / "report.html"
    pipe = make_fitted(y_true, y)
    report(pipe, X, y, path, texts=texts, title=HOSTILE[0])
    page = open_page(path)
    assert page.title() == page.locator("h1").inner_text() == HOSTILE[0]
    page.locator(".toggle").first.click()
    issue = label_issues(pipe, X, y).iloc[0]
    text_of = "e => e.textContent"
    assert page.locator("td.row").first.evaluate(text_of) == issue["index"]
    assert page.locator("td.given_label").first.evaluate(text_of) == issue["given_label"]
    own = page.locator("blockquote").first.evaluate(text_of)
    assert own == HOSTILE[issue["position"] % 6] + "\ud800"
    names = page.locator(".values tbody th").evaluate_all("all => all.map(e => e.textContent)")
    assert names == HOSTILE
    assert page.locator("img").count() == 0
    page.locator(".row select").first.select_option("suggested")
    cells = pd.read_csv(io.BytesIO(download(page).read_bytes()), dtype=str)
    assert {"'=1+1;\r'@SUM(A1)", HOSTILE[2]} <= set(cells["given_label"])
    read = read_review(download(page), y)
    issues = label_issues(pipe, X, y, only_flagged=True)
    for name in ("index", "given_label", "suggested_label"):
        assert list(read[name]) == list(issues[name])
    corrected = apply_corrections(y, read)
    assert corrected[issue["position"]] == issue["suggested_label"]


@pytest.mark.parametrize("detector", [ConfidentLearning(random_state=0), SimiFeatV()])
def test_what_a_baseline_does_not_know_is_left_out(detector, noisy_blobs, open_page, tmp_path):
    X, y, _ = noisy_blobs
    path = report(detector.fit(X, y), X, y, tmp_path / "report.html")
    page = open_page(path)
    issues = label_issues(detector, X, y)
    assert column(page, "row") == issues["index"][:25].astype(str).tolist()
    assert column(page, "noise_score")[0] == f"{issues['noise_score'][0]:.4g}"
    assert page.locator("#minimum-field").is_hidden()
    knows_others = hasattr(detector, "probabilities_")
    assert page.locator("#suggested").is_visible() == knows_others
    assert page.locator("#plots").is_visible() == knows_others
    page.locator(".toggle").first.click()
    assert f"Labelled {issues['given_label'][0]}" in page.locator("tr.evidence").inner_text()
    page.keyboard.press("k")
    assert pd.read_csv(download(page))["decision"][0] == "keep"
