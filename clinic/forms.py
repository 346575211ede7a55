"""What people may send from the desk. The cleaned fields of a verb's form are the verb's own arguments."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from queueing.models import Patient, Priority

NEEDS = [
    ("needs_fetching", _("fetch in person")),
    ("needs_interpreter", _("interpreter")),
    ("needs_wheelchair", _("wheelchair")),
]
#: Fits, with the verb and the ticket added, into the 64 characters of `Event.key`.
KEY = 36


class Press(forms.Form):
    """What every verb takes: which press it is, and the version of the ticket that stood on the page."""

    key = forms.CharField(max_length=KEY, required=False)
    version = forms.IntegerField(required=False, min_value=1)


class Reason(Press):
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)


class Pause(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=60)


class Call(Press):
    room_id = forms.IntegerField(label=_("Room"), min_value=1)


class PutBack(Press):
    at_end = forms.BooleanField(label=_("At the end of the line"), required=False)


class Transfer(PutBack):
    service_id = forms.IntegerField(label=_("Service"), min_value=1)


class Prioritise(Press):
    priority = forms.ChoiceField(label=_("Priority"), choices=Priority.choices)


class Move(Press):
    place = forms.IntegerField(label=_("Place"), min_value=1, max_value=10_000)
    reason = forms.CharField(label=_("Reason"), max_length=500)


class Settings(forms.Form):
    """How this browser's desk is set; what is not sent stays as it is."""

    room = forms.IntegerField(required=False, min_value=1)
    shortcuts = forms.ChoiceField(choices=[("on", "on"), ("off", "off")], required=False)


class Issue(forms.Form):
    service_id = forms.IntegerField(
        label=_("Service"), min_value=1, error_messages={"required": _("Please choose a service.")}
    )
    priority = forms.ChoiceField(label=_("Priority"), choices=Priority.choices, initial=Priority.LOW)
    reference = forms.CharField(label=_("Reference"), max_length=40, required=False)
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    show_name = forms.BooleanField(label=_("May be shown on the screen"), required=False)
    needs = forms.MultipleChoiceField(label=_("Needs"), choices=NEEDS, required=False)
    key = forms.CharField(max_length=KEY, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuses a name that is not the one of the patient with this reference: one of the two is a slip."""
        sent = super().clean() or {}
        reference, name = sent.get("reference"), sent.get("name", "")
        self.known = Patient.objects.filter(reference=reference).first() if reference else None
        if self.known and self.known.name and name and name.casefold() != self.known.name.casefold():
            slip = _("%(reference)s is the reference of %(name)s. Please check it, or leave the name empty.")
            self.add_error("name", slip % {"reference": reference, "name": self.known.name})
        return sent

    def patient(self) -> Patient | None:
        """The patient, to be saved with the ticket; None where neither reference nor name is given."""
        reference, name, agrees = (self.cleaned_data[field] for field in ("reference", "name", "show_name"))
        if self.known:
            self.known.name = self.known.name or name
            self.known.show_name = self.known.show_name or agrees
            return self.known
        if not name and not any(letter.isdigit() for letter in reference):
            reference, name = "", reference  # a name, typed where either may stand
        return Patient(reference=reference, name=name, show_name=agrees) if reference or name else None


def sentence(form: forms.Form) -> str:
    """What is wrong with a form, in words: 'Place: Enter a whole number.'"""
    return " ".join(f"{_label(form, name)}{' '.join(map(str, errors))}" for name, errors in form.errors.items())


def _label(form: forms.Form, name: str) -> str:
    return f"{form.fields[name].label}: " if name in form.fields else ""
