"""The engine's door, knocked on from outside: a real engine, a real action server, a tiny bot."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.bot.conftest import ActionServer, Engine, start_engine

pytestmark = pytest.mark.engine


def texts(answer: dict[str, Any]) -> list[str]:
    return [reply["text"] for reply in answer["replies"]]


def stored(engine: Engine, conversation_id: str) -> list[str]:
    with sqlite3.connect(engine.tracker_path) as connection:
        rows = connection.execute(
            "select type_name from events where sender_id = ? order by id", (conversation_id,)
        )
        return [row[0] for row in rows]


def test_greeting_is_answered_with_its_trace(engine: Engine) -> None:
    answer = engine.say("c-greet", "m1", "hello")
    assert texts(answer) == ["Hello there."]
    trace = answer["trace"]
    assert trace["intent"] == {"name": "greet", "confidence": 1.0}
    assert [action["name"] for action in trace["actions"]] == ["action_extract_slots", "utter_greet"]
    assert trace["actions"][1]["policy"].endswith("RulePolicy")
    assert trace["duration_ms"]["total"] > 0
    assert answer["repeated"] is False


def test_repeated_message_gets_the_first_answer_and_runs_nothing(
    engine: Engine, action_server: ActionServer
) -> None:
    first = engine.say("c-repeat", "m1", "track NL-10234")
    before, events = len(action_server.runs), stored(engine, "c-repeat")
    again = engine.say("c-repeat", "m1", "track NL-10234")
    assert again["repeated"] is True
    assert again["replies"] == first["replies"]
    assert len(action_server.runs) == before
    assert stored(engine, "c-repeat") == events


def test_repeated_message_is_found_behind_later_turns(engine: Engine) -> None:
    first = engine.say("c-behind", "m1", "story")
    engine.say("c-behind", "m2", "hello")
    again = engine.say("c-behind", "m1", "story")
    assert (again["repeated"], again["replies"]) == (True, first["replies"])


def test_same_message_sent_twice_at_once_runs_once(engine: Engine, action_server: ActionServer) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: engine.say("c-twice", "m1", "track"), range(4)))
    assert sorted(answer["repeated"] for answer in answers) == [False, True, True, True]
    assert action_server.runs.count(("c-twice", "m1")) == 1


@pytest.mark.parametrize(
    "text",
    ["/restart", "/session_start", '/inform{"order_number": "NL-66666"}', "  /greet", "/greet@1.0", "/back"],
)
def test_text_with_a_slash_is_text(engine: Engine, text: str) -> None:
    conversation_id = f"c-slash-{abs(hash(text))}"
    answer = engine.say(conversation_id, "m1", text)
    assert answer["trace"]["slots_changed"] == {}
    assert answer["trace"]["intent"]["name"] not in ("restart", "session_start", "inform", "back_to_task")
    assert "restart" not in stored(engine, conversation_id)


def test_payload_is_obeyed(engine: Engine) -> None:
    answer = engine.say("c-payload", "m1", "NL-10234", payload='/inform{"order_number": "NL-10234"}')
    assert answer["trace"]["intent"]["name"] == "inform"
    assert answer["trace"]["slots_changed"] == {"order_number": [None, "NL-10234"]}


def test_payload_with_an_unknown_intent_is_refused_and_not_recorded(engine: Engine) -> None:
    body = {"conversation_id": "c-unknown", "message_id": "m1", "text": "x", "payload": "/no_such_intent"}
    answer = engine.post("messages", body)
    assert (answer.status_code, answer.json()["code"]) == (500, "turn_failed")
    assert stored(engine, "c-unknown") == []


def test_blank_lines_do_not_split_a_reply_and_sources_join_it(engine: Engine) -> None:
    answer = engine.say("c-story", "m1", "story")
    (reply,) = answer["replies"]
    assert reply["text"] == "One.\n\nTwo."
    assert reply["sources"][0]["url"] == "/help/shipping"
    assert reply["data"] == {"mood": "calm"}


def test_action_learns_message_customer_and_locale(engine: Engine) -> None:
    customer = {"id": "7", "name": "Maya", "email": "maya@example.com", "is_admin": True}
    answer = engine.say(
        "c-meta",
        "m-77",
        "track",
        metadata={"locale": "de", "channel": "widget", "customer": customer, "role": "x"},
    )
    assert texts(answer) == ["track|m-77|maya@example.com|de"]


@pytest.mark.parametrize(
    ("text", "action"), [("break", "action_break"), ("missing", "action_missing"), ("slow", "action_slow")]
)
def test_failed_turn_is_an_error_and_not_recorded(engine: Engine, text: str, action: str) -> None:
    conversation_id = f"c-fail-{text}"
    engine.say(conversation_id, "m1", "hello")
    before = stored(engine, conversation_id)
    answer = engine.post("messages", {"conversation_id": conversation_id, "message_id": "m2", "text": text})
    if text == "missing":  # Rasa leaves a missing response out; the action itself did not fail
        assert answer.json()["replies"] == []
        return
    assert (answer.status_code, answer.json()["code"]) == (500, "turn_failed")
    assert "4711" not in answer.text
    assert stored(engine, conversation_id) == before
    assert texts(engine.say(conversation_id, "m3", "hello")) == ["Hello there."]


def test_action_server_down_is_an_error_and_the_retry_is_clean(
    engine: Engine, action_server: ActionServer
) -> None:
    body = {"conversation_id": "c-down", "message_id": "m1", "text": "track"}
    action_server.stop()
    try:
        answer = engine.post("messages", body)
        assert (answer.status_code, answer.json()["code"]) == (500, "turn_failed")
        assert stored(engine, "c-down") == []
        assert engine.health()["degraded"] == ["action_server_unavailable"]
    finally:
        action_server.start()
    assert texts(engine.say("c-down", "m1", "track")) == ["track|m1||en"]
    assert engine.health()["degraded"] == []


def test_rejected_action_is_in_the_trace_and_ends_in_words(engine: Engine) -> None:
    answer = engine.say("c-reject", "m1", "reject")
    rejected = [action for action in answer["trace"]["actions"] if action.get("error")]
    assert [(action["name"], action["error"]) for action in rejected] == [("action_reject", "rejected")]
    assert texts(answer) == ["I did not get that."]


def test_form_is_resumed_where_a_person_interrupted_it(engine: Engine) -> None:
    assert texts(engine.say("c-resume", "m1", "cancel")) == ["Which order?"]
    assert texts(engine.say("c-resume", "m2", "NL-10234")) == ["Why?"]
    engine.say("c-resume", "m3", "person")
    entries = [
        {"kind": "agent", "text": "Hi, I am Eva.", "at": "2026-11-22T10:00:00Z"},
        {"kind": "customer", "text": "cancel NL-99999 /restart", "at": "2026-11-22T10:00:05Z"},
    ]
    body = {"conversation_id": "c-resume", "message_id": "r1", "mode": "resume", "entries": entries}
    answer = engine.post("resume", body).json()
    assert texts(answer) == ["Why?"]
    assert answer["trace"]["active_form"] == "cancel_form"
    done = engine.say("c-resume", "m4", "too slow")
    assert texts(done) == ["Order NL-10234 is cancelled."]
    assert "agent" in stored(engine, "c-resume")


def test_form_claimed_in_the_middle_is_resumed(engine: Engine) -> None:
    assert texts(engine.say("c-claimed", "m1", "cancel")) == ["Which order?"]
    body = {"conversation_id": "c-claimed", "message_id": "r1", "mode": "resume", "entries": []}
    assert texts(engine.post("resume", body).json()) == ["Which order?"]
    assert texts(engine.say("c-claimed", "m2", "NL-10234")) == ["Why?"]


def test_resume_is_idempotent(engine: Engine) -> None:
    engine.say("c-re2", "m1", "cancel")
    body = {"conversation_id": "c-re2", "message_id": "r1", "mode": "resume", "entries": []}
    first, second = engine.post("resume", body).json(), engine.post("resume", body).json()
    assert (second["repeated"], second["replies"]) == (True, first["replies"])


def test_resume_without_a_form_shows_the_menu(engine: Engine) -> None:
    body = {"conversation_id": "c-menu", "message_id": "r1", "mode": "resume", "entries": []}
    assert texts(engine.post("resume", body).json()) == ["What can I do?"]


def test_resume_into_a_flow_starts_it(engine: Engine) -> None:
    body = {"conversation_id": "c-flow", "message_id": "r1", "mode": "cancel_order", "entries": []}
    assert texts(engine.post("resume", body).json()) == ["Which order?"]


def test_understanding_records_nothing(engine: Engine) -> None:
    answer = engine.post("understand", {"text": "hello NL-10234"}).json()
    assert answer["intent"]["name"] == "greet"
    assert answer["entities"][0]["value"] == "NL-10234"
    assert engine.post("understand", {"text": "/restart"}).json()["intent"]["name"] is None


def test_many_texts_are_understood_at_once_as_each_alone(engine: Engine) -> None:
    texts = ["hello NL-10234", "", "/restart", "track", "hello"] * 20
    answer = engine.post("understand", {"texts": texts})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert len(results) == len(texts)
    for text, result in zip(texts[:5], results[:5], strict=True):
        assert engine.post("understand", {"text": text}).json() == result
    assert results[5:10] == results[:5]
    assert engine.post("understand", {"texts": []}).json() == {"results": []}


def test_model_of_other_components_is_not_explained(engine: Engine) -> None:
    answer = engine.post("explain", {"text": "hello"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_explainable")


@pytest.mark.parametrize("body", [{}, {"text": None}, {"text": "x" * 8001}, {"text": ["x"]}, []])
def test_explaining_something_that_is_no_text_is_refused(engine: Engine, body: Any) -> None:
    answer = engine.post("explain", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("texts", [["x"] * 257, ["x" * 8001], [None], "hello", {"a": "b"}, 1])
def test_lists_that_are_too_long_or_none_are_refused(engine: Engine, texts: Any) -> None:
    answer = engine.post("understand", {"texts": texts})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_wrong_token_is_refused(engine: Engine) -> None:
    body = {"conversation_id": "c", "message_id": "m", "text": "hello"}
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}):
        for route in ("messages", "explain"):
            answer = httpx.post(f"{engine.url}/{route}", json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


HOSTILE = [[], {}, 1, 1.5, True, "x" * 9000, "", None, {"a": []}, "\ud800", 10**400]


@pytest.mark.parametrize("field", ["conversation_id", "message_id", "text", "payload", "metadata"])
def test_hostile_fields_are_refused_and_never_crash(engine: Engine, field: str) -> None:
    good: dict[str, Any] = {
        "conversation_id": "c-hostile",
        "message_id": "m",
        "text": "hello",
        "payload": None,
        "metadata": {},
    }
    for value in HOSTILE:
        answer = engine.post("messages", {**good, field: value})
        assert answer.status_code in (200, 400), (field, value, answer.text)


def test_bodies_that_are_not_json_or_too_large_are_refused(engine: Engine) -> None:
    for content in (b"", b"[]", b"nul", b"{" * 10_000, b'{"text": NaN}', b"\xff\xfe"):
        answer = httpx.post(f"{engine.url}/messages", content=content, headers=engine.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    answer = httpx.post(f"{engine.url}/messages", content=b"x" * 600_000, headers=engine.headers)
    assert answer.status_code == 413


def test_rasas_own_api_is_off(engine: Engine) -> None:
    base = engine.url.removesuffix("/webhooks/careline")
    for path in (
        "/conversations/c-greet/tracker",
        "/model/parse",
        "/status",
        "/domain",
        "/webhooks/rest/webhook",
    ):
        assert httpx.get(base + path).status_code == 404


def test_unreadable_tracker_store_is_no_fresh_conversation(
    action_server: ActionServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    engine = start_engine(tmp_path_factory.mktemp("broken"), action_server.port)
    try:
        engine.say("c-store", "m1", "cancel")
        with sqlite3.connect(engine.tracker_path) as connection:
            connection.execute("alter table events rename to hidden")
        answer = engine.post(
            "messages", {"conversation_id": "c-store", "message_id": "m2", "text": "NL-10234"}
        )
        assert (answer.status_code, answer.json()["code"]) == (503, "tracker_store_unavailable")
        assert "tracker_store_unavailable" in engine.log_path.read_text()
        with sqlite3.connect(engine.tracker_path) as connection:
            connection.execute("alter table hidden rename to events")
        assert texts(engine.say("c-store", "m2", "NL-10234")) == ["Why?"]
    finally:
        engine.process.terminate()
        engine.process.wait(20)


def test_engine_without_a_token_does_not_start(action_server: ActionServer, tmp_path: Any) -> None:
    with pytest.raises(AssertionError, match="CARELINE_ENGINE_TOKEN"):
        start_engine(tmp_path, action_server.port, CARELINE_ENGINE_TOKEN="")


def test_engine_with_a_damaged_model_does_not_start(action_server: ActionServer, tmp_path: Any) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "damaged.tar.gz").write_bytes(b"not a model")
    with pytest.raises(AssertionError, match="engine_not_started"):
        start_engine(tmp_path, action_server.port, model=tmp_path / "models")


def test_engine_with_a_foreign_tracker_store_does_not_start(
    action_server: ActionServer, tmp_path: Any
) -> None:
    endpoints = tmp_path / "endpoints.yml"
    endpoints.write_text("tracker_store:\n  type: no.such.Store\n")
    with pytest.raises(AssertionError, match="tracker_store_foreign"):
        start_engine(tmp_path, action_server.port, endpoints=endpoints)
