"""Taking personal details out of questions that are kept for the team. Pure.

What names a person or a case goes: addresses, numbers, links, and the customer's own name where it is known. Each is
replaced by what it was, in angle signs, so that the question still reads as one.
"""

from __future__ import annotations

import re
import unicodedata

_EMAIL = re.compile(r"[^\s<>()\[\],;:\"']+@[^\s<>()\[\],;:\"']+\.\w{2,}")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}(?!\w)")
# A code: letters and digits with four digits or more, an order NL-10245 as well as a tracking number 3SABC123456.
_CODE = re.compile(
    r"(?<!\w)(?!(?:19|20)\d\d(?![\w-]))(?=[\w#/.-]*\d(?:[\w/.-]*\d){3})[#A-Za-z0-9](?:[A-Za-z0-9]|[/.-](?=[A-Za-z0-9]))*(?!\w)"
)
_PHONE = re.compile(r"(?<!\w)\+?\(?\d(?:[ ()./-]{0,3}\d){6,14}(?!\w)")
_POSTCODE = re.compile(r"(?<!\w)(?:\d{4} ?[A-Z]{2}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})(?!\w)")
_STREET = re.compile(
    r"(?<!\w)(?:[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){0,3} (?:street|road|avenue|lane|drive|square|way|close|court) \d{1,4}\w?"
    r"|\d{1,4}\w? [A-Z][\w'’-]*(?: [A-Z][\w'’-]*){0,3} (?:Street|Road|Avenue|Lane|Drive|Square|Way|Close|Court|St|Rd|Ave)"
    r"|[A-Z][\w'’-]*(?:straat|laan|weg|plein|gracht|kade|strasse|straße|allee) \d{1,4}\w?)(?!\w)"
)
_CALLED = re.compile(
    r"((?:my name is|my name's|this is|i am called|i'm called|name:|regards,?|greetings,?|thanks,?|cheers,?)\s+)"
    r"([A-Z][\w'’-]+(?: (?:van |de |der |den |von )*[A-Z][\w'’-]+)*)"
)
_CALLED_ZH = re.compile("((?:我叫|我是|我的名字(?:是|叫)))([一-鿿·]{2,4})(?=[，。,.！!？?\\s]|$)")

MIN_NAME_CHARS = 3
# Digits and letters as East Asian keyboards type them; full-width punctuation stays as it is.
_HALF_WIDTH = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF20, 0xFF3B), *range(0xFF41, 0xFF5B))
}


def without_personal_details(text: str, *names: str | None) -> str:
    """Replace what names a person or a case.

    Args:
        text: as the customer wrote it.
        names: how the customer is called, where that is known; each of their words is taken out too.

    Returns:
        One line; what was taken out reads <email>, <link>, <number>, <address>, <name>.
    """
    line = " ".join(text.translate(_HALF_WIDTH).split())
    for pattern, mark in (
        (_EMAIL, "<email>"),
        (_LINK, "<link>"),
        (_STREET, "<address>"),
        (_IBAN, "<number>"),
        (_POSTCODE, "<address>"),
        (_PHONE, "<number>"),
        (_CODE, "<number>"),
    ):
        line = pattern.sub(mark, line)
    line = _CALLED_ZH.sub(r"\1<name>", _CALLED.sub(r"\1<name>", line))
    for word in _name_words(names):
        line = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "<name>", line, flags=re.IGNORECASE)
    return re.sub(r"(<name>)(?:\s+<name>)+", r"\1", line)


def _name_words(names: tuple[str | None, ...]) -> list[str]:
    words = {word for name in names if name for word in re.split(r"[\s,]+", name)}
    return sorted(
        (word for word in words if len(word) >= MIN_NAME_CHARS or not word.isascii()), key=len, reverse=True
    )


def question_key(text: str) -> str:
    """Write a question so that the same words, however capitalised or ended, are the same key."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))
