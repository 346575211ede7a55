"""nginx with deploy/nginx.conf, on ports and in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from clinic import env

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
#: Around the site; Debian's own nginx.conf does this where it is installed.
AROUND = """
daemon off;
pid {folder}/nginx.pid;
worker_processes 1;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    {site}
}}
"""


def configure(folder: Path, ports: Sequence[int], *, port: int, certificate: Path | None = None) -> Path:
    """The site before web processes on these ports, by TLS if there is a certificate (with its key in one file)."""
    site = (env.BASE_DIR / "deploy" / "nginx.conf").read_text()
    servers = "".join(f"    server 127.0.0.1:{web} max_fails=1 fail_timeout=5s;\n" for web in ports)
    site = re.sub(r"( {4}server 127.0.0.1:\d+ max_fails=1 fail_timeout=5s;\n)+", servers, site)
    site = site.replace("/var/lib/nginx/clinic", f"{folder}/cache")
    site = re.sub(r"server {\s+listen 80;.*?\n}\n", "", site, flags=re.DOTALL)
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    if certificate:
        site = re.sub(r"/etc/ssl/clinic/\w+\.pem", str(certificate), site)
    else:
        site = re.sub(r" ssl http2;|^ +ssl_.*\n", lambda found: ";" * found[0].startswith(" ssl "), site, flags=re.M)
    configuration = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(AROUND.format(folder=folder, user=user, site=site))
    return configuration


@contextlib.contextmanager
def nginx(configuration: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command(configuration)) as process:
        try:
            wait_for(port)
            yield process
        finally:
            process.terminate()


def command(configuration: Path, *more: str) -> list[str]:
    assert NGINX, "needs nginx (on Debian and Ubuntu: apt install nginx-light)"
    return [NGINX, "-e", str(configuration.with_name("errors.log")), "-c", str(configuration), *more]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < deadline, f"nobody listens on port {port}"
        time.sleep(0.05)
