"""Make the pictures of the documentation: plots of digits, and their report, light and dark.

``make screenshots`` calls it. The report needs playwright, and an installed Chromium or
playwright's own.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits

import skdynacor
from skdynacor.datasets import make_label_noise
from skdynacor.displays import LabelMatrixDisplay, NoiseProbabilityDisplay, WorstImagesDisplay

PLOTS = ["worst-digits.png", "plots.png"]
SCREENSHOTS = ["report-light.png", "report-dark.png", "issues-light.png", "issues-dark.png"]


def make_plots(detector, X, y, folder):
    """Draw the worst images, and noise probabilities beside the matrix of labels."""
    worst = WorstImagesDisplay.from_estimator(
        detector, X, y, images=X.reshape(-1, 8, 8), n_images=8, axes=plt.subplots(1, 8)[1]
    )
    worst.figure_.set_size_inches(9, 1.6)
    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    NoiseProbabilityDisplay.from_estimator(detector, X, y, ax=axes[0])
    LabelMatrixDisplay.from_estimator(detector, X, y, ax=axes[1])
    for name, drawn in zip(PLOTS, [worst.figure_, figure], strict=True):
        drawn.tight_layout()
        drawn.savefig(folder / name, dpi=110, bbox_inches="tight")


def find_browser():
    """Find an installed Chromium: its path, or None."""
    names = ["chromium", "chromium-browser", "google-chrome", "chrome"]
    return next(filter(None, map(shutil.which, names)), None)


def make_screenshots(detector, X, y, folder):
    """Take screenshots of the top of the report, and of its issues with one opened."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        path = Path(temporary, "report.html")
        skdynacor.report(detector, X, y, path, images=X.reshape(-1, 8, 8), title="Digits")
        browser = playwright.chromium.launch(
            executable_path=find_browser(),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        for name in SCREENSHOTS:
            part, scheme = name.removesuffix(".png").split("-")
            page = browser.new_page(
                viewport={"width": 1200, "height": 800},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            page.goto(path.as_uri())
            if part == "issues":
                page.locator("#issue-table tbody tr").nth(1).click()
                page.locator("#issues").evaluate("section => section.scrollIntoView()")
            page.screenshot(path=folder / name)
        browser.close()


def main():
    """Find injected label errors in the digits, and make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images")
    parser.add_argument("--plots-only", action="store_true", help="without the report")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    X, y_true = load_digits(return_X_y=True)
    y, _ = make_label_noise(y_true, "asymmetric", 0.1, random_state=0)
    detector = skdynacor.LabelErrorDetector(random_state=0).fit(X, y)
    make_plots(detector, X, y, args.out)
    if not args.plots_only:
        make_screenshots(detector, X, y, args.out)
    print(f"Wrote pictures to {args.out}")


if __name__ == "__main__":
    main()
