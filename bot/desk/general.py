"""The general topic: what waits for staff, each said once."""

from actions.access import Listed
from actions.approving import LOCAL
from bot.desk.ports import DeskParts
from bot.desk.posts import Posts, Wanted
from bot.tasks import PREFIX, Task, Tasks

APPROVAL = "staff.approval"
KEY = "task:"
MOST = 1000


class General:
    """Follows the list of tasks of staff; reminders of deadlines are among them."""

    def __init__(self, parts: DeskParts, posts: Posts) -> None:
        self._actions = parts.actions
        self._tasks = Tasks(parts.database, parts.clock, parts.seal, parts.settings.staff or (LOCAL,))
        self._posts = posts
        self._told: set[str] = set()

    async def look(self) -> None:
        tasks = await self._tasks.listed(limit=MOST)
        waiting = {one.receipt.reference: one for one in await self._actions.listed(waiting=True)}
        for task in tasks:
            if task.task_id not in self._told:
                text, buttons = _said(task, waiting.get(task.reference))
                await self._posts.add(f"{KEY}{task.task_id}", text, buttons=buttons)
                self._told.add(task.task_id)
        await self._posts.take_keys_away(KEY, [f"{KEY}{task.task_id}" for task in tasks])


def _said(task: Task, waiting: Listed | None) -> tuple[str, list[Wanted]]:
    if task.topic != APPROVAL or waiting is None:
        return f"📌 {task.topic.removeprefix(PREFIX)} {task.reference}: {task.remedy}", []
    what = str(waiting.receipt.kind).replace("_", " ")
    count = f", {waiting.needed} colleagues must approve it" if waiting.needed > 1 else ""
    text = f"⏳ {task.reference}: {what} waits for approval{count}. What it is: clausewise actions show"
    buttons: list[Wanted] = [
        ("approve", f"Approve {task.reference}", task.reference),
        ("refuse", "Refuse", task.reference),
    ]
    return f"{text} {task.reference}", buttons
