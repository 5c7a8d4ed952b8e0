from knowledge.documents import Audience, Passage
from knowledge.tuning import listed_questions, title_questions, without_questions


def passage(name: str, title: str, *questions: str) -> Passage:
    return Passage(f"{name}#0", name, title, "", "", "", Audience.PUBLIC, "en", (), "Text.", questions)


PASSAGES = [
    passage("gift", "Buy a gift card", "voucher for a friend", "send a present"),
    passage("card", "Gift card balance", "voucher for a friend"),
    passage("lamp", "Clean a lamp"),
    passage("rug", "Rugs"),
]


def test_titles_are_asked_only_of_documents_that_list_no_question() -> None:
    assert [question.text for question in title_questions(PASSAGES)] == ["Clean a lamp"]


def test_a_question_that_two_documents_list_has_both_as_answers() -> None:
    made = {question.text: question.document_ids for question in listed_questions(PASSAGES)}
    assert made == {"voucher for a friend": {"gift", "card"}, "send a present": {"gift"}}


def test_a_question_that_is_asked_is_left_out_and_the_others_stay() -> None:
    asked = [question for question in listed_questions(PASSAGES) if question.text == "voucher for a friend"]
    assert [p.questions for p in without_questions(PASSAGES, asked)] == [("send a present",), (), (), ()]
