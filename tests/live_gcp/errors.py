"""Google's errors: one shape, with the older list that Compute and Storage add to it."""

STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 405: "UNIMPLEMENTED", 409: "ABORTED",
          412: "FAILED_PRECONDITION", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
REASON = {400: "badRequest", 401: "authError", 403: "forbidden", 404: "notFound", 409: "conflict", 412: "conditionNotMet",
          429: "rateLimitExceeded", 500: "backendError", 503: "backendError"}
CODES = {"INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5, "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7, "RESOURCE_EXHAUSTED": 8,
         "FAILED_PRECONDITION": 9, "ABORTED": 10, "UNIMPLEMENTED": 12, "INTERNAL": 13, "UNAVAILABLE": 14, "UNAUTHENTICATED": 16}
# The services that still add the older list of errors.
LISTED = {"compute", "storage", "bigquery", "sqladmin"}


class Refusal(Exception):
    def __init__(self, code, message, status=None, reason=None, domain=None, details=()):
        super().__init__(message)
        self.code, self.message = code, message
        self.status = status or STATUS.get(code, "UNKNOWN")
        self.reason, self.domain, self.details = reason or REASON.get(code, "unknown"), domain or "global", list(details)

    @property
    def number(self):
        """The code of google.rpc that the audit log writes."""
        return CODES.get(self.status, 2)

    def told(self, service):
        error = {"code": self.code, "message": self.message}
        if service in LISTED:
            error["errors"] = [{"message": self.message, "domain": self.domain, "reason": self.reason}]
        if service != "storage":
            error["status"] = self.status
        if self.details:
            error["details"] = self.details
        return {"error": error}


def info(reason, domain, **metadata):
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": domain, "metadata": metadata}


def denied(permission, resource, service="iam"):
    # Resource Manager and Compute say which permission, and that the thing may not exist.
    if service == "compute":
        return Refusal(403, f"Required '{permission}' permission for '{resource}'", reason="forbidden")
    return Refusal(403, f"Permission '{permission}' denied on resource '//{resource}' (or it may not exist).",
                   details=[info("IAM_PERMISSION_DENIED", f"{service}.googleapis.com", permission=permission, resource=resource)])


def missing(what):
    return Refusal(404, f"The resource '{what}' was not found", reason="notFound")


def exists(what):
    return Refusal(409, f"The resource '{what}' already exists", status="ALREADY_EXISTS", reason="alreadyExists")


def stale():
    return Refusal(409, "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.", status="ABORTED")


def disabled(service, number):
    name = f"{service}.googleapis.com"
    return Refusal(403, f"{name} API has not been used in project {number} before or it is disabled. Enable it by visiting "
                   f"https://console.developers.google.com/apis/api/{name}/overview?project={number} then retry.", reason="accessNotConfigured",
                   domain="usageLimits", details=[info("SERVICE_DISABLED", "googleapis.com", consumer=f"projects/{number}", service=name)])
