"""An application of a few documents behind real HTTP, which keeps what it was asked."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flask import Flask, Response, request
from werkzeug.datastructures import Headers
from werkzeug.serving import make_server


class WebApplication:
    """`pages` maps a path to the TwiML in the <Response> that it answers; a path that is not there answers 404."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = dict(pages)
        self.asked: list[tuple[str, dict[str, str], Headers]] = []  # the URL as the application sees it, form, headers
        flask = Flask(__name__)
        flask.add_url_rule("/<path:_path>", view_func=self._answer, methods=["GET", "POST"])
        self.server = make_server("127.0.0.1", 0, flask, threaded=True)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def _answer(self, _path: str) -> Response:
        self.asked.append((request.url, request.form.to_dict(), request.headers))
        body = self.pages.get(request.path)
        if body is None:
            return Response(status=404)
        return Response(f"<Response>{body}</Response>", mimetype="text/xml")


@contextmanager
def serving(pages: Mapping[str, str]) -> Iterator[WebApplication]:
    application = WebApplication(pages)
    thread = threading.Thread(target=application.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield application
    finally:
        application.server.shutdown()
        thread.join()
        application.server.server_close()
