"""How CloudTrail writes down what was asked and answered: the shapes that real records have.

Members bear their API name with the first letter lower-cased, dates are written three ways, secrets are left out. EC2 has its own
two shapes: sets of `items` for the old calls, the wire's own names wrapped in `<Call>Request` and `<Call>Response` for the new ones.
"""

import re
from datetime import date, datetime, timezone
from xml.etree import ElementTree

SECRET = {"secretAccessKey", "password", "newPassword", "oldPassword", "servicePassword", "serviceCredentialSecret",
          "secretString", "zipFile", "keyMaterial", "base32StringSeed", "qRCodePNG", "tokenCode", "cloudWatchLogs"}
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
# EC2 calls that came after the old record shape.
NEW_EC2 = re.compile("LaunchTemplate|NatGateway|FlowLogs|Fleets?$|VpcEndpoint|TransitGateway|CapacityReservation|IamInstanceProfile|"
                     "SecurityGroupRules|ManagedResourceVisibility|SerialConsole|BlockPublicAccess|InstanceConnect|CreditSpecification$")
# How old EC2 records name lists of the request: set, and the member of each item (None: items are structures).
SETS = {
    "InstanceId": ("instancesSet", "instanceId"), "SecurityGroupId": ("groupSet", "groupId"), "GroupId": ("securityGroupIdSet", "groupId"),
    "ResourceId": ("resourcesSet", "resourceId"), "ImageId": ("imagesSet", "imageId"), "SnapshotId": ("snapshotSet", "snapshotId"),
    "VolumeId": ("volumeSet", "volumeId"), "SpotInstanceRequestId": ("spotInstanceRequestIdSet", "spotInstanceRequestId"),
    "Region": ("regionSet", "regionName"), "Filter": ("filterSet", None), "Tag": ("tagSet", None),
    "TagSpecification": ("tagSpecificationSet", None), "BlockDeviceMapping": ("blockDeviceMapping", None),
    "NetworkInterface": ("networkInterfaceSet", None), "IpPermissions": ("ipPermissions", None), "IpRanges": ("ipRanges", None),
    "Ipv6Ranges": ("ipv6Ranges", None), "Groups": ("groups", None), "Add": ("add", None), "Remove": ("remove", None),
    "InstanceCreditSpecification": ("instanceCreditSpecificationSet", None), "KeyName": ("keySet", "keyName"),
    "Owner": ("ownersSet", "owner"), "VpcId": ("vpcSet", "vpcId"), "SubnetId": ("subnetSet", "subnetId"),
}


def lower_first(name):
    return name[:1].lower() + name[1:]


def when(moment, service):
    """IAM writes `Jul 10, 2023 12:24:29 PM`, everybody else a comma after the year."""
    comma = "" if service == "iam" else ","
    hour = moment.hour % 12 or 12
    return f"{moment:%b} {moment.day}, {moment.year}{comma} {hour}:{moment:%M:%S} {'AM' if moment.hour < 12 else 'PM'}"


def told(value, service):
    """A parsed request or answer, as a record tells it."""
    if isinstance(value, dict):
        found = {}
        for name, inner in value.items():
            name = lower_first(str(name))
            if name == "responseMetadata" or inner is None or (name in SECRET and not isinstance(inner, dict)):
                continue
            if name == "environment" and service == "lambda":
                inner = {}
            if name == "userData":
                inner = "<sensitiveDataRemoved>"
            found[name] = told(inner, service)
        return found
    if isinstance(value, (list, tuple)):
        return [told(inner, service) for inner in value]
    if isinstance(value, (datetime, date)):
        moment = value if value.tzinfo is None else value.astimezone(timezone.utc)
        return when(moment, service)
    if isinstance(value, (bytes, bytearray)):
        return HIDDEN
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def tree(form):
    """`A.1.B=c` as {"A": {"1": {"B": "c"}}}."""
    top = {}
    for name, value in sorted(form.items()):
        if name in ("Action", "Version"):
            continue
        at = top
        parts = name.split(".")
        for part in parts[:-1]:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                break
        else:
            at[parts[-1]] = value
    return top


def is_list(node):
    return isinstance(node, dict) and node and all(key.isdigit() for key in node)


def typed(text):
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else text


def asked_of_ec2(operation, form):
    if NEW_EC2.search(operation):
        return {f"{operation}Request": _wrapped(tree(form))}
    told = _sets(tree(form))
    if operation == "RunInstances":
        item = {name: told.pop(name) for name in ("imageId", "minCount", "maxCount", "keyName") if name in told}
        told["instancesSet"] = {"items": [item]}
        told.setdefault("blockDeviceMapping", {})
        for name in ("disableApiTermination", "disableApiStop"):
            told.setdefault(name, False)
    if operation in ("ModifySnapshotAttribute", "ModifyImageAttribute") and "operationType" in told:
        kind = "createVolumePermission" if operation == "ModifySnapshotAttribute" else "launchPermission"
        who = [{"userId": x["userId"]} for x in told.pop("userIdSet", {}).get("items", [])]
        who += [{"group": x.get("group") or x.get("userGroup")} for x in told.pop("userGroupSet", {}).get("items", [])]
        told[kind] = {told.pop("operationType"): {"items": who}}
        told["attributeType"] = "CREATE_VOLUME_PERMISSION" if kind.startswith("create") else "launchPermission"
        told.pop("attribute", None)
    if operation.startswith("Describe"):
        told.setdefault("filterSet", {})
        if operation == "DescribeInstances":
            told.setdefault("instancesSet", {})
    return told


def _sets(node):
    found = {}
    for name, inner in node.items():
        if name == "UserData":
            found["userData"] = "<sensitiveDataRemoved>"
        elif is_list(inner):
            set_name, member = SETS.get(name, (lower_first(name) + "Set", lower_first(name)))
            items = [inner[key] for key in sorted(inner, key=int)]
            if name == "Value":
                set_name, member = "valueSet", "value"
            items = [_sets(x) if isinstance(x, dict) else {member or lower_first(name): typed(x)} for x in items]
            if name == "TagSpecification":
                for item in items:
                    item["tags"] = item.pop("tagSet", {}).get("items", [])
            found[set_name] = {"items": items}
        elif isinstance(inner, dict):
            found[lower_first(name)] = _sets(inner)
        else:
            is_text = name.endswith(("Id", "Key", "Value", "Name")) and inner not in ("true", "false")
            found[lower_first(name)] = inner if is_text else typed(inner)
    return found


def _wrapped(node):
    found = {}
    for name, inner in node.items():
        if is_list(inner):
            items = []
            for key in sorted(inner, key=int):
                x = inner[key]
                items.append({**_wrapped(x), "tag": int(key)} if isinstance(x, dict) else {"tag": int(key), "content": x})
            found[name] = items[0] if len(items) == 1 else items
        elif isinstance(inner, dict):
            found[name] = _wrapped(inner)
        else:
            found[name] = "<sensitiveDataRemoved>" if name == "UserData" else typed(inner)
    return found


STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?$")
NUMBERS = {"code", "amiLaunchIndex", "deviceIndex", "fromPort", "toPort", "minCount", "maxCount", "networkCardIndex"}


def answered_by_ec2(operation, body):
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return None
    new = bool(NEW_EC2.search(operation))
    inner = _xml(root, new)
    if not isinstance(inner, dict):
        inner = {}
    inner.setdefault("requestId", "00000000-0000-4000-8000-000000000000")
    if not new:
        if operation == "CreateKeyPair":
            inner["keyMaterial"] = "<sensitiveDataRemoved>"
        return inner
    return {f"{operation}Response": {"xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/", **inner}}


def _xml(node, new):
    children = list(node)
    name = node.tag.rsplit("}", 1)[-1]
    if not children:
        text = (node.text or "").strip()
        if name.endswith(("Set", "Mapping", "productCodes")) and not text:
            return {}
        if text in ("true", "false"):
            return text == "true"
        if STAMP.match(text) and not new:
            moment = datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=timezone.utc)
            return int(moment.timestamp() * 1000)
        return int(text) if text.isdigit() and (new or name in NUMBERS) and len(text) < 10 else text
    tags = [child.tag.rsplit("}", 1)[-1] for child in children]
    if set(tags) == {"item"}:
        items = [_xml(child, new) for child in children]
        if new:
            return {"item": items[0] if len(items) == 1 else items}
        return {"items": items}
    found = {}
    for tag, child in zip(tags, children):
        found["_return" if tag == "return" else tag] = _xml(child, new)
    return found
