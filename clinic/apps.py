from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "Pages"

    def ready(self) -> None:
        from clinic import checks  # noqa: F401
