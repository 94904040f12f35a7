"""Columns of text by their words."""

import numpy as np
import pandas as pd
import pytest

from skdynacor.command_line.bad_input import BadInput
from skdynacor.command_line.columns import choose_columns
from skdynacor.command_line.words import WordEncoder

RNG = np.random.default_rng(0)


def write_texts(words, n=40, n_words=8, between=" "):
    return pd.Series([between.join(RNG.choice(words, n_words)) for _ in range(n)])


@pytest.mark.parametrize("n_words", [3, 60, 500])
def test_columns_are_few_whatever_the_number_of_words(n_words):
    texts = write_texts([f"word{i}" for i in range(n_words)], n=150)
    columns = WordEncoder().fit_transform(texts)
    assert columns.shape == (150, min(n_words, 100))
    assert np.isfinite(columns).all()


def test_fewer_texts_than_words():
    texts = write_texts([f"word{i}" for i in range(400)], n=12)
    encoder = WordEncoder().fit(texts)
    assert encoder.transform(texts).shape[0] == 12


def test_new_texts_are_like_those_of_fit():
    texts = write_texts([f"word{i}" for i in range(90)])
    encoder = WordEncoder()
    fitted = encoder.fit_transform(texts)
    np.testing.assert_allclose(encoder.transform(texts[::-1])[::-1], fitted, atol=1e-8)
    unknown = encoder.transform(pd.Series(["", "other", texts[0]]))
    np.testing.assert_allclose(unknown[:2], 0)
    np.testing.assert_allclose(unknown[2], fitted[0], atol=1e-8)


def test_texts_of_a_megabyte_and_empty_ones():
    texts = write_texts(["one", "two", "three"])
    texts[:3] = ["", "  ", "one two " * 130_000]
    encoded = WordEncoder().fit_transform(texts)
    np.testing.assert_allclose(encoded[:2], 0)
    assert np.isfinite(encoded).all()
    with pytest.raises(BadInput, match="'t' has no words of two or more letters"):
        WordEncoder().fit(pd.Series(["", "!?", "a"], name="t"))


@pytest.mark.parametrize(
    ("letters", "between"),
    [
        (["дом", "лес", "река", "поле"], " "),
        (["البيت", "النهر", "الجبل", "المدينة"], " "),
        (list("天地玄黄宇宙洪荒"), ""),
        (list("กขคงจฉชซ"), ""),
    ],
)
def test_texts_of_any_script_are_found_and_compared(letters, between):
    texts = write_texts(letters, between=between)
    assert texts.is_unique
    labels = pd.Series(np.arange(len(texts)) % 2)
    assert choose_columns(texts.to_frame("text"), labels).text_columns == ["text"]
    words = texts[0].split(between) if between else list(texts[0])
    same = pd.Series([texts[0], between.join(sorted(words))])
    encoded = WordEncoder().fit(texts).transform(same)
    assert np.abs(encoded).max() > 0.1
    np.testing.assert_allclose(encoded[0], encoded[1], atol=1e-8)
