//! Proves a trail's files untampered, hour by hour, by the digests that CloudTrail signs (aws.md 2.2).
//!
//! Every digest names the files of its hour with their hashes and the digest before it with its signature, and is itself signed
//! with a key that only CloudTrail has. Whatever does not fit is said with its hour: a gap, never silence.

use crate::model::Time;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Read;

/// A digest as it lies in the bucket.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    pub digest_start_time: Time,
    pub digest_end_time: Time,
    pub digest_s3_bucket: String,
    pub digest_s3_object: String,
    pub digest_public_key_fingerprint: String,
    pub digest_signature_algorithm: String,
    pub previous_digest_s3_bucket: Option<String>,
    pub previous_digest_s3_object: Option<String>,
    pub previous_digest_signature: Option<String>,
    pub log_files: Vec<LogFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogFile {
    pub s3_bucket: String,
    pub s3_object: String,
    pub hash_value: String,
    pub hash_algorithm: String,
}

/// A public key of CloudTrail, by fingerprint: DER, PKCS#1, as `ListPublicKeys` gives it.
pub type Keys = BTreeMap<String, Vec<u8>>;

/// A digest is a few kilobytes for each file of its hour.
const MAX_DIGEST: u64 = 256 << 20;

/// Reads a digest's bytes and checks where it lay and who signed it. `signature` is the object's own metadata, in hex.
pub fn read(
    bucket: &str,
    key: &str,
    packed: &[u8],
    signature: Option<&str>,
    keys: &Keys,
) -> Result<Digest, String> {
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(packed)
        .take(MAX_DIGEST + 1)
        .read_to_end(&mut plain)
        .map_err(|error| format!("it can't be unpacked ({error})"))?;
    if plain.len() as u64 > MAX_DIGEST {
        return Err("it is larger than any digest".into());
    }
    let digest: Digest =
        serde_json::from_slice(&plain).map_err(|error| format!("it is no digest ({error})"))?;
    if digest.digest_s3_bucket != bucket || digest.digest_s3_object != key {
        return Err(format!(
            "it says that it lies at s3://{}/{}: somebody moved it here",
            digest.digest_s3_bucket, digest.digest_s3_object
        ));
    }
    if digest.digest_signature_algorithm != "SHA256withRSA" {
        return Err(format!("it is signed by {}, which is not known", digest.digest_signature_algorithm));
    }
    let signature = signature.ok_or("it bears no signature")?;
    let public = keys
        .get(&digest.digest_public_key_fingerprint)
        .ok_or("no public key of CloudTrail has the fingerprint that it names")?;
    let signed = signed_text(&digest, &plain);
    let signature = unhex(signature).ok_or("its signature is no hexadecimal number")?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| "its signature is not CloudTrail's: somebody altered it")?;
    Ok(digest)
}

/// What CloudTrail signs: end time, place, hash of the digest, signature of the one before (the word `null` for a first one).
fn signed_text(digest: &Digest, plain: &[u8]) -> String {
    // The time as the digest spells it: whole seconds.
    let end = digest.digest_end_time.strftime("%Y-%m-%dT%H:%M:%SZ");
    let hash = hex(&Sha256::digest(plain));
    let before = digest.previous_digest_signature.as_deref().unwrap_or("null");
    format!("{end}\n{}/{}\n{hash}\n{before}", digest.digest_s3_bucket, digest.digest_s3_object)
}

/// Checks a file against what a digest says of it; the hash is of its unpacked bytes.
pub fn check(file: &LogFile, packed: &[u8]) -> Result<(), String> {
    if file.hash_algorithm != "SHA-256" {
        return Err(format!("its hash is a {}, which is not known", file.hash_algorithm));
    }
    let mut hash = Sha256::new();
    let mut reader = flate2::read::MultiGzDecoder::new(packed);
    std::io::copy(&mut reader, &mut Hashing(&mut hash))
        .map_err(|error| format!("it can't be unpacked ({error})"))?;
    match hex(&hash.finalize()).eq_ignore_ascii_case(&file.hash_value) {
        true => Ok(()),
        false => Err("it is not the file that CloudTrail wrote: somebody altered it".into()),
    }
}

struct Hashing<'a>(&'a mut Sha256);

impl std::io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What breaks a chain of digests, oldest first: each names the one before it. `from` and `to` bound the window.
pub fn holes(chain: &[Digest], signatures: &BTreeMap<String, String>, from: Time, to: Time) -> Vec<String> {
    let mut holes = Vec::new();
    let mut sorted: Vec<&Digest> = chain.iter().collect();
    sorted.sort_by(|a, b| {
        (a.digest_end_time, &a.digest_s3_object).cmp(&(b.digest_end_time, &b.digest_s3_object))
    });
    match (sorted.first(), sorted.last()) {
        (Some(first), Some(last)) => {
            if first.digest_start_time > from {
                holes.push(format!("no digest covers {from} to {}", first.digest_start_time));
            }
            if last.digest_end_time < to {
                holes.push(format!("no digest covers {} to {to}", last.digest_end_time));
            }
        }
        (_, _) => holes.push(format!("no digest covers {from} to {to}")),
    }
    for pair in sorted.windows(2) {
        let (before, here) = (pair[0], pair[1]);
        match (&here.previous_digest_s3_object, &here.previous_digest_signature) {
            (None, _) => holes.push(format!(
                "validation began anew at {}: before it, logging or validation was off",
                here.digest_start_time
            )),
            (Some(named), _) if *named != before.digest_s3_object => holes.push(format!(
                "the digest between {} and {} is missing: {named}",
                before.digest_end_time, here.digest_start_time
            )),
            (Some(_), signature) => {
                let own = signatures.get(&before.digest_s3_object);
                if signature.as_ref() != own {
                    holes.push(format!(
                        "the digest that ends {} is not the one that the next names: somebody replaced it",
                        before.digest_end_time
                    ));
                }
            }
        }
    }
    holes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if !text.is_ascii() || text.len() % 2 == 1 {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
    use std::io::Write;

    const BUCKET: &str = "trail-bucket";

    struct Signer(RsaKeyPair);

    impl Signer {
        fn new() -> Signer {
            Signer(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
        }

        fn keys(&self) -> Keys {
            // PKCS#1, as CloudTrail's: what `public_key().as_ref()` is.
            [("f1".to_owned(), self.0.public_key().as_ref().to_vec())].into()
        }

        fn sign(&self, text: &str) -> String {
            let mut signature = vec![0; self.0.public_modulus_len()];
            self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
            hex(&signature)
        }
    }

    fn pack(plain: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(plain).unwrap();
        packed.finish().unwrap()
    }

    /// A digest of one hour, its packed bytes and its signature.
    fn digest(
        signer: &Signer,
        hour: u32,
        before: Option<(&str, &str)>,
        log: &[u8],
    ) -> (String, Vec<u8>, String) {
        let key = format!("AWSLogs/1/CloudTrail-Digest/eu-west-3/2026/03/04/{hour:02}.json.gz");
        let json = serde_json::json!({
            "awsAccountId": "111122223333",
            "digestStartTime": format!("2026-03-04T{:02}:00:00Z", hour - 1),
            "digestEndTime": format!("2026-03-04T{hour:02}:00:00Z"),
            "digestS3Bucket": BUCKET, "digestS3Object": key,
            "digestPublicKeyFingerprint": "f1", "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Bucket": before.map(|_| BUCKET), "previousDigestS3Object": before.map(|(key, _)| key),
            "previousDigestSignature": before.map(|(_, signature)| signature),
            "logFiles": [{"s3Bucket": BUCKET, "s3Object": format!("log-{hour}"), "hashAlgorithm": "SHA-256",
                "hashValue": hex(&Sha256::digest(log))}],
        });
        let plain = json.to_string().into_bytes();
        let text = format!(
            "2026-03-04T{hour:02}:00:00Z\n{BUCKET}/{key}\n{}\n{}",
            hex(&Sha256::digest(&plain)),
            before.map_or("null", |(_, signature)| signature)
        );
        (key, pack(&plain), signer.sign(&text))
    }

    #[test]
    fn a_signed_chain_is_proved_and_what_was_done_to_it_is_said() {
        let signer = Signer::new();
        let keys = signer.keys();
        let log = br#"{"Records":[]}"#;
        let (k1, d1, s1) = digest(&signer, 1, None, log);
        let (k2, d2, s2) = digest(&signer, 2, Some((&k1, &s1)), log);
        let (k3, d3, s3) = digest(&signer, 3, Some((&k2, &s2)), log);
        let open =
            |key: &str, packed: &[u8], signature: &str| read(BUCKET, key, packed, Some(signature), &keys);
        let chain =
            [open(&k1, &d1, &s1).unwrap(), open(&k2, &d2, &s2).unwrap(), open(&k3, &d3, &s3).unwrap()];
        let signatures: BTreeMap<String, String> =
            [(k1.clone(), s1.clone()), (k2.clone(), s2.clone()), (k3.clone(), s3.clone())].into();
        let at = |text: &str| text.parse::<Time>().unwrap();
        let (from, to) = (at("2026-03-04T00:00:00Z"), at("2026-03-04T03:00:00Z"));
        assert_eq!(holes(&chain, &signatures, from, to), [""; 0]);
        assert_eq!(check(&chain[0].log_files[0], &pack(log)), Ok(()));

        // A line taken out of a log, a digest altered, moved, unsigned, signed by another.
        assert!(check(&chain[0].log_files[0], &pack(b"{}")).unwrap_err().contains("altered"));
        assert!(check(&chain[0].log_files[0], b"rubbish").unwrap_err().contains("unpacked"));
        let altered =
            std::io::read_to_string(flate2::read::GzDecoder::new(&*d2)).unwrap().replace("log-2", "log-9");
        assert!(open(&k2, &pack(altered.as_bytes()), &s2).unwrap_err().contains("not CloudTrail's"));
        assert!(open("elsewhere", &d2, &s2).unwrap_err().contains("moved"));
        assert!(read(BUCKET, &k2, &d2, None, &keys).unwrap_err().contains("no signature"));
        assert!(open(&k2, &d2, "zz").unwrap_err().contains("hexadecimal"));
        assert!(open(&k2, &d2, &s1).unwrap_err().contains("not CloudTrail's"));
        assert!(read(BUCKET, &k2, &d2, Some(&s2), &Keys::new()).unwrap_err().contains("fingerprint"));
        let other = Signer::new();
        assert!(read(BUCKET, &k2, &d2, Some(&s2), &other.keys()).unwrap_err().contains("not CloudTrail's"));
        assert!(open(&k2, b"", &s2).is_err());

        // An hour taken out, the chain cut at an end, begun anew, an earlier hour replaced.
        let cut = [chain[0].clone(), chain[2].clone()];
        assert!(
            holes(&cut, &signatures, from, to)[0].contains("missing"),
            "{:?}",
            holes(&cut, &signatures, from, to)
        );
        assert!(holes(&chain[..2], &signatures, from, to)[0].contains("02:00:00Z to 2026-03-04T03"));
        assert!(holes(&chain[1..], &signatures, from, to)[0].contains("00:00:00Z to 2026-03-04T01"));
        assert_eq!(holes(&[], &signatures, from, to).len(), 1);
        let (k3, d3, s3) = digest(&signer, 3, None, log);
        let anew = [chain[0].clone(), chain[1].clone(), open(&k3, &d3, &s3).unwrap()];
        assert!(holes(&anew, &signatures, from, to)[0].contains("began anew"));
        let forged = [(k1.clone(), "00".to_owned())]
            .into_iter()
            .chain(signatures.clone().into_iter().skip(1))
            .collect();
        assert!(holes(&chain, &forged, from, to)[0].contains("replaced"));
    }
}
