"""The web process."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

SAY_LIMIT = "import clinic.asgi, resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))"


class TestTheWebProcess:
    @pytest.mark.parametrize(("hard", "found"), [(4096, 4096), (1024, 1024)])
    def test_opens_as_many_files_as_it_may(self, hard, found):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))

        started = subprocess.run(
            [sys.executable, "-c", SAY_LIMIT],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.settings"},
            preexec_fn=limit,
            check=True,
            capture_output=True,
            text=True,
        )

        assert started.stdout.strip() == str((found, hard))
