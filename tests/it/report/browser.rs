//! The page in headless Chromium, driven through ChromeDriver: no script ran, nothing was fetched, no dialog, no sideways
//! scrolling on a phone, and it prints.
//!
//! A laptop without them says so and passes; CI may not.

use super::*;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where every hostile name would go to.
const LAIR: &str = "attacker.example";

struct Driver {
    child: Child,
    port: u16,
    session: String,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The browser goes with its session, the driver by our own hand.
        if !self.session.is_empty() {
            let _ = self.send("DELETE", "", &Value::Null);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Driver {
    /// Starts it with a window of so many pixels; `None` where there is no browser.
    fn start(bench: &Bench, width: u32, height: u32) -> Option<Driver> {
        let has = |name: &str| {
            Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        if !(has("chromedriver") && has("chromium")) {
            let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!in_ci, "chromium and chromedriver are not there: CI must open the page");
            eprintln!("skipped: install chromium and chromium-driver to run this");
            return None;
        }
        let mut child = Command::new("chromedriver")
            .args(["--port=0"])
            .env("HOME", bench.path(""))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let said = lines.find(|line| line.contains("started successfully on port")).unwrap();
        let digits: String = said.chars().filter(char::is_ascii_digit).collect();
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let mut driver = Driver { child, port: digits.parse().unwrap(), session: String::new() };
        let profile = bench.path(&format!("profile-{width}"));
        let args = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let screen = json!({"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1.0, "mobile": width < 600}});
        let options = json!({"args": args, "mobileEmulation": screen});
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "unhandledPromptBehavior": "ignore",
        }}});
        let made = driver.send("POST", "", &wanted);
        driver.session = made["sessionId"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        Some(driver)
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(300))).unwrap();
        let base =
            if self.session.is_empty() { "/session".into() } else { format!("/session/{}", self.session) };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {base}{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = told.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).unwrap();
        serde_json::from_slice::<Value>(&answer).unwrap_or_default()["value"].take()
    }

    fn open(&self, path: &std::path::Path) {
        self.send("POST", "/url", &json!({"url": format!("file://{}", path.display())}));
    }

    fn ask(&self, script: &str) -> Value {
        self.send("POST", "/execute/sync", &json!({"script": format!("return {script}"), "args": []}))
    }
}

/// The role chain's evidence with markup and scripts where an attacker chose the words.
fn hostile(bench: &Bench) {
    let from = std::path::PathBuf::from(scenario("aws-role-chain"));
    for path in crate::support::walk(&from).iter().filter(|path| path.is_file()) {
        let inside = path.strip_prefix(&from).unwrap();
        if inside.starts_with("expect")
            || !path.extension().is_some_and(|end| end == "json" || end == "ndjson")
        {
            continue;
        }
        let script = format!("<script src=//{LAIR}/x.js></script><script>alert(1);document.title=1</script>");
        let image = format!("'\"></svg></style><img src=//{LAIR}/x.png onerror=alert(1)>");
        let long = "x".repeat(400);
        let text = std::fs::read_to_string(path).unwrap();
        let spelled = |text: &str| serde_json::to_string(text).unwrap().trim_matches('"').to_owned();
        let text = text.replace("Boto3/1.28.62", &spelled(&script));
        let text = text.replace("metrics-sync", &spelled(&image).replace('/', "\\u002f"));
        let text = text.replace("Mozilla/5.0", &spelled(&format!("{long}<b>")));
        bench.write(&format!("hostile/{}", inside.display()), text);
    }
}

#[test]
fn the_page_is_quiet_in_a_browser_and_fits_a_phone() {
    let bench = Bench::new();
    hostile(&bench);
    let folders = [
        bench.path("hostile").to_string_lossy().into_owned(),
        scenario("aws-role-chain"),
        scenario("gcp-cryptojacking"),
        scenario("aws-busy-deployer"),
    ];
    let mut pages = Vec::new();
    for (n, folder) in folders.iter().enumerate() {
        let page = bench.run(&["report", folder, "-o", "html", "--allow-gaps"]).exits(0).out;
        if n == 0 {
            let page = String::from_utf8_lossy(&page);
            assert!(
                page.contains("&lt;script src=") && page.contains(LAIR) && page.contains("onerror=alert"),
                "{page}"
            );
        }
        pages.push(bench.write(&format!("{n}.html"), page));
    }
    for (width, height) in [(390, 844), (1280, 900)] {
        let Some(driver) = Driver::start(&bench, width, height) else { return };
        for page in &pages {
            driver.open(page);
            let dialog = driver.send("GET", "/alert/text", &Value::Null);
            assert_eq!(dialog["error"], "no such alert", "{dialog}");
            let title = driver.ask("document.title");
            assert!(title.as_str().is_some_and(|title| title.starts_with("Leaked credential: ")), "{title}");
            for nothing in [
                "document.scripts.length",
                "document.images.length",
                "document.querySelectorAll('iframe, object, embed, link, a, form, b').length",
                "performance.getEntriesByType('resource').length",
                "[...document.querySelectorAll('*')].filter(e => e.getAttributeNames().some(n => n.startsWith('on'))).length",
            ] {
                assert_eq!(driver.ask(nothing), 0, "{nothing} of {}", page.display());
            }
            // The style was let in by the policy that keeps all else out.
            assert_eq!(driver.ask("getComputedStyle(document.querySelector('.answers')).display"), "grid");
            let wide = driver.ask("document.documentElement.scrollWidth").as_u64().unwrap();
            assert!(wide <= u64::from(width), "{} is {wide} wide on {width}", page.display());
            let shown = |class: &str| {
                let script = format!(
                    "[...document.querySelectorAll('svg.chain.{class}')].every(e => e.getBoundingClientRect().width > 0)"
                );
                driver.ask(&script) == true
            };
            assert!(shown(if width < 600 { "narrow" } else { "wide" }), "{}", page.display());
        }
        let pdf = driver.send("POST", "/print", &json!({}));
        assert!(pdf.as_str().is_some_and(|pdf| pdf.starts_with("JVBER")), "it prints");
    }
}
