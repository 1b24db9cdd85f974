"""The customer wants a person, or is waiting for one."""

from bot.model import Block, ConversationState
from bot.talk import Talk


class People:
    """Queues a conversation for the team. From then on the bot is silent in it."""

    def ask(self, talk: Talk) -> None:
        conversation = talk.received.conversation
        talk.wait(ConversationState.QUEUED, {})
        conversation.queued_at = talk.now
        talk.tell("handoff.queued", talk.button("back", "button.back_to_assistant"))

    def leave_queue(self, talk: Talk) -> None:
        """The customer no longer wants to wait; only a person ends what a person has begun."""
        if talk.state is ConversationState.WITH_PERSON:
            return
        talk.received.conversation.queued_at = None
        talk.move(ConversationState.OPEN, {})
        talk.reply(Block("say", talk.say("handoff.back")))
