"""`dunwell serve`: the desk in the browser, for this machine only."""

import secrets
import socket
from http import HTTPStatus
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import click
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from dunwell.core.errors import DunwellError
from dunwell.jobs.context import tell


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of ordinary requests: their addresses may carry the key."""
        if isinstance(code, int) and code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log_message("%s %s", self.command, str(code))


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True)
def serve(port: int) -> None:
    """Show today and every debtor in the browser of this machine."""
    settings.DESK_KEY = secrets.token_urlsafe(24)
    try:
        server = make_server("127.0.0.1", port, get_wsgi_application(), server_class=_Threads, handler_class=_Quiet)
    except (OSError, socket.gaierror) as error:
        raise DunwellError("desk.port_taken", port=port, other=port + 1 if port < 65535 else port - 1) from error
    with server:
        tell("desk.serving", address=f"http://127.0.0.1:{port}/?key={settings.DESK_KEY}")
        server.serve_forever()
