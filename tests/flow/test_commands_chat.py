"""`chat` and the command line itself; three tests start a real process."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.main import get_command

from bot.__main__ import app
from bot.channels.signing import sign
from tests.commands import clausewise

ROOT = Path(__file__).parents[2]
OLIVIA = "olivia.owner@example.com"
PATH = "/api/v1/messages"
COMMAND = [sys.executable, "-m", "bot"]


def environment(data_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return {**kept, "PYTHONPATH": str(ROOT), "DATA_DIR": str(data_dir), "COLUMNS": "100"}


def test_help_of_the_real_command(tmp_path: Path) -> None:
    ran = subprocess.run(
        [*COMMAND, "--help"],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        assert name in ran.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        *((name,) for name in get_command(app).commands if name not in ("log", "handoff")),  # type: ignore[attr-defined]
        *(("log", name) for name in ("show", "verify", "export")),
        *(("handoff", name) for name in ("list", "take", "reply", "back")),
    ],
    ids=" ".join,
)
def test_every_command_and_option_is_explained(command: tuple[str, ...]) -> None:
    ran = clausewise(*command, "--help")
    assert ran.status == 0
    node = get_command(app)
    for name in command:
        node = node.commands[name]  # type: ignore[attr-defined]
    assert node.help
    for parameter in node.params:
        explained = getattr(parameter, "help", None)
        assert explained, f"{' '.join(command)}: {parameter.name}"


def test_version_and_wrong_calls() -> None:
    assert clausewise("--version").out.startswith("clausewise ")
    for arguments in (("serch",), ("search", "a", "b"), ("ingest",), ("log", "show", "--last", "0")):
        ran = clausewise(*arguments)
        assert (ran.status, ran.out) == (2, "")
        assert "--help" in ran.err


def test_chat_as_somebody_only_on_a_demo(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))
    ran = clausewise("chat", "--jsonl", "--as", OLIVIA)
    assert (ran.status, ran.out) == (1, "")
    assert "only on a demo store" in ran.err
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    ran = clausewise("chat", "--jsonl", "--as", "nobody@example.com")
    assert (ran.status, ran.out) == (1, "")
    assert "no demo customer has the address nobody@example.com" in ran.err


def test_chat_jsonl_prints_one_object_a_line(data_dir: Path) -> None:
    lines = [
        b"\xef\xbb\xbf" + json.dumps({"text": "How long does the free trial last?"}).encode(),
        b"",
        b"nonsense",
        json.dumps({"text": "x" * 10_000}).encode(),
        json.dumps({"press": "no such button"}).encode(),
        json.dumps({"text": "please cancel my account"}).encode(),
    ]
    ran = subprocess.run(
        [*COMMAND, "chat", "--jsonl", "--as", OLIVIA],
        input=b"\n".join(lines),
        env=environment(data_dir),
        capture_output=True,
        timeout=120,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [list(answer) for answer in answers] == [["replies", "state", "action_id", "error"]] * 5
    found, nonsense, long, pressed, cancelling = answers
    citation = next(citation for reply in found["replies"] for citation in reply["citations"])
    assert list(citation) == ["document", "clause_id", "heading", "quote"]
    assert any(citation["quote"] in reply["text"] for reply in found["replies"])
    assert (nonsense["replies"], nonsense["error"][:8]) == ([], "not JSON")
    assert long["error"] is None
    assert pressed["error"] == "unknown-button"
    assert (cancelling["state"], bool(cancelling["action_id"])) == ("awaiting_confirmation", True)


def test_ctrl_c_while_chat_starts_shows_no_traceback(data_dir: Path) -> None:
    for wait in (0.3, 0.7, 1.2):
        with subprocess.Popen(
            [*COMMAND, "chat", "--jsonl"],
            env=environment(data_dir),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as chat:
            time.sleep(wait)
            chat.send_signal(signal.SIGINT)
            chat.wait(timeout=60)
            out, err = chat.communicate()
        if b"<frozen site>" in err:
            continue  # a slow machine: it came before Python had read anything of ours
        assert (out, err) == (b"", b"")
        assert chat.returncode in (130, -signal.SIGINT, 1)


def test_the_documented_request_is_signed_as_the_server_checks_it() -> None:
    page = (ROOT / "docs" / "http.md").read_text()
    body = re.search(r'^`(\{"conversation":"c-1".*\})`', page, re.MULTILINE)
    assert body is not None
    expected = sign("change-me", timestamp=1_760_000_000, path=PATH, body=body[1].encode())
    assert f"```\n{expected}\n```" in page
    example = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert example is not None
    compile(example[1], "docs/http.md", "exec")
    assert f'PATH, SECRET = "http://127.0.0.1:8080", "{PATH}"' in example[1]
