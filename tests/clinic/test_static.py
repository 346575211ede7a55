"""What browsers are given: nothing of another host, nothing inline, nothing that was changed behind our back."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings

from clinic.storage import HashedStaticFiles

STATIC, TEMPLATES = settings.BASE_DIR / "static", settings.BASE_DIR / "templates"
VENDOR = STATIC / "vendor"
OURS = [
    path
    for path in [*STATIC.rglob("*"), *TEMPLATES.rglob("*")]
    if path.suffix in (".html", ".css", ".js", ".svg", ".txt") and VENDOR not in path.parents
]
PAGES = [path for path in OURS if path.suffix == ".html"]
#: Names of XML languages; nobody fetches them.
NAMESPACES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml")


def name(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


def test_vendored_files_are_those_whose_checksums_are_kept():
    kept = dict(reversed(line.split("  ")) for line in (VENDOR / "checksums.txt").read_text().splitlines())
    files = {str(path.relative_to(VENDOR)): path for path in VENDOR.rglob("*") if path.is_file()}
    del files["checksums.txt"]

    assert {path: hashlib.sha256(file.read_bytes()).hexdigest() for path, file in files.items()} == kept


def test_vendored_packages_come_with_their_licence():
    packages = [version for package in VENDOR.iterdir() if package.is_dir() for version in package.iterdir()]

    assert packages
    assert all((package / "LICENSE").is_file() for package in packages)


@pytest.mark.parametrize("path", OURS, ids=name)
def test_asks_nothing_of_another_host(path):
    text = path.read_text()
    for namespace in NAMESPACES:
        text = text.replace(namespace, "")

    assert not re.findall(r"(?:https?:)?//[\w.-]+\.\w+/?", re.sub(r"(?m)(^|\s)//.*$", "", text))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_holds_no_inline_code(path):
    text = path.read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|\shx-on", text)


def test_hashed_names_are_used_only_where_files_were_collected():
    storage = HashedStaticFiles()

    storage.hashed_files = {}
    assert storage.stored_name("css/tokens.css") == "css/tokens.css"
    storage.hashed_files = {"css/tokens.css": "css/tokens.0123.css"}
    assert storage.stored_name("css/tokens.css") == "css/tokens.0123.css"
