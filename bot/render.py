"""Answers, cards and receipts in the customer's language: values in, blocks out, nothing else touched."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from actions.model import Deny, Line, Plan, Receipt, Step, Values
from bot.messages import Messages
from bot.model import Block, CitationView
from knowledge.model import Citation, Clause, Grounded, NotFound

PATH_SEPARATOR = " › "
NEAREST_SHOWN = 3
NOTHING = "–"

_AMOUNT = re.compile(r"-?\d+(\.\d+)? [A-Z]{3}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}[\d:.]*(Z|[+-]\d{2}:\d{2})?")

# Shown letter by letter, even where a company is called "2026-01-01".
_TYPED_BY_PEOPLE = frozenset({"company", "address", "vat_id", "from", "to", "reason"})


def citation_view(citation: Citation) -> CitationView:
    """Return a citation as channels show it."""
    clause = citation.clause
    return CitationView(
        document=clause.document,
        title=clause.title,
        version_date=clause.version_date,
        clause_id=clause.clause_id,
        heading=_path(clause) or clause.heading,
        quote=citation.quote,
        language=clause.language,
    )


def answer_blocks(grounded: Grounded, messages: Messages) -> tuple[Block, ...]:
    """Return the lead sentence, then every citation word for word with its source."""
    language = grounded.language
    blocks: list[Block] = []
    for citation in grounded.citations:
        if blocks:
            blocks.append(Block("note", messages.say(language, "answer.also")))
        else:
            heading = citation.clause.heading or citation.clause.title
            blocks.append(Block("lead", messages.say(language, "answer.lead", heading=heading)))
        blocks += _quoted(citation.clause, citation.quote, messages, language)
    return tuple(blocks)


def not_found_blocks(not_found: NotFound, messages: Messages) -> tuple[Block, ...]:
    """Return that the documents do not say, and which sections came closest, or ask which is meant."""
    language = not_found.language
    if not_found.choices:
        return (Block("say", messages.say(language, "not_found.choose")),)
    blocks = [Block("say", messages.say(language, "not_found.text"))]
    headings = list(nearest_headings(not_found))
    if headings:
        text = messages.say(language, "not_found.nearest", headings="; ".join(headings))
        blocks.append(Block("note", text))
    return tuple(blocks)


def nearest_headings(not_found: NotFound) -> dict[str, Clause]:
    """Return the headings that came closest, best first, each with its nearest clause."""
    named: dict[str, Clause] = {}
    for passage in not_found.nearest:
        named.setdefault(passage.clause.heading or passage.clause.title, passage.clause)
    return dict([(heading, clause) for heading, clause in named.items() if heading][:NEAREST_SHOWN])


def card_blocks(
    plan: Plan,
    clauses: Mapping[str, Clause],
    messages: Messages,
    language: str,
    zone: str,
    expires_at: datetime | None = None,
) -> tuple[Block, ...]:
    """Return what the customer is asked to confirm. `clauses` maps the plan's anchors to what was found."""
    say = _Speaker(messages, language, zone)
    sections = [
        messages.say(language, f"card.title.{plan.kind}"),
        say.list("card.changes", [_with_heading(say.line(line), line, clauses) for line in plan.changes]),
        say.list("card.checks", [_check(line, say, clauses) for line in plan.preconditions], bullet=""),
        say.list(
            "card.irreversible", [_with_heading(say.line(line), line, clauses) for line in plan.irreversible]
        ),
    ]
    if plan.effective_at and not _mentions(plan.changes, plan.effective_at):
        sections.append(say("card.effective", moment=messages.moment(language, plan.effective_at, zone)))
    if expires_at:
        sections.append(say("card.expires", moment=messages.moment(language, expires_at, zone)))
    return tuple(Block("card", section) for section in sections if section)


def receipt_blocks(receipt: Receipt, messages: Messages, language: str, zone: str) -> tuple[Block, ...]:
    """Return what the database says of an action, with the reference that the customer may quote."""
    say = _Speaker(messages, language, zone)
    title, step = say(f"kind.{receipt.kind}"), _step(receipt, say)
    blocks = [Block("receipt", f"{title}\n{step}")]
    if receipt.lines:
        blocks.append(Block("receipt", "\n".join(f"• {say.line(line)}" for line in receipt.lines)))
    blocks += [Block("note", text) for text in _when(receipt, say)]
    blocks.append(Block("note", say("receipt.reference", reference=receipt.reference)))
    return tuple(blocks)


def denied_blocks(
    deny: Deny, clause: Clause | None, messages: Messages, language: str, zone: str
) -> tuple[Block, ...]:
    """Return why not, and the clause that decides word for word where the library has it."""
    say = _Speaker(messages, language, zone)
    reason = Block("say", say(f"rule.{deny.rule}", **say.values(deny.values)))
    return (reason, *(_quoted(clause, clause.text, messages, language) if clause else ()))


def status_blocks(
    receipts: Sequence[Receipt], messages: Messages, language: str, zone: str
) -> tuple[Block, ...]:
    """Return where the customer's own requests stand, in the order given."""
    say = _Speaker(messages, language, zone)
    if not receipts:
        return (Block("say", say("status.none")),)
    return tuple(Block("receipt", _status(receipt, say)) for receipt in receipts)


class _Speaker:
    """One language and one zone; knows how a line's values are written."""

    def __init__(self, messages: Messages, language: str, zone: str) -> None:
        self.messages = messages
        self.language = language
        self.zone = zone

    def __call__(self, key: str, /, **values: object) -> str:
        return self.messages.say(self.language, key, **values)

    def line(self, line: Line) -> str:
        key = line.key if line.key.startswith("check.") else f"line.{line.key}"
        return self(key, **self.values(line.values))

    def list(self, heading: str, lines: Sequence[str], *, bullet: str = "• ") -> str:
        return "\n".join([self(heading), *(f"{bullet}{line}" for line in lines)]) if lines else ""

    def values(self, values: Values) -> dict[str, str]:
        """Figures and dates as the language writes them; `x_key` becomes `x`, the words of that key."""
        return {name.removesuffix("_key"): self._written(name, value) for name, value in values.items()}

    def _written(self, name: str, value: str) -> str:
        if name.endswith("_key"):
            return self(value)
        if name == "right":
            return self(f"right.{value}")
        if name in _TYPED_BY_PEOPLE:
            return value or NOTHING
        try:
            if _AMOUNT.fullmatch(value):
                return self.messages.money(self.language, value)
            if _DAY.fullmatch(value):
                return self.messages.day(self.language, value)
            if _MOMENT.fullmatch(value):
                return self.messages.moment(self.language, value, self.zone)
        except ValueError:
            return value
        return value


def _quoted(clause: Clause, quote: str, messages: Messages, language: str) -> list[Block]:
    blocks = [Block("quote", quote), Block("source", _source(clause, messages, language))]
    if clause.language != language:
        name = messages.language_name(language, clause.language)
        blocks.insert(0, Block("note", messages.say(language, "answer.other_language", language_name=name)))
    return blocks


def _source(clause: Clause, messages: Messages, language: str) -> str:
    day = messages.day(language, clause.version_date)
    path = _path(clause)
    if not path:
        return messages.say(language, "answer.source_whole", title=clause.title, date=day)
    return messages.say(language, "answer.source", title=clause.title, date=day, path=path)


def _path(clause: Clause) -> str:
    """The headings from the outermost in, without the document's own title."""
    path = clause.path[1:] if clause.path[:1] == (clause.title,) else clause.path
    return PATH_SEPARATOR.join(path)


def _check(line: Line, say: _Speaker, clauses: Mapping[str, Clause]) -> str:
    mark = "check.failed" if line.values.get("passed") == "no" else "check.passed"
    return say(mark, text=_with_heading(say.line(line), line, clauses))


def _with_heading(text: str, line: Line, clauses: Mapping[str, Clause]) -> str:
    clause = clauses.get(line.clause) if line.clause else None
    return f"{text} ({clause.heading})" if clause and clause.heading else text


def _mentions(lines: Sequence[Line], moment: datetime) -> bool:
    """Whether a line names this moment already; once on a card is enough."""
    return any(
        _MOMENT.fullmatch(value) and _utc(datetime.fromisoformat(value)) == _utc(moment)
        for line in lines
        for value in line.values.values()
    )


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _when(receipt: Receipt, say: _Speaker) -> list[str]:
    """Sentences on when it happens and until when it can be taken back, where no line says so."""
    # Until staff have decided, nobody knows when.
    scheduled = receipt.may_withdraw and receipt.step is Step.SCHEDULED
    if not scheduled or receipt.effective_at is None or _mentions(receipt.lines, receipt.effective_at):
        return []
    moment = say.messages.moment(say.language, receipt.effective_at, say.zone)
    return [say("card.effective", moment=moment), say("receipt.withdraw_until", moment=moment)]


def _step(receipt: Receipt, say: _Speaker) -> str:
    """Filing a case is done at once; what its person wants to know is whether the case is."""
    return say("receipt.case-open") if receipt.case == "open" else say(f"receipt.step.{receipt.step}")


def _status(receipt: Receipt, say: _Speaker) -> str:
    kind, step = say(f"kind.{receipt.kind}"), _step(receipt, say)
    item = say("status.item", kind=kind, reference=receipt.reference, step=step)
    details = [*(say.line(line) for line in receipt.lines), *_when(receipt, say)]
    return "\n".join([item, *(f"• {detail}" for detail in details)])
