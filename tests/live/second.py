"""A smaller world for ministack, whose IAM enforces keys, policies and their conditions by itself.

    second.py FRONT_URL > world.json
    second.py FRONT_URL --by-hand < world.json    revokes with the documents that the program writes, without the program
"""

import json
import sys
import time

from world import OWNERS, RESPONDER, THIEF, Actor, door, plain, trust

ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def build(url):
    account = "111122223333"
    root = Actor(url, door(url, "root", {"account": account}))
    actors = {}
    for name, address in (("alice", OWNERS), ("ci-runner", THIEF), ("responder", RESPONDER)):
        root("iam").create_user(UserName=name)
        root("iam").put_user_policy(UserName=name, PolicyName="all", PolicyDocument=ALLOW)
        actors[name] = Actor(url, plain(root("iam").create_access_key(UserName=name)["AccessKey"]))
        door(url, "source", {"key": actors[name].id, "address": address})
    leaked = actors.pop("ci-runner")
    root("iam").create_role(RoleName="build", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{account}:root"))
    root("iam").put_role_policy(RoleName="build", PolicyName="all", PolicyDocument=ALLOW)
    actors["owner_build"] = actors["alice"].become(account, "build", "alice")
    token = Actor(url, plain(leaked("sts").get_session_token()["Credentials"]))
    role = leaked.become(account, "build", "i-0build")
    actors |= {"leaked": leaked, "token": token, "build": role}
    leaked("iam").list_users()
    role("ec2").describe_instances()
    return {"accounts": {"shop": account}, "regions": ["us-east-1"], "credentials": {n: actors[n].id for n in ("leaked", "token", "build")},
            "keys": {name: actor.keys for name, actor in actors.items()}, "resources": [], "innocent": [], "touched": []}


def by_hand(url, world):
    iam = Actor(url, world["keys"]["responder"])("iam")
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    document = lambda statement: json.dumps({"Version": "2012-10-17", "Statement": statement}, separators=(",", ":"))
    role = iam.get_role(RoleName="build")["Role"]["RoleId"]
    iam.put_user_policy(UserName="ci-runner", PolicyName="deny", PolicyDocument=document(deny))
    iam.update_access_key(UserName="ci-runner", AccessKeyId=world["credentials"]["leaked"], Status="Inactive")
    narrow = {"DateLessThan": {"aws:TokenIssueTime": when}, "StringEquals": {"aws:userid": [f"{role}:i-0build"]}}
    iam.put_role_policy(RoleName="build", PolicyName="deny", PolicyDocument=document({**deny, "Condition": narrow}))
    time.sleep(1)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    if "--by-hand" in sys.argv:
        by_hand(sys.argv[1], given)
        print("{}")
    else:
        json.dump(build(sys.argv[1]), sys.stdout)
