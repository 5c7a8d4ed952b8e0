"""The small pure parts: hours, waits, rates, text, tokens, files, frames."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.config import ConfigRefused, check_config
from desk.errors import BadRequest, RateLimited, TextTooLong, Unauthorized
from desk.frames import parse_console_frame, parse_widget_frame
from desk.hours import HoursRefused, parse_hours
from desk.limits import Bucket, Limiter, Rate
from desk.log import Customer, Entry, EntryKind
from desk.pages.help import load_article, render
from desk.pages.static import find_file
from desk.passwords import check_password, hash_password
from desk.security import is_origin_allowed
from desk.service.tickets import MOVES, Status, next_status
from desk.store.rows import parse_ticket_number
from desk.text import clean_text, clip, queue_text
from desk.tokens import SessionToken, parse_identity, parse_session, sign_identity, sign_session
from desk.waiting import estimate_wait_minutes
from desk.wire import VISIBLE_TO_CUSTOMER, agent_entry, customer_entry
from tests.desk.house import make_config

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday, 11:00 in Amsterdam
TRACE_KEYS = ("intent", "intent_ranking", "entities", "evidence", "nearest", "text", "actions", "trace")
SHOP_HOURS = "mon-fri 09:00-18:00, sat 10:00-16:00"


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-23T08:00:00+00:00", True),
        ("2026-11-23T07:59:59+00:00", False),
        ("2026-11-23T16:59:59+00:00", True),
        ("2026-11-23T17:00:00+00:00", False),
        ("2026-11-28T09:00:00+00:00", True),
        ("2026-11-29T11:00:00+00:00", False),
        ("2026-07-06T07:00:00+00:00", True),
    ],
)
def test_hours_are_the_zones_with_its_summer_time(at: str, is_open: bool) -> None:
    assert parse_hours(SHOP_HOURS, "Europe/Amsterdam").is_open(datetime.fromisoformat(at)) is is_open


@pytest.mark.parametrize(
    "text", ["", "mon", "mon 9-18", "mon 18:00-09:00", "xyz 09:00-10:00", "mon 25:00-26:00"]
)
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(HoursRefused):
        parse_hours(text, "UTC")


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(HoursRefused):
        parse_hours("always", "Mars/Olympus")


def test_always_is_always_and_has_no_words() -> None:
    hours = parse_hours("always", "UTC")
    assert hours.is_open(NOW)
    assert hours.words == ""


def test_days_may_run_over_the_weekend() -> None:
    hours = parse_hours("sat-mon 09:00-18:00", "UTC")
    assert [hours.is_open(NOW + timedelta(days=day)) for day in range(7)] == [
        True,
        False,
        False,
        False,
        False,
        True,
        True,
    ]


def test_no_wait_is_promised_without_agents_or_experience() -> None:
    claims = [NOW - timedelta(minutes=minutes) for minutes in (30, 20, 10)]
    assert estimate_wait_minutes(1, claims, 0, NOW) is None
    assert estimate_wait_minutes(1, claims[:2], 1, NOW) is None
    assert estimate_wait_minutes(1, claims, 1, NOW) == 10
    assert estimate_wait_minutes(3, claims, 1, NOW) == 30


@given(st.lists(st.floats(0, 100), max_size=60), st.floats(1, 20), st.floats(0.1, 10))
def test_a_bucket_never_lets_more_through_than_burst_and_rate(
    gaps: list[float], burst: float, per_second: float
) -> None:
    bucket, now, passed = Bucket(Rate(burst, per_second), 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        passed += bucket.take(now) == 0.0
    assert passed <= burst + now * per_second + 1e-6


def test_a_limiter_says_when_to_come_back_and_forgets_the_quiet() -> None:
    limiter = Limiter(Rate(1, 0.5))
    limiter.check("a", 0.0)
    with pytest.raises(RateLimited) as limited:
        limiter.check("a", 0.0)
    assert limited.value.retry_after_seconds == 2.0
    limiter.check("a", 2.0)
    limiter.check("b", 2.0)


@given(st.text(max_size=3000))
def test_any_text_is_stored_clean_or_refused_by_name(text: str) -> None:
    try:
        clean = clean_text(text, 2000)
    except (BadRequest, TextTooLong):
        return
    assert clean.encode()
    assert clean == clean.strip() != ""
    assert "\x00" not in clean
    assert clean_text(clean, 2000) == clean


@given(st.text(max_size=50), st.integers(1, 20))
def test_clipping_never_exceeds(text: str, limit: int) -> None:
    assert len(clip(text, limit)) <= limit


def test_the_place_in_line_is_said_without_a_wait_that_is_not_known() -> None:
    assert "next in line" in queue_text(1, None)
    assert "min" not in queue_text(2, None)
    assert "5 min" in queue_text(2, 5)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    [
        "id",
        "client_id",
        "text",
        "button",
        "starter",
        "seq",
        "token",
        "after_seq",
        "is_typing",
        "conversation_id",
    ]
)
types = st.sampled_from(["hello", "post", "typing", "read", "request_person", "watch", "ping", "nothing"])


@given(types, st.dictionaries(fields, json_values, max_size=6))
def test_any_frame_is_parsed_or_refused_by_name(type_: str, body: dict[str, Any]) -> None:
    raw = json.dumps({**body, "type": type_})
    for parse in (parse_widget_frame, parse_console_frame):
        with suppress(BadRequest):
            parse(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_no_frame_or_one(raw: bytes) -> None:
    with suppress(BadRequest):
        parse_widget_frame(raw)


@given(st.text("abcXYZ0189-", min_size=1, max_size=40), st.none() | st.text("abc1", min_size=1, max_size=20))
def test_a_session_token_reads_as_it_was_written(conversation_id: str, customer_id: str | None) -> None:
    token = SessionToken(conversation_id, customer_id, NOW + timedelta(days=1))
    assert parse_session(sign_session(token, "k" * 32, NOW), "k" * 32, NOW) == token


def test_a_token_is_over_a_minute_after_its_end_and_clocks_may_differ_by_less() -> None:
    raw = sign_session(SessionToken("c", None, NOW), "k" * 32, NOW - timedelta(days=1))
    assert parse_session(raw, "k" * 32, NOW + timedelta(seconds=59)).conversation_id == "c"
    with pytest.raises(Unauthorized):
        parse_session(raw, "k" * 32, NOW + timedelta(seconds=61))


def test_an_identity_is_verified_and_a_session_is_no_identity() -> None:
    customer = Customer("maya", "Maya", "maya@example.com")
    raw = sign_identity(customer, "k" * 32, NOW, timedelta(hours=1))
    assert parse_identity(raw, "k" * 32, NOW).is_verified
    with pytest.raises(Unauthorized):
        parse_session(raw, "k" * 32, NOW)
    with pytest.raises(Unauthorized):
        parse_identity(raw, "k" * 32, NOW - timedelta(minutes=5))


def test_a_short_or_shared_secret_stops_the_start() -> None:
    check_config(make_config("sqlite:///x"))
    for changes in ({"session_secret": ""}, {"identity_secret": "short"}, {"session_secret": "i" * 32}):
        with pytest.raises(ConfigRefused) as refused:
            check_config(make_config("sqlite:///x", **changes))
        assert "short" not in str(refused.value).split(" ")[0]


def test_secrets_are_not_in_a_configs_repr() -> None:
    text = repr(make_config("sqlite:///x"))
    assert not any(letter * 32 in text for letter in "siel")


def test_passwords_are_checked_and_short_ones_refused() -> None:
    stored = hash_password("correct horse battery")
    assert check_password(stored, "correct horse battery")
    assert not check_password(stored, "wrong")
    assert not check_password(None, "wrong")
    assert not check_password("damaged", "wrong")
    with pytest.raises(BadRequest):
        hash_password("short")


@pytest.mark.parametrize("status", list(Status))
def test_every_ticket_status_has_a_row_and_may_stay(status: Status) -> None:
    assert status in MOVES
    assert next_status(status, status) is status


def test_an_unknown_ticket_status_is_a_bad_request() -> None:
    with pytest.raises(BadRequest):
        next_status("open", "nonsense")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("T-1001", 1001),
        (" t-7 ", 7),
        ("1001", 1001),
        ("T-", None),
        ("T-1;--", None),
        ("T-٣", None),
        ("T-" + "9" * 30, None),
    ],
)
def test_ticket_numbers_are_read_strictly(text: str, number: int | None) -> None:
    assert parse_ticket_number(text) == number


@pytest.mark.parametrize(
    ("origin", "host", "is_allowed"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("https://shop.example", "desk.example", True),
        ("https://shop.example.evil.example", "desk.example", False),
        ("https://evil.example", "desk.example", False),
        ("null", "desk.example", False),
        ("file://", "desk.example", False),
        ("https://desk.example@evil.example", "desk.example", False),
        ("http://[", "desk.example", False),
        ("http://[", "[", False),
        (None, "desk.example", True),
    ],
)
def test_origins_of_the_widget(origin: str | None, host: str, is_allowed: bool) -> None:
    config = make_config("sqlite:///x", widget_origins=("https://shop.example",))
    assert is_origin_allowed(config, origin, host, widget=True) is is_allowed
    if origin in (None, "https://shop.example"):
        assert not is_origin_allowed(config, origin, host, widget=False)


@pytest.mark.parametrize(
    "name", ["../x", "/../x", "..", ".hidden", "a/../../x", "a\\..\\x", "a\x00b", "", "link"]
)
def test_no_path_leaves_its_folder(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "x").write_text("secret")
    (root / ".hidden").write_text("secret")
    (root / "link").symlink_to(tmp_path / "x")
    assert find_file(root, name) is None


def test_markdown_holds_no_html_and_no_scripts() -> None:
    hostile = (
        '<script>x</script> [a](javascript:alert(1)) ![i](javascript:x) <b onclick="x">b</b> [ok](/help/a)'
    )
    shown = render(hostile)
    for bad in ("<script", "<b ", 'href="javascript', 'src="javascript'):
        assert bad not in shown
    assert 'href="/help/a"' in shown


def test_a_file_without_front_matter_or_not_public_is_no_article(tmp_path: Path) -> None:
    (tmp_path / "CARD.md").write_text("# Card\n")
    (tmp_path / "internal.md").write_text("---\ntitle: x\nurl: /help/x\naudience: internal\n---\nsecret\n")
    (tmp_path / "ok.md").write_text("---\ntitle: x\nurl: /help/ok\naudience: public\n---\nhello\n")
    assert load_article(tmp_path / "CARD.md") is None
    assert load_article(tmp_path / "internal.md") is None
    article = load_article(tmp_path / "ok.md")
    assert article is not None
    assert article.slug == "ok"


canaries = st.recursive(
    st.just("canary") | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(TRACE_KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(TRACE_KEYS), canaries), st.sampled_from(sorted(VISIBLE_TO_CUSTOMER)))
def test_nothing_of_a_trace_reaches_a_customers_frame(trace: dict[str, Any], kind: EntryKind) -> None:
    plain = Entry("c", 1, "x", kind, "hello", NOW)
    traced = Entry("c", 1, "x", kind, "hello", NOW, trace=trace)
    assert customer_entry(traced) == customer_entry(plain)
    assert "canary" not in json.dumps(customer_entry(traced))
    assert agent_entry(traced)["trace"] == (trace or None)


@pytest.mark.parametrize(("kind", "is_draft"), [(EntryKind.NOTE, False), (EntryKind.BOT, True)])
def test_what_is_for_agents_cannot_be_written_for_a_customer(kind: EntryKind, is_draft: bool) -> None:
    with pytest.raises(ValueError, match="not for customers"):
        customer_entry(Entry("c", 1, "x", kind, "secret", NOW, is_draft=is_draft))
