#!/usr/bin/env python
"""Every command of the clinic. `runclinic` makes what the settings need, so it runs before they can be read."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from clinic.management.commands import runclinic


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    try:
        if sys.argv[1:2] == ["runclinic"]:
            runclinic.Command().run_from_argv(sys.argv)
        else:
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        sys.exit(str(wrong))


if __name__ == "__main__":
    main()
