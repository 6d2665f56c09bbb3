"""Django's settings, derived from the service's configuration; there is no second place to configure anything."""

from __future__ import annotations

import hashlib
from typing import Any

import django
from django.conf import settings

from ml_connector.web.console.settings import console_settings
from ml_connector.web.service_config import ServiceConfig


def django_settings(config: ServiceConfig, signing_key: str) -> dict[str, Any]:
    """Return the settings. `signing_key` signs sessions and forms."""
    return {
        "DEBUG": False,
        "SECRET_KEY": signing_key,
        "ALLOWED_HOSTS": [
            "*"
        ],  # the SOAP and webhook addresses are authenticated by their own secrets, not by host name
        "DATABASES": {"default": config.django_database()},
        "INSTALLED_APPS": ["ml_connector.store.apps.StoreConfig"],
        "MIDDLEWARE": ["django.middleware.security.SecurityMiddleware"],
        "ROOT_URLCONF": "ml_connector.web.urls",
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "APPEND_SLASH": False,
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        # Bodies are read and capped by the views themselves; see web/bodies.py.
        "DATA_UPLOAD_MAX_MEMORY_SIZE": None,
        "LOGGING_CONFIG": None,
        **console_settings(),
    }


def configure(config: ServiceConfig, master_key_text: str = "") -> None:
    """Set Django up, once in a process."""
    if settings.configured:
        return
    signing_key = hashlib.sha256(b"ml-connector signing key" + master_key_text.encode()).hexdigest()
    settings.configure(**django_settings(config, signing_key))
    django.setup()
