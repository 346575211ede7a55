"""Makes sure that the programs are there to test with: installed where that is possible, asked for where it is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

#: Debian's package -> names that its program goes by.
NEEDED = {"chromium": ("chromium", "chromium-browser", "google-chrome")}
#: The tests of these are skipped without them.
WELCOME = {"pgbouncer": ("pgbouncer",), "espeak-ng": ("espeak-ng",), "nginx-light": ("nginx",)}


def find(*names: str) -> str | None:
    path = f"{os.environ['PATH']}:/usr/sbin"
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def main() -> None:
    missing = [package for package, names in (NEEDED | WELCOME).items() if not find(*names)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        install(missing)
    elif asked_for := [package for package in missing if package in NEEDED]:
        sys.exit(f"The tests need {asked_for[0]}: install it (on Debian and Ubuntu: sudo apt install {asked_for[0]}).")


def install(packages: list[str]) -> None:
    # Runlevel 1: no service is started.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=True, env=quiet)


if __name__ == "__main__":
    main()
