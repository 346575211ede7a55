"""Spoken pieces that are made beforehand."""

from __future__ import annotations

import wave

import pytest
from django.core.management import CommandError, call_command

from clinic import speech, words
from queueing.models import Display
from tests import programs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CLINIC_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def said(room):
    hall = Display.objects.create(name="Hall", slug="hall")
    return words.in_language("en", hall)


def rendered(said, *texts):
    speech.folder().mkdir(exist_ok=True)
    for text in texts:
        (speech.folder() / f"{speech.name(said['lang'], text)}.wav").write_bytes(b"RIFF")


class TestPieces:
    def test_are_words_letters_figures_and_rooms(self, said, room):
        pieces = speech.pieces(said)

        assert pieces[0] == "Ticket"
        assert {"A", "Z", "0", "9", room.name} <= set(pieces)

    def test_have_names_of_their_own_in_each_language(self):
        assert speech.name("en", "A") != speech.name("es", "A") != speech.name("es", "B")

    def test_are_offered_to_displays_once_they_are_there(self, said):
        assert speech.clips([said]) == {}

        rendered(said, "Ticket", "A")

        assert set(speech.clips([said])["en"]) == {"Ticket", "A"}


class TestTheirAddress:
    def test_serves_a_sound_for_ever(self, client, said):
        rendered(said, "Ticket")

        answer = client.get(f"/speech/{speech.name('en', 'Ticket')}.wav")

        assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, b"RIFF", "audio/wav")
        assert "immutable" in answer.headers["Cache-Control"]

    @pytest.mark.parametrize("name", ["0" * 32 + ".wav", "../secret-key", "0" * 31 + ".wav", "0" * 32])
    def test_knows_nothing_else(self, client, name):
        assert client.get(f"/speech/{name}").status_code == 404


class TestRenderspeech:
    def test_says_how_to_install_what_is_missing(self, said, monkeypatch):
        monkeypatch.setattr(speech, "PROGRAM", "no-such-program")

        with pytest.raises(CommandError, match="apt install espeak-ng"):
            call_command("renderspeech")

    @pytest.mark.skipif(not programs.find("espeak-ng"), reason="needs espeak-ng")
    def test_speaks_what_is_missing_and_only_that(self, said, room, capsys):
        room.name = "-h; Room <1>"
        room.save()

        call_command("renderspeech")
        call_command("renderspeech")

        first, second = capsys.readouterr().out.splitlines()
        assert (first, second) == (
            f"{len(speech.pieces(said))} pieces were spoken, in en.",
            "0 pieces were spoken, in en.",
        )
        assert set(speech.clips([said])["en"]) == set(speech.pieces(said))
        with wave.open(str(speech.folder() / f"{speech.name('en', room.name)}.wav")) as sound:
            assert 0.2 < sound.getnframes() / sound.getframerate() < 5
