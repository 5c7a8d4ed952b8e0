"""What a reader may see takes part in a ranking, the rest never, whatever the corpus, the question and the reader."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.base import KnowledgeBase
from knowledge.build import BuildConfig, build_documents
from knowledge.documents import CUSTOMERS, Audience, Collection, Document, parse_document, plain_document
from knowledge.encoder import FloatArray
from knowledge.filters import CUSTOMER, Facets, Reader
from knowledge.index import KnowledgeIndex, Method
from knowledge.kinds import KINDS
from tests.knowledge.conftest import TinyEncoder

WORDS = ["margin", "lamp", "return", "internal", "price", "oak", "refund"]
LANGUAGES = ["en", "en-GB", "de", "zh"]
PRODUCTS = ["", "Sofa", "Lamp"]

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
kinds = st.sampled_from(sorted(KINDS))
readers = st.builds(
    Reader,
    audiences=st.frozensets(st.sampled_from(Audience)),
    language=st.sampled_from([None, "en", "de", "fr", "ZH"]),
    product=st.sampled_from([None, "sofa", "Lamp", "desk"]),
)


@st.composite
def corpora(draw: st.DrawFn) -> list[Document]:
    count = draw(st.integers(0, 8))
    return [
        replace(
            plain_document(f"d{number}", draw(texts), "\n".join(draw(st.lists(texts, max_size=3)))),
            audience=draw(st.sampled_from(Audience)),
            language=draw(st.sampled_from(LANGUAGES)),
            product=draw(st.sampled_from(PRODUCTS)),
            questions=tuple(draw(st.lists(texts, max_size=2, unique=True))),
        )
        for number in range(count)
    ]


def visible(documents: list[Document], reader: Reader) -> set[str]:
    """Say it again, slowly: by audience and product, then by language where there is one."""
    open_to = [
        document
        for document in documents
        if document.audience in reader.audiences
        and (reader.product is None or document.product.lower() in {"", reader.product.lower()})
    ]
    if reader.language is not None:
        spoken = [d for d in open_to if d.language.split("-")[0] == reader.language.lower()]
        open_to = spoken or open_to
    return {document.document_id for document in open_to}


def served(documents: list[Document], root: Path, kind: str = "flat") -> KnowledgeBase:
    config = BuildConfig(passage_tokens=4, index_kind=kind)
    build_documents(Collection(tuple(documents), ()), root, config, load_encoder=lambda _: TinyEncoder())
    return KnowledgeBase(root, load_encoder=lambda _: TinyEncoder())


@settings(max_examples=60)
@given(documents=corpora(), reader=readers, question=texts, kind=kinds)
def test_nobody_gets_what_is_not_theirs_to_see(
    documents: list[Document], reader: Reader, question: str, kind: str
) -> None:
    allowed = visible(documents, reader)
    with tempfile.TemporaryDirectory() as folder:
        base = served(documents, Path(folder), kind)
        found = {hit.document_id for hit in base.search(question, 100, reader=reader)}
        assert found == allowed  # so few that all which may be seen are found
        answer = base.answer(question, reader=reader, min_confidence=0)
        assert (answer is not None) == bool(allowed)
        assert answer is None or {source.document_id for source in answer.sources} <= allowed
        nearest = base.respond(question, reader=reader, min_confidence=1).nearest
        assert {near.passage.document_id for near in nearest} <= allowed
        for method in Method:
            prepared = base.index.prepare(question, base.encoder)
            rows = base.index.rank(prepared, base.index.allowed(reader), method=method)
            assert {base.index.passage(ranked.row).document_id for ranked in rows} <= allowed


@settings(max_examples=30)
@given(documents=corpora(), question=texts, kind=kinds)
def test_a_customer_never_gets_a_passage_for_agents(
    documents: list[Document], question: str, kind: str
) -> None:
    of_agents = {d.document_id for d in documents if d.audience is not Audience.PUBLIC}
    with tempfile.TemporaryDirectory() as folder:
        base = served(documents, Path(folder), kind)
        assert not {hit.document_id for hit in base.search(question, 100)} & of_agents
        answer = base.answer(question, min_confidence=0)
        assert answer is None or not {source.document_id for source in answer.sources} & of_agents
        nearest = base.respond(question, min_confidence=1).nearest
        assert not {near.passage.document_id for near in nearest} & of_agents


@settings(max_examples=30)
@given(documents=corpora(), reader=readers, question=texts)
def test_what_may_not_be_seen_changes_no_score(
    documents: list[Document], reader: Reader, question: str
) -> None:
    """The words of hidden passages count for how rare a word is; their scores and rows never come in."""
    with tempfile.TemporaryDirectory() as folder:
        index = served(documents, Path(folder)).index
        words = index.words.splitter.split(question)
        allowed = index.allowed(reader)
        hits = index.words.search(words, 100, allowed)
        scores: FloatArray = index.words.scores(words)
        if allowed is not None:
            assert allowed.mask[hits.rows].all()
            scores = scores[allowed.mask]
        assert hits.scores.tolist() == sorted(scores[scores > 0].tolist(), reverse=True)
        assert hits.mean == pytest.approx(float(scores.mean()) if len(scores) else 0.0, abs=1e-4)
        assert hits.deviation == pytest.approx(float(scores.std()) if len(scores) else 0.0, abs=1e-3)


def test_an_article_names_its_product(write_article: Callable[..., Path], tmp_path: Path) -> None:
    path = write_article(tmp_path, "sofa", "Washing the cover", "At 30 degrees.", product="Sofa")
    assert parse_document(path.read_text(), document_id="sofa").product == "Sofa"


def test_facets_are_read_as_they_were_written(tmp_path: Path) -> None:
    documents = [
        replace(plain_document("a", "A", "x\ny"), language="de", product="Sofa"),
        replace(plain_document("b", "B", "z"), audience=Audience.AGENTS),
    ]
    index: KnowledgeIndex = served(documents, tmp_path).index
    index.facets.save(tmp_path / "again.npz")
    again = Facets.load(tmp_path / "again.npz")
    for reader in (CUSTOMER, Reader(CUSTOMERS, "en"), Reader(frozenset(Audience), "en", "sofa")):
        first, second = index.facets.mask(reader), again.mask(reader)
        assert (first is None) == (second is None)
        assert first is None or second is None or first.tolist() == second.tolist()
