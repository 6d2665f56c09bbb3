"""Django's view of this room."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Registers the models."""

    name = "ml_connector.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
