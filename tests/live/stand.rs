//! A stand-in cloud to run the binary against, with a world in it that was attacked: started, asked, ended.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// What a change through an overridden endpoint must be told.
pub const MEANT: &str = "--allow-endpoint-override";
/// No run of the binary may take longer.
const LIMIT: Duration = Duration::from_secs(300);

pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live")
}

/// Returns the python that has the stand-ins, made once for each list of requirements; `None` (with the reason said) where it
/// can't be had and that is allowed.
pub fn python() -> Option<&'static Path> {
    static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match MADE.get_or_init(install) {
        Ok(path) => Some(path),
        Err(why) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => {
            panic!("the stand-ins can't be had: {why}")
        }
        Err(why) => {
            eprintln!("SKIPPED: the stand-ins can't be had: {why}");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let wanted = fs::read(scripts().join("requirements.txt")).map_err(|e| e.to_string())?;
    let mark: String = Sha256::digest(&wanted)[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("live-venv-{mark}"));
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
pub fn script(python: &Path, args: &[&str], input: &Value) -> String {
    let mut command = Command::new(python);
    command.current_dir(scripts()).args(args).env("PYTHONDONTWRITEBYTECODE", "1").env_remove("AWS_PROFILE");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("python runs");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(input.to_string().as_bytes()).expect("the script reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the script ends");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{args:?}: {text}");
    text
}

/// moto, the front before it, and what happened there.
pub struct Stand {
    front: Child,
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
    /// moto with nothing in it.
    pub fn empty() -> Option<Stand> {
        Stand::start(&["front.py"])
    }

    fn start(args: &[&str]) -> Option<Stand> {
        let python = python()?;
        let mut front = Command::new(python)
            .args(args)
            .current_dir(scripts())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the front starts");
        let mut line = String::new();
        BufReader::new(front.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("the front says its port");
        let said: Value =
            serde_json::from_str(&line).unwrap_or_else(|e| panic!("the front said {line:?}: {e}"));
        let url = format!("http://127.0.0.1:{}", said["port"]);
        let home = tempfile::tempdir().expect("a temporary folder");
        Some(Stand { front, url, python, world: Value::Null, home })
    }

    /// An organization of three accounts whose key leaked and was used.
    pub fn attacked() -> Option<Stand> {
        let mut stand = Stand::empty()?;
        stand.world = serde_json::from_str(&script(stand.python, &["attack.py", &stand.url], &json!({})))
            .expect("the world is JSON");
        Some(stand)
    }

    /// One account, with one of every kind that moto keeps (`kinds`), or with what signs in there (`signs`).
    pub fn small(what: &str) -> Option<Stand> {
        let mut stand = Stand::empty()?;
        let made = script(stand.python, &["kinds.py", &stand.url, what], &json!({}));
        stand.world = serde_json::from_str(&made).expect("the world is JSON");
        Some(stand)
    }

    /// What stands of every kind in that account, by whose it is.
    pub fn kinds(&self) -> Value {
        let seen = script(self.python, &["kinds.py", &self.url, "seen"], &self.world);
        serde_json::from_str(&seen).expect("JSON")
    }

    /// Adds a piece to the world (`more.py`), and returns what it made.
    pub fn add(&self, what: &str) -> Value {
        let made = script(self.python, &["more.py", &self.url, what], &self.world);
        serde_json::from_str(&made).expect("JSON")
    }

    /// Every service of AWS, as its own description has it.
    pub fn models() -> Option<Stand> {
        Stand::start(&["models.py"])
    }

    /// ministack, with a user whose key leaked.
    pub fn second() -> Option<Stand> {
        let mut stand = Stand::start(&["front.py", "--second"])?;
        stand.world = serde_json::from_str(&script(stand.python, &["second.py", &stand.url], &json!({})))
            .expect("the world is JSON");
        Some(stand)
    }

    // -- the world ----------------------------------------------------------------------------------------------------------

    #[track_caller]
    pub fn text(&self, pointer: &str) -> &str {
        self.world
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("the world has no {pointer}"))
    }

    pub fn list(&self, name: &str) -> Vec<String> {
        let named = match &self.world[name] {
            Value::Object(map) => map.values().collect(),
            Value::Array(list) => list.iter().collect::<Vec<_>>(),
            other => panic!("{name} is {other}"),
        };
        named.into_iter().map(|value| value.as_str().expect("text").to_owned()).collect()
    }

    pub fn leaked(&self) -> &str {
        self.text("/credentials/leaked")
    }

    // -- the front's door ---------------------------------------------------------------------------------------------------

    #[track_caller]
    pub fn door(&self, verb: &str, asked: Value) -> Value {
        door(&self.url, verb, &asked)
    }

    /// Sets every fault that there is.
    pub fn faults(&self, faults: Value) -> Value {
        self.door("faults", faults)
    }

    /// How many calls there were until now.
    pub fn mark(&self) -> usize {
        self.door("calls", json!({})).as_array().expect("a list").len()
    }

    pub fn calls(&self, since: usize) -> Vec<Value> {
        match self.door("calls", json!({"since": since})) {
            Value::Array(calls) => calls,
            other => panic!("{other}"),
        }
    }

    /// The calls since then that changed something, or meant to, as `account region service:Action`.
    pub fn changes(&self, since: usize) -> Vec<String> {
        let text = |call: &Value, name: &str| call[name].as_str().unwrap_or("?").to_owned();
        self.calls(since)
            .iter()
            .filter(|call| call["mutating"] == true)
            .map(|call| {
                format!(
                    "{} {} {}:{}",
                    text(call, "account"),
                    text(call, "region"),
                    text(call, "service"),
                    text(call, "action")
                )
            })
            .collect()
    }

    /// Everything that stands in moto.
    pub fn state(&self) -> Value {
        self.door("state", json!({"accounts": self.list("accounts"), "regions": self.list("regions")}))
    }

    /// What each of the named keys of the world can still do, by service: `ok` or the code of the refusal.
    pub fn tries(&self, names: &[&str]) -> Value {
        let keys: Value = names
            .iter()
            .map(|name| ((*name).to_owned(), self.world["keys"][*name].clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        serde_json::from_str(&script(self.python, &["use.py", &self.url], &keys)).expect("JSON")
    }

    /// Opens a session of a role as somebody of the world, and returns what it can do.
    pub fn becomes(&self, who: &str, account: &str, role: &str, session: &str) -> Value {
        self.tries_of(&self.session(who, account, role, session))
    }

    /// What a key can do.
    pub fn tries_of(&self, keys: &Value) -> Value {
        let tried = script(self.python, &["use.py", &self.url], &json!({ "new": keys }));
        serde_json::from_str::<Value>(&tried).expect("JSON")["new"].clone()
    }

    /// Opens a session of a role as somebody of the world, and returns its keys.
    pub fn session(&self, who: &str, account: &str, role: &str, session: &str) -> Value {
        let keys = script(
            self.python,
            &["use.py", &self.url, "--become", account, role, session],
            &self.world["keys"][who],
        );
        serde_json::from_str(&keys).expect("JSON")
    }

    // -- the binary ---------------------------------------------------------------------------------------------------------

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Makes a case as old as it must be for its undo to be safe: its journal is written anew, every time from which something
    /// is safe in the past, and every line again bound to the line before it.
    pub fn age(&self, case: &str) {
        let path = self.path(case).join("journal.ndjson");
        let hex = |text: &str| -> String {
            Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let (mut aged, mut prev, mut times) = (String::new(), hex(""), 0);
        for line in fs::read_to_string(&path).expect("the journal").lines() {
            let (body, _) = line.rsplit_once(",\"sum\":\"").expect("a whole line");
            let at = body.find("\"prev\":\"").expect("a chained line") + "\"prev\":\"".len();
            let mut body = format!("{}{prev}{}", &body[..at], &body[at + 64..]);
            if let Some(at) = body.find("\"safe_from\":\"") {
                let from = at + "\"safe_from\":\"".len();
                let to = from + body[from..].find('"').expect("a whole text");
                body.replace_range(from..to, "2001-01-01T00:00:00Z");
                times += 1;
            }
            let line = format!("{body},\"sum\":\"{}\"}}", hex(&body));
            prev = hex(&line);
            aged += &line;
            aged.push('\n');
        }
        assert!(times > 0, "something was not safe at once: {aged}");
        fs::write(&path, aged).expect("the journal");
    }

    /// A configuration file with this text, to be named with `--config`.
    pub fn config(&self, text: &str) -> String {
        let path = self.path("triage.toml");
        fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// A document that a run left.
    #[track_caller]
    pub fn read_json(&self, name: &str) -> Value {
        let text = fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The binary as the responder runs it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
        command.args(args).env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        command
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        if self.world.is_object() {
            command.env("AWS_ACCESS_KEY_ID", self.text("/keys/responder/AccessKeyId"));
            command.env("AWS_SECRET_ACCESS_KEY", self.text("/keys/responder/SecretAccessKey"));
        }
        command
    }

    /// Runs `triage <what> --principal <the leaked key>` over the whole world with more arguments.
    #[track_caller]
    pub fn triage(&self, what: &str, more: &[&str]) -> Done {
        self.run(&mut self.whole(what, more))
    }

    /// The same, not run yet.
    pub fn whole(&self, what: &str, more: &[&str]) -> Command {
        let (accounts, regions) = (self.list("accounts").join(","), self.list("regions").join(","));
        let mut args =
            vec![what, "--principal", self.leaked(), "--accounts", &accounts, "--regions", &regions];
        args.extend(more);
        self.command(&args)
    }

    /// Runs until the case's journal has so many lines, and kills it there as a power cut would; returns how many it had then.
    pub fn killed(&self, command: &mut Command, case: &str, lines: usize) -> usize {
        let path = self.path(case).join("journal.ndjson");
        let count = || fs::read(&path).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count());
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let began = Instant::now();
        while count() < lines && began.elapsed() < LIMIT {
            if child.try_wait().expect("the binary is ours").is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(2));
        }
        // SIGKILL: nothing is tidied up.
        let _ = child.kill();
        child.wait().expect("the binary is ours");
        count()
    }

    /// Runs to the end, or fails after a time that no run may take.
    #[track_caller]
    pub fn run(&self, command: &mut Command) -> Done {
        self.run_until(command, "", || ())
    }

    /// The same; does something besides as soon as these words were said on stderr, which they must be.
    #[track_caller]
    pub fn run_until(&self, command: &mut Command, words: &str, then: impl FnOnce()) -> Done {
        let (out, err) = (self.path("stdout"), self.path("stderr"));
        command.stdin(Stdio::null());
        command.stdout(File::create(&out).expect("a file")).stderr(File::create(&err).expect("a file"));
        let began = Instant::now();
        let mut child = command.spawn().expect("the binary runs");
        let mut then = Some(then).filter(|_| !words.is_empty());
        let code = loop {
            if then.is_some()
                && fs::read_to_string(&err).is_ok_and(|said| said.contains(words))
                && let Some(then) = then.take()
            {
                then();
            }
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
            thread::sleep(Duration::from_millis(20));
        };
        let read = |path: &Path| String::from_utf8(fs::read(path).expect("what was written")).expect("UTF-8");
        let done = Done { code, out: read(&out), err: read(&err) };
        assert!(then.is_none(), "it never said {words:?}: {}", done.err);
        self.no_secret_in(&done);
        done
    }

    /// What a terminal got holds no key material.
    #[track_caller]
    pub fn holds_no_secret(&self, text: &str) {
        self.no_secret_in(&Done { code: None, out: text.to_owned(), err: String::new() });
    }

    /// No key material of anybody may be printed, whatever happens.
    #[track_caller]
    fn no_secret_in(&self, done: &Done) {
        let Value::Object(keys) = &self.world["keys"] else { return };
        for (name, key) in keys {
            for part in ["SecretAccessKey", "SessionToken"] {
                if let Some(secret) = key[part].as_str() {
                    assert!(
                        !done.out.contains(secret) && !done.err.contains(secret),
                        "the {part} of {name} was printed"
                    );
                }
            }
        }
        // Nor may any file that was made hold one; and what is the responder's is in no file at all.
        let printed = [("stdout", done.out.as_bytes()), ("stderr", done.err.as_bytes())];
        let own: Vec<&str> = ["SecretAccessKey", "SessionToken"]
            .into_iter()
            .filter_map(|part| keys["responder"][part].as_str())
            .collect();
        crate::secrets_shared::stay_inside(self.home.path(), &printed, &own);
        crate::schemas_shared::hold(self.home.path());
    }
}

/// Asks a stand-in through the tests' own door.
#[track_caller]
pub fn door(url: &str, verb: &str, asked: &Value) -> Value {
    let address = url.strip_prefix("http://").expect("our own address");
    let mut stream = TcpStream::connect(address).expect("the front listens");
    stream.set_read_timeout(Some(Duration::from_secs(90))).expect("a timeout");
    let body = asked.to_string();
    write!(stream, "POST /_front/{verb} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .expect("the front reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the front answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("HTTP");
    assert!(head.starts_with("HTTP/1.1 200"), "{verb}: {answer}");
    serde_json::from_str(body).expect("the front answers in JSON")
}

impl Drop for Stand {
    /// The front ends, and moto with it, when its input is closed.
    fn drop(&mut self) {
        drop(self.front.stdin.take());
        for _ in 0..100 {
            if matches!(self.front.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.front.kill();
        let _ = self.front.wait();
    }
}

impl Done {
    #[track_caller]
    pub fn exits(self, code: i32) -> Done {
        assert_eq!(self.code, Some(code), "stderr: {}\nstdout: {:.3000}", self.err, self.out);
        self
    }

    /// Ends as it should: all done, and all that was asked for was looked at.
    #[track_caller]
    pub fn goes_through(self) -> Done {
        self.exits(0)
    }

    /// The one document on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("stdout is no document: {e}\n{}\n{}", self.out, self.err))
    }
}
