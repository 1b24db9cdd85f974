"""`clausewise doctor`: what is configured, what works, what is missing and how to fix it."""

import typer

from bot.commands.running import AsJson, counting, print_json, run, settings

MARKS = {"ok": "ok     ", "missing": "not set", "fault": "FAULT  "}


def doctor(as_json: AsJson = False) -> None:
    """Say what is configured, what works, what is missing and how to fix it.

    A part that is "not set" may be as you want it; a FAULT never is, and the exit status is then 1.
    """
    from dataclasses import asdict

    from bot.doctor import examine

    async def work() -> int:
        chosen = settings()
        with counting("looking") as step:
            step("at everything")
            findings = await examine(chosen)
        if as_json:
            print_json([asdict(finding) for finding in findings])
        else:
            for finding in findings:
                typer.echo(f"{MARKS[finding.status]}  {finding.part:<15} {finding.detail}")
                if finding.remedy and finding.status != "ok":
                    typer.echo(f"{'':<26}-> {finding.remedy}")
        return 1 if any(finding.status == "fault" for finding in findings) else 0

    run(work)
