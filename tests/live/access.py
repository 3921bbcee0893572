"""Who a key is, whether it still works, and what its policies deny.

Learns from the calls that pass: keys made and switched off, roles taken, policies written. Evaluates the part of IAM that ends
access: explicit denies of inline policies, AWSDenyAll and service control policies, with the conditions that revocation uses.
"""

import base64
import fnmatch
import json
import secrets
import string
import threading
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote

MASK = 0x7FFFFFFFFF80
LETTERS = string.ascii_uppercase + "234567"


def new_key(prefix, account):
    """A key id that tells its account, as real ones do."""
    head = base64.b32encode((1 << 47 | int(account) << 7).to_bytes(6, "big") + secrets.token_bytes(4)).decode()
    return prefix + head


def account_of(key):
    try:
        raw = base64.b32decode(key[4:20])
    except Exception:
        return None
    return f"{(int.from_bytes(raw[:6], 'big') & MASK) >> 7:012}"


def new_id(prefix):
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(17))


class Who:
    """A credential: what CloudTrail says of whoever uses it, and what it hangs on."""

    def __init__(self, kind, account, arn, principal_id, name=None, role=None, issued=None, minter=None, source_identity=None):
        self.kind, self.account, self.arn, self.principal_id, self.name = kind, account, arn, principal_id, name
        self.role, self.issued, self.minter, self.source_identity = role, issued, minter, source_identity
        self.active, self.source = True, None

    def username(self):
        if self.kind == "Root":
            return "root"
        return self.arn.rsplit("/", 1)[-1]

    def told(self, key):
        found = {"type": self.kind, "principalId": self.principal_id, "arn": self.arn, "accountId": self.account, "accessKeyId": key}
        if self.kind == "IAMUser":
            found["userName"] = self.name
        context = {}
        if self.kind == "AssumedRole":
            role_name = self.role["Arn"].rsplit("/", 1)[-1]
            context["sessionIssuer"] = {"type": "Role", "principalId": self.role["RoleId"], "arn": self.role["Arn"],
                                        "accountId": self.account, "userName": role_name}
        elif self.kind == "FederatedUser":
            context["sessionIssuer"] = {"type": "IAMUser", "principalId": self.minter.principal_id, "arn": self.minter.arn,
                                        "accountId": self.account, "userName": self.minter.name}
        if self.issued:
            context["attributes"] = {"creationDate": stamp(self.issued), "mfaAuthenticated": "false"}
            if self.kind == "IAMUser":
                context = {"sessionIssuer": {}, "webIdFederationData": {}, **context}
            if self.source_identity:
                context["sourceIdentity"] = self.source_identity
            found["sessionContext"] = context
        return found


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text):
    return datetime.fromisoformat(str(text).replace("Z", "+00:00"))


class Access:
    def __init__(self, moto):
        self.moto, self.lock = moto, threading.RLock()
        self.keys, self.policies, self.attached, self.made = {}, {}, {}, {}
        self.scps, self.scp_on = {}, {}

    def root(self, account):
        key = new_key("AKIA", account)
        self.keys[key] = Who("Root", account, f"arn:aws:iam::{account}:root", account)
        return key

    # -- learning -----------------------------------------------------------------------------------------------------------

    def learn(self, call, who, asked, answer, now):
        """Takes note of one call that succeeded."""
        learn = getattr(self, f"_{call.operation}", None)
        if learn and call.service in ("iam", "sts", "organizations"):
            with self.lock:
                learn(who, asked or {}, answer or {}, now)

    def _user(self, who, asked):
        return asked.get("UserName") or who.name

    def _CreateUser(self, who, asked, answer, now):
        user = answer["User"]
        self.made[(who.account, "user", user["UserName"])] = {"Id": user["UserId"], "Arn": user["Arn"]}

    def _DeleteUser(self, who, asked, answer, now):
        self.made.pop((who.account, "user", asked["UserName"]), None)
        for key, other in self.keys.items():
            if other.account == who.account and other.name == asked["UserName"] and other.kind != "AssumedRole":
                other.active = False

    def _CreateAccessKey(self, who, asked, answer, now):
        made = answer["AccessKey"]
        name = made["UserName"]
        user = self.made.get((who.account, "user", name), {"Id": new_id("AIDA"), "Arn": f"arn:aws:iam::{who.account}:user/{name}"})
        self.keys[made["AccessKeyId"]] = Who("IAMUser", who.account, user["Arn"], user["Id"], name)

    def _UpdateAccessKey(self, who, asked, answer, now):
        if asked["AccessKeyId"] in self.keys:
            self.keys[asked["AccessKeyId"]].active = asked["Status"] == "Active"

    def _DeleteAccessKey(self, who, asked, answer, now):
        if asked["AccessKeyId"] in self.keys:
            self.keys[asked["AccessKeyId"]].active = False

    def _AssumeRole(self, who, asked, answer, now):
        arn = asked["RoleArn"]
        account, name = arn.split(":")[4], arn.rsplit("/", 1)[-1]
        role = self.made.get((account, "role", name)) or self._ask_role(account, name, arn)
        session = Who("AssumedRole", account, f"arn:aws:sts::{account}:assumed-role/{name}/{asked['RoleSessionName']}",
                      f"{role['RoleId']}:{asked['RoleSessionName']}", name, role, now, source_identity=asked.get("SourceIdentity"))
        session.source = who.source if who else None
        self.keys[answer["Credentials"]["AccessKeyId"]] = session

    def _GetSessionToken(self, who, asked, answer, now):
        made = Who(who.kind, who.account, who.arn, who.principal_id, who.name, issued=now)
        made.source = who.source
        self.keys.setdefault(answer["Credentials"]["AccessKeyId"], made)

    def _ask_role(self, account, name, arn):
        try:
            found = self.moto("iam", account).get_role(RoleName=name)["Role"]
            role = {"Arn": found["Arn"], "RoleId": found["RoleId"]}
        except Exception:
            role = {"Arn": arn, "RoleId": new_id("AROA")}
        self.made[(account, "role", name)] = role
        return role

    def _CreateRole(self, who, asked, answer, now):
        self.made[(who.account, "role", asked["RoleName"])] = {"Arn": answer["Role"]["Arn"], "RoleId": answer["Role"]["RoleId"]}

    def _PutUserPolicy(self, who, asked, answer, now):
        self.policies.setdefault((who.account, "user", asked["UserName"]), {})[asked["PolicyName"]] = asked["PolicyDocument"]

    def _DeleteUserPolicy(self, who, asked, answer, now):
        self.policies.get((who.account, "user", asked["UserName"]), {}).pop(asked["PolicyName"], None)

    def _PutRolePolicy(self, who, asked, answer, now):
        self.policies.setdefault((who.account, "role", asked["RoleName"]), {})[asked["PolicyName"]] = asked["PolicyDocument"]

    def _DeleteRolePolicy(self, who, asked, answer, now):
        self.policies.get((who.account, "role", asked["RoleName"]), {}).pop(asked["PolicyName"], None)

    def _AttachUserPolicy(self, who, asked, answer, now):
        self.attached.setdefault((who.account, "user", asked["UserName"]), set()).add(asked["PolicyArn"])

    def _DetachUserPolicy(self, who, asked, answer, now):
        self.attached.get((who.account, "user", asked["UserName"]), set()).discard(asked["PolicyArn"])

    def _AttachRolePolicy(self, who, asked, answer, now):
        self.attached.setdefault((who.account, "role", asked["RoleName"]), set()).add(asked["PolicyArn"])

    def _DetachRolePolicy(self, who, asked, answer, now):
        self.attached.get((who.account, "role", asked["RoleName"]), set()).discard(asked["PolicyArn"])

    def _PutUserPermissionsBoundary(self, who, asked, answer, now):
        self.attached.setdefault((who.account, "user", asked["UserName"]), set()).add(("boundary", asked["PermissionsBoundary"]))

    def _DeleteUserPermissionsBoundary(self, who, asked, answer, now):
        held = self.attached.get((who.account, "user", asked["UserName"]), set())
        held -= {each for each in held if isinstance(each, tuple)}

    def _CreatePolicy(self, who, asked, answer, now):
        policy = answer.get("Policy", {})
        if "PolicySummary" in policy:
            self.scps[policy["PolicySummary"]["Id"]] = asked["Content"]

    def _UpdatePolicy(self, who, asked, answer, now):
        if "Content" in asked and asked.get("PolicyId") in self.scps:
            self.scps[asked["PolicyId"]] = asked["Content"]

    def _AttachPolicy(self, who, asked, answer, now):
        self.scp_on.setdefault(asked["TargetId"], set()).add(asked["PolicyId"])

    def _DetachPolicy(self, who, asked, answer, now):
        self.scp_on.get(asked["TargetId"], set()).discard(asked["PolicyId"])

    # -- deciding -----------------------------------------------------------------------------------------------------------

    def is_dead(self, key):
        who = self.keys.get(key)
        return who is None or not who.active

    def denial(self, call, key, now):
        """The document that denies this call, or None."""
        if (call.service, call.operation) == ("sts", "GetCallerIdentity"):
            return None
        who = self.keys[key]
        action = f"{call.signed_for}:{call.operation}"
        holders = [(who.account, "role" if who.kind == "AssumedRole" else "user", who.name)]
        if who.minter:
            holders.append((who.account, "user", who.minter.name))
        with self.lock:
            documents = [text for holder in holders for text in self.policies.get(holder, {}).values()]
            denies_all = any("AWSDenyAll" in str(each) for holder in holders for each in self.attached.get(holder, ()))
            documents += [self.scps[each] for each in self.scp_on.get(who.account, ()) if each in self.scps]
        if denies_all:
            return "AWSDenyAll"
        about = {"aws:userid": who.principal_id, "aws:username": who.name if who.kind == "IAMUser" else None,
                 "aws:principalarn": who.role["Arn"] if who.role else who.arn, "aws:sourceidentity": who.source_identity,
                 "aws:tokenissuetime": stamp(who.issued) if who.issued else None, "aws:principalaccount": who.account,
                 "aws:currenttime": stamp(now)}
        for text in documents:
            document = json.loads(unquote(text) if text.startswith("%") else text)
            statements = document.get("Statement", [])
            for statement in statements if isinstance(statements, list) else [statements]:
                if statement.get("Effect") == "Deny" and covers(statement, action) and holds(statement.get("Condition", {}), about):
                    return text
        return None


def listed(value):
    return value if isinstance(value, list) else [value]


def covers(statement, action):
    meets = lambda patterns: any(fnmatch.fnmatchcase(action.lower(), str(pattern).lower()) for pattern in listed(patterns))
    return not meets(statement["NotAction"]) if "NotAction" in statement else meets(statement.get("Action", []))


def holds(condition, about):
    """Every operator and key of a condition. A missing key fails all but the negated and the IfExists operators."""
    for operator, keys in condition.items():
        base, optional = operator.removesuffix("IfExists"), operator.endswith("IfExists")
        base = base.split(":")[-1]
        for key, wanted in keys.items():
            have = about.get(key.lower())
            wanted = [str(each) for each in listed(wanted)]
            if base == "Null":
                verdict = (have is None) == (wanted[0].lower() == "true")
            elif have is None:
                verdict = optional or base.startswith(("StringNot", "ArnNot"))
            elif base in ("StringEquals", "StringEqualsIgnoreCase"):
                verdict = have in wanted
            elif base in ("StringLike", "ArnLike", "ArnEquals"):
                verdict = any(fnmatch.fnmatchcase(have, each) for each in wanted)
            elif base in ("StringNotEquals",):
                verdict = have not in wanted
            elif base in ("StringNotLike", "ArnNotLike", "ArnNotEquals"):
                verdict = not any(fnmatch.fnmatchcase(have, each) for each in wanted)
            elif base == "DateLessThan":
                verdict = instant(have) < instant(wanted[0])
            elif base == "DateGreaterThan":
                verdict = instant(have) > instant(wanted[0])
            else:
                raise ValueError(f"the front evaluates no {operator}")
            if not verdict:
                return False
    return True


def expiry(now, seconds):
    return now + timedelta(seconds=seconds)


def utc(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=0)
