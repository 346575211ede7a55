from clinic.formats.numeric import *  # noqa: F403
