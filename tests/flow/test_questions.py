"""A question is answered with the clause that settles it, in each language, on the sample documents."""

from dataclasses import replace

import pytest
from sqlmodel import select

from bot.app import App
from bot.model import ConversationState
from bot.tables import FeedbackRow, UnansweredRow
from knowledge.answering import Answering
from knowledge.confidence import Confidence
from knowledge.retrieval import Retriever
from tests.make import Customer, all_text

QUESTIONS = {
    "en": ("How many weeks of inactivity before an account is deleted?", "inactivity"),
    "sl": ("Po koliko tednih neaktivnosti izbrišete račun?", "inactivity"),
    "lt": ("Po kiek neveiklumo savaičių ištrinsite paskyrą?", "inactivity"),
    "et": ("Mitme nädala mitteaktiivsuse järel konto kustutatakse?", "inactivity"),
    "bg": ("След колко седмици неактивност изтривате акаунта?", "inactivity"),
}


@pytest.mark.parametrize("language", QUESTIONS)
async def test_a_question_gets_the_clause_word_for_word(app: App, language: str) -> None:
    question, anchor = QUESTIONS[language]
    result = await Customer(app, chat=language).says(question)
    [reply] = result.replies
    citation = reply.citations[0]
    clause = await app.shelf.by_anchor(anchor, language)
    assert clause is not None
    assert citation.clause_id == clause.clause_id
    assert citation.quote == clause.text
    assert citation.language == language
    assert clause.text in reply.text
    assert citation.document.endswith(f".{language}.md")
    assert citation.version_date.isoformat() == "2023-10-02"
    assert "2023" in reply.text
    assert clause.heading in reply.text
    assert result.state is ConversationState.OPEN
    assert len(reply.buttons) == 3


@pytest.mark.parametrize("language", QUESTIONS)
async def test_before_the_first_answer_it_says_that_it_is_a_machine_and_then_no_more(
    app: App, language: str
) -> None:
    customer = Customer(app, chat=language)
    notice = app.messages.say(language, "intro.ai", company=app.settings.company_name)
    first = await customer.says(QUESTIONS[language][0])
    second = await customer.says(QUESTIONS[language][0])
    assert first.replies[0].text.startswith(notice)
    assert notice not in all_text(second)


async def be_sure_of_nothing(app: App, *, doubts_from: float) -> None:
    """Let no question be answered, and leave those in doubt from this probability on."""
    collection = await app.shelf.collection()
    confidence = replace(Confidence(), answers_from=2.0, doubts_from=doubts_from)
    collection.answering = Answering(Retriever(collection.index, confidence=confidence))


async def test_what_the_documents_do_not_say_is_not_answered(app: App) -> None:
    await be_sure_of_nothing(app, doubts_from=2.0)
    customer = Customer(app)
    result = await customer.says("Why do penguins waddle on ice?")
    assert not result.replies[0].citations
    assert app.messages.say("en", "not_found.text") in result.replies[0].text
    assert [button.id for button in result.replies[0].buttons] == [await customer.button("person")]


@pytest.mark.parametrize("language", QUESTIONS)
async def test_in_doubt_the_customer_says_which_section_is_meant(app: App, language: str) -> None:
    await be_sure_of_nothing(app, doubts_from=0.0)
    customer = Customer(app)
    await app.transcript.choose_language("test", "chat", language)
    question, anchor = QUESTIONS[language]
    meant = await app.shelf.by_anchor(anchor, language)
    assert meant is not None
    [reply] = (await customer.says(question)).replies
    assert not reply.citations
    assert app.messages.say(language, "not_found.choose") in reply.text
    *sections, person = reply.buttons
    assert person.id == await customer.button("person")
    assert 1 <= len(sections) <= 3
    pressed = await customer.button("clause", clause=meant.clause_id)
    assert [section.label for section in sections if section.id == pressed] == [meant.heading]
    [chosen] = (await customer.presses_id(pressed)).replies
    assert [(one.clause_id, one.quote) for one in chosen.citations[:1]] == [(meant.clause_id, meant.text)]
    assert meant.text in chosen.text


async def test_a_question_left_in_doubt_is_kept_for_review(app: App) -> None:
    await be_sure_of_nothing(app, doubts_from=0.0)
    await Customer(app).says(QUESTIONS["en"][0])
    async with app.database.read() as session:
        [row] = (await session.exec(select(UnansweredRow))).all()
    assert row.question == QUESTIONS["en"][0]


async def test_an_unanswered_question_is_kept_for_review(app: App) -> None:
    question = "Why do penguins waddle on ice?"
    result = await Customer(app).says(question)
    assert not result.replies[0].citations
    async with app.database.read() as session:
        [row] = (await session.exec(select(UnansweredRow))).all()
    assert (row.question, row.language) == (question, "en")


async def test_feedback_is_recorded_and_unhelpful_offers_a_person(app: App) -> None:
    customer = Customer(app)
    await customer.says(QUESTIONS["en"][0])
    result = await customer.presses("feedback", helpful="no")
    assert await customer.button("person")
    assert app.messages.say("en", "feedback.sorry") in all_text(result)
    async with app.database.read() as session:
        [row] = (await session.exec(select(FeedbackRow))).all()
    assert row.helpful is False


async def test_where_documents_disagree_both_clauses_are_shown(app: App) -> None:
    customer = Customer(app)
    result = await customer.says("How long are the data of a closed account kept, with the cold backup?")
    anchors = set()
    for citation in result.replies[0].citations:
        for anchor in ("retention", "compact-policy-ind"):
            clause = await app.shelf.by_anchor(anchor, "en")
            if clause is not None and clause.clause_id == citation.clause_id:
                anchors.add(anchor)
    assert anchors == {"retention", "compact-policy-ind"}
    assert app.messages.say("en", "answer.disagree") in result.replies[0].text


async def test_language_follows_the_text_and_the_customers_choice(app: App) -> None:
    customer = Customer(app)
    await customer.says(QUESTIONS["lt"][0])
    result = await customer.says(QUESTIONS["et"][0])
    assert result.replies[0].citations[0].language == "et"
    await app.transcript.choose_language("test", "chat", "bg")
    result = await customer.says(QUESTIONS["et"][0])
    assert result.replies[0].citations[0].language == "bg"
