"""Find order numbers, ticket numbers, e-mail addresses, a yes or a no in what a customer wrote.

Pure text in, values out: the safety net under the entities that understanding found, and the place where every
spelling of a number becomes the one the shop uses. Text is normalised first (NFKC), so that full-width digits and
letters, as typed on East Asian keyboards, are read too.
"""

import re
import unicodedata

ORDER_DIGITS = 5
FIRST_BEYOND_ASCII = 128

_ORDER_WITH_PREFIX = re.compile(r"(?<![a-z0-9])nl\s?[-‐-―_.#]?\s?(\d{5})(?!\d)", re.IGNORECASE)
_ORDER_BARE = re.compile(r"(?<![\w@.-])#?\s?(\d{5})(?![\w@]|[.-]\d)")
_ORDER_LIKE = re.compile(
    r"(?<![a-z0-9])(?:nl\s?[-‐-―_.#]?\s?|#\s?)\d+|(?<![\w.-])\d{4,}(?!\w)", re.IGNORECASE
)
_TICKET_WITH_PREFIX = re.compile(
    r"(?<![a-z0-9])(?:t|ticket)\s?(?:no\.?|number)?\s?[-‐-―#]?\s?(\d{3,8})(?!\d)", re.IGNORECASE
)
_TICKET_BARE = re.compile(r"(?<![\w.-])#?\s?(\d{3,8})(?![\w-])")
_EMAIL = re.compile(
    r"[a-z0-9][a-z0-9._%+-]*@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.[a-z]{2,}",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:not|isn'?t|wasn'?t|instead of|rather than)\s+(?:the\s+|order\s+|number\s+|for\s+)*$", re.IGNORECASE
)

_YES = frozenset(
    [
        "y",
        "yes",
        "yeah",
        "yep",
        "yup",
        "ya",
        "sure",
        "ok",
        "okay",
        "correct",
        "right",
        "exactly",
        "absolutely",
        "definitely",
        "please",
        "confirm",
        "confirmed",
        "agreed",
        "fine",
        "perfect",
        "👍",
        "✅",
        "ja",
        "oui",
    ]
)
_NO = frozenset(
    ["n", "no", "nope", "nah", "don't", "dont", "never", "wrong", "👎", "❌", "nee", "nein", "non"]
)
_YES_PHRASES = (
    "go ahead",
    "do it",
    "that's right",
    "thats right",
    "sounds good",
    "please do",
    "of course",
    "that is right",
)
_NO_PHRASES = (
    "not now",
    "do not",
    "rather not",
    "leave it",
    "keep it",
    "changed my mind",
    "not really",
    "no thanks",
)
_QUESTION_WORDS = frozenset(
    [
        "what",
        "what's",
        "whats",
        "when",
        "where",
        "where's",
        "who",
        "why",
        "how",
        "which",
        "can",
        "could",
        "do",
        "does",
        "is",
        "are",
        "will",
        "would",
        "may",
        "should",
    ]
)
_POINTS_BACK = re.compile(r"\b(?:it|its|this|that|them|these|those|same)\b")
_POINTS_AWAY = re.compile(r"\b(?:another|other|different|second|else)\b")
_OTHER_ORDER = re.compile(r"\b(?:another|other|different|wrong)\s+(?:order|one|number)\b")
_POSITIONS = (
    re.compile(r"\b(?:latest|newest|most recent|first|last order)\b"),
    re.compile(r"\bsecond\b"),
    re.compile(r"\bthird\b"),
)
_ASKING_WORDS = frozenset(["what", "when", "where", "who", "why", "how", "which"])
_LATEST_ORDER = re.compile(r"\b(?:latest|newest|most recent|last) (?:order|purchase)\b")
_PLAIN_NO = frozenset(["no", "nope", "nah", "nee", "nein", "non"])
_MERE_OK = frozenset(
    ["ok", "okay", "okey", "k", "kk", "fine", "good", "great", "alright", "all", "right", "cool", "perfect", "nice",
     "understood", "noted", "got", "it", "i", "see", "super", "👍", "thats", "that's", "very", "well", "oh", "ah", "then"]
)  # fmt: skip
_NOT_A_NO = re.compile(r"\bno (?:problem|worries)\b")
_WORD = re.compile(r"[\w'’]+|[👍👎✅❌]")


def normalise(text: str) -> str:
    """Bring the text to one form: NFKC, without control characters and outer spaces, single spaces inside."""
    folded = unicodedata.normalize("NFKC", text)
    kept = "".join(
        c for c in folded if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf") or c == "\u200d"
    )
    return " ".join(kept.split())


def find_order_numbers(text: str, *, allow_bare: bool = True) -> list[str]:
    """Find all order numbers, as ``NL-10234``, in reading order and once each.

    A number the customer rules out ("NL-10243, not NL-10234") is left away. ``allow_bare`` also takes five digits
    that stand alone; switch it off where a postcode may be meant.
    """
    clean = normalise(text)
    matches = list(_ORDER_WITH_PREFIX.finditer(clean))
    if not matches and allow_bare:
        matches = list(_ORDER_BARE.finditer(clean))
    wanted = [match for match in matches if not _NEGATED.search(clean[: match.start()])]
    return list(dict.fromkeys(f"NL-{match.group(1)}" for match in wanted or matches))


def find_order_number(text: str, *, allow_bare: bool = True) -> str | None:
    """Find the order number that is meant: the last one, because people correct themselves as they write."""
    found = find_order_numbers(text, allow_bare=allow_bare)
    return found[-1] if found else None


def without_details(text: str) -> str:
    """Take order numbers and e-mail addresses out of a question, so that only what is asked is left."""
    return " ".join(_ORDER_WITH_PREFIX.sub(" ", _EMAIL.sub(" ", normalise(text))).split())


def looks_like_order_number(text: str) -> bool:
    """Tell whether somebody tried to write an order number but its shape is wrong ("NL-1023", "1234567")."""
    return find_order_number(text) is None and bool(_ORDER_LIKE.search(normalise(text)))


def find_ticket_number(text: str, *, allow_bare: bool = False) -> str | None:
    """Find a ticket number, as ``T-1042``; ``allow_bare`` also takes digits that stand alone."""
    clean = normalise(text)
    match = _TICKET_WITH_PREFIX.search(clean) or (_TICKET_BARE.search(clean) if allow_bare else None)
    return f"T-{match.group(1)}" if match else None


def find_email(text: str) -> str | None:
    """Find the last e-mail address, in lower case."""
    found = _EMAIL.findall(normalise(text))
    return found[-1].lower() if found else None


def read_yes_no(text: str) -> bool | None:
    """Read a short yes or no; None when the text is neither, or both, or too long to be one."""
    clean = _NOT_A_NO.sub("", normalise(text).lower().replace("’", "'"))
    words = _WORD.findall(clean)
    if not words or len(words) > 8 or "not sure" in clean:
        return None
    says_no = any(word in _NO for word in words) or any(phrase in clean for phrase in _NO_PHRASES)
    says_yes = any(word in _YES for word in words) or any(phrase in clean for phrase in _YES_PHRASES)
    if words[0] in _PLAIN_NO:
        return False
    return None if says_yes == says_no else says_yes


def is_plain_no(text: str) -> bool:
    """Tell whether the text is a no and little else ("no thanks"), not "I don't know it"."""
    words = _WORD.findall(normalise(text).lower())
    return bool(words) and words[0] in _PLAIN_NO and len(words) <= 4


def is_mere_ok(text: str) -> bool:
    """Tell whether the text only takes note ("ok", "I see"); it answers a question as a yes, and nothing else."""
    words = _WORD.findall(normalise(text).lower().replace("’", "'"))
    return bool(words) and all(word in _MERE_OK for word in words)


def points_to_other_order(text: str) -> bool:
    """Tell whether the text says that another order is meant ("it's a different order")."""
    return bool(_OTHER_ORDER.search(normalise(text).lower()))


def find_position(text: str) -> int | None:
    """Find which of a list, newest first, is meant ("the latest", "the second one"), counted from 0."""
    clean = normalise(text).lower()
    found = (position for position, pattern in enumerate(_POSITIONS) if pattern.search(clean))
    return next(found, None)


def has_words(text: str) -> bool:
    """Tell whether the text is more than ASCII punctuation; an emoji or a letter says something."""
    return any(c.isalnum() or ord(c) >= FIRST_BEYOND_ASCII for c in normalise(text))


def is_call_for_help(text: str) -> bool:
    """Tell whether the text is no more than "help"."""
    return normalise(text).lower().strip(" .!?") in (
        "help",
        "help me",
        "help please",
        "please help",
        "options",
    )


def names_latest_order(text: str) -> bool:
    """Tell whether the text means the newest of the customer's orders ("cancel my latest order")."""
    return bool(_LATEST_ORDER.search(normalise(text).lower()))


def is_in_other_script(text: str) -> bool:
    """Tell whether most letters are not Latin ones."""
    letters = [c for c in normalise(text) if c.isalpha()]
    latin = sum(1 for c in letters if unicodedata.name(c, "").startswith("LATIN"))
    return bool(letters) and latin * 2 < len(letters)


def points_back(text: str) -> bool:
    """Tell whether the text speaks of something named before ("cancel it", "send that one back")."""
    clean = normalise(text).lower()
    return bool(_POINTS_BACK.search(clean)) and not _POINTS_AWAY.search(clean)


def is_question(text: str) -> bool:
    """Tell whether the text reads as a question: a question mark at an end, or a question word in front."""
    clean = normalise(text).lower()
    words = clean.split()
    is_request = clean.startswith(("do it", "do that", "do so", "do this"))
    first = words[0] if len(words) > 1 else ""
    asks = first in _ASKING_WORDS or (len(words) > 2 and first in _QUESTION_WORDS and not is_request)
    return clean.endswith(("?", "？", "؟")) or "? " in clean or asks


def count_words(text: str) -> int:
    """Count words; a text without spaces (Chinese, Japanese) counts two characters as a word."""
    clean = normalise(text)
    wide = sum(1 for c in clean if unicodedata.east_asian_width(c) in ("W", "F"))
    return len(clean.split()) + wide // 2
