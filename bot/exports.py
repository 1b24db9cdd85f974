"""The export package: a zip of a person's data as JSON and as a page; the same data make the same bytes."""

import io
import json
import zipfile
from datetime import datetime
from html import escape

from sqlmodel.ext.asyncio.session import AsyncSession

from actions.exporting import DataSubject, Record, Sections, stored_data, written
from bot.config import LANGUAGES
from bot.messages import Messages
from bot.person_data import PersonData

DATA, PAGE = "data.json", "data.html"
SECTIONS = (
    "member", "account", "subscriptions", "credits", "invoices", "credit_notes", "papers", "consents",
    "cases", "actions", "approvals", "notices", "log", "conversations", "messages", "buttons", "feedback",
    "unanswered", "handoffs", "notes", "ratings", "codes", "links", "export_links", "evidence",
    "web_sessions",
)  # fmt: skip
"""What a package may hold, in the order of the page."""

_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""When the zip's files were made, as far as the zip says: a clock would make two packages differ."""

_HTML = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title>
<style>body{{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}}
table{{border-collapse:collapse;margin:0 0 1em;width:100%}}th,td{{border:1px solid #999;padding:.3em .6em;
text-align:left;vertical-align:top;overflow-wrap:anywhere}}th{{width:14em;font-weight:normal}}</style></head>
<body>
<h1>{title}</h1>
<p>{intro}</p>
<p>{fields}</p>
{sections}
</body>
</html>
"""


async def package(
    session: AsyncSession, who: DataSubject, messages: Messages, language: str, reference: str, at: datetime
) -> bytes:
    """Return the zip. `at` is the moment that it shows as its own."""
    sections = {**await stored_data(session, who), **await PersonData().sections(session, who)}
    facts = {"reference": reference, "made_at": written(at), "language": language}
    content = json.dumps(
        {"about": facts, "data": sections}, ensure_ascii=False, indent=2, sort_keys=True, default=str
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in ((DATA, content + "\n"), (PAGE, page(sections, messages, language, facts))):
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def page(sections: Sections, messages: Messages, language: str, facts: Record) -> str:
    """Return the data as one HTML page in the person's language; every value is escaped."""
    shown = [
        f"<h2>{escape(messages.say(language, f'export.section.{name}'))}</h2>\n"
        + ("\n".join(map(_table, rows)) or f"<p>{escape(messages.say(language, 'export.nothing'))}</p>")
        for name, rows in ((name, sections[name]) for name in SECTIONS if name in sections)
    ]
    reference, at = str(facts["reference"]), str(facts["made_at"])
    return _HTML.format(
        language=escape(language),
        title=escape(messages.say(language, "export.title")),
        intro=escape(messages.say(language, "export.intro", reference=reference, moment=at)),
        fields=escape(messages.say(language, "export.fields", file=DATA)),
        sections="\n".join(shown),
    )


def _table(row: Record) -> str:
    cells = (
        f"<tr><th>{escape(name)}</th><td>{escape(_cell(value))}</td></tr>" for name, value in row.items()
    )
    return "<table>" + "".join(cells) + "</table>"


def _cell(value: object) -> str:
    if value is None or value == "":
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def file_name(reference: str) -> str:
    return f"data-{reference}.zip"


def spoken(who: DataSubject, otherwise: str) -> str:
    """The person's language: a member's own, else that of the request."""
    language = who.member.language if who.member else otherwise
    return language if language in LANGUAGES else "en"
