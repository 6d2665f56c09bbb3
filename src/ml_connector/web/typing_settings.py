"""Settings for the type checker, which wants a module."""

from ml_connector.web.service_config import ServiceConfig
from ml_connector.web.settings import django_settings

globals().update(django_settings(ServiceConfig(), "only for the type checker"))
