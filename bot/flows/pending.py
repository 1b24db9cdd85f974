"""What the bot waits for in a conversation, as it is kept between turns."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from actions.model import ActionKind
from bot.model import RULES

FORM_FIELDS = ("company", "address", "vat_id")


@dataclass(frozen=True, slots=True)
class Waiting:
    """An action on its way to a plan: what it is, what is known of it, what was asked last.

    `origin` is the message that asked for it: the same through the whole dialogue, so that the action is
    proposed once. `proposed_by` is what understood that message so (see `Intent.decided_by`). `asked` are
    the form's fields that were put to the customer, answered or passed over.
    """

    kind: str
    origin: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    asking: str | None = None
    email: str | None = None
    token: str | None = None
    action_id: str | None = None
    proposed_by: str = RULES

    @property
    def action(self) -> ActionKind:
        return ActionKind(self.kind)

    @property
    def kind_key(self) -> str:
        right = self.arguments.get("right")
        return f"right.{right}" if right else f"kind.{self.kind}"

    @property
    def any_address(self) -> bool:
        """Whoever proves an address may file a data-protection request, account or not."""
        return self.action is ActionKind.GDPR_REQUEST

    def with_email(self, email: str) -> "Waiting":
        return replace(self, email=email)

    def with_argument(self, name: str, value: str | None) -> "Waiting":
        """The answer to `asking`, or None when it was passed over."""
        arguments = {**self.arguments, name: value} if value is not None else self.arguments
        return replace(self, arguments=arguments, asked=(*self.asked, name), asking=None)

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "arguments": dict(self.arguments), "asked": list(self.asked)}


def waiting_from(pending: Mapping[str, Any]) -> Waiting | None:
    """What is waited for, or None when nothing is."""
    if not pending:
        return None
    return Waiting(**{**pending, "asked": tuple(pending.get("asked", ()))})
