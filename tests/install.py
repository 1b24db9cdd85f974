"""Install what tests need beside Python, where this machine may: `python -m tests.install`.

That is a Chromium, and a Redis server.
"""

import os
import shutil
import subprocess
import sys

REDIS = "redis-server"


def chromium() -> str | None:
    """The system's Chromium, else the one that playwright installed for itself."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if os.path.exists(own) else None


def missing() -> list[str]:
    """The Debian packages of what is not here."""
    return [*([] if chromium() else ["chromium"]), *([] if shutil.which(REDIS) else [REDIS])]


def main() -> int:
    wanted = missing()
    if wanted and shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], env=quiet, check=False)
        install = ["apt-get", "install", "-qy", "--no-install-recommends", *wanted]
        subprocess.run(install, env=quiet, check=False)
        wanted = missing()
    if "chromium" in wanted:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        wanted = missing()
    if wanted:
        print(f"Could not be installed. As root: apt-get install {' '.join(wanted)}", file=sys.stderr)
    return 1 if wanted else 0


if __name__ == "__main__":
    sys.exit(main())
