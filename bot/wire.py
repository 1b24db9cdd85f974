"""Replies as JSON, for the database and for programs."""

from dataclasses import asdict
from datetime import date
from typing import Any

from bot.model import USUAL, Block, Button, Circumstances, CitationView, FileRef, LinkRef, Reply


def reply_to_json(reply: Reply) -> dict[str, Any]:
    """Everything of a reply, so that `reply_from_json` gives it back unchanged."""
    return {
        "blocks": [{"kind": block.kind, "text": block.text} for block in reply.blocks],
        "buttons": buttons_to_json(reply),
        "citations": [
            {
                "document": view.document,
                "title": view.title,
                "version_date": view.version_date.isoformat(),
                "clause_id": view.clause_id,
                "heading": view.heading,
                "quote": view.quote,
                "language": view.language,
            }
            for view in reply.citations
        ],
        "action_id": reply.action_id,
        **({"files": [asdict(file) for file in reply.files]} if reply.files else {}),
        **({"link": asdict(reply.link)} if reply.link else {}),
        **({"to": reply.to} if reply.to else {}),
    }


def reply_from_json(body: dict[str, Any]) -> Reply:
    return Reply(
        blocks=tuple(Block(block["kind"], block["text"]) for block in body["blocks"]),
        buttons=tuple(Button(**button) for button in body["buttons"]),
        citations=tuple(
            CitationView(**{**view, "version_date": date.fromisoformat(view["version_date"])})
            for view in body["citations"]
        ),
        action_id=body["action_id"],
        files=tuple(FileRef(**file) for file in body.get("files", ())),
        link=LinkRef(**body["link"]) if body.get("link") else None,
        to=body.get("to"),
    )


def buttons_to_json(reply: Reply) -> list[dict[str, str]]:
    return [
        {"id": button.id, "label": button.label, **({"url": button.url} if button.url else {})}
        for button in reply.buttons
    ]


def circumstances_to_json(circumstances: Circumstances) -> dict[str, Any]:
    """What is unusual about a message; nothing for most."""
    usual = asdict(USUAL)
    return {name: value for name, value in asdict(circumstances).items() if value != usual[name]}


def reply_for_programs(reply: Reply) -> dict[str, Any]:
    """The shape that `chat --jsonl` and the REST API print; documented in docs/conversation.md."""
    return {
        "text": reply.text,
        "buttons": buttons_to_json(reply),
        "citations": [
            {
                "document": view.document,
                "clause_id": view.clause_id,
                "heading": view.heading,
                "quote": view.quote,
            }
            for view in reply.citations
        ],
        **({"files": [file.name for file in reply.files]} if reply.files else {}),
    }
