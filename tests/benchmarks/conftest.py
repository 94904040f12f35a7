"""Little data for the scripts of ``benchmarks``."""

import numpy as np
import pytest

for package in ("pandas", "matplotlib", "cleanlab", "tqdm"):
    pytest.importorskip(package)


@pytest.fixture
def folder(tmp_path):
    """Two classes that lie apart; in one file people gave 40 of 200 rows the other label."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    X = (rng.normal(size=(200, 3)) + 6 * y[:, None]).astype(np.float16)
    np.savez(tmp_path / "clean.npz", X=X, y_true=y)
    given = np.where(np.arange(200) < 40, 1 - y, y)
    np.savez(tmp_path / "human.npz", X=X, y_true=y, y_given=given)
    return tmp_path


@pytest.fixture
def smoke(call, folder):
    """Run a script; check its files, and that a second call redoes nothing; return the rows."""
    pd = pytest.importorskip("pandas")

    def smoke(script, *args, data=("human.npz",), name=None):
        files = [folder / file if file.endswith(".npz") else file for file in data]
        args = [script, *(["--data", *files] if files else []), *args, "--seeds", 1]
        args += ["--out", folder / "out"]
        printed = call(*args)
        path = folder / f"out/{name or script.rpartition('.')[2]}.csv"
        written = path.read_bytes()
        rows = pd.read_csv(path, dtype={"commit": str})
        assert rows.columns[-3:].tolist() == ["versions", "commit", "complete"]
        assert rows.versions.str.contains("skdynacor=").all()
        assert rows.seconds.gt(0).all()
        if "F1" in rows:
            assert rows.F1.between(0, 100).all()
        assert path.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
        assert call(*args) == printed
        assert path.read_bytes() == written
        return rows, printed

    return smoke
