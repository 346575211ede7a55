"""deploy/ as it stands there, but for folders and ports: two web processes and two workers behind nginx."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
from configparser import ConfigParser
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from websockets.sync.client import connect

from bench import proxy
from clinic import env, startup
from notifications.models import Cursor
from queueing.models import Ticket
from tests.notifications.conftest import clinic, desk, environment, redis
from tests.processes import free_port, wait_until

__all__ = ["clinic", "desk", "environment", "redis"]

DEPLOY = env.BASE_DIR / "deploy"
UNITS = ("clinic-web@.service", "clinic-worker@.service")
PYTHON = "/srv/clinic-queue/.venv/bin/python"
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
    pytest.mark.skipif(not proxy.NGINX, reason="needs nginx (on Debian and Ubuntu: apt install nginx-light)"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl, for a certificate"),
]


def unit(name):
    found = ConfigParser(interpolation=None, strict=False)
    found.optionxform = str
    found.read_string((DEPLOY / name).read_text())
    return found


def command(name, instance):
    start = unit(name)["Service"]["ExecStart"].replace("%i", str(instance))
    assert start.startswith(PYTHON)
    return shlex.split(start.replace(PYTHON, sys.executable))


@pytest.fixture
def deployed(environment, tmp_path):
    """What deploy/environment.example says, with the files that it names."""
    variables = (
        line.split("=", 1) for line in (DEPLOY / "environment.example").read_text().splitlines() if line[0] != "#"
    )
    said = {name: shlex.split(value)[0] for name, value in variables}
    for name in [name for name in said if name.endswith("_FILE")]:
        secret = environment.get(name.removesuffix("_FILE")) or secrets.token_urlsafe(50)
        said[name] = str(tmp_path / name)
        Path(said[name]).write_text(secret)
    said |= {"CLINIC_HOME": str(tmp_path / "home"), "ALLOWED_HOSTS": "127.0.0.1"}
    kept = ("PATH", "HOME", "LANG")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **said}


@contextmanager
def running(unit_name, instance, variables):
    process = subprocess.Popen(command(unit_name, instance), cwd=env.BASE_DIR, env=variables, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
def certificate(tmp_path):
    path = tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", *subject]
    subprocess.run([*made, "-keyout", tmp_path / "key.pem", "-out", path], check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "key.pem").read_text())
    return path


@pytest.fixture
def site(deployed, clinic, redis, certificate, tmp_path):
    """Its address, and the processes by port and by number."""
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    subprocess.run(collect, cwd=env.BASE_DIR, env=deployed, check=True)
    ports, port = (free_port(), free_port()), free_port()
    configuration = proxy.configure(tmp_path, ports, port=port, certificate=certificate)
    with ExitStack() as stack:
        webs = {port: stack.enter_context(running(UNITS[0], port, deployed)) for port in ports}
        workers = [stack.enter_context(running(UNITS[1], number, deployed)) for number in (1, 2)]
        for each in ports:
            proxy.wait_for(each)
        stack.enter_context(proxy.nginx(configuration, port))
        wait_until(lambda: Cursor.objects.exclude(leader="").count() == 3)
        yield SimpleNamespace(
            address=f"https://127.0.0.1:{port}",
            socket=f"wss://127.0.0.1:{port}",
            webs=webs,
            workers={worker.pid: worker for worker in workers},
            certificate=certificate,
        )


class Browser:
    """Signs in with a password, as people do."""

    def __init__(self, site, name, password):
        self.site, self.session = site.address, requests.Session()
        self.session.verify, self.session.trust_env = str(site.certificate), False
        self.session.headers["Referer"] = f"{self.site}/sign-in/"
        self.token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get("/sign-in/").text)[1]
        self.signed_in = self.post("/sign-in/", username=name, password=password)
        self.token = self.session.cookies["csrftoken"]

    def get(self, path):
        return self.session.get(f"{self.site}{path}", timeout=20)

    def post(self, path, **sent):
        sent["csrfmiddlewaretoken"] = self.token
        return self.session.post(f"{self.site}{path}", data=sent, timeout=20)


@pytest.fixture
def browser(site, make_user):
    return Browser(
        site, make_user("rosa", "Receptionist", password="a long one for tests").username, "a long one for tests"
    )


def calls_of(screen):
    """The codes that are called on the next board with a call."""
    while not (calls := json.loads(screen.recv(timeout=20)).get("board", {}).get("calls")):
        pass
    return [call["code"] for call in calls]


def leader():
    """The number of the process that reads for the screens."""
    return int(Cursor.objects.get(sink="push").leader.rpartition(":")[2] or 0)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def test_two_web_processes_and_two_workers_behind_nginx(site, browser, clinic):
    trust = ssl.create_default_context(cafile=site.certificate)
    assert browser.signed_in.url == f"{site.address}/desk/"
    assert browser.session.cookies  # secure ones
    assert all(cookie.secure for cookie in browser.session.cookies)
    static = browser.get(re.search(r'src="(/static/js/desk\.\w+\.js)"', browser.signed_in.text)[1])
    assert "immutable" in static.headers["Cache-Control"]
    assert len(static.raw.headers.getlist("X-Content-Type-Options")) == 1
    assert (
        browser.post("/desk/issue/", service_id=clinic.first.pk, priority="low", name="x" * 70_000).status_code == 413
    )

    with connect(f"{site.socket}/ws/display/hall/", ssl=trust, proxy=None) as screen:
        assert browser.post("/desk/issue/", service_id=clinic.first.pk, priority="low").ok
        assert browser.post(f"/desk/rooms/{clinic.room.pk}/call-next/").ok
        assert calls_of(screen) == ["A-001"]

    kill(next(iter(site.webs.values())))
    for _ in range(4):
        assert browser.post("/desk/issue/", service_id=clinic.first.pk, priority="low").ok
    assert Ticket.objects.count() == 5

    led = leader()
    with connect(f"{site.socket}/ws/display/hall/", ssl=trust, proxy=None) as screen:
        assert calls_of(screen) == ["A-001"]  # whoever comes back is told
        kill(site.workers[led])
        assert browser.post(f"/desk/rooms/{clinic.other.pk}/call-next/").ok
        wait_until(lambda: "A-002" in calls_of(screen), seconds=15)
    wait_until(lambda: leader() not in (0, led))


def test_nginx_takes_the_configuration(certificate, tmp_path):
    configuration = proxy.configure(tmp_path, [8001, 8002], port=free_port(), certificate=certificate)

    tested = subprocess.run(proxy.command(configuration, "-t"), capture_output=True, text=True)

    assert (tested.returncode, "test is successful" in tested.stderr) == (0, True), tested.stderr
    assert "[warn]" not in tested.stderr


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_units(name, tmp_path):
    found = unit(name)
    assert set(found) == {"DEFAULT", "Unit", "Service", "Install"}
    if analyze := shutil.which("systemd-analyze"):
        copy = tmp_path / name
        copy.write_text((DEPLOY / name).read_text().replace(PYTHON, sys.executable))
        verified = subprocess.run([analyze, "verify", copy], capture_output=True, text=True)
        assert (verified.returncode, verified.stderr) == (0, "")


def test_a_web_process_is_as_make_run_starts_it():
    assert [part for part in startup.WEB if part not in command(UNITS[0], 8001)] == []
