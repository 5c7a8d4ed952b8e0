"""Tells whether two passages contradict each other, agree, or are about different matters.

Precise rather than greedy, and without a model: two sentences are only compared when they say the same of the same
thing, word for word apart from small words, synonyms of a shop's matters, numbers and denials. What the title or a
word of one of them narrows ("to Belgium", "express", "sofas") must stand with the other one too; else they are about
different matters, and both may be right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from knowledge.documents import Passage, split_sentences
from knowledge.facts import Statement, comparable, read_statement
from knowledge.sparse import WordSplitter

# Words of a shop's matters that stand for each other.
_SAME = (
    "return returns returned returning send-back",
    "deliver delivery deliveries delivered delivering ship ships shipping shipped shipment dispatch dispatched",
    "refund refunds refunded reimburse reimbursed repay repaid",
    "cost costs price prices fee fees charge charges charged surcharge pay pays paid paying payment payments",
    "buy bought purchase purchases purchased order orders ordered ordering",
    "guarantee guaranteed warranty warranties warrantied",
    "arrive arrives arrived arriving reach reaches",
    "open opened opening",
    "cancel cancels cancelled canceled cancellation",
    "exchange exchanges exchanged swap swapped",
    "change changes changed changing alter altered",
    "customer customers",
    "parcel parcels package packages",
    "shop shops store stores showroom showrooms",
    "gift gifts present presents voucher vouchers",
    "account accounts profile profiles",
    "last lasts valid validity",
    "keep keeps kept keeping",
    "collect collects collected collecting collection pickup",
    "shelf shelves",
)
# Words that narrow nothing down.
_SMALL_WORDS = (
    "accept accepts accepted allow allowed allows possible able need needs needed take takes taken taking "
    "lasts long item items product products article articles good goods thing things something anything "
    "everything all every each any within up after before until from receive received receipt make makes "
    "give gives given offer offers offered have please simply also normally usually generally always "
    "currently now then there here this that these those it they want wish would like our us shop policy "
    "rule rules question questions answer about information help maximum minimum least most than more "
    "less period time times day days date total per via using use used get gets back much many often ca "
    "wo hour hours minute minutes week weeks month months year years visit maximum yes standardly ask "
    "asked still even too well just come comes put back"
)
_SMALL = frozenset(_SMALL_WORDS.split())
_MEANINGS = {word: group.split()[0] for group in _SAME for word in group.split()}
_PHRASES = (
    ("send back", "return"),
    ("sent back", "return"),
    ("bring back", "return"),
    ("money back", "refund"),
    ("pay back", "refund"),
)
# So many words, or one word and a measure, two sentences must share.
_FEWEST_SHARED = 2
_SPLITTER = WordSplitter()
# Passages are compared sentence by sentence; longer ones only as far as this.
_MOST_SENTENCES = 24


class Verdict(Enum):
    """How two passages stand to each other."""

    CONTRADICT = "contradict"
    AGREE = "agree"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and the two sentences that it rests on (empty for different matters)."""

    verdict: Verdict
    sentence: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    statement: Statement
    matter: frozenset[str]


def judge(passage: Passage, other: Passage) -> Judgement:
    """Compare two passages. One pair of sentences that contradicts outweighs all that agree.

    Passages of other languages are different matters.
    """
    unlike = Judgement(Verdict.DIFFERENT)
    if passage.language.split("-")[0] != other.language.split("-")[0]:
        return unlike
    if (
        passage.product.casefold() != other.product.casefold()
        or _narrows(passage, other)
        or _narrows(other, passage)
    ):
        return unlike
    agreeing = unlike
    for line in _lines(passage.text):
        for rival in _lines(other.text):
            verdict = _compare(line, rival, _title_matter(passage) & _title_matter(other))
            if verdict is Verdict.CONTRADICT:
                return Judgement(verdict, line.text, rival.text)
            if verdict is Verdict.AGREE and agreeing is unlike:
                agreeing = Judgement(verdict, line.text, rival.text)
    return agreeing


def _narrows(passage: Passage, other: Passage) -> bool:
    """Tell whether a title speaks of something that the other passage does not mention at all."""
    return bool(_title_matter(passage) - _title_matter(other) - matter_of(other.text))


def _compare(line: _Line, rival: _Line, shared_title: frozenset[str]) -> Verdict:
    """Compare two sentences; the matter that both titles name need not be repeated."""
    pairs = [
        (fact, one) for fact in line.statement.facts for one in rival.statement.facts if comparable(fact, one)
    ]
    shared = (line.matter & rival.matter) | shared_title
    if (line.matter ^ rival.matter) - shared_title or len(shared) + bool(pairs) < _FEWEST_SHARED:
        return Verdict.DIFFERENT
    agreeing = any(fact.meets(one) for fact, one in pairs)
    has_facts = bool(line.statement.facts or rival.statement.facts)
    if line.statement.is_denied != rival.statement.is_denied:
        return Verdict.CONTRADICT if agreeing or not has_facts else Verdict.DIFFERENT
    if pairs:
        return Verdict.AGREE if agreeing else Verdict.CONTRADICT
    return Verdict.DIFFERENT if has_facts else Verdict.AGREE


@lru_cache(maxsize=4096)
def _lines(text: str) -> tuple[_Line, ...]:
    sentences = split_sentences(text)[:_MOST_SENTENCES]
    statements = [read_statement(sentence) for sentence in sentences]
    return tuple(
        _Line(sentence, statement, _matter(statement.words))
        for sentence, statement in zip(sentences, statements, strict=True)
    )


@lru_cache(maxsize=4096)
def _title_matter(passage: Passage) -> frozenset[str]:
    return matter_of(passage.label)


@lru_cache(maxsize=4096)
def matter_of(text: str) -> frozenset[str]:
    """List what a text is about: stems of its words that narrow it down, a word for each meaning."""
    return _matter(read_statement(text).words)


def _matter(words: Sequence[str]) -> frozenset[str]:
    text = " ".join(words)
    for phrase, word in _PHRASES:
        text = text.replace(phrase, word)
    kept = (_MEANINGS.get(word, word) for word in text.split() if word not in _SMALL)
    return frozenset(_SPLITTER.content(" ".join(kept)))
