"""Each query with what every method made of it, the worst first."""

from dataclasses import dataclass
from typing import Any

from knowledge.metrics import ndcg
from knowledge.retrieval import RankedQuery, RetrievalReport


@dataclass(frozen=True, slots=True)
class Wanted:
    """A relevant document: its title, and its place in the served ranking, from 1; None when it is not among them."""

    document_id: str
    title: str
    place: int | None


@dataclass(frozen=True, slots=True)
class ToldQuery:
    """A query in words.

    Attributes:
        ndcg: at 10, by method.
        wanted: the relevant documents, the most relevant first.
        first: the title of the document that was served first; empty when nothing was found.
    """

    query_id: str
    text: str
    ndcg: dict[str, float]
    wanted: tuple[Wanted, ...]
    first: str
    first_id: str
    served: float

    def to_json(self) -> dict[str, Any]:
        """Write the query as an object."""
        return {
            "id": self.query_id,
            "text": self.text,
            "ndcg_at_10": {name: round(value, 4) for name, value in self.ndcg.items()},
            "relevant": [{"id": one.document_id, "place": one.place} for one in self.wanted],
            "first": self.first_id,
        }


def told_queries(report: RetrievalReport) -> list[ToldQuery]:
    """Tell every query, the worst of the served method first; equal ones in the order of the file."""
    told = [_tell(query, report) for query in report.queries]
    return sorted(told, key=lambda one: one.served)


def first_places(report: RetrievalReport, method: str) -> list[int | None]:
    """Find for each query the place of the first relevant document, from 1; None when there is none."""
    return [
        next(
            (place for place, name in enumerate(one.rankings[method], start=1) if name in one.relevant), None
        )
        for one in report.queries
    ]


def _tell(query: RankedQuery, report: RetrievalReport) -> ToldQuery:
    ranking = query.rankings[report.served]
    by_grade = sorted(query.relevant, key=lambda name: -query.relevant[name])
    scores = {method: ndcg(found, query.relevant, 10) for method, found in query.rankings.items()}
    return ToldQuery(
        query_id=query.query_id,
        text=query.text,
        ndcg=scores,
        wanted=tuple(
            Wanted(name, _title(report, name), ranking.index(name) + 1 if name in ranking else None)
            for name in by_grade
        ),
        first=_title(report, ranking[0]) if ranking else "",
        first_id=ranking[0] if ranking else "",
        served=scores[report.served],
    )


def _title(report: RetrievalReport, name: str) -> str:
    return report.titles.get(name) or name
