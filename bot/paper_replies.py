"""Papers shown in the conversation that asked for them, where its channel can carry a file."""

from collections.abc import Sequence
from datetime import datetime

from actions.papers.filing import file_name
from actions.papers.tables import Paper
from actions.store.tables import Action
from bot.messages import Messages
from bot.model import Block, FileRef, Reply
from bot.tables import ConversationRow

CARRIES_FILES = ("telegram",)


def shows_files_to(conversation: ConversationRow, action: Action, now: datetime) -> bool:
    """Whether the conversation is that of the person whose action it was, who has proven it and lately."""
    if conversation.channel not in CARRIES_FILES or not conversation.is_verified(now):
        return False
    if action.member_id is not None:
        return conversation.member_id == action.member_id
    return action.email is not None and conversation.email == action.email


def papers_reply(papers: Sequence[Paper], messages: Messages, language: str) -> Reply:
    """The papers by name; their contents are read when they are sent."""
    files = tuple(FileRef(file_name(paper), paper.id) for paper in papers)
    text = messages.say(language, "papers.sent", names=", ".join(file.name for file in files))
    return Reply((Block("note", text),), files=files)
