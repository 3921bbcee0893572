//! One thin client for Google's REST: paths whose ids are checked, pages, retries at Google's own pace, exact bytes.
//!
//! Knows no service. Every id comes from records that an attacker may have written: [`Ask::new`] refuses what would be another
//! path. What is not answered is an error, never an empty answer. For the service files and the log source alone.

use super::endpoints::{Api, Endpoints};
use super::error::{Told, told};
use super::official::Official;
use crate::cloud::clock::ahead;
use crate::cloud::{CloudError, Refusal};
use crate::model::{Place, Time};
use google_cloud_auth::credentials::{CacheableResource, Credentials};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::{Method, Url};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A TCP and TLS handshake around the world takes less.
const CONNECT: Duration = Duration::from_secs(3);
/// One try of an ordinary call.
const ATTEMPT: Duration = Duration::from_secs(20);
/// Tries of one call that failed or got no answer.
const TRIES: u32 = 5;
/// For how long a call is repeated that is always one too many: two minutes' edges, and some.
const PATIENCE: Duration = Duration::from_secs(150);
/// Pages of one list: more is no honest answer.
const PAGES: usize = 20_000;
/// Empty pages with a token in a row.
const EMPTIES: usize = 1_000;
/// No answer of ours is larger; a page of 1,000 audit entries of 512 KiB would be, and is asked for in smaller ones.
const LARGEST: usize = 512 << 20;

/// What is escaped inside one part of a path.
const PART: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'/')
    .add(b'[')
    .add(b']')
    .add(b'^')
    .add(b'|')
    .add(b'\\')
    .add(b';')
    .add(b'=')
    .add(b'&')
    .add(b'+');

/// A call to be made.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// `compute.instances.stop`.
    pub call: &'static str,
    pub at: Place,
    pub method: Method,
    api: Api,
    path: String,
    /// As they were given.
    ids: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    /// Whether a second call is the same as the first: reads, and what bears a request id.
    repeats: bool,
    attempt: Duration,
}

impl Ask {
    /// Makes a call. Each `{}` of the template takes one id, which must be one part of a path; `{+}` takes a name of several
    /// parts, each of which must be one.
    pub fn new(
        call: &'static str,
        at: &Place,
        method: Method,
        api: Api,
        template: &'static str,
        ids: &[&str],
    ) -> Result<Ask, CloudError> {
        let wrong = |what: &str| {
            CloudError::new(
                Refusal::Invalid,
                call,
                at,
                None,
                &format!("{what:?} is no id that can be asked for"),
            )
        };
        let mut path = String::with_capacity(template.len() + 64);
        let given = ids.iter().map(|id| (*id).to_owned()).collect();
        let mut ids = ids.iter();
        let mut rest = template;
        while let Some(from) = rest.find('{') {
            let until = rest[from..].find('}').map(|at| from + at).ok_or_else(|| wrong(template))?;
            path += &rest[..from];
            let id = ids.next().ok_or_else(|| wrong(template))?;
            let is_name = &rest[from + 1..until] == "+";
            let parts: Vec<&str> = if is_name { id.split('/').collect() } else { vec![*id] };
            for (at, part) in parts.iter().enumerate() {
                if !is_part(part) {
                    return Err(wrong(id));
                }
                if at > 0 {
                    path.push('/');
                }
                path.extend(utf8_percent_encode(part, PART));
            }
            rest = &rest[until + 1..];
        }
        path += rest;
        let repeats = method == Method::GET;
        let (at, query) = (at.clone(), Vec::new());
        Ok(Ask { call, at, method, api, path, ids: given, query, body: None, repeats, attempt: ATTEMPT })
    }

    /// The same, where ids are escaped already: a part that holds a whole path.
    pub fn escaped(
        call: &'static str,
        at: &Place,
        method: Method,
        api: Api,
        template: &'static str,
        ids: &[&str],
    ) -> Result<Ask, CloudError> {
        let mut ask = Ask::new(call, at, method, api, template, ids)?;
        ask.path = ask.path.replace("%25", "%");
        Ok(ask)
    }

    pub fn get(
        call: &'static str,
        at: &Place,
        api: Api,
        template: &'static str,
        ids: &[&str],
    ) -> Result<Ask, CloudError> {
        Ask::new(call, at, Method::GET, api, template, ids)
    }

    pub fn post(
        call: &'static str,
        at: &Place,
        api: Api,
        template: &'static str,
        ids: &[&str],
    ) -> Result<Ask, CloudError> {
        Ask::new(call, at, Method::POST, api, template, ids)
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Ask {
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value.to_string()));
        self
    }

    pub fn body(mut self, body: Value) -> Ask {
        self.body = Some(body);
        self
    }

    /// A second call is the same as the first: it is tried again when it gets no answer.
    pub fn repeatable(mut self) -> Ask {
        self.repeats = true;
        self
    }

    /// All that it asks for, in one text.
    pub fn told(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        format!("{} {} {} {} {body}", self.call, self.method, self.path, query.join("&"))
    }

    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// A value of the query.
    pub fn asked(&self, name: &str) -> Option<String> {
        self.query.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    /// The body.
    pub fn said(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    pub fn attempt(&self) -> Duration {
        self.attempt
    }

    pub fn within(self, attempt: Duration) -> Ask {
        Ask { attempt, ..self }
    }
}

/// Whether an id is one part of a path and no other.
fn is_part(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 1024
        && id != "."
        && id != ".."
        && !id.contains(['/', '\\'])
        && !id.chars().any(char::is_control)
}

/// An answer as it came.
pub(super) struct Answer {
    pub bytes: Vec<u8>,
}

/// Signs, sends, waits, tells apart.
pub(super) struct Rest {
    http: reqwest::Client,
    credentials: Credentials,
    official: Official,
    pub endpoints: Endpoints,
    /// Whole seconds that this host's clock is ahead of Google's, by the last answer that had a date.
    ahead: Mutex<Option<i64>>,
}

impl Rest {
    pub fn new(credentials: Credentials, endpoints: Endpoints, user_agent: &str) -> Result<Rest, String> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .user_agent(user_agent)
            // A redirect would carry our token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(64)
            .build()
            .map_err(|error| error.to_string())?;
        let official = Official::new(credentials.clone(), user_agent);
        Ok(Rest { http, credentials, official, endpoints, ahead: Mutex::default() })
    }

    /// Whole seconds that this host's clock is ahead of Google's, below zero behind; `None` when no answer had a date.
    pub fn ahead(&self) -> Option<i64> {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a call and returns its answer's bytes.
    pub async fn send(&self, ask: &Ask) -> Result<Answer, CloudError> {
        let began = std::time::Instant::now();
        let (mut tries, mut throttles, mut renewed) = (0, 0, false);
        loop {
            let sent = std::time::Instant::now();
            let outcome = self.once(ask).await;
            let pause = match outcome {
                Ok(answer) => return Ok(answer),
                Err(Trouble::Answered(told)) => {
                    let error = told.error(ask.call, &ask.at);
                    match error.refusal {
                        Refusal::Throttled if began.elapsed() < PATIENCE => {
                            throttles += 1;
                            if told.is_per_minute() { until_next_minute() } else { backoff(throttles + 1) }
                        }
                        // A token may have ended between our look at it and Google's.
                        Refusal::SignedOut if !renewed => {
                            renewed = true;
                            Duration::from_millis(200)
                        }
                        Refusal::Failed | Refusal::Unreachable if ask.repeats && tries + 1 < TRIES => {
                            tries += 1;
                            backoff(tries)
                        }
                        _ => return Err(error),
                    }
                }
                Err(Trouble::Silent(_)) if ask.repeats && tries + 1 < TRIES => {
                    // Who says nothing at all says nothing the fifth time either, and somebody waits.
                    tries += if sent.elapsed() >= ask.attempt { 2 } else { 1 };
                    backoff(tries)
                }
                Err(Trouble::Silent(why)) => {
                    return Err(CloudError::new(Refusal::Unreachable, ask.call, &ask.at, None, &why));
                }
                Err(Trouble::Unsigned(why)) => {
                    return Err(CloudError::new(Refusal::SignedOut, ask.call, &ask.at, None, &why));
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// One try, nothing repeated: for who paces and repeats by itself.
    pub async fn once(&self, ask: &Ask) -> Result<Answer, Trouble> {
        if let Some(sent) = self.official.send(ask, &self.endpoints).await {
            return sent;
        }
        let base = self.endpoints.base_of(ask.api, &ask.path);
        let mut url =
            Url::parse(&format!("{base}{}", ask.path)).map_err(|error| Trouble::Silent(error.to_string()))?;
        if !ask.query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            pairs.extend_pairs(ask.query.iter().map(|(name, value)| (*name, value.as_str())));
        }
        let headers = match self.credentials.headers(Default::default()).await {
            Ok(CacheableResource::New { data, .. }) => data,
            Ok(CacheableResource::NotModified) => {
                return Err(Trouble::Unsigned("no credentials were given".into()));
            }
            Err(error) if error.is_transient() => {
                return Err(Trouble::Silent(format!("get a token: {}", causes(&error))));
            }
            Err(error) => return Err(Trouble::Unsigned(causes(&error))),
        };
        let mut request = self.http.request(ask.method.clone(), url).headers(headers).timeout(ask.attempt);
        if let Some(body) = &ask.body {
            request = request.json(body);
        } else if ask.method != Method::GET {
            // Google wants a length, also of nothing.
            request = request.header("content-length", "0");
        }
        // The error's own text may hold the URL, with all that is in its query.
        let silent = |error: reqwest::Error| Trouble::Silent(causes(&error.without_url()));
        let mut answer = request.send().await.map_err(silent)?;
        let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
        if let Some(ahead) = date.and_then(|date| ahead(date, Time::now())) {
            *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        }
        let http = answer.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(silent)? {
            if bytes.len() + chunk.len() > LARGEST {
                return Err(Trouble::Silent("the answer is larger than anything that is meant".into()));
            }
            bytes.extend_from_slice(&chunk);
        }
        if (200..300).contains(&http) {
            Ok(Answer { bytes })
        } else {
            Err(Trouble::Answered(told(http, &bytes)))
        }
    }

    /// Makes a call and reads its answer.
    pub async fn json(&self, ask: &Ask) -> Result<Value, CloudError> {
        let answer = self.send(ask).await?;
        if answer.bytes.trim_ascii().is_empty() {
            return Ok(Value::Object(Default::default()));
        }
        serde_json::from_slice(&answer.bytes).map_err(|_| {
            CloudError::new(Refusal::Failed, ask.call, &ask.at, None, "an answer that can't be read")
        })
    }

    /// Asks page after page, to the last: `page` is handed each. The token goes into `pageToken`, of the body where there is one.
    pub async fn pages(
        &self,
        mut ask: Ask,
        mut page: impl FnMut(&Value) -> usize + Send,
    ) -> Result<(), CloudError> {
        let mut tokens = HashSet::new();
        let mut empties = 0;
        for _ in 0..PAGES {
            let answer = self.json(&ask).await?;
            empties = if page(&answer) == 0 { empties + 1 } else { 0 };
            let Some(token) = answer["nextPageToken"].as_str().filter(|token| !token.is_empty()) else {
                return Ok(());
            };
            if !tokens.insert(token.to_owned()) {
                return Err(CloudError::new(
                    Refusal::Failed,
                    ask.call,
                    &ask.at,
                    None,
                    "its pages lead back to where they came from",
                ));
            }
            if empties >= EMPTIES {
                break;
            }
            match &mut ask.body {
                Some(body) => body["pageToken"] = token.into(),
                None => ask = ask.with("pageToken", token),
            }
        }
        Err(CloudError::new(Refusal::Failed, ask.call, &ask.at, None, "page after page, and no end"))
    }

    /// Every item of a list, of all pages.
    pub async fn list(&self, ask: Ask, items: &'static str) -> Result<Vec<Value>, CloudError> {
        let mut all = Vec::new();
        self.pages(ask, |page| {
            let some = page[items].as_array().map(Vec::as_slice).unwrap_or_default();
            all.extend_from_slice(some);
            some.len()
        })
        .await?;
        Ok(all)
    }
}

/// Why one try came to nothing.
pub(super) enum Trouble {
    Answered(Told),
    /// No answer: connection, timeout.
    Silent(String),
    /// No credentials to ask with.
    Unsigned(String),
}

impl Trouble {
    pub fn error(&self, call: &'static str, at: &Place) -> CloudError {
        match self {
            Trouble::Answered(told) => told.error(call, at),
            Trouble::Silent(why) => CloudError::new(Refusal::Unreachable, call, at, None, why),
            Trouble::Unsigned(why) => CloudError::new(Refusal::SignedOut, call, at, None, why),
        }
    }
}

/// Doubles from a quarter of a second, up to eight, half of it by chance.
pub(super) fn backoff(tries: u32) -> Duration {
    let most = 0.25 * f64::from(1_u32 << tries.min(5));
    Duration::from_secs_f64(most * (0.5 + 0.5 * chance()))
}

/// Compute's quotas are full again at the minute's edge (gcp.md 6).
pub(super) fn until_next_minute() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = 60_000 - (now.as_millis() % 60_000) as u64;
    // Their clock and ours differ a little, and not all of ours come back at once.
    Duration::from_millis(left + 50) + Duration::from_secs_f64(chance())
}

fn chance() -> f64 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_or(0.5, |()| f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

/// An error and what it came from, each once.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut told: Vec<String> = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !told.iter().any(|earlier| earlier.contains(&text)) {
            told.push(text);
        }
        next = cause.source();
    }
    told.join(": ")
}

#[cfg(test)]
mod tests {
    use super::super::endpoints::{COMPUTE, IAM};
    use super::*;

    fn path(api: Api, template: &'static str, ids: &[&str]) -> Option<String> {
        Ask::get("x", &Place::new("p", ""), api, template, ids).ok().map(|ask| ask.path)
    }

    #[test]
    fn an_id_is_one_part_of_a_path() {
        let stop = "projects/{}/zones/{}/instances/{}/stop";
        assert_eq!(
            path(COMPUTE, stop, &["p", "z", "7"]).as_deref(),
            Some("projects/p/zones/z/instances/7/stop")
        );
        for id in ["", ".", "..", "a/b", "../x", "a\\b", "a\nb"] {
            assert_eq!(path(COMPUTE, stop, &["p", "z", id]), None, "{id:?}");
        }
        assert_eq!(
            path(COMPUTE, stop, &["p", "z", "7?x=y#z"]).as_deref(),
            Some("projects/p/zones/z/instances/7%3Fx%3Dy%23z/stop")
        );
        assert_eq!(path(COMPUTE, stop, &["p", "z"]), None);
        let name = "v1/{+}:undelete";
        assert_eq!(path(IAM, name, &["projects/p/keys/k"]).as_deref(), Some("v1/projects/p/keys/k:undelete"));
        for id in ["projects/../k", "projects//k", "/projects", ""] {
            assert_eq!(path(IAM, name, &[id]), None, "{id:?}");
        }
    }
}
