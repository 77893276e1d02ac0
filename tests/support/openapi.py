"""Holds REST requests and answers against Twilio's own OpenAPI documents (contract 9).

The documents are not part of this project: the environment variable TWILIO_OPENAPI names a folder that has them.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema

NO_FOLDER = "TWILIO_OPENAPI names no folder with Twilio's OpenAPI documents"
FILES = ("twilio_api_v2010.json", "twilio_taskrouter_v1.json")
FORM = "application/x-www-form-urlencoded"
Form = Mapping[str, Sequence[str]]
Schema = dict[str, Any]


def folder() -> Path | None:
    """The folder of the documents, or None when the variable names none that has them."""
    named = os.environ.get("TWILIO_OPENAPI", "")
    path = Path(named)
    return path if named and all((path / name).is_file() for name in FILES) else None


class Description:
    """Twilio's description of both APIs. Every check returns what is wrong, in words; nothing is wrong: empty."""

    def __init__(self, path: Path) -> None:
        self._documents = [json.loads((path / name).read_text()) for name in FILES]

    def operations(self) -> Iterator[tuple[str, str, set[str]]]:
        """Method, path and the names of the parameters of each operation, those of the query or of the form."""
        for document in self._documents:
            for template, item in document["paths"].items():
                for method in item.keys() & {"get", "post", "delete"}:
                    yield method.upper(), template, _names(item[method])

    def check_request(self, method: str, url: str, form: Form) -> list[str]:
        """Path, sids in it, and the fields: known, of the right type, all that are required."""
        found = self._operation(method, url)
        if found is None:
            return [f"{method} {urlsplit(url).path} is not an operation of Twilio's"]
        document, operation, parts = found
        query = parse_qs(urlsplit(url).query, keep_blank_values=True)
        return [
            *self._parameter_problems(document, operation, "path", {name: [part] for name, part in parts.items()}),
            *self._parameter_problems(document, operation, "query", {**query, **form} if method == "GET" else query),
            *([] if method == "GET" else self._form_problems(document, operation, form)),
        ]

    def check_response(self, method: str, url: str, status: int, body: object) -> list[str]:
        """The status and body of an answer that succeeded; the documents do not describe refusals."""
        found = self._operation(method, url)
        if found is None:
            return [f"{method} {urlsplit(url).path} is not an operation of Twilio's"]
        document, operation, _ = found
        described = operation["responses"].get(str(status))
        if described is None:
            return [f"{method} {urlsplit(url).path} does not answer {status}"]
        content = described.get("content", {}).get("application/json")
        if content is None:
            return []
        schema = {**_strict(content["schema"]), "components": _strict(document["components"])}
        validator = jsonschema.Draft202012Validator(schema)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]

    def _operation(self, method: str, url: str) -> tuple[Schema, Schema, dict[str, str]] | None:
        """Of several paths that fit the one with the fewest names for anything: `/Workers/Statistics` is no worker."""
        path = urlsplit(url).path
        fits = [
            (document, item[method.lower()], found.groupdict())
            for document in self._documents
            for template, item in document["paths"].items()
            if method.lower() in item and (found := re.fullmatch(_pattern(template), path))
        ]
        return min(fits, key=lambda fit: len(fit[2]), default=None)

    def _parameter_problems(self, document: Schema, operation: Schema, place: str, given: Form) -> list[str]:
        known = {one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == place}
        return _field_problems(document, known, given)

    def _form_problems(self, document: Schema, operation: Schema, form: Form) -> list[str]:
        content = operation.get("requestBody", {}).get("content", {})
        if set(content) == {"application/json"}:  # the documents do not say what is in it
            return []
        schema = content.get(FORM, {}).get("schema", {})
        missing = [f"{name} is required" for name in schema.get("required", []) if name not in form]
        return missing + _field_problems(document, schema.get("properties", {}), form)


def _names(operation: Schema) -> set[str]:
    content = operation.get("requestBody", {}).get("content", {}).get(FORM, {})
    query = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    return query | set(content.get("schema", {}).get("properties", {}))


def _pattern(template: str) -> str:
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+?)", re.escape(template))


def _field_problems(document: Schema, known: Mapping[str, Schema], given: Form) -> list[str]:
    problems = [f"{name} is not a field of this operation" for name in given if name not in known]
    for name, values in given.items():
        if name in known:
            problems += _value_problems(document, name, known[name], values)
    return problems


def _value_problems(document: Schema, name: str, schema: Schema, values: Sequence[str]) -> list[str]:
    schema = _resolve(document, schema)
    repeated = schema.get("type") == "array"
    if not repeated and len(values) > 1:
        return [f"{name} is given {len(values)} times"]
    one = _resolve(document, schema["items"]) if repeated else schema
    validator = jsonschema.Draft202012Validator({**_strict(one), "components": _strict(document["components"])})
    return [f"{name}: {error.message}" for value in values for error in validator.iter_errors(_typed(value, one))]


def _resolve(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _typed(value: str, schema: Schema) -> object:
    """A form field as the JSON value that its schema speaks of; what does not convert stays text and fails."""
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    if schema.get("type") == "boolean" and value in {"true", "false"}:
        return value == "true"
    return value


def _strict(schema: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema: `nullable` spelled out, and no properties that are not described."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items() if key not in {"example", "examples"}}
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        strict["type"] = [schema["type"], "null"]
        if "enum" in strict:
            strict["enum"] = [*strict["enum"], None]
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        strict["additionalProperties"] = False
    return strict
