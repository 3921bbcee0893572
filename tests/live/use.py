"""Tries what credentials can still do, one harmless call of every protocol each.

    use.py FRONT_URL < {"name": {"AccessKeyId": …}, …}    prints {"name": {"sts": "ok" or the error's code, …}, …}
    use.py FRONT_URL --become ACCOUNT ROLE SESSION < {"AccessKeyId": …}    opens a session and prints its credentials
"""

import json
import sys

from botocore.exceptions import ClientError

from world import Actor


def code(call, **asked):
    try:
        call(**asked)
        return "ok"
    except ClientError as error:
        return error.response["Error"]["Code"]


def tries(actor):
    return {
        "iam": code(actor("iam").list_users), "sts": code(actor("sts").get_access_key_info, AccessKeyId=actor.id),
        "ec2": code(actor("ec2").describe_regions), "ecs": code(actor("ecs").list_clusters),
        "lambda": code(actor("lambda").list_functions), "s3": code(actor("s3").list_buckets),
    }


if __name__ == "__main__":
    given = json.load(sys.stdin)
    if len(sys.argv) > 2:
        json.dump(Actor(sys.argv[1], given).become(*sys.argv[3:6]).keys, sys.stdout)
    else:
        json.dump({name: tries(Actor(sys.argv[1], keys)) for name, keys in given.items()}, sys.stdout)
