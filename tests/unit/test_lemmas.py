"""Prepared dictionaries say what the ones they are made from say."""

from pathlib import Path

import pytest

from knowledge import lemmas

WORDS = {
    "sl": ("računov", "naročnine", "preklicala", "dnevih", "neznanka", "podatke"),
    "bg": ("акаунта", "фактурите", "дни", "данните", "прекратяване"),
}


@pytest.mark.parametrize("language", WORDS)
def test_a_prepared_trie_agrees_with_the_stream(language: str, tmp_path: Path) -> None:
    from simplemma import Lemmatizer
    from simplemma.strategies import DefaultStrategy
    from simplemma.strategies.dictionaries import StreamDictionaryFactory

    assert lemmas.prepare(tmp_path, [language]) == [language]
    assert lemmas.prepare(tmp_path, [language]) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{language}.dic"]
    prepared = Lemmatizer(
        lemmatization_strategy=DefaultStrategy(dictionary_factory=lemmas._Dictionaries(tmp_path))
    )
    streamed = Lemmatizer(
        lemmatization_strategy=DefaultStrategy(dictionary_factory=StreamDictionaryFactory())
    )
    for word in WORDS[language]:
        assert prepared.lemmatize(word, lang=language) == streamed.lemmatize(word, lang=language)


def test_without_a_prepared_trie_the_stream_serves(tmp_path: Path) -> None:
    dictionary = lemmas._Dictionaries(tmp_path).get_dictionary("sl")
    assert dictionary.get("računov") == "račun"
    assert list(tmp_path.iterdir()) == []


def test_a_language_without_a_dictionary_keeps_the_word() -> None:
    assert lemmas.lemma("Reikningurinn", "xx") == "reikningurinn"
