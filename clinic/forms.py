"""What people may send from the desk. The cleaned fields of a verb's form are the verb's own arguments."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from queueing.models import Patient, Priority

#: Fits, with the verb and the ticket added, into the 64 characters of `Event.key`.
KEY = 36


class Plain(forms.Form):
    """A verb that needs to know nothing more."""


class Reason(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)


class Call(forms.Form):
    room_id = forms.IntegerField(label=_("Room"), min_value=1)
    key = forms.CharField(max_length=KEY, required=False)


class Keyed(forms.Form):
    key = forms.CharField(max_length=KEY, required=False)


class PutBack(forms.Form):
    at_end = forms.BooleanField(label=_("At the end of the line"), required=False)


class Transfer(PutBack):
    service_id = forms.IntegerField(label=_("Service"), min_value=1)


class Prioritise(forms.Form):
    priority = forms.ChoiceField(label=_("Priority"), choices=Priority.choices)


class Move(forms.Form):
    place = forms.IntegerField(label=_("Place"), min_value=1)
    reason = forms.CharField(label=_("Reason"), max_length=500)


class Issue(forms.Form):
    service_id = forms.IntegerField(
        label=_("Service"), min_value=1, error_messages={"required": _("Please choose a service.")}
    )
    priority = forms.ChoiceField(label=_("Priority"), choices=Priority.choices, initial=Priority.LOW)
    reference = forms.CharField(label=_("Reference"), max_length=40, required=False)
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    show_name = forms.BooleanField(label=_("May be shown on the screen"), required=False)
    key = forms.CharField(max_length=KEY, required=False)

    def patient(self) -> Patient | None:
        """The patient with this reference, else a new one; None where neither reference nor name is given."""
        reference, name = self.cleaned_data["reference"], self.cleaned_data["name"]
        new = {"name": name, "show_name": self.cleaned_data["show_name"]}
        if not reference:
            return Patient.objects.create(**new) if name else None
        if found := Patient.objects.filter(reference=reference).first():
            return found
        if not name and not any(letter.isdigit() for letter in reference):
            return Patient.objects.create(**{**new, "name": reference})  # a name, typed where either may stand
        return Patient.objects.get_or_create(reference=reference, defaults=new)[0]


def sentence(form: forms.Form) -> str:
    """What is wrong with a form, in words: 'Place: Enter a whole number.'"""
    return " ".join(f"{_label(form, name)}{' '.join(map(str, errors))}" for name, errors in form.errors.items())


def _label(form: forms.Form, name: str) -> str:
    return f"{form.fields[name].label}: " if name in form.fields else ""
