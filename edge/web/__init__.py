"""The one ASGI server and what it serves; nothing here writes to the store."""

from edge.web.app import create_app
from edge.web.server import WebServer

__all__ = ["WebServer", "create_app"]
