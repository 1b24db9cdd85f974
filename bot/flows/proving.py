"""The customer proves an e-mail address: asked for it, sent a code, types the code."""

import structlog

from bot.codes import CODE_LIFE, Codes, Issued, TypedCode
from bot.config import LANGUAGES
from bot.errors import MailError
from bot.flows.pending import Waiting
from bot.identity import Identity
from bot.linking import Links
from bot.model import Block, Button, ConversationState
from bot.ports import Mail, Mailer
from bot.talk import Talk

log = structlog.get_logger(__name__)


class Proving:
    """Asks and checks; what the proof is for goes on when `got_code` returns True."""

    def __init__(self, identity: Identity, codes: Codes, links: Links, mailer: Mailer) -> None:
        self._identity = identity
        self._codes = codes
        self._links = links
        self._mailer = mailer

    def ask(self, talk: Talk, waiting: Waiting) -> None:
        talk.wait(ConversationState.AWAITING_EMAIL, waiting.to_json())
        talk.tell("identity.ask_email", stop_button(talk, waiting), request=talk.say(waiting.kind_key))

    async def got_email(self, talk: Talk, waiting: Waiting, email: str) -> None:
        """Send a code. The reply is the same whether or not anyone here has that address."""
        issued = await self._codes.issue(talk.conversation_id, email, waiting.kind, waiting.origin)
        if issued.refused in ("too-many-codes", "too-many-tries"):
            self._refuse(talk, issued)
            return
        request = talk.say(waiting.kind_key)
        serves = waiting.any_address or await self._identity.knows(email)
        body = "mail.code.body" if serves else "mail.unknown.body"
        if issued.refused == "account-full":
            body = "mail.account_full.body"
        minutes = int(CODE_LIFE.total_seconds() // 60)
        try:
            where = await self._mailer.send(
                Mail(
                    to=email,
                    subject=talk.say("mail.code.subject", request=request),
                    body=talk.say(body, code=issued.code, request=request, minutes=minutes),
                    language=talk.language,
                )
            )
        except MailError as error:
            self._not_sent(talk, waiting, email, error)
            return
        talk.wait(ConversationState.AWAITING_CODE, waiting.with_email(email).to_json())
        blocks = [Block("say", talk.say("identity.code_sent", email=email))]
        if where:
            blocks.append(Block("note", talk.say("identity.mail_where", where=where)))
        talk.reply(*blocks, buttons=self._buttons(talk, waiting))

    def _not_sent(self, talk: Talk, waiting: Waiting, email: str, error: MailError) -> None:
        """Say so, and wait for another address; the same one can be tried again where that may help."""
        log.warning("code-mail-failed", reason=str(error))
        talk.wait(ConversationState.AWAITING_EMAIL, waiting.with_email(email).to_json())
        if error.lasting:
            talk.tell("identity.mail_refused", stop_button(talk, waiting), email=email)
            return
        again, stop = self._buttons(talk, waiting)
        person = talk.button("person", "button.person")
        talk.tell("identity.mail_failed", again, person, stop, email=email)

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

    async def got_code(self, talk: Talk, waiting: Waiting, code: TypedCode) -> bool:
        """Check a code; on success the conversation is that person's for the step-up window."""
        check = await self._codes.check(
            talk.conversation_id, code, waiting.origin, message_id=talk.received.message.id
        )
        if check.result == "right" and check.email is not None:
            await self._identity.proven(talk.received.conversation, check.email)
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

    async def got_link(self, talk: Talk, digest: str) -> None:
        """The customer came by a deep link: the conversation is that member's, if the link still holds."""
        member = await self._links.redeem(digest, talk.received.message.id)
        conversation = talk.received.conversation
        if member is not None:
            if not conversation.language_chosen and member.language in LANGUAGES:
                conversation.language = talk.language = member.language
            self._identity.linked(conversation, member)
        if talk.is_silent:
            return
        if member is None:
            talk.tell("identity.link_invalid")
        else:
            talk.tell("identity.linked", email=member.email)

    def _buttons(self, talk: Talk, waiting: Waiting) -> tuple[Button, Button]:
        again = talk.button("resend", "button.resend_code", origin=waiting.origin)
        return again, stop_button(talk, waiting)


def stop_button(talk: Talk, waiting: Waiting) -> Button:
    """Ends this dialogue and no other."""
    return talk.button("stop", "button.stop", origin=waiting.origin)
