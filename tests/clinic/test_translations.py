"""Every text is marked, is in every catalog, and says the same there."""

from __future__ import annotations

import ast
import os
import re

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils.translation import to_locale

from clinic import checks, env, translations
from clinic.management.commands.translations import forms

TEXTS = [message for message in translations.texts() if message.id]
CATALOGS = {path.parent.parent.name: translations.read(path) for path in translations.catalogs()}
GETTEXT = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext", "npgettext"}
#: They translate what stands above them in the same file, marked with gettext_noop.
MARKED_ABOVE = {"notifications/sentences.py", "queueing/refusals.py"}
PLACEHOLDER = re.compile(r"%\(\w+\)[\d.]*[a-z]|%[sd]|\{\w*\}")
#: What stands on a page as it is in every language.
CODES = re.compile(r"\b[A-Z]-\d{3}\b|\bF\d\b")


def ids(message):
    return forms(message.id)


def is_known(call, known, path):
    words = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    if not words:
        return str(path.relative_to(env.BASE_DIR)) in MARKED_ABOVE
    return all(word in known for word in words[call.func.id.startswith(("pgettext", "npgettext")) :])


class TestCatalogs:
    def test_are_there_for_every_language_but_that_of_the_code(self):
        assert {to_locale(code) for code, _ in settings.LANGUAGES} == {*CATALOGS, "en"}

    @pytest.mark.parametrize("locale", CATALOGS)
    def test_have_every_text_and_nothing_else(self, locale):
        """If not: manage.py translations --update, then translate what is empty."""
        there = {(message.id, message.context) for message in CATALOGS[locale] if message.id}
        assert there == {(message.id, message.context) for message in TEXTS}
        assert not CATALOGS[locale].obsolete

    @pytest.mark.parametrize("locale", CATALOGS)
    def test_leave_nothing_empty_or_doubtful(self, locale):
        catalog = CATALOGS[locale]
        assert [message.id for message in catalog if message.id and message.fuzzy] == []
        assert [message.id for message in catalog if message.id and not all(forms(message.string))] == []

    @pytest.mark.parametrize("locale", CATALOGS)
    def test_have_every_plural_of_their_language(self, locale):
        catalog = CATALOGS[locale]
        assert catalog.num_plurals == (6 if locale == "ar" else 2)
        plurals = [message for message in catalog if message.pluralizable]
        assert plurals
        assert [message.id for message in plurals if len(message.string) != catalog.num_plurals] == []

    @pytest.mark.parametrize("locale", CATALOGS)
    def test_keep_the_placeholders(self, locale):
        changed = [
            (message.id, form)
            for message in CATALOGS[locale]
            for form in forms(message.string)
            if sorted(PLACEHOLDER.findall(form)) != sorted(PLACEHOLDER.findall(ids(message)[-1]))
        ]
        assert changed == []

    @pytest.mark.parametrize("locale", CATALOGS)
    def test_begin_and_end_as_the_text_does(self, locale):
        """A full stop or an ellipsis tells whether something is a sentence or a button."""
        different = [
            (message.id, form)
            for message in CATALOGS[locale]
            for form in forms(message.string)
            if message.id and (form[-1] in ".…") != (ids(message)[-1][-1] in ".…")
        ]
        assert different == []


class TestMarks:
    def test_are_on_words_and_never_on_a_variable_nor_out_of_sight(self):
        """Before Python 3.12 nobody sees into an f-string."""
        known = {text for message in TEXTS for text in ids(message)}
        unseen = [
            f"{path.relative_to(env.BASE_DIR)}:{call.lineno}"
            for path, code in translations.sources()
            if path.suffix == ".py"
            for call in ast.walk(ast.parse(code))
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in GETTEXT
            if not is_known(call, known, path)
        ]
        assert unseen == []

    @pytest.mark.parametrize("path", sorted((env.BASE_DIR / "templates").rglob("*.html")), ids=lambda path: path.name)
    def test_are_on_every_word_of_a_template(self, path):
        text = path.read_text()
        text = re.sub(r"\{#.*?#\}|<!--.*?-->|<script.*?</script>", "", text, flags=re.S)
        text = re.sub(r"\{% blocktranslate.*?endblocktranslate %\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.S)
        spoken = re.findall(r'(?:title|alt|placeholder|aria-label)="([^"]*)"', text)
        seen = re.sub(r"<[^>]*>", " ", re.sub(r'[\w-]+="[^"]*"', "", text))
        words = re.findall(r"[^\W\d_][\w’']*", CODES.sub("", " ".join([seen, *spoken])))
        assert words == []


class TestCommand:
    @pytest.fixture
    def catalog(self, monkeypatch, tmp_path):
        """One of its own, with one text translated, one gone, and all others missing."""
        path = tmp_path / "es" / "LC_MESSAGES" / "django.po"
        path.parent.mkdir(parents=True)
        path.write_text('msgid "Desk"\nmsgstr "Recepción"\n\nmsgid "Not said any more"\nmsgstr "Ya no"\n')
        monkeypatch.setattr(translations, "FOLDER", tmp_path)
        return path

    def test_takes_in_what_the_code_says_and_keeps_what_is_translated(self, catalog):
        found = translations.update(catalog)

        assert found.get("Desk").string == "Recepción"
        assert not found.get("Please take a seat").string
        assert 'msgid "Not said any more"' not in catalog.read_text()
        assert 'msgstr "Recepción"' in catalog.read_text()

    def test_compiles_what_has_changed(self, catalog):
        assert translations.compile_stale() == [catalog]
        assert translations.compile_stale() == []
        later = translations.compiled(catalog).stat().st_mtime + 1
        os.utime(catalog, (later, later))
        assert [found.id for found in checks.catalogs_are_compiled(None)] == ["clinic.W002"]
        assert translations.compile_stale() == [catalog]

    def test_leaves_nothing_to_complain_of(self):
        call_command("translations")
        assert checks.catalogs_are_compiled(None) == []
