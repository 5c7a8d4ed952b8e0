"""What can go wrong in the knowledge base.

    KnowledgeError
    ├── DocumentRejected      a file that cannot become a document
    ├── ArticleUnknown        the team wrote no article of that name
    ├── ArticleChanged        an article is no longer what its editor read
    ├── SourceUnknown         no source of that name
    ├── SourceDamaged         what was kept of a source cannot be read
    ├── FetchRefused          an address that is not fetched, or cannot be
    │   └── PageGone          a page that is no longer there
    ├── EncoderError
    │   ├── EncoderMissing    no such encoder folder, package or path
    │   ├── EncoderForeign    not ours, or of another format version
    │   ├── EncoderTampered   a file differs from its manifest
    │   └── EncoderDisagrees  the int8 export strays from the original
    ├── KnowledgeIndexError
    │   ├── IndexMissing      no current index, or its folder is gone
    │   ├── IndexForeign      not ours, another format version or encoder
    │   └── IndexTampered     a file is missing, cut or differs from the manifest
    ├── DimensionMismatch     a query vector of another width than the index
    ├── RetrievalSetInvalid   a corpus/queries/qrels folder that cannot be read
    └── TeachingError
        ├── PairsInvalid      a file of questions and answers that cannot be read
        ├── TooLittleToLearn  too few questions or topics to teach and to judge by
        └── TeachingBusy      another teaching is under way

Each class holds data, a stable ``code`` and whether trying again may help.
"""

from pathlib import Path


class KnowledgeError(Exception):
    """Anything the knowledge base refuses."""

    code = "knowledge_error"
    is_retryable = False


class DocumentRejected(KnowledgeError):
    """A file that cannot become a document."""

    code = "document_rejected"

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")

    def __reduce__(self) -> tuple[type["DocumentRejected"], tuple[str, str]]:
        """Let it pass between processes."""
        return type(self), (self.path, self.reason)


class ArticleUnknown(KnowledgeError):
    """The team wrote no article of that name, or it was deleted."""

    code = "article_unknown"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the team has no article {name!r}")


class ArticleChanged(KnowledgeError):
    """An article is no longer what its editor read; ``version`` is the one of today."""

    code = "article_changed"

    def __init__(self, name: str, version: str) -> None:
        self.name = name
        self.version = version
        super().__init__(f"the article {name!r} was changed in the meantime")


class SourceUnknown(KnowledgeError):
    """No source of that name."""

    code = "source_unknown"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no source {name!r}; `careline knowledge sources` lists them")


class SourceDamaged(KnowledgeError):
    """What was kept of a source cannot be read."""

    code = "source_damaged"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"what was kept of the source {name!r} is damaged; remove it and add it again")


class FetchRefused(KnowledgeError):
    """An address that is not fetched, or that gives nothing to read."""

    code = "fetch_refused"

    def __init__(self, url: str, reason: str, *, is_retryable: bool = False) -> None:
        self.url = url
        self.reason = reason
        self.is_retryable = is_retryable
        super().__init__(f"{url}: {reason}")


class PageGone(FetchRefused):
    """A page that is no longer there."""

    code = "page_gone"

    def __init__(self, url: str) -> None:
        super().__init__(url, "it is gone")


class EncoderError(KnowledgeError):
    """The encoder cannot be used."""

    code = "encoder_error"

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"encoder {path}: {reason}")


class EncoderMissing(EncoderError):
    """No such encoder folder, package or path."""

    code = "encoder_missing"


class EncoderForeign(EncoderError):
    """Not an encoder of ours, or of another format version."""

    code = "encoder_foreign"


class EncoderTampered(EncoderError):
    """A file of the encoder differs from its manifest."""

    code = "encoder_tampered"


class EncoderDisagrees(EncoderError):
    """The int8 export strays too far from the original."""

    code = "encoder_disagrees"

    def __init__(self, path: Path | str, cosine: float, floor: float) -> None:
        self.cosine = cosine
        self.floor = floor
        super().__init__(path, f"int8 agrees with fp32 to a cosine of {cosine:.4f}, below {floor:.4f}")


class KnowledgeIndexError(KnowledgeError):
    """The index cannot be used."""

    code = "index_error"
    remedy = "; build it anew: careline knowledge build"

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"knowledge index {path}: {reason}{self.remedy}")


class IndexMissing(KnowledgeIndexError):
    """There is no current index, or its folder is gone."""

    code = "index_missing"
    is_retryable = True
    remedy = ""  # the reason says it where there is none yet; one that went away has a newer one in its place


class IndexForeign(KnowledgeIndexError):
    """Not an index of ours, or of another format version or encoder."""

    code = "index_foreign"


class IndexTampered(KnowledgeIndexError):
    """A file is missing, cut short or differs from the manifest."""

    code = "index_tampered"


class DimensionMismatch(KnowledgeError):
    """A vector of another width than the index."""

    code = "dimension_mismatch"

    def __init__(self, expected: int, got: int) -> None:
        self.expected = expected
        self.got = got
        super().__init__(f"expected vectors of {expected} numbers, got {got}")


class RetrievalSetInvalid(KnowledgeError):
    """A folder of corpus, queries and judgements that cannot be read."""

    code = "retrieval_set_invalid"

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class TeachingError(KnowledgeError):
    """The encoder cannot be taught."""

    code = "teaching_error"


class PairsInvalid(TeachingError):
    """A file of questions and answers that cannot be read."""

    code = "pairs_invalid"

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class TooLittleToLearn(TeachingError):
    """Too few questions or topics to teach and to judge by."""

    code = "too_little_to_learn"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"There is too little to learn from: {reason}.")


class TeachingBusy(TeachingError):
    """Another teaching is under way."""

    code = "teaching_busy"
    is_retryable = True

    def __init__(self, root: Path | str) -> None:
        self.root = str(root)
        super().__init__("An encoder or a reranker is being taught already; wait until that has ended.")
