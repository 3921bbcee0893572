"""One request as the services' code sees it: what was asked, by whom, what it needs, and what is written about it."""

import audit
from errors import disabled

# POST methods that only read.
READS = ("get", "list", "aggregatedList", "search", "query", "testIamPermissions", "getIamPolicy", "lookup", "analyze", "generate", "sign", "tail", "wait",
         "fetch", "batchGet", "effective", "queryGrantableRoles", "queryTestablePermissions", "queryAuditableServices", "lintPolicy", "check", "getAncestry",
         "getEffectiveOrgPolicy", "listOrgPolicies", "getOrgPolicy")
HANDLERS = {}


def on(*ids):
    """Says which methods a function answers."""
    def kept(function):
        for id in ids:
            HANDLERS[id] = function
        return function
    return kept


def reads(method):
    # A write with a read's name: none of the verbs below changes anything.
    return method.http == "GET" or method.verb.startswith(READS)


class Call:
    def __init__(self, stand, method, params, body, who, agent, source, quota):
        self.stand, self.world, self.access, self.audit = stand, stand.world, stand.access, stand.audit
        self.method, self.id, self.service, self.params, self.body, self.who = method, method.id, method.book.service, params, body, who
        self.agent, self.source, self.quota = agent, source, quota
        self.granted, self.keys, self.told, self.silent = [], [], {}, False

    def __getitem__(self, name):
        return self.params[name]

    def get(self, name, otherwise=None):
        return self.params.get(name, otherwise)

    @property
    def email(self):
        return self.who.email

    @property
    def location(self):
        return self.params.get("zone") or self.params.get("region") or self.params.get("location") or "global"

    @property
    def project(self):
        """The project of the first key."""
        return next((key.split("/", 1)[1] for key in self.keys if key.startswith("projects/") and key.count("/") == 1), None)

    def need(self, permission, *keys, on=None):
        """Refuses unless the caller holds the permission on the first key or anything above it."""
        chain = []
        for key in keys:
            head = "/".join(key.split("/")[:2])
            for each in ([key] if key != head else []) + self.world.ancestors(head):
                if each not in chain:
                    chain.append(each)
        self.keys = self.keys or chain
        held = self.access.holds(self.who, permission, chain)
        self.granted.append((permission, on or keys[0], held))
        if not held:
            from errors import denied
            raise denied(permission, on or keys[0], self.service)

    def enabled(self, project, service=None):
        """Refuses where the API is off in the project."""
        service = service or self.service
        if service not in self.world.projects[project]["_services"]:
            raise disabled(service, self.world.number_of(project))

    def tell(self, **fields):
        """What the audit log will say beside what it knows: name, resource, labels, request, response, service_data, metadata…"""
        self.told.update(fields)

    def record(self, answer, refusal):
        """Writes the entry of this call, when there is one to write."""
        if self.silent or not self.keys:
            return
        service, name = audit.method_name(self.method)
        told = dict(self.told)
        service, name = told.pop("service", service), told.pop("method", name)
        container = next((key for key in self.keys if key.count("/") == 1 and key.split("/")[0] in audit.CONTAINERS), None)
        container = told.pop("container", container)
        if container is None:
            return
        kind = "activity"
        if reads(self.method):
            kind = "data_access"
            level = told.pop("level", "ADMIN_READ")
            if not self.audit.reads_wanted(self.keys, told.pop("switch", service), level):
                return
        told.pop("level", None)
        told.pop("switch", None)
        if "response" not in told and kind == "activity" and not refusal and isinstance(answer, dict) and answer:
            told["response"] = {"@type": f"type.googleapis.com/{self.method.response}", **answer}
        if refusal or (told.get("operation") and told["response"].get("done") is False):
            # What a long-running call made is told by its last entry.
            told.pop("response", None)
        if refusal:
            told.pop("service_data", None)
        if "request" not in told:
            told["request"] = {"@type": f"type.googleapis.com/{name}Request", **(self.body if isinstance(self.body, dict) else {})}
        self.audit.write(told.pop("log", None), container, self.who, service, name, told.pop("name", self.granted[0][1] if self.granted else ""), kind=kind,
                         ip=told.pop("ip", self.source), agent=self.agent, granted=self.granted, status=audit.status(refusal) if refusal else None, **told)
