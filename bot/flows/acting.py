"""An action, from the sentence that asks for it to its receipt. No model takes part."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from actions.model import (
    ActionKind,
    Confirmed,
    Denied,
    Deny,
    NeedsArguments,
    NeedsConfirmation,
    NeedsIdentity,
    Principal,
    Proposal,
    Receipt,
    Rejected,
    Right,
    Step,
)
from actions.service import ActionService
from bot.flows.pending import FORM_FIELDS, Waiting, waiting_from
from bot.flows.proving import Proving, stop_button
from bot.flows.typed import means_taking_back
from bot.identity import Identity
from bot.model import RULES, Block, Button, ConversationState
from bot.ports import Clauses
from bot.render import card_blocks, denied_blocks, receipt_blocks, status_blocks
from bot.talk import Talk
from knowledge.model import Clause

NOTHING_DONE = (Step.DENIED, Step.EXPIRED, Step.WITHDRAWN)


class Acting:
    """Asks for what is missing, shows the plan, passes presses on, reports from the service's receipts."""

    def __init__(
        self, service: ActionService, identity: Identity, proving: Proving, clauses: Clauses, zone: str
    ) -> None:
        self._service = service
        self._identity = identity
        self._proving = proving
        self._clauses = clauses
        self._zone = zone

    async def principal(self, talk: Talk) -> Principal:
        vouched = talk.received.message.body.get("vouched_email")
        return await self._identity.principal(talk.received.conversation, vouched_email=vouched)

    async def begin(
        self, talk: Talk, kind: ActionKind, arguments: Mapping[str, str], proposed_by: str = RULES
    ) -> None:
        origin = talk.received.message.id
        await self.go_on(talk, Waiting(kind, origin, dict(arguments), proposed_by=proposed_by))

    async def go_on(self, talk: Talk, waiting: Waiting) -> None:
        """Propose with what is known by now, and ask for what the service says is missing."""
        if waiting.action is ActionKind.GDPR_REQUEST and "right" not in waiting.arguments:
            self._ask_right(talk, waiting)
            return
        proposed = await self._service.propose(
            Proposal(
                kind=waiting.action,
                principal=await self.principal(talk),
                conversation_id=talk.conversation_id,
                origin=waiting.origin,
                arguments=waiting.arguments,
                proposed_by=waiting.proposed_by,
            )
        )
        match proposed:
            case NeedsIdentity():
                self._proving.ask(talk, waiting)
            case NeedsArguments():
                self._ask_argument(talk, waiting, proposed)
            case NeedsConfirmation():
                await self._show_card(talk, waiting, proposed)
            case Denied(verdict=Deny(rule="expired")) if waiting.origin != talk.received.message.id:
                await self.begin(talk, waiting.action, waiting.arguments, waiting.proposed_by)
            case Denied():
                talk.settle()
                await self._deny(talk, proposed)

    async def stop(self, talk: Talk, waiting: Waiting) -> None:
        """Leave off what was asked for, the plan included where one was shown."""
        if waiting.action_id is not None:
            await self.keep(talk, waiting.action_id)
            return
        talk.settle()
        talk.tell("form.stopped")

    async def keep(self, talk: Talk, action_id: str) -> None:
        """Do nothing about a plan. One that was confirmed meanwhile is shown as it stands."""
        outcome = await self._service.decline(action_id, await self.principal(talk), talk.conversation_id)
        if isinstance(outcome, Receipt) and outcome.step in NOTHING_DONE:
            self._leave(talk, action_id)
            talk.tell("form.stopped")
        else:
            await self._report(talk, outcome)

    def _ask_right(self, talk: Talk, waiting: Waiting) -> None:
        talk.wait(ConversationState.AWAITING_CHOICE, waiting.to_json())
        buttons = [talk.button("right", f"button.right.{right}", right=right) for right in Right]
        talk.tell("form.right", *buttons, stop_button(talk, waiting))

    def _ask_argument(self, talk: Talk, waiting: Waiting, needs: NeedsArguments) -> None:
        """Put the next field of the form; a wrong value is asked for again, with what is wrong."""
        wrong = next((name for name in FORM_FIELDS if name in needs.problems), None)
        left = (name for name in FORM_FIELDS if name not in waiting.asked and name not in waiting.arguments)
        asking = wrong or next(left, None)
        if asking is None:
            talk.settle()
            talk.tell("form.nothing")
            return
        arguments = {name: value for name, value in waiting.arguments.items() if name != wrong}
        waiting = replace(waiting, arguments=arguments, asking=asking)
        talk.wait(ConversationState.AWAITING_DETAILS, waiting.to_json())
        blocks = [Block("say", talk.say(f"form.{asking}"))]
        if wrong:
            blocks.insert(0, Block("note", talk.say(f"problem.{needs.problems[wrong]}")))
        skip = talk.button("skip", "button.skip", origin=waiting.origin, field=asking)
        talk.reply(*blocks, buttons=(skip, stop_button(talk, waiting)))

    async def answered(self, talk: Talk, waiting: Waiting, value: str | None) -> None:
        """The customer filled in, or passed over, the field that was asked for."""
        assert waiting.asking is not None
        waiting = waiting.with_argument(waiting.asking, value)
        left = [name for name in FORM_FIELDS if name not in waiting.asked and name not in waiting.arguments]
        if left:
            self._ask_argument(talk, waiting, NeedsArguments(missing=tuple(left)))
        else:
            await self.go_on(talk, waiting)

    async def _show_card(self, talk: Talk, waiting: Waiting, needs: NeedsConfirmation) -> None:
        pending = replace(waiting, token=needs.token, action_id=needs.action_id)
        talk.wait(ConversationState.AWAITING_CONFIRMATION, pending.to_json())
        plan = needs.plan
        anchors = [line.clause for line in (*plan.preconditions, *plan.irreversible, *plan.changes)]
        clauses = await self._find(anchors, talk.language)
        confirm = talk.button(
            "confirm", self._confirm_key(waiting), expires_at=needs.expires_at, token=needs.token
        )
        held = (Block("note", talk.say("line.held.terms-changed")),) if needs.is_held else ()
        talk.reply(
            *card_blocks(plan, clauses, talk.messages, talk.language, self._zone, needs.expires_at),
            *held,
            buttons=(confirm, talk.button("stop", "button.keep", action=needs.action_id)),
            action_id=needs.action_id,
        )

    def _confirm_key(self, waiting: Waiting) -> str:
        right = waiting.arguments.get("right")
        if right in (Right.OBJECTION, Right.WITHDRAW_CONSENT):
            return f"button.confirm.{right}"
        return f"button.confirm.{waiting.kind}"

    async def _deny(self, talk: Talk, denied: Denied) -> None:
        anchor = denied.verdict.clause
        clause = await self._clauses.by_anchor(anchor, talk.language) if anchor else None
        talk.reply(
            *denied_blocks(denied.verdict, clause, talk.messages, talk.language, self._zone),
            buttons=(talk.button("person", "button.person"),),
            action_id=denied.action_id,
        )

    async def confirm(self, talk: Talk, token: str) -> None:
        outcome = await self._service.confirm(token, await self.principal(talk), talk.conversation_id)
        await self._report(talk, outcome)

    async def withdraw(self, talk: Talk, action_id: str) -> None:
        outcome = await self._service.withdraw(action_id, await self.principal(talk), talk.conversation_id)
        await self._report(talk, outcome)

    async def took_back(self, talk: Talk) -> bool:
        """Whether the words were about something that can be taken back; the buttons that do it are shown."""
        if not means_taking_back(talk):
            return False
        principal = await self.principal(talk)
        receipts = await self._service.status(principal) if principal.email is not None else []
        if not any(receipt.may_withdraw for receipt in receipts):
            return False
        self._show(talk, receipts)
        return True

    async def _report(self, talk: Talk, outcome: Confirmed) -> None:
        match outcome:
            case Receipt():
                self._leave(talk, outcome.action_id)
                self.receipt(talk, outcome)
            case Denied():
                self._leave(talk, outcome.action_id)
                await self._deny(talk, outcome)
            case Rejected():
                await self._rejected(talk, outcome)

    async def _rejected(self, talk: Talk, rejected: Rejected) -> None:
        """Nothing was done. Where only the proof of identity has grown old, it is asked for again."""
        waiting = waiting_from(talk.pending)
        is_waited_for = waiting is not None and waiting.action_id == rejected.action_id
        if rejected.rule == "identity-too-low" and waiting is not None and is_waited_for:
            self._proving.ask(talk, waiting)
            return
        self._leave(talk, rejected.action_id)
        talk.error = rejected.rule
        talk.tell(f"rejected.{rejected.rule}")

    def _leave(self, talk: Talk, action_id: str | None) -> None:
        """This action is waited for no more; a form that is open for another one stays open."""
        waiting = waiting_from(talk.pending)
        if waiting is not None and waiting.action_id == action_id:
            talk.settle()

    def receipt(self, talk: Talk, receipt: Receipt) -> None:
        talk.reply(
            *receipt_blocks(receipt, talk.messages, talk.language, self._zone),
            buttons=self._withdrawing(talk, receipt),
            action_id=receipt.action_id,
        )

    def _withdrawing(self, talk: Talk, receipt: Receipt) -> tuple[Button, ...]:
        if not receipt.may_withdraw:
            return ()
        return (talk.button("withdraw", "button.withdraw", action=receipt.action_id),)

    async def status(self, talk: Talk) -> None:
        """The customer's own cases, for whoever has proven who they are."""
        principal = await self.principal(talk)
        if principal.email is None:
            talk.tell("status.who", talk.button("person", "button.person"))
            return
        self._show(talk, await self._service.status(principal))

    def _show(self, talk: Talk, receipts: Sequence[Receipt]) -> None:
        # Each beside its own button, so that nobody takes back the wrong one.
        groups = [[receipt] for receipt in receipts if receipt.may_withdraw]
        settled = [receipt for receipt in receipts if not receipt.may_withdraw]
        for group in [*groups, settled] if settled or not groups else groups:
            buttons = self._withdrawing(talk, group[0]) if group else ()
            talk.reply(*status_blocks(group, talk.messages, talk.language, self._zone), buttons=buttons)

    async def _find(self, anchors: list[str | None], language: str) -> dict[str, Clause]:
        found: dict[str, Clause] = {}
        for anchor in dict.fromkeys(filter(None, anchors)):
            clause = await self._clauses.by_anchor(anchor, language)
            if clause is not None:
                found[anchor] = clause
        return found
