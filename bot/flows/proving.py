"""The customer proves an e-mail address: asked for it, sent a code, types the code."""

from bot.flows.pending import Waiting
from bot.identity import CODE_LIFE, STEP_UP_WINDOW, Identity, Issued
from bot.model import Block, Button, ConversationState
from bot.ports import Mailer
from bot.talk import Talk


class Proving:
    """Asks and checks; what the proof is for goes on when `got_code` returns True."""

    def __init__(self, identity: Identity, mailer: Mailer) -> None:
        self._identity = identity
        self._mailer = mailer

    def ask(self, talk: Talk, waiting: Waiting) -> None:
        talk.wait(ConversationState.AWAITING_EMAIL, waiting.to_json())
        talk.tell("identity.ask_email", stop_button(talk, waiting), request=talk.say(waiting.kind_key))

    async def got_email(self, talk: Talk, waiting: Waiting, email: str) -> None:
        """Send a code. The reply is the same whether or not anyone here has that address."""
        issued = await self._identity.issue(talk.conversation_id, email, waiting.kind)
        if issued.code is None:
            self._refuse(talk, issued)
            return
        request = talk.say(waiting.kind_key)
        serves = waiting.any_address or await self._identity.knows(email)
        body = "mail.code.body" if serves else "mail.unknown.body"
        where = await self._mailer.send(
            to=email,
            subject=talk.say("mail.code.subject", request=request),
            body=talk.say(
                body, code=issued.code, request=request, minutes=int(CODE_LIFE.total_seconds() // 60)
            ),
        )
        talk.wait(ConversationState.AWAITING_CODE, waiting.with_email(email).to_json())
        talk.reply(
            Block("say", talk.say("identity.code_sent", email=email)),
            Block("note", talk.say("identity.mail_where", where=where)),
            buttons=self._buttons(talk, waiting),
        )

    def _refuse(self, talk: Talk, issued: Issued) -> None:
        key = "identity.too_many" if issued.refused == "too-many-tries" else "identity.too_many_codes"
        talk.settle()
        talk.tell(key, talk.button("person", "button.person"))

    def not_a_proof(self, talk: Talk, waiting: Waiting) -> None:
        """What was typed is neither an address nor a code; no try is counted."""
        if talk.state is ConversationState.AWAITING_CODE:
            talk.tell("identity.not_code", *self._buttons(talk, waiting))
        else:
            talk.tell("identity.not_email", stop_button(talk, waiting))

    async def got_code(self, talk: Talk, waiting: Waiting, code: str) -> bool:
        """Check a code; on success the conversation is that person's for the step-up window."""
        talk.received.message.text = "•" * 6
        check = await self._identity.check(talk.conversation_id, code)
        if check.result == "right" and check.email is not None:
            conversation = talk.received.conversation
            conversation.email = check.email
            conversation.verified_until = talk.now + STEP_UP_WINDOW
            talk.reply(Block("say", talk.say("identity.done", email=check.email)))
            return True
        if check.result == "wrong":
            text = talk.messages.plural(talk.language, "identity.wrong_code", check.tries_left)
            talk.reply(Block("say", text), buttons=self._buttons(talk, waiting))
        elif check.result == "expired":
            talk.tell("identity.code_expired", *self._buttons(talk, waiting))
        else:
            talk.settle()
            talk.tell("identity.too_many", talk.button("person", "button.person"))
        return False

    def _buttons(self, talk: Talk, waiting: Waiting) -> tuple[Button, Button]:
        again = talk.button("resend", "button.resend_code", origin=waiting.origin)
        return again, stop_button(talk, waiting)


def stop_button(talk: Talk, waiting: Waiting) -> Button:
    """Ends this dialogue and no other."""
    return talk.button("stop", "button.stop", origin=waiting.origin)
