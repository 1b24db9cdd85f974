"""A question: the clause that settles it, word for word, or that the documents do not say."""

from collections.abc import Sequence

from bot.model import Block, Button, HandoffReason
from bot.ports import Answerer, Clauses
from bot.render import answer_blocks, citation_view, nearest_headings, not_found_blocks
from bot.tables import FeedbackRow, UnansweredRow
from bot.talk import Talk
from knowledge.model import Citation, Grounded, NotFound

# What fits on a button in every channel.
LONGEST_LABEL = 48
PATIENCE = 2


class Questions:
    """Answers from the library. `disagreements` are pairs of anchors whose clauses contradict each other."""

    def __init__(
        self, answerer: Answerer, clauses: Clauses, disagreements: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._answerer = answerer
        self._clauses = clauses
        self._disagreements = disagreements

    async def answer(self, talk: Talk) -> None:
        found = await self._answerer.answer(talk.text, language=talk.language)
        if isinstance(found, NotFound):
            self._not_found(talk, found)
        else:
            await self._found(talk, found)

    async def _found(self, talk: Talk, found: Grounded) -> None:
        first = found.citations[0]
        rival = await self._rival(first, talk.language)
        citations = (first, rival) if rival else found.citations
        blocks = answer_blocks(Grounded(citations, found.language), talk.messages)
        if rival:
            blocks = (*blocks, Block("note", talk.say("answer.disagree")))
        clause_id = first.clause.clause_id
        conversation = talk.received.conversation
        conversation.misses = 0
        if rival and conversation.disagreement == clause_id:
            talk.handoff = HandoffReason.DISAGREEMENT
        conversation.disagreement = clause_id if rival else None
        talk.reply(
            *blocks,
            citations=tuple(citation_view(citation) for citation in citations),
            buttons=(
                talk.button("feedback", "button.helpful", clause=clause_id, helpful="yes"),
                talk.button("feedback", "button.not_helpful", clause=clause_id, helpful="no"),
                talk.button("person", "button.person"),
            ),
        )

    async def _rival(self, citation: Citation, language: str) -> Citation | None:
        """The clause that says otherwise, where the documents are known to disagree."""
        anchor = citation.clause.anchor
        for pair in self._disagreements:
            if anchor in pair:
                other = pair[1] if anchor == pair[0] else pair[0]
                clause = await self._clauses.by_anchor(other, language)
                if clause is not None:
                    return Citation(clause, clause.text, other_language=clause.language != language)
        return None

    def _not_found(self, talk: Talk, found: NotFound) -> None:
        talk.records.append(
            UnansweredRow(
                conversation_id=talk.conversation_id,
                message_id=talk.received.message.id,
                language=talk.language,
                question=talk.text,
                created_at=talk.now,
            )
        )
        conversation = talk.received.conversation
        if not found.choices:
            conversation.misses += 1
        if conversation.misses >= PATIENCE:
            talk.handoff = HandoffReason.NO_ANSWER
        blocks = not_found_blocks(found, talk.messages)
        talk.reply(*blocks, buttons=(*_choices(talk, found), talk.button("person", "button.person")))

    async def show(self, talk: Talk, clause_id: str) -> None:
        """Quote the clause that a customer chose among those that came near."""
        clause = await self._clauses.by_id(clause_id)
        if clause is None:
            talk.tell("rejected.expired")
            return
        other = clause.language != talk.language
        await self._found(
            talk, Grounded((Citation(clause, clause.text, other_language=other),), talk.language)
        )

    def rate(self, talk: Talk, *, clause_id: str, helpful: bool) -> None:
        """Record whether an answer helped; the last word on an answer counts.

        Two answers without help bring a person, and one where the documents disagree.
        """
        talk.records.append(
            FeedbackRow(
                conversation_id=talk.conversation_id,
                message_id=talk.received.message.id,
                clause_id=clause_id,
                helpful=helpful,
                created_at=talk.now,
            )
        )
        conversation = talk.received.conversation
        if helpful:
            conversation.unhelpful = []
            talk.tell("feedback.thanks")
            return
        pressed = str(talk.received.message.body["press"])
        conversation.unhelpful = list(dict.fromkeys((*conversation.unhelpful, pressed)))
        if conversation.disagreement == clause_id:
            talk.handoff = HandoffReason.DISAGREEMENT
        elif len(conversation.unhelpful) >= PATIENCE:
            talk.handoff = HandoffReason.UNHELPFUL
        else:
            talk.tell("feedback.sorry", talk.button("person", "button.person"))


def _choices(talk: Talk, found: NotFound) -> tuple[Button, ...]:
    """Return a button for each section that may be meant."""
    if not found.choices:
        return ()
    return tuple(
        talk.button("clause", "", text=_label(heading), clause=clause.clause_id)
        for heading, clause in nearest_headings(found).items()
    )


def _label(heading: str) -> str:
    return heading if len(heading) <= LONGEST_LABEL else f"{heading[: LONGEST_LABEL - 1].rstrip()}…"
