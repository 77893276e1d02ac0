"""What stands between `chalice deploy` and the local AWS.

Chalice sends what it sends to AWS, unmodified, to this server on the loopback interface (by AWS_ENDPOINT_URL). Every
request is passed on to the local AWS as it came, but for what is missing there:

- ImportRestApi and PutRestApi, which make or replace a REST API from one Swagger document, are not implemented: they
  become one request for each resource, method and integration of that document.
- UpdateRestApi with an empty minimumCompressionSize means that nothing is compressed. The local AWS would keep the
  empty text, which no client can read in its answers: the operation is left out, nothing being compressed anyway.
- CloudFormation refuses a template with a resource of a type that the local AWS does not know: it gets the template
  without them.
- The local AWS speaks no TLS, and holds to a queue's and a bucket's policy that asks for it: it gets the template
  without these policies.
- A stack's tables are made without their time to live: it is set as the template says when somebody asks for it.
- The local AWS runs functions on this machine's own system: where that is not Lambda's Linux, the libraries are taken
  out of the archive, as the laptop's stage does.
- The local AWS takes half a second over a change of a function, and Chalice looks again only after five: the question
  is answered when the change is through.
- No name leads to the API that was made. What comes in under /public goes to it: a proxy that changes the host, which
  is what PUBLIC_BASE_URL is for.

A request that had to be changed is signed again for whoever sent it: the local AWS holds all but the root to that.
"""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from laptop.local_aws import LocalAws
from laptop.package import HELD_TO_TLS, runnable_here

HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server")
UNSIGNED = ("authorization", "x-amz-date", "x-amz-content-sha256", *HOP_BY_HOP)  # made anew, or not signed at all
CHANGE_SECONDS = 4.0


@dataclass(frozen=True)
class Request:
    method: str
    target: str  # path and query, as they came
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Proxy:
    """`seen` is every request that came in, as its method and path; `secret_keys` those of who sends, by access key.

    What matches `refused`, as method and target, is answered that it is not allowed.
    """

    url: str
    aws: LocalAws
    secret_keys: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    seen: list[str] = field(default_factory=list)
    _times_to_live: dict[str, Any] = field(default_factory=dict)
    _pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    @property
    def public_url(self) -> str:
        return f"{self.url}/public"

    def answer(self, request: Request) -> Answer:
        self.seen.append(f"{request.method} {request.path}")
        if self.refused and re.fullmatch(self.refused, f"{request.method} {request.target}"):
            return _json(403, {"message": "not today"}, {"x-amzn-ErrorType": "AccessDeniedException"})
        try:
            return self._translated(request)
        except (
            ClientError
        ) as error:  # what the local AWS says to a request that stands for Chalice's is said to Chalice
            known = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return _json(status, {"message": known["Message"]}, {"x-amzn-ErrorType": known["Code"]})

    def _translated(self, request: Request) -> Answer:
        for pattern, translate in self._missing():
            if re.fullmatch(pattern, f"{request.method} {request.target}"):
                return translate(request)
        return self._pass_on(request)

    def _missing(self) -> Iterator[tuple[str, Callable[[Request], Answer]]]:
        yield r"POST /restapis\?.*mode=import.*", self._import_rest_api
        yield r"PUT /restapis/[^/]+\?mode=overwrite.*", self._put_rest_api
        yield r"PATCH /restapis/[^/]+", lambda asked: self._pass_on(self._signed(_without_compression(asked)))
        yield r"(POST|PUT) /2015-03-31/functions(/[^/]+/code)?", self._for_this_machine
        yield r"GET /2015-03-31/functions/[^/]+/configuration", self._when_through
        yield r"[A-Z]+ /public/.*", lambda asked: self._pass_on(_to_the_api(asked, self._only_api()))
        yield r"POST /", self._stack_or_table

    def _pass_on(self, request: Request) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        answer = self._pool.request(
            request.method,
            self.aws.url + request.target,
            body=request.body,
            headers=headers,
            redirect=False,
            retries=False,
        )
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
        return Answer(answer.status, kept, answer.data)

    def _when_through(self, request: Request) -> Answer:
        until = time.monotonic() + CHANGE_SECONDS
        while True:
            answer = self._pass_on(request)
            if json.loads(answer.body).get("LastUpdateStatus") != "InProgress" or time.monotonic() > until:
                return answer
            time.sleep(0.05)  # the local AWS is at work on it

    def _stack_or_table(self, request: Request) -> Answer:
        if request.headers.get("X-Amz-Target", "").endswith(".DescribeTimeToLive"):
            table = json.loads(request.body)["TableName"]
            if table in self._times_to_live:
                asked = self._times_to_live.pop(table)
                self.aws.client("dynamodb").update_time_to_live(TableName=table, TimeToLiveSpecification=asked)
        form = parse_qs(request.body.decode(errors="replace"))
        if "TemplateBody" in form:
            self._times_to_live.update(_times_to_live(form))
            request = self._signed(_without(HELD_TO_TLS, request))
        answer = self._pass_on(request)
        found = re.search(rb"Unrecognized resource types: \[([^]]+)\]", answer.body)
        if not found:
            return answer
        return self._pass_on(self._signed(_without(found[1].decode().split(", "), request)))

    def _for_this_machine(self, request: Request) -> Answer:
        fields = json.loads(request.body)
        place = fields.get("Code", fields)
        archive = base64.b64decode(place["ZipFile"])
        ours = runnable_here(archive)
        if ours == archive:
            return self._pass_on(request)
        place["ZipFile"] = base64.b64encode(ours).decode()
        return self._pass_on(self._signed(replace(request, body=json.dumps(fields).encode())))

    def _signed(self, request: Request) -> Request:
        scope = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request", request.headers["Authorization"])
        if not scope or scope[1] not in self.secret_keys:
            return request
        kept = {name: value for name, value in request.headers.items() if not name.lower().startswith(UNSIGNED)}
        asked = AWSRequest(request.method, self.url + request.target, headers=kept, data=request.body)
        SigV4Auth(Credentials(scope[1], self.secret_keys[scope[1]]), scope[3], scope[2]).add_auth(asked)
        return replace(request, headers=dict(asked.headers.items()))

    def _only_api(self) -> str:
        (api,) = self.aws.client("apigateway").get_rest_apis()["items"]
        return str(api["id"])

    def _import_rest_api(self, request: Request) -> Answer:
        gateway, document = self.aws.client("apigateway"), json.loads(request.body)
        kinds = request.query["endpointConfigurationTypes"]
        title = document["info"]["title"]
        api = gateway.create_rest_api(name=title, endpointConfiguration={"types": kinds})["id"]
        _replace(gateway, api, document)
        return _json(201, {"id": api, "name": title})

    def _put_rest_api(self, request: Request) -> Answer:
        api, document = request.path.split("/")[2], json.loads(request.body)
        _replace(self.aws.client("apigateway"), api, document)
        return _json(200, {"id": api, "name": document["info"]["title"]})


def _replace(gateway: Any, api: str, document: Mapping[str, Any]) -> None:
    """The API has the paths, methods and authorizers of this document afterwards, and no others."""
    paths: Mapping[str, Mapping[str, Any]] = document["paths"]
    known = {resource["path"]: resource for resource in gateway.get_resources(restApiId=api, limit=500)["items"]}
    wanted = {prefix for path in paths for prefix in _prefixes(path)}
    for path, resource in known.items():
        for method in resource.get("resourceMethods", {}):
            gateway.delete_method(restApiId=api, resourceId=resource["id"], httpMethod=method)
        if path != "/" and path not in wanted:
            gateway.delete_resource(restApiId=api, resourceId=resource["id"])
    ids = {path: resource["id"] for path, resource in known.items()}
    for path in sorted(wanted - set(ids)):  # a path sorts after those it begins with
        parent, _, part = path.rpartition("/")
        made = gateway.create_resource(restApiId=api, parentId=ids[parent or "/"], pathPart=part)
        ids[path] = made["id"]
    authorizers = _put_authorizers(gateway, api, document.get("securityDefinitions", {}))
    for path, methods in paths.items():
        for method, operation in methods.items():
            where = {"restApiId": api, "resourceId": ids[path], "httpMethod": method.upper()}
            _put_method(gateway, where, operation, authorizers)


def _put_authorizers(gateway: Any, api: str, definitions: Mapping[str, Any]) -> Mapping[str, str]:
    """The id of each authorizer of this document, by its name there. What stood before goes."""
    for standing in gateway.get_authorizers(restApiId=api)["items"]:
        gateway.delete_authorizer(restApiId=api, authorizerId=standing["id"])
    ids = {}
    for name, definition in definitions.items():
        if "x-amazon-apigateway-authorizer" in definition:
            asked = definition["x-amazon-apigateway-authorizer"]
            how = {"type": asked["type"].upper(), "providerARNs": asked["providerARNs"]}
            source = f"method.request.header.{definition['name']}"
            ids[name] = gateway.create_authorizer(restApiId=api, name=name, identitySource=source, **how)["id"]
    return ids


def _prefixes(path: str) -> Iterator[str]:
    """/a/b: /a and /a/b."""
    parts = path.strip("/").split("/")
    for count in range(1, len(parts) + 1):
        yield "/" + "/".join(parts[:count])


def _put_method(
    gateway: Any, where: Mapping[str, str], operation: Mapping[str, Any], authorizers: Mapping[str, str]
) -> None:
    asked = operation["x-amazon-apigateway-integration"]
    named = [authorizers[name] for one in operation.get("security", ()) for name in one if name in authorizers]
    how = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": named[0]} if named else {}
    gateway.put_method(**where, **(how or {"authorizationType": "NONE"}))
    gateway.put_integration(
        **where,
        type=asked["type"].upper(),
        integrationHttpMethod=asked["httpMethod"],
        uri=asked["uri"],
        passthroughBehavior=asked["passthroughBehavior"].upper(),
        contentHandling=asked["contentHandling"],
    )


def _times_to_live(form: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Any]]:
    """Table and time to live, of each table in the template of this request to CloudFormation."""
    stage = next(form[name.replace("Key", "Value")][0] for name, value in form.items() if value == ["Stage"])
    for resource in yaml.safe_load(form["TemplateBody"][0])["Resources"].values():
        if resource["Type"] == "AWS::DynamoDB::Table":
            name = resource["Properties"]["TableName"]
            written = name if isinstance(name, str) else name["Fn::Sub"].replace("${Stage}", stage)
            yield written, resource["Properties"]["TimeToLiveSpecification"]


def _without(kinds: Sequence[str], request: Request) -> Request:
    """The request to CloudFormation, its template without the resources of these types."""
    form = parse_qs(request.body.decode(), keep_blank_values=True)
    template = yaml.safe_load(form["TemplateBody"][0])
    resources = template["Resources"]
    template["Resources"] = {name: it for name, it in resources.items() if it["Type"] not in kinds}
    form["TemplateBody"] = [json.dumps(template)]
    return replace(request, body=urlencode(form, doseq=True).encode())


def _without_compression(request: Request) -> Request:
    nothing = {"op": "replace", "path": "/minimumCompressionSize", "value": ""}
    operations = [operation for operation in json.loads(request.body)["patchOperations"] if operation != nothing]
    return replace(request, body=json.dumps({"patchOperations": operations}).encode())


def _to_the_api(request: Request, api: str) -> Request:
    return replace(request, target=f"/_aws/execute-api/{api}/api{request.target.removeprefix('/public')}")


def _json(status: int, fields: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(fields).encode())


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.proxy.answer(Request(self.command, self.path, dict(self.headers.items()), body))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815 - the names that the library calls

    def log_message(self, *_: object) -> None:
        """`seen` tells what came in."""


@contextmanager
def running(aws: LocalAws) -> Iterator[Proxy]:
    """A proxy before this AWS until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}", aws)
    server.RequestHandlerClass = type("Handler", (_Handler,), {"proxy": proxy})
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
