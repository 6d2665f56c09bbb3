"""The part of Django's settings that only the console uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

#: All of the console is below this address, and its cookies are sent to no other.
PREFIX = "/console"
SESSION_HOURS = 12

_HERE = Path(__file__).parent


def console_settings() -> dict[str, Any]:
    """Return the settings. No middleware is named here: screens carry it, so that other addresses do not pay for it."""
    return {
        "AUTH_USER_MODEL": "store.User",
        # Memory-hard, and in Python's standard library. See docs/adr.
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.ScryptPasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        ],
        "SESSION_ENGINE": "ml_connector.web.console.sessions",
        "SESSION_COOKIE_NAME": "mlc_session",
        "SESSION_COOKIE_PATH": PREFIX,
        "SESSION_COOKIE_AGE": SESSION_HOURS * 3600,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",  # a link in an e-mail or a chat opens the page, and does nothing
        "CSRF_COOKIE_NAME": "mlc_csrf",
        "CSRF_COOKIE_PATH": PREFIX,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_FAILURE_VIEW": "ml_connector.web.console.refusals.csrf_failed",
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        "FORM_RENDERER": "django.forms.renderers.DjangoTemplates",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(_HERE / "templates")],
                "OPTIONS": {
                    "builtins": ["ml_connector.web.console.tags"],
                    "context_processors": ["django.template.context_processors.csrf"],
                },
            }
        ],
    }


def fit_address(own_url: str) -> None:
    """Fit cookies and the check of forms to the address under which people reach the service; called once, at its start."""
    parts = urlsplit(own_url)
    secure = parts.scheme == "https"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = secure
    # Behind a proxy that ends TLS, the browser names an origin that the request alone does not show.
    settings.CSRF_TRUSTED_ORIGINS = [f"{parts.scheme}://{parts.netloc}"]
