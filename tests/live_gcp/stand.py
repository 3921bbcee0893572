"""A loopback stand-in for Google Cloud, driven by Google's own discovery documents.

    stand.py [--port 0] [--load FILE]

Prints `{"port": …}` once it listens, and ends when its standard input is closed. Every service is at `/<service>/…`; `/token` trades assertions
and refresh tokens for access tokens; `/_stand/<verb>` is the tests' own door.
"""

import argparse
import copy
import gzip
import json
import os
import pickle
import socket
import struct
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

import bigquery
import compute
import crm
import discovery
import door
import generic
import groups
import iam
import instances
import kinds_a
import kinds_b
import logs
import others
import support
from access import Access, Who, unauthenticated
from audit import Audit
from call import HANDLERS, Call, reads
from compute import Compute
from errors import Refusal, disabled, info
from faults import Faults
from world import World

PARTS = (bigquery, crm, door, groups, iam, instances, kinds_a, kinds_b, logs, others, support)
# They refuse end users who name no quota project.
WANT_QUOTA = {"cloudasset", "policyanalyzer", "cloudsupport", "orgpolicy", "apikeys", "essentialcontacts"}


class Stand:
    def __init__(self):
        self.world, self.url = World(), ""
        self.lock, self.changed = self.world.lock, threading.Condition(self.world.lock)
        self.access, self.audit, self.faults = Access(self.world), Audit(self.world), Faults()
        self.compute, self.logs, self.warehouse = Compute(self), logs.Logs(self), bigquery.Warehouse(self)
        self.skew = 0  # Seconds that our `Date` is ahead.
        self.calls, self.bad, self.longs, self.long_seconds = [], [], {}, 0.1

    def monotonic(self):
        return time.monotonic()

    # -- what services share --------------------------------------------------------------------------------------------------

    def schema(self, service, kind):
        return discovery.book(service, "v1").schemas.get(kind, {}).get("properties", {}) if kind else {}

    def paged(self, call, field, rows, most, size="pageSize", fill=None):
        """One page of a list by `pageSize` and `pageToken`."""
        asked = int(call.get(size) or 0)
        if asked < 0:
            raise Refusal(400, f"{size} must not be negative.")
        asked = min(asked or fill or most, most)
        try:
            start = int(call.get("pageToken") or 0)
        except ValueError:
            raise Refusal(400, "The page token is not valid.") from None
        if self.faults.take("empty_list", call=call):
            return {"nextPageToken": str(start)}
        answer = {field: rows[start:start + asked]} if rows[start:start + asked] else {}
        if start + asked < len(rows):
            answer["nextPageToken"] = str(start + asked)
        return answer

    def longrunning(self, call, name, apply):
        """A google.longrunning operation: done after a while, with the answer or an error; two entries in the log."""
        head = "/".join(name.split("/")[:4]) if name.startswith("projects/") and ("/locations/" in name or "/regions/" in name) else ""
        id = f"{head + '/' if head else ''}operations/{call.world.uuid()}" if call.service not in ("apikeys", "cloudresourcemanager", "serviceusage") else \
            f"operations/{'cp' if call.service == 'cloudresourcemanager' else 'akmf' if call.service == 'apikeys' else 'acf'}.{call.world.number(19)}"
        if call.service == "iam":
            id = f"{name}/operations/{call.world.uuid()}"
        fault = self.faults.take("operation", call=call, operation=call.method.verb, target=name.rsplit("/", 1)[-1])
        row = {"name": id, "end": self.monotonic() + self.long_seconds, "apply": apply, "told": {"name": id, "done": False}, "fault": fault, "call": call}
        self.longs[id] = row
        call.told["operation"] = {"id": id, "producer": f"{call.service}.googleapis.com", "first": True}
        return dict(row["told"])

    def simple(self, call, id, told):
        self.longs[id] = {"name": id, "end": self.monotonic() + self.long_seconds, "apply": None, "told": told, "fault": self.faults.take(
            "operation", call=call, operation=call.method.verb, target=id), "call": call, "plain": True}
        call.told["operation"] = {"id": id, "producer": f"{call.service}.googleapis.com", "first": True}

    def operation(self, name):
        for id, row in self.longs.items():
            if name == id or name.endswith("/" + id) or name.rsplit("/", 1)[-1] == id.rsplit("/", 1)[-1]:
                return copy.deepcopy(row["told"])
        raise Refusal(404, f"Operation {name} was not found", status="NOT_FOUND")

    def tick(self):
        """What has happened since somebody last looked."""
        self.compute.tick()
        groups.tick(self)
        kinds_a.tick(self)
        for row in list(self.longs.values()):
            told = row["told"]
            if told.get("done") or told.get("status") == "DONE" or row["end"] > self.monotonic():
                continue
            status = None
            if row["fault"]:
                error = {"code": row["fault"].get("number", 13), "message": row["fault"].get("message", "Internal error.")}
                status = error
            if row.get("plain"):
                told |= {"status": "DONE", "endTime": self.world.stamp()}
                if status:
                    told["error"] = status if row["call"].service == "container" else {"kind": "sql#operationErrors", "errors": [{"kind": "sql#operationError", "code": "INTERNAL_ERROR"}]}
            else:
                told["done"] = True
                if status:
                    told["error"] = status
                else:
                    told["response"] = row["apply"]() if row["apply"] else {}
            call = row["call"]
            service, method = call.logged
            if call.container:
                self.audit.write(None, call.container, call.who, service, method, call.told.get("name", ""), ip=call.source, agent=call.agent, status=status,
                                 response=told.get("response"), request={},
                                 resource=call.told.get("resource", "audited_resource"), labels=call.told.get("labels"),
                                 operation={"id": row["name"], "producer": f"{call.service}.googleapis.com", "last": True})

    def later(self, test, seconds):
        """Waits outside the lock until something holds."""
        end = time.monotonic() + seconds
        while not test() and time.monotonic() < end:
            self.lock.release()
            try:
                time.sleep(0.02)
            finally:
                self.lock.acquire()
            self.tick()

    # -- kept and taken up again ------------------------------------------------------------------------------------------------

    def save(self, path):
        """Everything that stands, once nothing is under way: another stand-in can begin from it."""
        rows = {name: {**row, "apply": None, "entry": None} for name, row in self.compute.operations.items()}
        longs = {id: {**row, "apply": None, "call": None} for id, row in self.longs.items()}
        world = {name: value for name, value in vars(self.world).items() if name != "lock"}
        with open(path, "wb") as file:
            pickle.dump((world, self.audit.entries, rows, self.compute.asked, longs, self.access.users), file)

    def load(self, path):
        with open(path, "rb") as file:
            world, entries, rows, asked, longs, users = pickle.load(file)
        vars(self.world).update(world)
        self.audit.entries = [{**row, "due": 0.0} for row in entries]
        self.compute.operations, self.compute.asked, self.longs, self.access.users = rows, asked, longs, users

    # -- one request ------------------------------------------------------------------------------------------------------------

    def handle(self, http, target, headers, raw):
        """(status, headers, body), or a way to hurt the connection."""
        url = urlsplit(target)
        row = {"at": time.time(), "http": http, "path": url.path, "service": None, "method": None, "project": None, "status": None, "who": None, "mutating": False}
        with self.lock:
            self.tick()
            row["n"] = len(self.calls)
            self.calls.append(row)
            try:
                status, answer = self.answer(http, url, headers, raw, row)
            except Refusal as refusal:
                status, answer = refusal.code, refusal.told(row["service"] or "")
                if row["service"] == "token":
                    answer = {"error": refusal.message.split(":")[0], "error_description": refusal.message}
                row["error"] = refusal.message
            except Hurt as hurt:
                row["status"] = hurt.kind
                return {"hurt": hurt.kind, "seconds": hurt.seconds}
            row["status"] = status
        return status, {"Content-Type": "application/json; charset=UTF-8"}, answer

    def answer(self, http, url, headers, raw, row):
        pairs = parse_qsl(url.query, keep_blank_values=True)
        if url.path in ("/token", "/sts/v1/token"):
            row["service"] = "token"
            fault = self.hurt(row, None)
            if fault:
                raise fault
            return 200, self.token(headers, raw)
        if url.path.startswith("/oauth2/") and url.path.endswith(("/tokeninfo", "/userinfo")):
            # Beside the documented v2 there are `oauth2.googleapis.com/tokeninfo`, v1 and v3, which clients use more.
            row["service"] = "oauth2"
            form = dict(pairs) or {name: values[0] for name, values in parse_qs(raw.decode()).items()}
            given = f"Bearer {form['access_token']}" if "access_token" in form else headers.get("Authorization")
            try:
                who = self.access.sign_in(given, "oauth2")
            except Refusal:
                if "access_token" not in form:
                    raise
                raise Refusal(400, "Invalid Value", reason="invalid_token") from None
            told = {"email": who.email, "email_verified": "true", "sub": "10769150350006150715113082367"}
            if url.path.endswith("/tokeninfo"):
                told |= {"azp": "32555940559.apps.googleusercontent.com", "aud": "32555940559.apps.googleusercontent.com", "exp": str(int(who.expires)),
                         "expires_in": str(int(who.expires - time.time())), "scope": "https://www.googleapis.com/auth/cloud-platform", "access_type": "offline"}
            return 200, told
        if url.path.startswith("/computeMetadata/"):
            return door.metadata(self, url, headers)
        method, path = discovery.route(http, url.path)
        row |= {"service": method.book.service, "method": method.id, "mutating": not reads(method)}
        row["project"] = path.get("project") or path.get("projectId") or next((p.split("/")[1] for p in path.values() if p.startswith("projects/")), None)
        fault = self.hurt(row, method)
        if fault:
            raise fault
        who = self.access.sign_in(headers.get("Authorization"), method.book.service)
        row["who"] = who.email
        if self.faults.take("token", row=row):
            raise unauthenticated("ACCESS_TOKEN_EXPIRED", method.book.service)
        quota = self.quota(who, headers, method)
        params = {**discovery.query(method, pairs), **path}
        body = None
        if method.request:
            try:
                given = json.loads(raw) if raw.strip() else {}
            except ValueError:
                raise Refusal(400, "Invalid JSON payload received. Parse error.") from None
            body = discovery.body(method.book, method.request, given)
        elif raw.strip() not in (b"", b"{}", b"null"):
            raise Refusal(400, f"{method.id} takes no body.")
        call = Call(self, method, params, body, who, headers.get("User-Agent", ""), headers.get("X-Stand-Source", "192.0.2.20"), quota)
        answer, refusal = None, None
        try:
            answer = HANDLERS.get(method.id, compute.policies if method.book.service == "compute" and method.verb.endswith("IamPolicy") or method.book.service == "compute" and
                                  method.verb == "testIamPermissions" else compute.generic if method.book.service == "compute" else generic.do)(call)
            self.compute.remember(call, answer)
        except Refusal as caught:
            refusal = caught
        row["project"] = call.project or row["project"]
        from audit import CONTAINERS, method_name
        call.container = next((key for key in call.keys if key.count("/") == 1 and key.split("/")[0] in CONTAINERS), None)
        call.logged = (call.told.get("service") or method_name(method)[0], call.told.get("method") or method_name(method)[1])
        call.record(answer, refusal)
        if refusal:
            raise refusal
        if "requestId" in params:
            row["request"] = params["requestId"]
        # It was done, and nobody hears of it.
        mute = self.faults.take("mute", call=call)
        if mute:
            raise Hurt("hang", mute.get("seconds", 120))
        wrong = discovery.faults(method.book, method.response, answer) if method.response else []
        if wrong:
            self.bad.append({"method": method.id, "wrong": wrong[:5]})
        return 200, answer

    def hurt(self, row, method):
        """A fault that stands before everything: raises it, or returns the error to raise."""
        fault = self.faults.take("before", row=row)
        if not fault:
            return None
        kind = fault["kind"]
        if kind in ("reset", "hang"):
            raise Hurt(kind, fault.get("seconds", 120))
        row["fault"] = kind
        service = row["service"]
        if kind == "throttle":
            if service == "compute":
                return Refusal(403, "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service 'compute.googleapis.com'.",
                               reason="rateLimitExceeded", domain="usageLimits", details=[info("RATE_LIMIT_EXCEEDED", "googleapis.com", service="compute.googleapis.com")])
            return Refusal(429, "Quota exceeded.", details=[info("RATE_LIMIT_EXCEEDED", "googleapis.com", service=f"{service}.googleapis.com")])
        if kind == "denied":
            return Refusal(403, "The caller does not have permission", status="PERMISSION_DENIED", reason="forbidden")
        if kind == "disabled":
            project = row["project"] if row["project"] in self.world.projects else next(iter(self.world.projects))
            return disabled(service, self.world.number_of(project))
        if kind == "error":
            return Refusal(fault.get("status", 503), fault.get("message", "The service is currently unavailable."), status=fault.get("name"), reason=fault.get("reason"))
        raise AssertionError(f"no such fault: {kind}")

    def quota(self, who, headers, method):
        """The project that pays for the request."""
        given = headers.get("X-Goog-User-Project")
        if given:
            project = self.world.find_project(given)
            if not self.access.holds(who, "serviceusage.services.use", self.world.ancestors(f"projects/{project}")):
                raise Refusal(403, f"Caller does not have required permission to use project {project}. Grant the caller the roles/serviceusage.serviceUsageConsumer role, or a "
                              "custom role with the serviceusage.services.use permission.", details=[info("USER_PROJECT_DENIED", "googleapis.com",
                                                                                                      consumer=f"projects/{project}")])
            # What pays for a call must have its API on, too.
            if method.book.service not in self.world.projects[project]["_services"]:
                raise disabled(method.book.service, self.world.number_of(project))
            return project
        if who.kind == "serviceAccount" and who.email in self.world.accounts:
            return self.world.accounts[who.email]["projectId"]
        if method.book.service in WANT_QUOTA:
            name = f"{method.book.service}.googleapis.com"
            raise Refusal(403, f"Your application is authenticating by using local Application Default Credentials. The {name} API requires a quota project, which is not set by "
                          "default.", details=[info("SERVICE_DISABLED", "googleapis.com", consumer="projects/32555940559", service=name)])
        return "32555940559"

    def is_same(self, name, given):
        """Whether two names of one thing differ by nothing but the project's id and number."""
        head, _, rest = given.removeprefix("projects/").partition("/")
        ids = {head} | {id for id, project in self.world.projects.items() if project["_number"] == head}
        return any(name == f"projects/{id}/{rest}" for id in ids)

    def token(self, headers, raw):
        """OAuth: an assertion signed with a service account's key, or a user's refresh token; as a form or as JSON."""
        text = raw.decode()
        form = json.loads(text) if "json" in headers.get("Content-Type", "") else {name: values[0] for name, values in parse_qs(text).items()}
        kind = form.get("grant_type")
        if kind == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            try:
                who = self.access.assertion(form.get("assertion", ""), True)
            except Refusal:
                raise Refusal(400, "invalid_grant: Invalid JWT Signature.", status="INVALID_ARGUMENT") from None
        elif kind == "refresh_token":
            email = self.access.users.get(form.get("refresh_token"))
            if email is None:
                raise Refusal(400, "invalid_grant: Token has been expired or revoked.")
            who = Who(email, kind="user")
        elif kind == "urn:ietf:params:oauth:grant-type:token-exchange":
            # Whoever a trusted provider vouches for; that its word is checked is not this one's business.
            provider = form.get("audience", "").removeprefix("//iam.googleapis.com/")
            held = next((row for name, row in self.world.resources.get("iam", {}).items() if self.is_same(name, provider)), {})
            if held.get("disabled"):
                raise Refusal(400, "invalid_target: The target service indicated by the \"audience\" parameters is disabled.")
            pool = provider.split("/providers/")[0]
            who = Who("", kind="principal", subject=f"principal://iam.googleapis.com/{pool}/subject/{form.get('subject_token', '')}")
        else:
            raise Refusal(400, "unsupported_grant_type")
        token, life = self.access.mint(who)
        return {"access_token": token, "expires_in": life, "token_type": "Bearer", "scope": "https://www.googleapis.com/auth/cloud-platform",
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}


class Hurt(Exception):
    def __init__(self, kind, seconds):
        super().__init__(kind)
        self.kind, self.seconds = kind, seconds


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand = None

    def serve(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        try:
            if self.path.startswith("/_stand/"):
                with self.stand.lock:
                    self.stand.tick()
                    answer = 200, {"Content-Type": "application/json"}, door.open_(self.stand, self.path.split("/")[2], json.loads(raw or b"{}"))
            else:
                answer = self.stand.handle(self.command, self.path, self.headers, raw)
        except Exception:
            trace = traceback.format_exc()
            print(trace, file=sys.stderr, flush=True)
            self.stand.bad.append({"method": self.path, "wrong": trace.splitlines()[-3:]})
            answer = 500, {"Content-Type": "application/json"}, {"error": {"code": 500, "message": "the stand-in broke", "status": "INTERNAL"}}
        if isinstance(answer, dict):
            if answer["hurt"] == "hang":
                time.sleep(answer["seconds"])
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        status, headers, body = answer
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def date_time_string(self, timestamp=None):
        """What time it is here, as every answer says."""
        return super().date_time_string((timestamp or time.time()) + self.stand.skew)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 256

    def handle_error(self, request, address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, OSError, ValueError)):
            super().handle_error(request, address)


def main():
    given = argparse.ArgumentParser()
    given.add_argument("--port", type=int, default=0)
    given.add_argument("--load", help="what the door's `save` wrote")
    asked = given.parse_args()
    stand = Stand()
    if asked.load:
        stand.load(asked.load)
    Handler.stand = stand
    server = Server(("127.0.0.1", asked.port), Handler)
    stand.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
