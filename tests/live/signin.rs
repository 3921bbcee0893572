//! Every way in which people are signed in to AWS, and what is said before anything else: who we are, and that these are not AWS's
//! own endpoints. Where nothing may be changed for that reason the program ends right after it has signed in, so that each way costs
//! one call.

use crate::stand::{Done, MEANT, Stand};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use tempfile::TempDir;

/// What hands out credentials by HTTP (containers, Identity Center, instance metadata): answers by path, and what was asked.
struct Hands {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Hands {
    fn out(keys: &Value) -> Hands {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (known, keys) = (asked.clone(), keys.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &keys, &known);
            }
        });
        Hands { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("nobody panics with it"))
    }
}

fn answer(mut stream: TcpStream, keys: &Value, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let words: Vec<&str> = line.split(' ').collect();
    let path = words.get(1).copied().unwrap_or_default().split('?').next().unwrap_or_default();
    asked.lock().expect("nobody panics with it").push(format!("{} {path}", words[0]));
    let (id, secret) = (&keys["AccessKeyId"], &keys["SecretAccessKey"]);
    let until = "2099-01-01T00:00:00Z";
    let body = match path {
        "/container" => json!({"AccessKeyId": id, "SecretAccessKey": secret, "Token": "none", "Expiration": until}).to_string(),
        "/federation/credentials" => {
            json!({"roleCredentials": {"accessKeyId": id, "secretAccessKey": secret, "sessionToken": "none", "expiration": 4_070_908_800_000_u64}})
                .to_string()
        }
        "/latest/api/token" => "token".to_owned(),
        "/latest/meta-data/iam/security-credentials/" => "machine".to_owned(),
        "/latest/meta-data/iam/security-credentials/machine" => {
            json!({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", "AccessKeyId": id,
                   "SecretAccessKey": secret, "Token": "none", "Expiration": until})
            .to_string()
        }
        _ => String::new(),
    };
    let status = if body.is_empty() { "404 Not Found" } else { "200 OK" };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// What the AWS CLI leaves in the home of somebody who uses all of it; not where cases are, in which no secret may be.
fn home(stand: &Stand) -> TempDir {
    let home = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: String| {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    };
    let key = |who: &str| {
        let keys = &stand.world["keys"][who];
        (
            keys["AccessKeyId"].as_str().expect("an id").to_owned(),
            keys["SecretAccessKey"].as_str().expect("a secret").to_owned(),
        )
    };
    let (shop, data) = (stand.text("/accounts/shop"), stand.text("/accounts/data"));
    let ((id, secret), (alice, of_alice)) = (key("responder"), key("alice"));
    let process = json!({"Version": 1, "AccessKeyId": id, "SecretAccessKey": secret});
    let process = write("vault/answer.json", process.to_string());
    write(
        ".aws/credentials",
        format!(
            "[keys]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n\
             [alice]\naws_access_key_id = {alice}\naws_secret_access_key = {of_alice}\n"
        ),
    );
    write(
        ".aws/config",
        format!(
            "[profile process]\ncredential_process = /bin/cat {}\n\
             [profile build]\nrole_arn = arn:aws:iam::{shop}:role/build\nsource_profile = alice\nrole_session_name = ir\n\
             [profile chain]\nrole_arn = arn:aws:iam::{data}:role/deploy\nsource_profile = build\nrole_session_name = ir\n\
             [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example.com/start\n\
             [profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Responder\n\
             [profile login]\nlogin_session = arn:aws:iam::111122223333:user/responder\n",
            process.display()
        ),
    );
    // Identity Center's cache goes by SHA-1: of `corp`.
    write(
        ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
        json!({"accessToken": "none", "expiresAt": "2099-01-01T00:00:00Z", "region": "us-east-1",
               "startUrl": "https://corp.example.com/start"})
        .to_string(),
    );
    let login: String = Sha256::digest("arn:aws:iam::111122223333:user/responder")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    write(
        &format!(".aws/login/cache/{login}.json"),
        json!({"accessToken": {"accessKeyId": id, "secretAccessKey": secret, "sessionToken": "none", "accountId": "111122223333",
                               "expiresAt": "2099-01-01T00:00:00Z"},
               "tokenType": "aws_sigv4", "refreshToken": "none", "clientId": "none", "dpopKey": "none"})
        .to_string(),
    );
    home
}

/// What it is called, arguments, the environment, and who that is.
type Way<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn whoever_is_signed_in_as_aws_users_are_is_told_who_and_where_first() {
    let Some(stand) = Stand::attacked() else { return };
    let home = home(&stand);
    let hands = Hands::out(&stand.world["keys"]["responder"]);
    let signs_in = |more: &[&str], env: &[(&str, &str)]| -> Done {
        let args = ["revoke", "--principal", stand.leaked(), "--yes", "--case-dir", "case"];
        let mut command = stand.command(&[&args, more].concat());
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        command.env_remove("AWS_EC2_METADATA_DISABLED").env("HOME", home.path());
        command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &hands.url).envs(env.iter().copied());
        stand.run(&mut command)
    };
    let mark = stand.mark();
    let data = stand.text("/accounts/data");
    let deploy = format!("arn:aws:sts::{data}:assumed-role/deploy/ir");
    let responder = "arn:aws:iam::111122223333:user/responder";
    let container = format!("{}/container", hands.url);
    let alice = &stand.world["keys"]["alice"];
    let others = [
        ("AWS_ACCESS_KEY_ID", alice["AccessKeyId"].as_str().expect("an id")),
        ("AWS_SECRET_ACCESS_KEY", alice["SecretAccessKey"].as_str().expect("a secret")),
    ];
    let sso = [("AWS_ENDPOINT_URL_SSO", &*hands.url)];
    let ways: [Way<'_>; 10] = [
        ("keys", &[], &others, "user/alice"),
        ("a profile, whoever is in the environment", &["--profile", "keys"], &others, responder),
        ("the environment's profile", &[], &[("AWS_PROFILE", "keys")], responder),
        ("a process", &["--profile", "process"], &[], responder),
        ("roles one after another", &["--profile", "chain"], &[], &deploy),
        ("a container", &[], &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container)], responder),
        ("Identity Center", &["--profile", "sso"], &sso, responder),
        ("Identity Center, by the environment", &[], &[("AWS_PROFILE", "sso"), sso[0]], responder),
        ("aws login", &["--profile", "login"], &[], responder),
        ("instance metadata, asked for", &["--imds"], &[], responder),
    ];
    for (way, more, env, who) in ways {
        let done = signs_in(more, env);
        assert_eq!(done.code, Some(4), "{way}: {}", done.err);
        let told: Vec<&str> = done.err.lines().collect();
        let own =
            told.iter().position(|line| line.starts_with("Signed in as arn:aws:") && line.contains(who));
        assert_eq!(own, Some(0), "{way}: who we are comes first: {}", done.err);
        assert!(
            told[1].contains("Calls go to")
                && told[1].contains(&stand.url)
                && told[1].contains("AWS_ENDPOINT_URL"),
            "{way}: {}",
            done.err
        );
        assert!(done.err.contains("--allow-endpoint-override"), "{way}: {}", done.err);
        let asked = hands.asked();
        let is_metadata = |path: &String| path.contains("/latest/");
        assert_eq!(asked.iter().any(is_metadata), more.contains(&"--imds"), "{way}: {asked:?}");
    }
    // Nobody is signed in: that is said at once, and what to do; instance metadata is not waited for.
    let done = signs_in(&[], &[]).exits(1);
    assert!(done.err.contains("no credentials were found") && done.err.contains("--imds"), "{}", done.err);
    assert_eq!(hands.asked(), Vec::<String>::new());
    // A session that has ended says how to get the next.
    fs::remove_dir_all(home.path().join(".aws/sso")).expect("it is there");
    let done = signs_in(&["--profile", "sso"], &sso).exits(1);
    assert!(done.err.contains("aws sso login --profile sso"), "{}", done.err);
    assert_eq!(stand.changes(mark), Vec::<String>::new());
    assert!(!stand.path("case").exists(), "not even a case was made");

    // What was overridden stands in the journal of what was done all the same.
    let args =
        ["revoke", "--principal", stand.leaked(), "--own-only", "--accounts", stand.text("/accounts/shop")];
    let more = ["--regions", "us-east-1", "--yes", MEANT, "--case-dir", "meant"];
    stand.run(&mut stand.command(&[&args[..], &more].concat())).exits(0);
    let journal = fs::read_to_string(stand.path("meant/journal.ndjson")).expect("a journal");
    let first: Value = serde_json::from_str(journal.lines().next().expect("a line")).expect("JSON");
    let said = first["entry"]["started"].to_string();
    assert!(said.contains(&stand.url) && said.contains(responder), "{said}");
    // Nor is anything taken back there without a word.
    let mark = stand.mark();
    let refused = stand.run(&mut stand.command(&["undo", "meant", "--yes", "--rearm-leaked-key"])).exits(4);
    assert!(refused.err.contains("--allow-endpoint-override"), "{}", refused.err);
    assert_eq!(stand.changes(mark), Vec::<String>::new());
}
