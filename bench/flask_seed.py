"""The seed's Flask program, given the same signature check."""

from flask import Flask, Response, abort, request
from twilio.request_validator import RequestValidator

from bench import bare
from bench.webhooks import TOKEN

app = Flask(__name__)
validator = RequestValidator(TOKEN)


@app.before_request
def check_signature() -> None:
    if not validator.validate(request.url, request.form, request.headers.get("X-Twilio-Signature", "")):
        abort(403)


@app.route("/voice/incoming", methods=["GET", "POST"])
def enqueue_call() -> Response:
    return Response(bare.enqueue_call(request.form), content_type="text/xml")


@app.route("/taskrouter/assignment", methods=["POST"])
def assignment() -> Response:
    return Response(bare.assignment(request.form), content_type="application/json")
