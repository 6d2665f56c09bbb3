"""A simulated Basware P2P tenant: strict, foreign, shipped with the product so that it can be tried.

`tenant.BaswareTenant` is the state machine; `app.BaswareApp`, `presigned.PresignedApp` and `control.ControlApp` are its
WSGI faces; `serve.BaswareServer` puts them on sockets; `python -m ml_connector.sandbox.basware` runs all of it.
"""
