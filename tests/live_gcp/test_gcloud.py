"""gcloud against the stand-in: Google's own command line must be able to use it too.

    test_gcloud.py URL GCLOUD

Looks, launches, stops and grants as a person would type it.
"""

import json
import os
import subprocess
import sys
import tempfile

from cloud import OWNERS, Actor, door
from test_stand import ADMIN, world

SERVICES = {"compute": "compute/v1/", "iam": "", "cloudresourcemanager": "", "logging": "", "serviceusage": "", "storage": "storage/v1/"}
PROJECT = "shop-prod-4821"


def main(url, gcloud):
    admin = world(url)
    assert isinstance(admin, Actor) and OWNERS
    with tempfile.TemporaryDirectory() as home:
        token = os.path.join(home, "token")
        with open(token, "w", encoding="utf-8") as file:
            file.write(door(url, "token", {"email": ADMIN, "kind": "user"}))
        environment = {"PATH": os.environ["PATH"], "HOME": home, "CLOUDSDK_CONFIG": os.path.join(home, "config"), "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": token,
                       "CLOUDSDK_CORE_PROJECT": PROJECT, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1", "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
                       "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1"}
        environment |= {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name.upper()}": f"{url}/{name}/{base}" for name, base in SERVICES.items()}

        def run(*words):
            done = subprocess.run([gcloud, *words, "--format=json"], env=environment, capture_output=True, text=True, timeout=300, check=False)
            assert done.returncode == 0, f"{words}: {done.stderr}"
            return json.loads(done.stdout) if done.stdout.strip() else None

        run("iam", "service-accounts", "create", "builder")
        assert [row["email"] for row in run("iam", "service-accounts", "list") if row["email"].startswith("builder")] == [f"builder@{PROJECT}.iam.gserviceaccount.com"]
        run("projects", "add-iam-policy-binding", PROJECT, f"--member=serviceAccount:builder@{PROJECT}.iam.gserviceaccount.com", "--role=roles/viewer", "--condition=None")
        run("compute", "instances", "create", "web-1", "--zone=us-central1-a", "--machine-type=e2-small", "--image=projects/debian-cloud/global/images/debian-12")
        run("compute", "instances", "stop", "web-1", "--zone=us-central1-a")
        listed = [(row["name"], row["status"]) for row in run("compute", "instances", "list")]
        assert listed == [("web-1", "TERMINATED")], listed
        names = {row["protoPayload"]["methodName"] for row in run("logging", "read", 'logName:"cloudaudit.googleapis.com"', "--freshness=1h", "--limit=100")}
        assert {"v1.compute.instances.insert", "v1.compute.instances.stop", "google.iam.admin.v1.CreateServiceAccount"} <= names, names
    print("ok gcloud")
    bad = door(url, "bad")
    assert not bad, bad


if __name__ == "__main__":
    main(*sys.argv[1:])
