"""What a sentence states that another one can contradict: amounts, shares, durations, dates, counts, and yes or no."""

import re
from collections.abc import Callable
from dataclasses import dataclass

_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_NUMBER_WORDS = _NUMBERS.split()
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100}
_WORDS = {word: float(value) for value, word in enumerate(_NUMBER_WORDS)} | {
    word: float(value) for word, value in _TENS.items()
}
# Unit -> (what it measures, how much of the smallest). A month is 30 days, as shops count.
_UNITS = {
    **dict.fromkeys(("minute", "minutes", "min"), ("duration", 1 / 1440)),
    **dict.fromkeys(("hour", "hours"), ("duration", 1 / 24)),
    **dict.fromkeys(("day", "days"), ("duration", 1.0)),
    **dict.fromkeys(("week", "weeks"), ("duration", 7.0)),
    **dict.fromkeys(("month", "months"), ("duration", 30.0)),
    **dict.fromkeys(("year", "years"), ("duration", 365.0)),
    **dict.fromkeys(("euro", "euros", "eur", "€"), ("eur", 1.0)),
    **dict.fromkeys(("dollar", "dollars", "usd", "$"), ("usd", 1.0)),
    **dict.fromkeys(("pound", "pounds", "gbp", "£"), ("gbp", 1.0)),
    **dict.fromkeys(("percent", "%"), ("share", 1.0)),
    **dict.fromkeys(("g", "gram", "grams"), ("weight", 0.001)),
    **dict.fromkeys(("kg", "kilo", "kilos", "kilogram", "kilograms"), ("weight", 1.0)),
    **dict.fromkeys(("mm",), ("length", 0.1)),
    **dict.fromkeys(("cm", "centimetre", "centimetres"), ("length", 1.0)),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), ("length", 100.0)),
}
_MONTH_NAMES = "january february march april may june july august september october november december"
_MONTHS = _MONTH_NAMES.split()
_VALUE = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|" + "|".join(_WORDS)
_FACT = re.compile(
    rf"(?P<sign>[€$£])?\s?(?<![\w.])(?P<low>{_VALUE})(?:\s?(?:-|–|to|(?(sign)(?!)|or))\s?(?P<high>{_VALUE}))?(?![\w])"
    r"\s?-?(?P<working>(?:working|business)\s)?(?P<unit>[€$£%]|[a-z]+)?",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({'|'.join(_MONTHS)})|({'|'.join(_MONTHS)})\s+(\d{{1,2}})(?:st|nd|rd|th)?(?!\w))\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(\d{1,2})(?:[:.](\d{2}))?\s?(am|pm|a\.m\.|p\.m\.)|\b(\d{1,2}):(\d{2})\b", re.IGNORECASE
)
_FREE = re.compile(
    r"\b(?:free(?: of charge)?|for nothing|no (?:extra )?(?:cost|costs|charge|fee))\b", re.IGNORECASE
)
# What looks like a no and is none.
_NO_DENIAL = re.compile(
    r"\b(?:not only|no (?:later|longer|more|less|earlier|sooner) than|no problem|no matter|no need to worry|not until)\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:not|no|never|cannot|neither|nor|none|without|impossible|unable|excluded|refused|nobody)\b",
    re.IGNORECASE,
)
_CONTRACTED = re.compile(r"\b(ca|[a-z]+?)n['’]t\b", re.IGNORECASE)
_FREE_COST = "price"
Read = Callable[[re.Match[str]], tuple[list["Fact"], str]]
_CURRENCIES = frozenset({"eur", "usd", "gbp"})


@dataclass(frozen=True, slots=True)
class Fact:
    """A measured statement: what it measures, and from where to where (equal for a single value)."""

    kind: str
    low: float
    high: float

    def meets(self, other: "Fact") -> bool:
        """Tell whether both can be true of one thing: same kind, and values in common."""
        return self.kind == other.kind and self.low <= other.high + 1e-9 and other.low <= self.high + 1e-9


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence taken apart: its facts, whether it says no, and the words that are left (in lower case, in order)."""

    facts: tuple[Fact, ...]
    is_denied: bool
    words: tuple[str, ...]


def read_statement(sentence: str) -> Statement:
    """Take a sentence apart. Pure; English number and unit words are known, digits in any language."""
    facts: list[Fact] = []
    rest = _taken(_DATE, sentence, _date_of, facts)
    rest = _taken(_CLOCK, rest, _clock_of, facts)
    rest = _CONTRACTED.sub(r"\1 not ", _NO_DENIAL.sub(" ", rest))
    if _FREE.search(rest):
        facts.append(Fact(_FREE_COST, 0.0, 0.0))
        rest = _FREE.sub(f" {_FREE_COST} ", rest)
    rest = _taken(_FACT, rest, _fact_of, facts)
    is_denied = len(_DENIAL.findall(rest)) % 2 == 1
    words = re.findall(r"[^\W\d_]+", _DENIAL.sub(" ", rest).lower())
    return Statement(tuple(facts), is_denied, tuple(words))


def comparable(fact: Fact, other: Fact) -> bool:
    """Tell whether two facts measure the same: equal kinds, or a price beside something that is free."""
    kinds = {fact.kind, other.kind}
    return len(kinds) == 1 or (_FREE_COST in kinds and bool(kinds & _CURRENCIES))


def _taken(pattern: re.Pattern[str], text: str, read: Read, facts: list[Fact]) -> str:
    """Read what a pattern finds into facts, and leave the rest of the text."""

    def take(match: re.Match[str]) -> str:
        found = read(match)
        facts.extend(found[0])
        return found[1]

    return pattern.sub(take, text)


def _date_of(match: re.Match[str]) -> tuple[list[Fact], str]:
    day, month = int(match[1] or match[4]), (match[2] or match[3]).lower()
    value = float((_MONTHS.index(month) + 1) * 100 + day)
    return [Fact("date", value, value)], " "


def _clock_of(match: re.Match[str]) -> tuple[list[Fact], str]:
    hour, minute = int(match[1] or match[4]), int(match[2] or match[5] or 0)
    half = (match[3] or "").lower().replace(".", "")
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return [Fact("clock", hour * 60.0 + minute, hour * 60.0 + minute)], " "


def _fact_of(match: re.Match[str]) -> tuple[list[Fact], str]:
    unit = (match["sign"] or match["unit"] or "").lower()
    low = _number(match["low"])
    high = _number(match["high"]) if match["high"] else low
    kind, factor = _UNITS.get(unit, (f"count of {unit}", 1.0))
    if match["working"]:
        kind = f"working {kind}"
    left = match["unit"] or "" if match["sign"] or unit not in _UNITS else ""
    if match["low"].lower() == "one" and unit not in _UNITS:
        return [], f" {match['unit'] or ''} "  # "one" is mostly a pronoun
    return [Fact(kind, min(low, high) * factor, max(low, high) * factor)], f" {left} "


def _number(text: str) -> float:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    plain = re.sub(r",(?=\d{3}(?!\d))", "", text)
    return float(plain.replace(",", "."))
