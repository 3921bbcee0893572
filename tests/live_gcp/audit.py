"""Cloud Audit Logs of the calls really made, in the shapes that real entries have.

Changes (and refused changes) are Admin Activity; reads are Data Access where the policy switches them on; what the platform does
by itself is a System Event. A long-running call is two entries.
"""

import copy
import re
import time

from errors import CODES

SYSTEM = "system@google.com"
# What has a log of its own.
CONTAINERS = ("projects", "folders", "organizations", "billingAccounts")
# Names of audit methods by the discovery id's head: (serviceName, prefix); the rest is built from collection and verb.
SERVICES = {
    "run": ("run.googleapis.com", "google.cloud.run.v2.{Collection}.{Verb}{Thing}"),
    "cloudfunctions": ("cloudfunctions.googleapis.com", "google.cloud.functions.v2.FunctionService.{Verb}{Thing}"),
    "container": ("container.googleapis.com", "google.container.v1.ClusterManager.{Verb}{Thing}"),
    "batch": ("batch.googleapis.com", "google.cloud.batch.v1.BatchService.{Verb}{Thing}"),
    "dataproc": ("dataproc.googleapis.com", "google.cloud.dataproc.v1.{Thing}Controller.{Verb}{Thing}"),
    "dataflow": ("dataflow.googleapis.com", "dataflow.jobs.{verb}"),
    "aiplatform": ("aiplatform.googleapis.com", "google.cloud.aiplatform.v1.{Thing}Service.{Verb}{Thing}"),
    "notebooks": ("notebooks.googleapis.com", "google.cloud.notebooks.v2.NotebookService.{Verb}{Thing}"),
    "tpu": ("tpu.googleapis.com", "google.cloud.tpu.v2.Tpu.{Verb}{Thing}"),
    "cloudbuild": ("cloudbuild.googleapis.com", "google.devtools.cloudbuild.v1.CloudBuild.{Verb}{BuildThing}"),
    "cloudscheduler": ("cloudscheduler.googleapis.com", "google.cloud.scheduler.v1.CloudScheduler.{Verb}{Thing}"),
    "composer": ("composer.googleapis.com", "google.cloud.orchestration.airflow.service.v1.{Collection}.{Verb}{Thing}"),
    "file": ("file.googleapis.com", "google.cloud.filestore.v1.CloudFilestoreManager.{Verb}{Thing}"),
    "sql": ("cloudsql.googleapis.com", "cloudsql.{collection}.{verb}"),
    "appengine": ("appengine.googleapis.com", "google.appengine.v1.{Collection}.{Verb}{Thing}"),
    "apikeys": ("apikeys.googleapis.com", "google.api.apikeys.v2.ApiKeys.{Verb}{Thing}"),
    "serviceusage": ("serviceusage.googleapis.com", "google.api.serviceusage.v1.ServiceUsage.{Verb}{Thing}"),
    "logging": ("logging.googleapis.com", "google.logging.v2.ConfigServiceV2.{Verb}{Thing}"),
    "essentialcontacts": ("essentialcontacts.googleapis.com", "google.cloud.essentialcontacts.v1.EssentialContactsService.{Verb}{Thing}"),
    "billingbudgets": ("billingbudgets.googleapis.com", "google.cloud.billing.budgets.v1.BudgetService.{Verb}{Thing}"),
    "cloudresourcemanager": ("cloudresourcemanager.googleapis.com", "google.cloud.resourcemanager.v3.{Collection}.{Verb}{Thing}"),
    "orgpolicy": ("orgpolicy.googleapis.com", "google.cloud.orgpolicy.v2.OrgPolicy.{Verb}{Thing}"),
    "cloudsupport": ("cloudsupport.googleapis.com", "google.cloud.support.v2.CaseService.{Verb}{Thing}"),
    "cloudbilling": ("cloudbilling.googleapis.com", "google.cloud.billing.v1.CloudBilling.{Verb}{Thing}"),
    "bigquery": ("bigquery.googleapis.com", "google.cloud.bigquery.v2.{Thing}Service.{Verb}{Thing}"),
    "securitycenter": ("securitycenter.googleapis.com", "google.cloud.securitycenter.v1.SecurityCenter.{Verb}{Thing}"),
    "oslogin": ("oslogin.googleapis.com", "google.cloud.oslogin.v1.OsLoginService.{Verb}{Thing}"),
}
VERBS = {"patch": "Update", "insert": "Create", "getIamPolicy": "GetIamPolicy", "setIamPolicy": "SetIamPolicy", "update": "Update"}
# Where the rule of a service has exceptions: by collection (whose service speaks for it), and by collection and verb.
SPEAKS = {"customJobs": "Job", "batchPredictionJobs": "Job", "hyperparameterTuningJobs": "Job", "nasJobs": "Job", "pipelineJobs": "Pipeline",
          "trainingPipelines": "Pipeline", "notebookRuntimes": "Notebook"}
NAMES = {("container", "nodePools", "setAutoscaling"): "google.container.v1.ClusterManager.SetNodePoolAutoscaling",
         ("container", "nodePools", "setSize"): "google.container.v1.ClusterManager.SetNodePoolSize",
         ("iam", "workloadIdentityPools", "create"): "google.iam.v1.WorkloadIdentityPools.CreateWorkloadIdentityPool",
         ("iam", "providers", "create"): "google.iam.v1.WorkloadIdentityPools.CreateWorkloadIdentityPoolProvider",
         ("iam", "providers", "patch"): "google.iam.v1.WorkloadIdentityPools.UpdateWorkloadIdentityPoolProvider",
         ("cloudresourcemanager", "liens", "create"): "google.cloud.lien.v1.Liens.CreateLien",
         ("cloudresourcemanager", "liens", "delete"): "google.cloud.lien.v1.Liens.DeleteLien"}
# Compute and App Engine are known not to write which key was used.
KEYLESS = {"compute.googleapis.com", "appengine.googleapis.com"}


def method_name(method):
    """What the audit log calls a method of the documents."""
    head, rest = method.id.split(".", 1)
    if head == "compute":
        return "compute.googleapis.com", f"{method.version}.{method.id}"
    if head == "storage":
        return "storage.googleapis.com", method.id.replace("projects.hmacKeys", "hmacKeys").replace("buckets.insert", "buckets.create").replace(
            "buckets.patch", "buckets.update").replace("buckets.setIamPolicy", "setIamPermissions").replace("buckets.getIamPolicy", "getIamPermissions")
    service, pattern = SERVICES.get(head, (f"{head}.googleapis.com", f"google.cloud.{head}.{method.version}.{{Collection}}.{{Verb}}{{Thing}}"))
    collection, verb = method.collection, method.verb
    if (head, collection, verb) in NAMES:
        return service, NAMES[(head, collection, verb)]
    if head == "sql":
        verb = {"insert": "create"}.get(verb, verb)
    if collection in SPEAKS:
        pattern = pattern.replace("{Thing}Service", f"{SPEAKS[collection]}Service")
    thing = collection[0].upper() + re.sub(r"(?<=[^aeiou])ies$", "y", collection[1:]).removesuffix("s" if not collection.endswith("ies") else "\0")
    Verb = VERBS.get(verb, verb[0].upper() + verb[1:])
    if Verb in ("GetIamPolicy", "SetIamPolicy") or (len(Verb) > 8 and thing in Verb):
        thing = ""
    name = pattern.format(Collection=collection[0].upper() + collection[1:], collection=collection, verb=verb, Verb=Verb, Thing=thing,
                          BuildThing="BuildTrigger" if collection == "triggers" else thing)
    return service, name


def snake(node):
    """IAM writes its own messages with the names of the protos."""
    if isinstance(node, dict):
        return {name if name.startswith("@") else re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: "_" + m.group(1).lower(), name): snake(value)
                for name, value in node.items()}
    if isinstance(node, list):
        return [snake(item) for item in node]
    return node


def delta(before, after):
    """What a policy change added and removed, as IAM writes it."""
    def pairs(policy):
        return {(binding["role"], member, repr(binding.get("condition"))): binding.get("condition")
                for binding in policy.get("bindings", []) for member in binding["members"]}

    was, is_ = pairs(before), pairs(after)
    rows = []
    for action, keys, of in (("ADD", set(is_) - set(was), is_), ("REMOVE", set(was) - set(is_), was)):
        for key in sorted(keys):
            row = {"action": action, "role": key[0], "member": key[1]}
            if of[key]:
                row["condition"] = of[key]
            rows.append(row)
    configs = []
    had, has = before.get("auditConfigs", []), after.get("auditConfigs", [])
    for action, one, other in (("ADD", has, had), ("REMOVE", had, has)):
        for config in one:
            for log in config.get("auditLogConfigs", []):
                if not any(c["service"] == config["service"] and log in c.get("auditLogConfigs", []) for c in other):
                    configs.append({"action": action, "service": config["service"], "logType": log["logType"]})
    told = {"@type": "type.googleapis.com/google.iam.v1.logging.AuditData", "policyDelta": {"bindingDeltas": rows}}
    if configs:
        told["policyDelta"]["auditConfigDeltas"] = configs
    return told


class Audit:
    """Everything that was written, oldest first."""

    def __init__(self, world):
        self.world = world
        self.entries, self.late = [], 0.0

    def authentication(self, who, service):
        told = {}
        if who.email and who.kind != "principal":
            told["principalEmail"] = who.email
        told["principalSubject"] = who.subject or f"{who.kind}:{who.email}"
        if who.key and service not in KEYLESS:
            told["serviceAccountKeyName"] = who.key
        if who.via:
            told["serviceAccountDelegationInfo"] = [
                {"principalSubject": f"{kind}:{email}", "firstPartyPrincipal": {"principalEmail": email}} if kind != "principal" else
                {"principalSubject": email, "thirdPartyPrincipal": {}}
                for kind, email in who.via]
        return told

    def write(self, log, container, who, service, method, name, *, kind="activity", ip="192.0.2.20", agent="", granted=(), status=None, request=None,
              response=None, labels=None, resource="audited_resource", service_data=None, metadata=None, operation=None, location=None, severity=None):
        """Keeps one entry; `container` is `projects/id` and so on, `log` a LogEntry's own labels."""
        now = self.world.stamp()
        payload = {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": service, "methodName": method, "resourceName": name,
                   "authenticationInfo": self.authentication(who, service) if who else {"principalEmail": SYSTEM},
                   "requestMetadata": {"callerIp": ip, "callerSuppliedUserAgent": agent, "requestAttributes": {"time": now, "auth": {}},
                                       "destinationAttributes": {}}}
        if kind == "system_event":
            payload["requestMetadata"] = {}
        if granted:
            payload["authorizationInfo"] = [{"permission": permission, "resource": on, "granted": ok, "resourceAttributes": {"name": on}}
                                            for permission, on, ok in granted]
        if operation is None or operation.get("last") or status:
            if status or operation is None:
                payload["status"] = status or {}
        for field, value in (("request", request), ("response", response), ("serviceData", service_data), ("metadata", metadata)):
            if value is not None:
                payload[field] = copy.deepcopy(value)
        if location:
            payload["resourceLocation"] = {"currentLocations": [location]}
        id = container.split("/", 1)[1]
        entry = {
            "logName": f"{container}/logs/cloudaudit.googleapis.com%2F{kind}", "insertId": "-" + self.world.uuid().replace("-", "")[:13], "timestamp": now,
            "receiveTimestamp": now, "severity": severity or ("ERROR" if status else "NOTICE" if kind == "activity" else "INFO"),
            "resource": {"type": resource, "labels": {**({"project_id": id} if container.startswith("projects/") else {}), **(labels or {})}},
            "protoPayload": payload,
        }
        if resource == "audited_resource":
            entry["resource"]["labels"] |= {"service": service, "method": method}
        if operation:
            entry["operation"] = operation
        if log:
            entry["labels"] = log
        self.keep(container, entry, "_Default" if kind in ("data_access", "policy") else "_Required")
        return entry

    def keep(self, container, entry, bucket):
        self.entries.append({"container": container, "bucket": bucket, "entry": entry, "due": time.monotonic() + self.late})

    def reads_wanted(self, keys, service, kind):
        """Whether some policy above switches reads of a service on."""
        for key in keys:
            for config in self.world.policies.get(key, {}).get("auditConfigs", []):
                if config["service"] in ("allServices", service) and any(log["logType"] == kind for log in config.get("auditLogConfigs", [])):
                    return True
        return False


def status(refusal):
    return {"code": refusal.number, "message": refusal.status if refusal.number == CODES["PERMISSION_DENIED"] else refusal.message}
