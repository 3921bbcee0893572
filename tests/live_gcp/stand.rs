//! A stand-in for Google Cloud to run the binary against, with an organization in it that was attacked: started, asked, ended.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What a change through an overridden endpoint must be told.
pub const MEANT: &str = "--allow-endpoint-override";
/// No run of the binary may take longer.
const LIMIT: Duration = Duration::from_secs(300);
/// The services that the stand-in answers for.
const SERVICES: [&str; 33] = [
    "aiplatform",
    "apikeys",
    "appengine",
    "batch",
    "bigquery",
    "billingbudgets",
    "cloudasset",
    "cloudbilling",
    "cloudbuild",
    "cloudfunctions",
    "cloudresourcemanager",
    "cloudscheduler",
    "cloudsupport",
    "composer",
    "compute",
    "container",
    "dataflow",
    "dataproc",
    "essentialcontacts",
    "file",
    "iam",
    "iamcredentials",
    "logging",
    "notebooks",
    "oauth2",
    "orgpolicy",
    "policyanalyzer",
    "run",
    "serviceusage",
    "sqladmin",
    "storage",
    "sts",
    "tpu",
];

pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live_gcp")
}

/// Returns the python that has Google's client, made once for each list of requirements; `None` (with the reason said) where it
/// can't be had and that is allowed.
pub fn python() -> Option<&'static Path> {
    static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match MADE.get_or_init(install) {
        Ok(path) => Some(path),
        Err(why) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => {
            panic!("the stand-in can't be had: {why}")
        }
        Err(why) => {
            eprintln!("SKIPPED: the stand-in can't be had: {why}");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let wanted = fs::read(scripts().join("requirements.txt")).map_err(|e| e.to_string())?;
    let mark: String = Sha256::digest(&wanted)[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("live-gcp-venv-{mark}"));
    let python = home.join("bin/python");
    if home.join("complete").is_file() {
        return Ok(python);
    }
    let run = |command: &mut Command| {
        let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{command:?}: {e}"))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        }
    };
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(scripts().join("requirements.txt")))?;
    fs::write(home.join("complete"), "").map_err(|e| e.to_string())?;
    Ok(python)
}

/// Runs one of our scripts to its end and returns what it printed.
#[track_caller]
pub fn script(python: &Path, args: &[&str]) -> String {
    let mut command = Command::new(python);
    command
        .current_dir(scripts())
        .args(args)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("GOOGLE_APPLICATION_CREDENTIALS");
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().expect("python runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{args:?}: {text}");
    text
}

/// An attack, played once: what it left in the stand-in, and what is true of it, with the address that it was played at.
struct Played {
    state: PathBuf,
    told: String,
    url: String,
}

fn played(python: &'static Path, by: &'static str) -> &'static Played {
    static PLAYED: Mutex<BTreeMap<&str, &OnceLock<Played>>> = Mutex::new(BTreeMap::new());
    let slot = *PLAYED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(by)
        .or_insert_with(|| Box::leak(Box::new(OnceLock::new())));
    slot.get_or_init(|| {
        let state =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("live-gcp-{by}-{}", std::process::id()));
        let stand = Stand::start(python, &[]);
        let told = script(python, &[by, &stand.url, state.to_str().expect("UTF-8")]);
        assert_eq!(
            stand.door("bad", json!({})),
            json!([]),
            "every answer of the stand-in is one that the documents know"
        );
        Played { state, told, url: stand.url.clone() }
    })
}

/// The stand-in, and what happened there.
pub struct Stand {
    process: Child,
    pub url: String,
    pub python: &'static Path,
    pub world: Value,
    home: tempfile::TempDir,
}

/// What a run of the binary left.
pub struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Stand {
    /// A cloud with nothing in it.
    pub fn empty() -> Option<Stand> {
        Some(Stand::start(python()?, &[]))
    }

    /// An organization of six projects whose service-account key leaked and was used.
    pub fn attacked() -> Option<Stand> {
        Stand::once("attack.py")
    }

    /// What a script builds and attacks: the script is played once, and each stand-in begins from what it left.
    pub fn once(script: &'static str) -> Option<Stand> {
        let python = python()?;
        let played = played(python, script);
        let mut stand = Stand::start(python, &["--load", played.state.to_str().expect("UTF-8")]);
        let told = played.told.replace(&played.url, &stand.url);
        stand.world = serde_json::from_str(&told).expect("the world is JSON");
        for (name, file) in stand.world["files"].as_object().expect("files") {
            fs::write(stand.path(&format!("{name}.json")), file.to_string()).expect("a file");
        }
        Some(stand)
    }

    /// An organization that a script of ours builds and attacks by itself.
    pub fn played_by(script: &str) -> Option<Stand> {
        let mut stand = Stand::empty()?;
        let told = self::script(stand.python, &[script, &stand.url]);
        stand.world = serde_json::from_str(&told).expect("the world is JSON");
        for (name, file) in stand.world["files"].as_object().expect("files") {
            fs::write(stand.path(&format!("{name}.json")), file.to_string()).expect("a file");
        }
        assert_eq!(
            stand.door("bad", json!({})),
            json!([]),
            "every answer of the stand-in is one that the documents know"
        );
        Some(stand)
    }

    fn start(python: &'static Path, args: &[&str]) -> Stand {
        let mut process = Command::new(python)
            .arg("stand.py")
            .args(args)
            .current_dir(scripts())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the stand-in starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("the stand-in says its port");
        let said: Value =
            serde_json::from_str(&line).unwrap_or_else(|e| panic!("the stand-in said {line:?}: {e}"));
        let url = format!("http://127.0.0.1:{}", said["port"]);
        let home = tempfile::tempdir().expect("a temporary folder");
        Stand { process, url, python, world: Value::Null, home }
    }

    // -- the world ----------------------------------------------------------------------------------------------------------

    #[track_caller]
    pub fn text(&self, pointer: &str) -> &str {
        self.world
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("the world has no {pointer}"))
    }

    /// What the thief made, of one kind.
    pub fn made<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.world["resources"].as_array().expect("a list").iter().filter(move |row| row["kind"] == kind)
    }

    pub fn organization(&self) -> &str {
        self.text("/organization").trim_start_matches("organizations/")
    }

    // -- the door -----------------------------------------------------------------------------------------------------------

    #[track_caller]
    pub fn door(&self, verb: &str, asked: Value) -> Value {
        let address = self.url.strip_prefix("http://").expect("our own address");
        let mut stream = TcpStream::connect(address).expect("the stand-in listens");
        stream.set_read_timeout(Some(Duration::from_secs(90))).expect("a timeout");
        let body = asked.to_string();
        write!(stream, "POST /_stand/{verb} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            .expect("the stand-in reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the stand-in answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("HTTP");
        assert!(head.starts_with("HTTP/1.1 200"), "{verb}: {answer}");
        serde_json::from_str(body).expect("the stand-in answers in JSON")
    }

    /// Sets every fault that there is; returns what those before met.
    pub fn faults(&self, faults: Value) -> Value {
        self.door("faults", faults)
    }

    /// How many calls there were until now.
    pub fn mark(&self) -> usize {
        self.door("calls", json!({})).as_array().expect("a list").len()
    }

    pub fn calls(&self, since: usize) -> Vec<Value> {
        match self.door("calls", json!({ "since": since })) {
            Value::Array(calls) => calls,
            other => panic!("{other}"),
        }
    }

    /// The calls since then that changed something, or meant to, as `project method`.
    pub fn changes(&self, since: usize) -> Vec<String> {
        let text = |call: &Value, name: &str| call[name].as_str().unwrap_or("-").to_owned();
        self.calls(since)
            .iter()
            .filter(|call| call["mutating"] == true)
            .map(|call| format!("{} {}", text(call, "project"), text(call, "method")))
            .collect()
    }

    /// Everything that somebody set, once nothing is under way.
    pub fn state(&self) -> Value {
        self.door("settle", json!({}));
        self.door("pack", json!({}))
    }

    /// Whether a token of the world still opens something: what each of them is answered.
    pub fn tries(&self, names: &[&str]) -> Value {
        let rows = names
            .iter()
            .map(|name| ((*name).to_owned(), json!(self.try_token(self.text(&format!("/tokens/{name}"))))));
        Value::Object(rows.collect())
    }

    fn try_token(&self, token: &str) -> u16 {
        let address = self.url.strip_prefix("http://").expect("our own address");
        let mut stream = TcpStream::connect(address).expect("the stand-in listens");
        stream.set_read_timeout(Some(Duration::from_secs(90))).expect("a timeout");
        write!(stream, "GET /cloudresourcemanager/v3/projects:search HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n")
            .expect("the stand-in reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the stand-in answers");
        answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("HTTP")
    }

    /// What a call with a token is answered.
    pub fn call(&self, token: &str, http: &str, path: &str, body: &str) -> (u16, Value) {
        let address = self.url.strip_prefix("http://").expect("our own address");
        let mut stream = TcpStream::connect(address).expect("the stand-in listens");
        stream.set_read_timeout(Some(Duration::from_secs(90))).expect("a timeout");
        write!(stream, "{http} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
                        Content-Length: {}\r\n\r\n{body}", body.len())
            .expect("the stand-in reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the stand-in answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("HTTP");
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("HTTP");
        (code, serde_json::from_str(body).unwrap_or_default())
    }

    // -- the binary ---------------------------------------------------------------------------------------------------------

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The binary as the responder runs it: signed in by the file that gcloud leaves.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
        command.args(args).env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        for service in SERVICES {
            // As gcloud's own is: Compute's paths begin behind its version.
            let base = if service == "compute" { "compute/compute/v1" } else { service };
            command.env(
                format!("CLOUDSDK_API_ENDPOINT_OVERRIDES_{}", service.to_uppercase()),
                format!("{}/{base}/", self.url),
            );
        }
        command
            .env("GOOGLE_APPLICATION_CREDENTIALS", self.path("responder.json"))
            .env("NO_GCE_CHECK", "true")
            .env("GCE_METADATA_HOST", "127.0.0.1:9");
        command
    }

    /// Runs `triage <what> --key-file <the leaked key>` over the whole organization with more arguments.
    #[track_caller]
    pub fn triage(&self, what: &str, more: &[&str]) -> Done {
        self.run(&mut self.whole(what, more))
    }

    /// The same, not run yet.
    pub fn whole(&self, what: &str, more: &[&str]) -> Command {
        let leaked = self.path("leaked.json");
        let mut args =
            vec![what, "--key-file", leaked.to_str().expect("UTF-8"), "--organization", self.organization()];
        args.extend(["--leaked-at", self.text("/leaked_at")]);
        args.extend(more);
        self.command(&args)
    }

    /// Runs to the end, or fails after a time that no run may take.
    #[track_caller]
    pub fn run(&self, command: &mut Command) -> Done {
        self.during(command, || {})
    }

    /// The same, and does something again and again meanwhile.
    #[track_caller]
    pub fn during(&self, command: &mut Command, mut meanwhile: impl FnMut()) -> Done {
        let (out, err) = (self.path("stdout"), self.path("stderr"));
        command.stdin(Stdio::null());
        command.stdout(File::create(&out).expect("a file")).stderr(File::create(&err).expect("a file"));
        let began = Instant::now();
        let mut child = command.spawn().expect("the binary runs");
        let code = loop {
            if let Some(status) = child.try_wait().expect("the binary is ours") {
                break status.code();
            }
            if began.elapsed() > LIMIT {
                child.kill().expect("the binary is ours");
                child.wait().expect("the binary is ours");
                panic!(
                    "{command:?} still runs after {LIMIT:?}: {}",
                    fs::read_to_string(&err).unwrap_or_default()
                );
            }
            meanwhile();
            thread::sleep(Duration::from_millis(20));
        };
        let read = |path: &Path| String::from_utf8(fs::read(path).expect("what was written")).expect("UTF-8");
        let done = Done { code, out: read(&out), err: read(&err) };
        self.no_secret_in(&done);
        crate::schemas_shared::hold(self.home.path());
        assert_eq!(
            self.door("bad", json!({})),
            json!([]),
            "every answer of the stand-in is one that the documents know"
        );
        done
    }

    /// Runs until `until` says so, and kills it there as a power cut would.
    #[track_caller]
    pub fn killed(&self, command: &mut Command, until: impl Fn() -> bool) {
        let err = self.path("stderr");
        command.stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(File::create(&err).expect("a file"));
        let began = Instant::now();
        let mut child = command.spawn().expect("the binary runs");
        while !until() {
            let ended = child.try_wait().expect("the binary is ours");
            let told = || fs::read_to_string(&err).unwrap_or_default();
            assert!(ended.is_none(), "it ended before it was killed: {}", told());
            if began.elapsed() > LIMIT {
                let _ = child.kill();
                panic!("what it should be killed at never came: {}", told());
            }
            thread::sleep(Duration::from_millis(200));
        }
        child.kill().expect("the binary is ours");
        child.wait().expect("the binary is ours");
    }

    /// What a terminal got, and what was kept, holds no key material.
    #[track_caller]
    pub fn holds_no_secret(&self, text: &str) {
        self.no_secret_in(&Done { code: None, out: text.to_owned(), err: String::new() });
    }

    /// No key material and no token of anybody may be printed or kept, whatever happens.
    #[track_caller]
    fn no_secret_in(&self, done: &Done) {
        let mut secrets: Vec<(String, String)> = Vec::new();
        for (name, file) in self.world["files"].as_object().into_iter().flatten() {
            if let Some(key) = file["private_key"].as_str() {
                let middle: String = key.lines().nth(3).unwrap_or_default().to_owned();
                secrets.push((format!("the key of {name}"), middle));
            }
            if let Some(token) = file["refresh_token"].as_str() {
                secrets.push((format!("the refresh token of {name}"), token.to_owned()));
            }
        }
        for (name, token) in self.world["tokens"].as_object().into_iter().flatten() {
            secrets.push((format!("the token of {name}"), token.as_str().expect("text").to_owned()));
        }
        let kept = everything_under(self.home.path());
        for (what, secret) in secrets.iter().filter(|(_, secret)| secret.len() > 20) {
            assert!(!done.out.contains(secret) && !done.err.contains(secret), "{what} was printed");
            assert!(
                !kept.iter().any(|(_, bytes)| find(bytes, secret.as_bytes())),
                "{what} was kept in the case"
            );
        }
        for (path, bytes) in &kept {
            assert!(!find(bytes, b"Bearer ya29"), "an authorization is kept in {}", path.display());
        }
    }
}

/// Every file of the case folders.
fn everything_under(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(everything_under(&path));
        } else if path.parent() != Some(folder) || path.extension().is_none_or(|kind| kind != "json") {
            found.push((path.clone(), fs::read(&path).unwrap_or_default()));
        }
    }
    found
}

fn find(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

impl Drop for Stand {
    /// The stand-in ends when its input is closed.
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        for _ in 0..100 {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Done {
    #[track_caller]
    pub fn exits(self, code: i32) -> Done {
        assert_eq!(self.code, Some(code), "stderr: {}\nstdout: {:.3000}", self.err, self.out);
        self
    }

    /// Ends as it should: all done, or all done with a result whose gaps the audit's own test judges.
    #[track_caller]
    pub fn goes_through(self) -> Done {
        let code = if self.code == Some(3) { 3 } else { 0 };
        self.exits(code)
    }

    /// The one document on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("stdout is no document: {e}\n{}\n{}", self.out, self.err))
    }
}
