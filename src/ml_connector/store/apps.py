"""Django's view of this room."""

from django.apps import AppConfig

from ml_connector.store.sqlite_letters import know_all_letters


class StoreConfig(AppConfig):
    """Registers the models."""

    name = "ml_connector.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Prepare every connection to the database that is opened."""
        know_all_letters()
