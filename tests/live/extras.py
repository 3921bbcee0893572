"""What moto lacks and a responder's tool needs: sessions of users, regions of an account, service-specific credentials,
permission boundaries, the listing of function URLs. Answers by AWS's models; everything else is moto's.
"""

import json
import secrets
from datetime import datetime, timezone

from access import Who, account_of, expiry, new_id, new_key

REGIONS = ["ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
           "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"]
OPT_IN = ["af-south-1", "ap-east-1", "eu-south-1", "me-south-1"]

# What an hour costs today, wherever: no price of the program's own table.
PRICES = {"p3.16xlarge": "25.1000000000", "p3.2xlarge": "3.1700000000"}


class Refused(Exception):
    def __init__(self, code, status, message):
        self.code, self.status, self.message = code, status, message


class Extras:
    def __init__(self, access, trail, moto, clock, deliverer, engines):
        self.access, self.trail, self.moto, self.clock = access, trail, moto, clock
        self.deliverer, self.engines = deliverer, engines
        # Trails of the organization, which every account of it sees.
        self.everywhere = []
        self.credentials, self.boundaries, self.opted_in, self.disabled = {}, {}, {}, set()

    def find(self, call, second):
        """The answer that is ours: what moto lacks, and of that what ministack (`second`) lacks too."""
        if not call.operation or (second and call.service == "sts"):
            return None
        name = f"{call.service}_{call.operation}".replace("-", "_")
        own = getattr(self, name, None) or getattr(self.engines, name, None)
        return own or (getattr(self, f"second_{call.operation}", None) if second else None)

    # -- sts ----------------------------------------------------------------------------------------------------------------

    def sts_GetCallerIdentity(self, call, who, asked):
        return {"UserId": who.principal_id, "Account": who.account, "Arn": who.arn}

    def sts_GetAccessKeyInfo(self, call, who, asked):
        return {"Account": account_of(asked["AccessKeyId"])}

    def _session(self, account, who, seconds):
        key = new_key("ASIA", account)
        who.source = None
        self.access.keys[key] = who
        return {"AccessKeyId": key, "SecretAccessKey": secrets.token_urlsafe(30), "SessionToken": "FQoGZXIvYXdzE" + secrets.token_urlsafe(120),
                "Expiration": expiry(self.clock(), seconds)}

    def sts_GetSessionToken(self, call, who, asked):
        if who.issued:
            raise Refused("AccessDenied", 403, "Cannot call GetSessionToken with session credentials")
        session = Who(who.kind, who.account, who.arn, who.principal_id, who.name, issued=self.clock())
        return {"Credentials": self._session(who.account, session, asked.get("DurationSeconds") or 43200)}

    def sts_GetFederationToken(self, call, who, asked):
        if who.issued:
            raise Refused("AccessDenied", 403, "Cannot call GetFederationToken with session credentials")
        arn, user = f"arn:aws:sts::{who.account}:federated-user/{asked['Name']}", f"{who.account}:{asked['Name']}"
        session = Who("FederatedUser", who.account, arn, user, who.name, issued=self.clock(), minter=who)
        return {"Credentials": self._session(who.account, session, asked.get("DurationSeconds") or 43200),
                "FederatedUser": {"FederatedUserId": user, "Arn": arn}, "PackedPolicySize": 0}

    # -- account ------------------------------------------------------------------------------------------------------------

    def account_ListRegions(self, call, who, asked):
        on = self.opted_in.get(who.account, set())
        rows = [{"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"} for name in REGIONS]
        rows += [{"RegionName": name, "RegionOptStatus": "ENABLED" if name in on else "DISABLED"} for name in OPT_IN]
        kinds = asked.get("RegionOptStatusContains") or ["ENABLED", "ENABLED_BY_DEFAULT", "ENABLING", "DISABLING", "DISABLED"]
        rows = [row for row in rows if row["RegionOptStatus"] in kinds]
        start = int(asked.get("NextToken") or 0)
        most = asked.get("MaxResults") or 20
        page = {"Regions": rows[start:start + most]}
        if start + most < len(rows):
            page["NextToken"] = str(start + most)
        return page

    def account_EnableRegion(self, call, who, asked):
        self.opted_in.setdefault(who.account, set()).add(asked["RegionName"])
        return {}

    def account_DisableRegion(self, call, who, asked):
        self.opted_in.get(who.account, set()).discard(asked["RegionName"])
        return {}

    def account_GetRegionOptStatus(self, call, who, asked):
        rows = self.account_ListRegions(call, who, {"MaxResults": 50})["Regions"]
        status = [row["RegionOptStatus"] for row in rows if row["RegionName"] == asked["RegionName"]]
        if not status:
            raise Refused("ValidationException", 400, "no such region")
        return {"RegionName": asked["RegionName"], "RegionOptStatus": status[0]}

    def is_disabled(self, account, region):
        return region in OPT_IN and region not in self.opted_in.get(account, set())

    # -- cloudtrail ---------------------------------------------------------------------------------------------------------

    def cloudtrail_LookupEvents(self, call, who, asked):
        if not self.trail.take(who.account, call.region):
            raise Refused("ThrottlingException", 400, "Rate exceeded")
        page, refused = self.trail.lookup(who.account, call.region, asked)
        if refused:
            raise Refused(refused[0], 400, refused[1])
        return page

    def cloudtrail_DescribeTrails(self, call, who, asked):
        own = self.moto("cloudtrail", who.account, call.region).describe_trails(includeShadowTrails=asked.get("includeShadowTrails", True))["trailList"]
        known = {trail["TrailARN"] for trail in own}
        return {"trailList": own + [trail for trail in self.everywhere if trail["TrailARN"] not in known]}

    def cloudtrail_ListPublicKeys(self, call, who, asked):
        return self.deliverer.public_keys(call.region, asked)

    # -- iam ----------------------------------------------------------------------------------------------------------------

    def _named(self, who, asked):
        name = asked.get("UserName") or who.name
        try:
            self.moto("iam", who.account).get_user(UserName=name)
        except Exception:
            raise Refused("NoSuchEntity", 404, f"The user with name {name} cannot be found.") from None
        return self.credentials.setdefault((who.account, name), {}), name

    def iam_CreateServiceSpecificCredential(self, call, who, asked):
        held, name = self._named(who, asked)
        made = {"CreateDate": self.clock(), "ServiceName": asked["ServiceName"], "ServiceUserName": f"{name}-at-{who.account}",
                "ServiceSpecificCredentialId": new_id("ACCA"), "UserName": name, "Status": "Active"}
        held[made["ServiceSpecificCredentialId"]] = made
        return {"ServiceSpecificCredential": {**made, "ServicePassword": secrets.token_urlsafe(24)}}

    def iam_ListServiceSpecificCredentials(self, call, who, asked):
        held, _ = self._named(who, asked)
        service = asked.get("ServiceName")
        return {"ServiceSpecificCredentials": [each for each in held.values() if service in (None, each["ServiceName"])], "IsTruncated": False}

    def iam_UpdateServiceSpecificCredential(self, call, who, asked):
        held, _ = self._named(who, asked)
        if asked["ServiceSpecificCredentialId"] not in held:
            raise Refused("NoSuchEntity", 404, "No such credential exists")
        held[asked["ServiceSpecificCredentialId"]]["Status"] = asked["Status"]
        return {}

    def iam_DeleteServiceSpecificCredential(self, call, who, asked):
        held, _ = self._named(who, asked)
        if held.pop(asked["ServiceSpecificCredentialId"], None) is None:
            raise Refused("NoSuchEntity", 404, "No such credential exists")
        return {}

    def iam_PutUserPermissionsBoundary(self, call, who, asked):
        self._named(who, asked)
        self.boundaries[(who.account, asked["UserName"])] = asked["PermissionsBoundary"]
        return {}

    def iam_DeleteUserPermissionsBoundary(self, call, who, asked):
        self._named(who, asked)
        if self.boundaries.pop((who.account, asked["UserName"]), None) is None:
            raise Refused("NoSuchEntity", 404, "no boundary")
        return {}

    def second_ListSSHPublicKeys(self, call, who, asked):
        return {"SSHPublicKeys": [], "IsTruncated": False}

    def second_ListSigningCertificates(self, call, who, asked):
        return {"Certificates": [], "IsTruncated": False}

    def iam_SimulatePrincipalPolicy(self, call, who, asked):
        """Everybody who asks here may do everything, or nothing."""
        holder = (who.account, "role" if who.role else "user", who.name)
        is_admin = any("AdministratorAccess" in str(each) for each in self.access.attached.get(holder, ()))
        is_admin |= any('"Allow"' in text and '"Action": "*"' in text for text in self.access.policies.get(holder, {}).values())
        # The way in of an organization holds everything by itself.
        decision = "allowed" if is_admin or who.name == "OrganizationAccountAccessRole" else "implicitDeny"
        return {"EvaluationResults": [{"EvalActionName": each, "EvalResourceName": "*", "EvalDecision": decision}
                                      for each in asked.get("ActionNames") or []], "IsTruncated": False}

    # -- lambda -------------------------------------------------------------------------------------------------------------

    def lambda_ListFunctionUrlConfigs(self, call, who, asked):
        found = self.moto("lambda", who.account, call.region)
        try:
            url = found.get_function_url_config(FunctionName=asked["FunctionName"])
        except Exception:
            return {"FunctionUrlConfigs": []}
        url.pop("ResponseMetadata", None)
        return {"FunctionUrlConfigs": [url]}

    # -- support, pricing ---------------------------------------------------------------------------------------------------

    def support_DescribeServices(self, call, who, asked):
        rows = {"amazon-elastic-compute-cloud-linux": ("Elastic Compute Cloud (EC2 - Linux)", {"instance-issue": "Instance Issue"}),
                "customer-account": ("Account", {"other-account-issues": "Other Account Issues", "security": "Security"})}
        return {"services": [{"code": code, "name": name, "categories": [{"code": each, "name": title} for each, title in kinds.items()]}
                             for code, (name, kinds) in rows.items()]}

    def support_DescribeSeverityLevels(self, call, who, asked):
        names = {"low": "General guidance", "normal": "System impaired", "high": "Production system impaired", "urgent": "Production system down"}
        return {"severityLevels": [{"code": code, "name": name} for code, name in names.items()]}

    def pricing_GetProducts(self, call, who, asked):
        wanted = {row["Field"]: row["Value"] for row in asked.get("Filters", [])}
        whole = {"capacitystatus": "Used", "marketoption": "OnDemand", "operatingSystem": "Linux", "preInstalledSw": "NA", "tenancy": "Shared"}
        if asked["ServiceCode"] != "AmazonEC2" or any(wanted.get(field) != value for field, value in whole.items()):
            raise Refused("InvalidParameterException", 400, f"more than one price: {wanted}")
        price = PRICES.get(wanted["instanceType"])
        if price is None:
            return {"FormatVersion": "aws_v1", "PriceList": []}
        sku = f"{wanted['instanceType']}.{wanted['regionCode']}"
        rate = {"unit": "Hrs", "pricePerUnit": {"USD": price}}
        return {"FormatVersion": "aws_v1", "PriceList": [json.dumps({
            "product": {"productFamily": "Compute Instance", "sku": sku}, "serviceCode": "AmazonEC2",
            "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": {"priceDimensions": {f"{sku}.JRTCKXETXF.6YS6EN2CT7": rate}}}}})]}


def now():
    return datetime.now(timezone.utc).replace(microsecond=0)
