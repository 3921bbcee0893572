"""Google's own discovery documents decide what a request may be: its path, parameters and body, and what an answer may be.

They come with the PyPI package google-api-python-client. Nothing here knows what a method does.
"""

import base64
import binascii
import json
import pathlib
import re
from urllib.parse import unquote

import googleapiclient

from errors import Refusal

DOCUMENTS = pathlib.Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
# The versions that are served, newest last: where two know a path, the first one named answers.
SERVED = {
    "compute": ["v1"], "iam": ["v1", "v2"], "iamcredentials": ["v1"], "cloudresourcemanager": ["v3", "v1"], "logging": ["v2"], "storage": ["v1"],
    "apikeys": ["v2"], "serviceusage": ["v1"], "cloudasset": ["v1"], "cloudbilling": ["v1"], "policyanalyzer": ["v1"], "container": ["v1"],
    "run": ["v2"], "cloudfunctions": ["v2", "v1"], "appengine": ["v1"], "batch": ["v1"], "dataproc": ["v1"], "dataflow": ["v1b3"],
    "aiplatform": ["v1"], "notebooks": ["v2"], "tpu": ["v2"], "cloudbuild": ["v1"], "cloudscheduler": ["v1"], "composer": ["v1"],
    "file": ["v1"], "sqladmin": ["v1"], "essentialcontacts": ["v1"], "billingbudgets": ["v1"], "bigquery": ["v2"], "cloudsupport": ["v2"],
    "orgpolicy": ["v2"], "oslogin": ["v1"], "securitycenter": ["v1"],
}
# Parameters of the platform that no document lists: sent by Google's Rust clients and by gcloud.
PLATFORM = {"$alt", "$apiVersion", "$fields", "$prettyPrint", "$.xgafv", "$unique", "$httpMethod"}
# In the method's text and in the undated document, missing from the dated one; gcloud sends it.
UNLISTED = {"compute": {"returnPartialSuccess": {"type": "boolean", "location": "query"}}}


class Method:
    def __init__(self, book, raw, version):
        self.book, self.raw, self.version, self.id = book, raw, version, raw["id"]
        self.http, self.path, self.params = raw["httpMethod"], raw["path"], raw.get("parameters", {})
        self.request = raw.get("request", {}).get("$ref")
        self.response = raw.get("response", {}).get("$ref")
        self.names, literal, pattern = [], 0, ""
        for part in re.split(r"(\{\+?[^}]+\})", self.path):
            if not part.startswith("{"):
                literal += len(part)
                pattern += re.escape(part)
                continue
            name = part[1:-1].lstrip("+")
            self.names.append((name, part[1] == "+"))
            given = self.params[name].get("pattern")
            pattern += "(" + (given.removeprefix("^").removesuffix("$") if part[1] == "+" and given else ".+" if part[1] == "+" else "[^/]+") + ")"
        self.literal, self.regex = literal, re.compile(pattern)

    @property
    def verb(self):
        return self.id.rsplit(".", 1)[1]

    @property
    def collection(self):
        return self.id.split(".")[-2]


class Book:
    """One document."""

    def __init__(self, service, version):
        self.service, self.version = service, version
        self.raw = json.loads((DOCUMENTS / f"{service}.{version}.json").read_text())
        self.schemas, self.base = self.raw["schemas"], self.raw["servicePath"]
        self.methods = []
        self._walk(self.raw)
        self.methods.sort(key=lambda method: -method.literal)

    def _walk(self, node):
        for raw in node.get("methods", {}).values():
            self.methods.append(Method(self, raw, self.version))
        for inner in node.get("resources", {}).values():
            self._walk(inner)

    def find(self, http, path):
        """The method and its path parameters, or the reason why there is none."""
        other = False
        for method in self.methods:
            match = method.regex.fullmatch(path)
            if not match:
                continue
            if method.http != http:
                other = True
                continue
            # A parameter of one segment is decoded, one of many keeps what was encoded in it.
            values = {}
            groups = [group for group in match.groups()]
            index = 0
            for name, many in method.names:
                value = groups[index]
                index += 1 + _groups(method, name, many)
                values[name] = value.replace("\0", "%2F" if many else "/")
                given = method.params[name].get("pattern")
                if given and not re.fullmatch(given.removeprefix("^").removesuffix("$"), values[name]):
                    raise Refusal(400, f"Invalid value for field '{name}': '{values[name]}'. Must be a match of regex '{given}'", reason="invalid")
            return method, values
        return None, other


def _groups(method, name, many):
    given = method.params[name].get("pattern")
    return re.compile(given).groups if many and given else 0


# Written by Google, but read in what is asked: names, and what a change is held against.
KEPT = {"name", "id", "kind", "etag", "fingerprint", "labelFingerprint"}
_books = {}


def book(service, version):
    if (service, version) not in _books:
        _books[(service, version)] = Book(service, version)
    return _books[(service, version)]


def find(target):
    """The method that `/<service>/…` means (with or without the document's own service path) and its path parameters."""
    segments = [unquote(segment).replace("/", "\0") for segment in target.strip("/").split("/")]
    service, path = segments[0], "/".join(segments[1:])
    return service, path


def route(http, target):
    service, path = find(target)
    if service not in SERVED:
        raise Refusal(404, f"The stand-in has no service {service}.", reason="notFound")
    other = False
    for version in SERVED[service]:
        document = book(service, version)
        for candidate in {path.removeprefix(document.base), f"{service}/{path}".removeprefix(document.base)} if document.base else {path}:
            method, rest = document.find(http, candidate)
            if method:
                return method, rest
            other = other or rest
    raise Refusal(404, f"The requested URL {http} {target} was not found on this server.", reason="notFound") if not other else Refusal(
        405, f"{http} is not allowed here.", reason="httpMethodNotAllowed")


# -- what is asked ----------------------------------------------------------------------------------------------------------


def query(method, pairs, extra=()):
    """The query's parameters by name and type; refuses what the document does not know."""
    known = {name: spec for name, spec in method.params.items() if spec.get("location") == "query"}
    common = method.book.raw.get("parameters", {})
    found = {}
    for name, text in pairs:
        if name in PLATFORM or name in common or name in extra:
            continue
        spec = known.get(name) or UNLISTED.get(method.book.service, {}).get(name)
        if spec is None or (name not in known and not method.verb.lower().endswith("list")):
            raise unknown(name, "", "query parameter")
        value = scalar(spec, text, name)
        if spec.get("repeated"):
            found.setdefault(name, []).append(value)
        elif name in found:
            raise Refusal(400, f"Invalid value for '{name}': it may be given once.")
        else:
            found[name] = value
    for name, spec in known.items():
        if spec.get("required") and name not in found:
            raise Refusal(400, f"Required parameter is missing: {name}", reason="required")
    return found


def unknown(name, where, what=None):
    at = f" at '{where}'" if where else ""
    message = f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot {"bind query parameter. Field" if what else "find field."}'
    if what:
        message += f" '{name}' could not be found in request message."
    details = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": where, "description": message}]}
    return Refusal(400, message, reason="badRequest", details=[details])


def wrong(where, value, kind):
    return Refusal(400, f"Invalid value at '{where}' ({kind}), {json.dumps(value)[:120]}", reason="badRequest")


def scalar(spec, text, where):
    kind = spec.get("type")
    if kind == "boolean":
        # gcloud writes `True`.
        if text.lower() not in ("true", "false"):
            raise wrong(where, text, "TYPE_BOOL")
        return text.lower() == "true"
    if kind == "integer" or spec.get("format") in ("int64", "uint64"):
        if not re.fullmatch(r"-?\d+", text):
            raise wrong(where, text, "TYPE_INT")
        if kind == "string":
            return text
        number = int(text)
        if not int(spec.get("minimum", number)) <= number <= int(spec.get("maximum", number)):
            raise Refusal(400, f"Invalid value for field '{where}': '{text}'. Must be between {spec.get('minimum')} and {spec.get('maximum')}", reason="invalid")
        return number
    if spec.get("enum"):
        return named(spec, text, where)
    if spec.get("pattern") and not re.fullmatch(spec["pattern"].removeprefix("^").removesuffix("$"), text):
        raise Refusal(400, f"Invalid value for field '{where}': '{text}'.", reason="invalid")
    return text


def named(spec, value, where):
    """An enum's name; numbers are accepted where the document lists the names in the order of their numbers."""
    names = spec["enum"]
    if isinstance(value, str) and value in names:
        return value
    if isinstance(value, (int, str)) and re.fullmatch(r"\d+", str(value)) and not isinstance(value, bool):
        if names != sorted(names) and int(value) < len(names):
            return names[int(value)]
    raise wrong(where, value, "ENUM")


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def body(document, schema, value, where=""):
    """The value with canonical names, without what only Google writes; refuses what the schema does not know."""
    if isinstance(schema, str):
        schema = document.schemas[schema]
    if "$ref" in schema:
        return body(document, schema["$ref"], value, where)
    kind = schema.get("type")
    if value is None:
        return None
    if kind == "any":
        return value
    if kind == "array":
        if not isinstance(value, list):
            raise wrong(where, value, "LIST")
        return [body(document, schema["items"], item, f"{where}[{at}]") for at, item in enumerate(value)]
    if kind == "object":
        if not isinstance(value, dict):
            raise wrong(where, value, "MESSAGE")
        known, free = schema.get("properties", {}), schema.get("additionalProperties")
        found = {}
        for name, inner in value.items():
            at = f"{where}.{name}" if where else name
            spec, canonical = known.get(name), name
            if spec is None and document.service != "compute" and camel(name) in known:
                canonical = camel(name)
                spec = known[canonical]
            if spec is None and free is None:
                raise unknown(name, where)
            checked = body(document, spec or free, inner, at)
            if checked is not None and (not (spec or {}).get("readOnly") or canonical in KEPT):
                found[canonical] = checked
        return found
    return leaf(schema, value, where)


def leaf(schema, value, where):
    kind, form = schema.get("type"), schema.get("format")
    if kind == "boolean":
        if not isinstance(value, bool):
            raise wrong(where, value, "TYPE_BOOL")
        return value
    if kind in ("integer", "number"):
        if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
            value = int(value) if kind == "integer" else float(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise wrong(where, value, "TYPE_NUMBER")
        return value
    if schema.get("enum"):
        return named(schema, value, where)
    if form in ("int64", "uint64"):
        if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
            raise wrong(where, value, "TYPE_INT64")
        return str(value)
    if not isinstance(value, str):
        raise wrong(where, value, "TYPE_STRING")
    if form == "byte":
        try:
            base64.b64decode(value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4), validate=True)
        except binascii.Error:
            raise wrong(where, value, "TYPE_BYTES") from None
    if form == "google-duration" and not re.fullmatch(r"-?\d+(\.\d+)?s", value):
        raise wrong(where, value, "type.googleapis.com/google.protobuf.Duration")
    if form in ("google-datetime", "date-time") and not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", value):
        raise wrong(where, value, "type.googleapis.com/google.protobuf.Timestamp")
    return value


# -- what is answered -------------------------------------------------------------------------------------------------------


def faults(document, schema, value, where=""):
    """What is wrong with an answer of ours by the document's own measure: the stand-in is tested by this too."""
    if isinstance(schema, str):
        schema = document.schemas[schema]
    if "$ref" in schema:
        return faults(document, schema["$ref"], value, where)
    kind = schema.get("type")
    if kind == "any":
        return []
    if kind == "array":
        if not isinstance(value, list):
            return [f"{where}: no list"]
        return [fault for at, item in enumerate(value) for fault in faults(document, schema["items"], item, f"{where}[{at}]")]
    if kind == "object":
        if not isinstance(value, dict):
            return [f"{where}: no object"]
        known, free, found = schema.get("properties", {}), schema.get("additionalProperties"), []
        for name, inner in value.items():
            spec = known.get(name) or free
            found += faults(document, spec, inner, f"{where}.{name}") if spec else [f"{where}.{name}: not in the schema"]
        return found
    try:
        leaf(schema, value, where)
        return []
    except Refusal as refusal:
        return [f"{where}: {refusal.message}"]
