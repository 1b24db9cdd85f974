"""The methods by which a bot gets its updates and the files in them."""

import re

from tests.bot_api.model import Call, Refused, bad
from tests.bot_api.registry import method
from tests.bot_api.text import parsed_json
from tests.bot_api.world import World

LONGEST_POLL = 50


@method("getUpdates")
async def get_updates(world: World, call: Call) -> object:
    if world.webhook.get("url"):
        raise Refused(
            409,
            "Conflict: can't use getUpdates method while webhook is active;"
            " use deleteWebhook to delete the webhook first",
        )
    if "allowed_updates" in call.form:
        world.updates.allow(parsed_json(call, "allowed_updates", []))
    limit = call.integer("limit") or 100
    seconds = min(max(call.integer("timeout") or 0, 0), LONGEST_POLL)
    return await world.updates.poll(call.integer("offset") or 0, min(max(limit, 1), 100), seconds)


@method("setWebhook")
def set_webhook(world: World, call: Call) -> object:
    secret = call.form.get("secret_token", "")
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad("secret token contains unallowed characters")
    allowed = parsed_json(call, "allowed_updates", [])
    if "allowed_updates" in call.form:
        world.updates.allow(allowed)
    if call.flag("drop_pending_updates"):
        world.updates.clear()
    world.webhook = dict(call.form) if call.form.get("url") else {}
    world.hook_error = {}
    if world.webhook:
        world.updates.terminate("setWebhook request")
    return True


@method("deleteWebhook")
def delete_webhook(world: World, call: Call) -> object:
    if call.flag("drop_pending_updates"):
        world.updates.clear()
    world.webhook = {}
    return True


@method("getWebhookInfo")
def get_webhook_info(world: World, _call: Call) -> object:
    allowed = world.updates.allowed
    return {
        "url": world.webhook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": world.updates.pending,
        "max_connections": int(world.webhook.get("max_connections", "40")),
        **({} if allowed is None else {"allowed_updates": sorted(allowed)}),
        **world.hook_error,
    }


@method("getFile")
def get_file(world: World, call: Call) -> object:
    file = world.files.get(call.form.get("file_id", ""))
    if file is None:
        raise bad("invalid file_id")
    if file.size > world.file_limit:
        raise bad("file is too big")
    described = {"file_id": file.file_id, "file_unique_id": f"u{file.file_id}", "file_size": file.size}
    return {**described, "file_path": f"documents/{file.file_id}"}
