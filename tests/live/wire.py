"""AWS's wire, by botocore's models: which operation a request is, what it asks, what the answer says, how an error looks.

Knows no accounts, no state and no clock. Parsing of requests and writing of answers is moto's, parsing of answers botocore's:
none of it was written for triage.
"""

import json
import re
import threading
from functools import lru_cache
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from botocore.parsers import create_parser
from moto.core.utils import get_service_model
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import get_serializer_class
from werkzeug.datastructures import EnvironHeaders, MultiDict
from werkzeug.test import create_environ

SCOPE = re.compile(r"Credential=([A-Za-z0-9]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
# Where the name in a signature is not the name of the model.
MODELS = {
    "elasticmapreduce": "emr", "states": "stepfunctions", "monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi",
    "cloudcontrolapi": "cloudcontrol", "servicequotas": "service-quotas", "access-analyzer": "accessanalyzer",
    "elasticloadbalancing": "elbv2",
}
# By the protocol: (unknown or inactive key, denied, throttled, broken), each with its HTTP status.
CODES = {
    "query": (("InvalidClientTokenId", 403), ("AccessDenied", 403), ("Throttling", 400), ("ServiceFailure", 500)),
    "ec2": (("AuthFailure", 401), ("UnauthorizedOperation", 403), ("RequestLimitExceeded", 503), ("InternalError", 500)),
    "json": (("UnrecognizedClientException", 400), ("AccessDeniedException", 400), ("ThrottlingException", 400), ("InternalFailure", 500)),
    "rest-json": (("UnrecognizedClientException", 403), ("AccessDeniedException", 403), ("TooManyRequestsException", 429), ("ServiceException", 500)),
    "rest-xml": (("InvalidAccessKeyId", 403), ("AccessDenied", 403), ("SlowDown", 503), ("InternalError", 500)),
}
KINDS = {"dead": 0, "denied": 1, "throttle": 2, "500": 3}

_lock = threading.Lock()
_model = lru_cache(maxsize=None)(get_service_model)


def model(name):
    with _lock:
        return _model(name)


@lru_cache(maxsize=None)
def routes(name):
    """REST operations, the most particular first: (method, path, constants of the query, operation)."""
    found = []
    for operation in model(name).operation_names:
        if model(name).operation_model(operation).deprecated:  # S3 has successors under the same path
            continue
        http = model(name).operation_model(operation).http
        path, _, query = http["requestUri"].partition("?")
        constants = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key != "x-id"]
        labels = re.split(r"(\{[^}]+\})", path.rstrip("/") or "/")
        pattern = "".join(
            (".+" if part.endswith("+}") else "[^/]+") if part.startswith("{") else re.escape(part) for part in labels
        )
        weight = (len(constants), sum(len(part) for part in labels if not part.startswith("{")), path.count("/"))
        found.append((weight, http["method"], re.compile(pattern + "/?$"), constants, operation))
    return [route[1:] for route in sorted(found, key=lambda route: route[0], reverse=True)]


class Call:
    """One request, understood."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, self.query = target.partition("?")
        self.form = {}
        scope = SCOPE.search(headers.get("Authorization", "") or unquote(self.query).replace("X-Amz-Credential=", "Credential="))
        self.key, self.region, self.signed_for = (scope.group(1), scope.group(3), scope.group(4)) if scope else (None, None, None)
        self.service = self.operation = None
        if self.signed_for is None and b"Action=AssumeRoleWith" in body:
            self.signed_for, self.region = "sts", "us-east-1"
        if self.signed_for:
            self._identify()

    def _identify(self):
        aim = self.headers.get("X-Amz-Target", "")
        name = MODELS.get(self.signed_for, self.signed_for)
        if name == "ses":
            name = "sesv2" if self.path.startswith("/v2/email") else "ses"
        if name == "sso":
            name = "sso-admin" if aim.startswith("SWBExternalService") else "sso"
        try:
            self.model = model(name)
        except Exception:  # botocore knows no such service: forwarded all the same, only not understood
            return
        self.service = name
        self.protocol = self.model.protocol if self.model.protocol in CODES else "json"
        cbor = re.match(r"/service/[^/]+/operation/(\w+)$", self.path)
        if aim:
            self.operation, self.protocol = aim.rsplit(".", 1)[-1], "json"
        elif cbor:
            self.operation = cbor.group(1)
        elif self.protocol in ("query", "ec2"):
            text = self.body.decode("utf-8", "replace") if self.body else self.query
            self.form = dict(parse_qsl(text, keep_blank_values=True))
            self.operation = self.form.get("Action")
        else:
            asked = dict(parse_qsl(self.query, keep_blank_values=True))
            for method, pattern, constants, operation in routes(name):
                if method == self.method and (pattern.match(self.path) or pattern.match(unquote(self.path))):
                    if all(asked.get(key) == value for key, value in constants):
                        self.operation = operation
                        break
        if self.operation not in self.model.operation_names:
            self.operation = None

    def params(self):
        """What was asked, by the model's member names; None where it can't be told."""
        if not self.operation:
            return None
        shape = self.model.operation_model(self.operation)
        protocol = self.model.protocol if self.protocol not in ("query", "ec2", "json") else self.protocol
        asked = {
            "body": self.body, "headers": EnvironHeaders(create_environ(headers=dict(self.headers.items()))),
            "method": self.method, "url_path": self.path, "url_params": self._labels(shape),
            "values": MultiDict(self.form or parse_qsl(self.query, keep_blank_values=True)),
        }
        return PROTOCOL_PARSERS[protocol](shape).parse(asked)

    def _labels(self, shape):
        template = shape.http.get("requestUri", "/").partition("?")[0].rstrip("/") or "/"
        names, pattern = [], ""
        for part in re.split(r"(\{[^}]+\})", template):
            if part.startswith("{"):
                names.append(part.strip("{}+"))
                pattern += "(.+)" if part.endswith("+}") else "([^/]+)"
            else:
                pattern += re.escape(part)
        met = re.match(pattern + "/?$", self.path)
        return dict(zip(names, map(unquote, met.groups()))) if met else {}

    def parsed(self, status, headers, body):
        """The answer by the model's member names, or its error."""
        shape = self.model.operation_model(self.operation)
        protocol = self.model.protocol if self.model.protocol in CODES else "json"
        answer = {"status_code": status, "headers": {k.lower(): v for k, v in headers.items()}, "body": body}
        try:
            return create_parser(protocol).parse(answer, shape.output_shape)
        except Exception as error:
            return {"Error": {"Code": "InternalFailure", "Message": f"{type(error).__name__}"}} if status >= 400 else {}

    def answer(self, result):
        """An answer of our own, written by moto's serializer."""
        shape = self.model.operation_model(self.operation)
        protocol = self.model.protocol if self.model.protocol in CODES else "json"
        written = get_serializer_class(self.service, protocol)(shape).serialize(result)
        body = written["body"]
        return written["status_code"], dict(written["headers"]), body.encode() if isinstance(body, str) else body

    def refusal(self, kind):
        """The code and status of a kind of refusal in this call's protocol."""
        return CODES[getattr(self, "protocol", None) or "json"][KINDS[kind]]

    def error(self, code, status, message):
        protocol, text = getattr(self, "protocol", None) or "json", escape(message)
        if protocol == "query":
            body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error><RequestId>{ID}</RequestId></ErrorResponse>"
        elif protocol == "ec2":
            body = f"<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors><RequestID>{ID}</RequestID></Response>"
        elif protocol == "rest-xml":
            body = f"<Error><Code>{code}</Code><Message>{text}</Message><RequestId>{ID}</RequestId></Error>"
        else:
            body = json.dumps({"__type": code, "message": message, "Message": message})
            return status, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}, body.encode()
        return status, {"Content-Type": "text/xml"}, body.encode()


ID = "00000000-0000-4000-8000-00000000f0f0"
