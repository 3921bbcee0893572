"""Trails in S3: writes what CloudTrail recorded as the files and signed digests that it would have delivered, into moto's buckets.

Names, layout, digest and what is signed are as AWS's user guide and the AWS CLI's `validate-logs` have them; knows nothing of
triage.
"""

import gzip
import hashlib
import json
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

MINUTES = 5
HOUR = timedelta(hours=1)


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def spelled(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Deliverer:
    def __init__(self, moto, clock):
        self.moto, self.clock, self.keys = moto, clock, {}

    def key(self, region):
        """CloudTrail signs with a key for each region."""
        if region not in self.keys:
            made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            public = made.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
            self.keys[region] = (made, public, hashlib.md5(public).hexdigest())
        return self.keys[region]

    def public_keys(self, region, asked):
        _, public, fingerprint = self.key(region)
        return {"PublicKeyList": [{"Value": public, "Fingerprint": fingerprint, "ValidityStartTime": self.clock() - timedelta(days=365),
                                   "ValidityEndTime": self.clock() + timedelta(days=365)}]}

    def deliver(self, records, asked):
        """Delivers records of accounts and regions: {owner, bucket, trail, home, prefix, organization, hours, digests}.

        `hours` go back from the last full hour; returns every object written: {key: "log" or "digest"}.
        """
        s3 = self.moto("s3", asked["owner"], "us-east-1")
        written, by_scope = {}, {}
        for account, region, record in records:
            if account in asked["accounts"] and region in asked["regions"]:
                by_scope.setdefault((account, region), []).append(record)
        # What was made just now was delivered in this hour; its digest is written when the hour is over.
        end = (self.clock() + HOUR / 2).replace(minute=0, second=0) + HOUR
        begin = end - asked["hours"] * HOUR
        for account in asked["accounts"]:
            for region in asked["regions"]:
                files = self._logs(s3, asked, account, region, by_scope.get((account, region), []), written)
                if asked.get("digests", True):
                    self._digests(s3, asked, account, region, files, begin, end, written)
        return written

    def _key(self, asked, account, what, region, at, name):
        parts = [asked.get("prefix"), "AWSLogs", asked.get("organization"), account, what, region, at.strftime("%Y/%m/%d"), name]
        return "/".join(part for part in parts if part)

    def _logs(self, s3, asked, account, region, records, written):
        packs = {}
        for record in records:
            at = instant(record["eventTime"]) + timedelta(minutes=MINUTES)
            packs.setdefault(at - timedelta(minutes=at.minute % MINUTES, seconds=at.second), []).append(record)
        files = []
        for at, some in sorted(packs.items()):
            plain = json.dumps({"Records": some}, separators=(",", ":")).encode()
            mark = hashlib.sha256(plain).hexdigest()[:16]
            key = self._key(asked, account, "CloudTrail", region, at, f"{account}_CloudTrail_{region}_{at:%Y%m%dT%H%M}Z_{mark}.json.gz")
            s3.put_object(Bucket=asked["bucket"], Key=key, Body=gzip.compress(plain))
            written[key] = "log"
            times = sorted(record["eventTime"] for record in some)
            files.append((at, {"s3Bucket": asked["bucket"], "s3Object": key, "hashValue": hashlib.sha256(plain).hexdigest(), "hashAlgorithm": "SHA-256",
                               "newestEventTime": times[-1], "oldestEventTime": times[0]}))
        return files

    def _digests(self, s3, asked, account, region, files, begin, end, written):
        private, _, fingerprint = self.key(region)
        before, at = None, begin
        while at < end:
            over = at + HOUR
            name = f"{account}_CloudTrail-Digest_{region}_{asked['trail']}_{asked['home']}_{over:%Y%m%dT%H%M%S}Z.json.gz"
            key = self._key(asked, account, "CloudTrail-Digest", region, over, name)
            digest = {
                "awsAccountId": account, "digestStartTime": spelled(at), "digestEndTime": spelled(over), "digestS3Bucket": asked["bucket"],
                "digestS3Object": key, "digestPublicKeyFingerprint": fingerprint, "digestSignatureAlgorithm": "SHA256withRSA",
                "newestEventTime": None, "oldestEventTime": None, "previousDigestS3Bucket": before and asked["bucket"],
                "previousDigestS3Object": before and before[0], "previousDigestHashValue": before and before[1], "previousDigestHashAlgorithm": before and "SHA-256",
                "previousDigestSignature": before and before[2],
                "logFiles": [file for written_at, file in files if at <= written_at < over],
            }
            plain = json.dumps(digest).encode()
            signed = "\n".join((spelled(over), f"{asked['bucket']}/{key}", hashlib.sha256(plain).hexdigest(), before[2] if before else "null"))
            signature = private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()
            s3.put_object(Bucket=asked["bucket"], Key=key, Body=gzip.compress(plain),
                          Metadata={"signature": signature, "signature-algorithm": "SHA256withRSA"})
            written[key] = "digest"
            before, at = (key, hashlib.sha256(plain).hexdigest(), signature), over
        return before
