"""The values of guarded actions: who asks, what is asked, what was decided and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How sure we are of who speaks. An action names the least level that it needs."""

    ANONYMOUS = 0
    LINKED = 1
    VERIFIED = 2


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, from the verified channel session and never from text.

    Anyone who proved an e-mail address has `email` and may file a data-protection request, account or not;
    `member_id`, `account_id` and `role` are set only for a member of an account.
    """

    level: Level = Level.ANONYMOUS
    email: str | None = None
    member_id: str | None = None
    account_id: str | None = None
    role: str | None = None
    language: str = "en"


class ActionKind(StrEnum):
    CANCEL_ACCOUNT = "cancel_account"
    INVOICE_CORRECTION = "invoice_correction"
    GDPR_REQUEST = "gdpr_request"


class Right(StrEnum):
    """The rights a data subject may exercise by `gdpr_request`."""

    INFORMATION = "information"
    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    WITHDRAW_CONSENT = "withdraw_consent"


class Step(StrEnum):
    """Where an action stands; `lifecycle.py` says which may follow which."""

    PROPOSED = "PROPOSED"
    DENIED = "DENIED"
    AWAITING_IDENTITY = "AWAITING_IDENTITY"
    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    SCHEDULED = "SCHEDULED"
    EXECUTING = "EXECUTING"
    DONE = "DONE"
    FAILED = "FAILED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


Values = Mapping[str, str]
"""Named values of a sentence. Amounts are "12.34 EUR", days and moments ISO 8601; the bot formats them."""


@dataclass(frozen=True, slots=True)
class Allow:
    """The guard lets it pass; `checks` are the rules that were tested, in order."""

    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deny:
    """The guard stops it. `rule` names the reason, `clause` the anchor of the clause that decides."""

    rule: str
    clause: str | None = None
    values: Values = field(default_factory=dict)


Verdict = Allow | Deny


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan card or receipt: a message key, its values, the clause behind it."""

    key: str
    values: Values = field(default_factory=dict)
    clause: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the customer confirms: a dry run's difference, the preconditions, what cannot be undone.

    `hash` covers everything else here and the facts it was made from; a change of either voids it.
    """

    kind: ActionKind
    changes: tuple[Line, ...]
    preconditions: tuple[Line, ...]
    irreversible: tuple[Line, ...]
    effective_at: datetime | None
    hash: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A request as it comes from a turn. `origin` is the message's id: proposing twice is proposing once.

    `proposed_by` says in the log what took the message for this request: rules, or model:NAME@VERSION.
    """

    kind: ActionKind
    principal: Principal
    conversation_id: str
    origin: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    proposed_by: str | None = None


@dataclass(frozen=True, slots=True)
class NeedsIdentity:
    """`level` must be reached first; then the same proposal may be made again."""

    level: Level
    action_id: str


@dataclass(frozen=True, slots=True)
class NeedsArguments:
    """These arguments are missing or wrong. `problems` maps an argument to the rule that it breaks."""

    missing: tuple[str, ...]
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NeedsConfirmation:
    """`token` is the opaque, random id that the button carries. `is_held`: a clause behind the plan was
    just changed, so that staff decide once it is confirmed.
    """

    action_id: str
    plan: Plan
    token: str
    expires_at: datetime
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Denied:
    """The guard's refusal, in the log."""

    action_id: str | None
    verdict: Deny


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an action stands after a step, read back from the database.

    `reference` is what a customer may quote; `lines` say what happened or will happen. `case`: how the
    data-protection case stands that it filed: open, done or refused.
    """

    action_id: str
    reference: str
    kind: ActionKind
    step: Step
    lines: tuple[Line, ...]
    effective_at: datetime | None = None
    may_withdraw: bool = False
    conversation_id: str | None = None
    case: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A press or call that does nothing: replayed, foreign, expired, altered plan. `rule` says which."""

    rule: str
    action_id: str | None = None


Proposed = Denied | NeedsIdentity | NeedsArguments | NeedsConfirmation
Confirmed = Receipt | Denied | Rejected
