//! CloudTrail as delivered to S3, with one leaked key planted: three accounts, repeated session names, decoys.
//!
//! `chain` is a week of an organisation with a few hundred events of the thief; `busy` is a principal that did half a
//! million things itself, through thousands of sessions.

use super::corpus::{BEGIN, Cloud, File, Rng, SPAN, Sizes, Truth, fill, rfc3339, write};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

const REGIONS: [&str; 6] = ["us-east-1", "us-east-1", "eu-west-1", "us-west-2", "ap-south-1", "sa-east-1"];
const AGENTS: [&str; 5] = [
    "aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/sts#1.30.3",
    "Boto3/1.34.144 md/Botocore#1.34.144 ua/2.0 os/linux#6.1.94-99.176.amzn2023.x86_64 md/arch#x86_64 lang/python#3.11.6",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.2 aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5",
    "aws-cli/2.17.18 md/awscrt#0.20.11 ua/2.0 os/macos#23.5.0 md/arch#arm64 lang/python#3.11.9 cfg/retry-mode#standard",
    "eks.amazonaws.com",
];
/// Service, call, read-only.
const CALLS: [(&str, &str, bool); 12] = [
    ("ec2", "DescribeInstances", true),
    ("ec2", "DescribeNetworkInterfaces", true),
    ("kms", "Decrypt", true),
    ("s3", "GetBucketAcl", true),
    ("s3", "PutObject", false),
    ("logs", "DescribeLogStreams", true),
    ("dynamodb", "DescribeTable", true),
    ("elasticloadbalancing", "DescribeTargetHealth", true),
    ("ssm", "UpdateInstanceInformation", false),
    ("monitoring", "PutMetricAlarm", false),
    ("iam", "GetRole", true),
    ("autoscaling", "DescribeAutoScalingGroups", true),
];
const THIEF: &str = "198.51.100.23";
const THIEFS_AGENT: &str =
    "Boto3/1.28.62 md/Botocore#1.31.62 ua/2.0 os/linux#6.5.0-kali3-amd64 lang/python#3.11.4 Botocore/1.31.62";
/// The seed's own account, and where the chain goes from there: 444455556666, 777788889999.
const HOME: usize = 0;
/// A session name that the victim's own pipeline uses, too.
const SESSION: &str = "deploy";

/// What one planted record is: who does what, where and when.
pub struct Act {
    at: i64,
    place: usize,
    who: usize,
    call: Call,
}

#[derive(Clone, Copy)]
enum Call {
    Read(usize),
    Denied,
    Run(u32),
    Terminate(u32),
    OpenPort(u32),
    PutRolePolicy(u32),
    /// Into which credential.
    Assume(usize),
    /// The role's account's copy of that.
    AssumeCopy(usize),
    SessionToken(usize),
    Federate(usize),
    CreateUser(usize),
    CreateKey(usize),
    /// Somebody who only names the seed.
    Mention(usize),
    /// Somebody else in the same role under the same session name.
    Namesake(usize),
}

/// A credential of the thief: the seed first.
struct Credential {
    key: String,
    account: usize,
    arn: String,
    identity: String,
    parent: usize,
    depth: u64,
    /// Joins the copies of the call that minted it.
    shared: String,
}

pub struct Aws {
    accounts: Vec<String>,
    credentials: Vec<Credential>,
}

impl Aws {
    fn new(rng: &mut Rng) -> Aws {
        let known = ["111122223333", "444455556666", "777788889999"];
        let more = (0..17).map(|n| format!("{:012}", 200_000_000_000_u64 + n * 10_000_019));
        let mut aws = Aws {
            accounts: known.map(String::from).into_iter().chain(more).collect(),
            credentials: Vec::new(),
        };
        aws.user("ci-deployer", HOME, 0, 0, rng);
        aws
    }

    /// A key id that tells its account, as Amazon's do: base 32 of the account, a bit further up, and chance.
    fn key(&self, prefix: &str, account: usize, rng: &mut Rng) -> String {
        let number: u64 = self.accounts[account].parse().expect("twelve digits");
        let bits =
            u128::from(1_u64 << 47 | number << 7 | rng.next() & 0x7f) << 32 | u128::from(rng.next() as u32);
        let letters =
            (0..16).rev().map(|n| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(bits >> (n * 5) & 31) as usize]);
        prefix.chars().chain(letters.map(char::from)).collect()
    }

    fn user(&mut self, name: &str, account: usize, parent: usize, depth: u64, rng: &mut Rng) -> usize {
        let (key, id) = (self.key("AKIA", account, rng), self.key("AIDA", account, rng));
        let owner = &self.accounts[account];
        let arn = format!("arn:aws:iam::{owner}:user/{name}");
        let identity = format!(
            r#"{{"type":"IAMUser","principalId":"{id}","arn":"{arn}","accountId":"{owner}","accessKeyId":"{key}","userName":"{name}"}}"#
        );
        self.credentials.push(Credential {
            key,
            account,
            arn,
            identity,
            parent,
            depth,
            shared: String::new(),
        });
        self.credentials.len() - 1
    }

    fn session(&mut self, role: &str, account: usize, parent: usize, at: i64, rng: &mut Rng) -> usize {
        let key = self.key("ASIA", account, rng);
        let name = if role == "Deploy" { SESSION.to_owned() } else { format!("s{}", self.credentials.len()) };
        let arn = format!("arn:aws:sts::{}:assumed-role/{role}/{name}", self.accounts[account]);
        let identity = assumed(&self.accounts[account], role, &name, &key, at);
        let depth = self.credentials[parent].depth + 1;
        let shared = if account == self.credentials[parent].account { String::new() } else { rng.uuid() };
        self.credentials.push(Credential { key, account, arn, identity, parent, depth, shared });
        self.credentials.len() - 1
    }

    /// GetSessionToken's and GetFederationToken's: the user itself, and a federated user.
    fn token(&mut self, federated: bool, parent: usize, at: i64, rng: &mut Rng) -> usize {
        let Credential { account, arn, identity, depth, .. } = &self.credentials[parent];
        let (account, depth) = (*account, depth + 1);
        let owner = self.accounts[account].clone();
        let key = self.key("ASIA", account, rng);
        let context = format!(
            r#""sessionContext":{{"attributes":{{"creationDate":"{}","mfaAuthenticated":"false"}}}}"#,
            rfc3339(at)
        );
        let (arn, identity) = if federated {
            let arn = format!("arn:aws:sts::{owner}:federated-user/audit");
            let identity = format!(
                r#"{{"type":"FederatedUser","principalId":"{owner}:audit","arn":"{arn}","accountId":"{owner}","accessKeyId":"{key}",{context}}}"#
            );
            (arn, identity)
        } else {
            let own = format!(r#""accessKeyId":"{}""#, self.credentials[parent].key);
            (arn.clone(), identity.replace(&own, &format!(r#""accessKeyId":"{key}",{context}"#)))
        };
        self.credentials.push(Credential {
            key,
            account,
            arn,
            identity,
            parent,
            depth,
            shared: String::new(),
        });
        self.credentials.len() - 1
    }

    fn place(account: usize, region: usize) -> usize {
        account * REGIONS.len() + region
    }

    fn truth(&self, acts: &[Act], truth: Truth) -> Truth {
        let mut truth =
            Truth { principal: self.credentials[0].key.clone(), machine: "aws.ec2.instance", ..truth };
        let mut users: BTreeMap<&str, ()> = BTreeMap::new();
        for act in acts {
            match act.call {
                Call::AssumeCopy(_) => continue,
                Call::Mention(n) => {
                    truth.decoys.push(format!("auditor-{n}"));
                    continue;
                }
                Call::Namesake(_) => continue,
                Call::Run(n) => _ = truth.machines.entry(instance(n)).or_insert("left"),
                Call::Terminate(n) => _ = truth.machines.insert(instance(n), "deleted"),
                Call::CreateUser(n) => _ = users.insert(&self.credentials[n].arn, ()),
                Call::Denied => truth.failed += 1,
                Call::Read(_) | Call::OpenPort(_) | Call::PutRolePolicy(_) => {}
                Call::Assume(_) | Call::SessionToken(_) | Call::Federate(_) | Call::CreateKey(_) => {}
            }
            if act.who == 0 {
                truth.events_of_principal += 1;
            } else {
                truth.events_of_derived += 1;
            }
        }
        for one in &self.credentials[1..] {
            let issuer = self.credentials[one.parent].key.clone();
            truth.credentials.insert(one.key.clone(), (one.depth, issuer));
        }
        truth
    }
}

fn instance(n: u32) -> String {
    format!("i-0{:016x}", 0x00aa_0000_0000_0000_u64 | u64::from(n).wrapping_mul(2_654_435_761))
}

fn assumed(owner: &str, role: &str, name: &str, key: &str, at: i64) -> String {
    let id = format!("AROA{:0<17.17}", role.to_uppercase());
    format!(
        r#"{{"type":"AssumedRole","principalId":"{id}:{name}","arn":"arn:aws:sts::{owner}:assumed-role/{role}/{name}","accountId":"{owner}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{id}","arn":"arn:aws:iam::{owner}:role/{role}","accountId":"{owner}","userName":"{role}"}},"attributes":{{"creationDate":"{}","mfaAuthenticated":"false"}}}}}}"#,
        rfc3339(at)
    )
}

/// A leaked key, seven derived credentials over three accounts and five hops, a few hundred events.
pub fn chain(dir: &Path, records: usize, twice: (Sizes, usize)) -> (Truth, u64) {
    let mut rng = Rng(1);
    let mut aws = Aws::new(&mut rng);
    let mut acts = Vec::new();
    let begin = BEGIN + 3 * 86_400;
    let mut act =
        |at: i64, place: usize, who: usize, call: Call| acts.push(Act { at: begin + at, place, who, call });
    let home = Aws::place(HOME, 0);
    let first = aws.session("Deploy", 1, 0, begin + 60, &mut rng);
    let second = aws.session("Sandbox", 2, first, begin + 120, &mut rng);
    let token = aws.token(false, 0, begin + 180, &mut rng);
    let federated = aws.token(true, 0, begin + 240, &mut rng);
    let backdoor = aws.user("svc-monitoring", 2, second, 3, &mut rng);
    let back = aws.session("Billing", HOME, backdoor, begin + 600, &mut rng);
    let last = aws.session("Ledger", 1, back, begin + 660, &mut rng);
    act(60, home, 0, Call::Assume(first));
    act(60, Aws::place(1, 0), 0, Call::AssumeCopy(first));
    act(120, Aws::place(1, 0), first, Call::Assume(second));
    act(120, Aws::place(2, 0), first, Call::AssumeCopy(second));
    act(180, home, 0, Call::SessionToken(token));
    act(240, home, 0, Call::Federate(federated));
    act(300, Aws::place(2, 0), second, Call::CreateUser(backdoor));
    act(301, Aws::place(2, 0), second, Call::CreateKey(backdoor));
    act(600, Aws::place(2, 0), backdoor, Call::Assume(back));
    act(600, home, backdoor, Call::AssumeCopy(back));
    act(660, home, back, Call::Assume(last));
    act(660, Aws::place(1, 0), back, Call::AssumeCopy(last));
    for n in 0..40 {
        act(1000 + n, home, 0, Call::Mention(n as usize));
        act(-3600 * n, Aws::place(1, 0), 0, Call::Namesake(n as usize % 3));
    }
    for n in 0..360_usize {
        // Every second machine is ended four steps after its launch, by whoever launched it.
        let ends = n % 18 == 8;
        let like = if ends { n - 4 } else { n };
        let who = like % 8;
        let place = Aws::place(aws.credentials[who].account, like / 8 % REGIONS.len());
        let call = match n % 9 {
            0 => Call::Denied,
            4 => Call::Run(n as u32),
            _ if ends => Call::Terminate(like as u32),
            _ => Call::Read(n),
        };
        act(700 + n as i64 * 10, place, who, call);
    }
    finish(aws, acts, 12, records, twice, dir, &mut rng)
}

/// Half a million events of the principal's own, 5,000 sessions, 20,000 machines launched and ended; a tenth more noise.
pub fn busy(dir: &Path, records: usize) -> (Truth, u64) {
    let mut rng = Rng(2);
    let mut aws = Aws::new(&mut rng);
    let mut acts: Vec<Act> = Vec::new();
    let (sessions, machines) = (records / 100, (records / 25) as u32);
    let step = |n: usize| BEGIN + (n as i64 * (SPAN - 86_400)) / records as i64;
    let mut minted = Vec::new();
    for n in 0..records {
        let at = step(n);
        let home = Aws::place(HOME, n % REGIONS.len());
        let who = if n % 3 == 0 && !minted.is_empty() { *rng.pick(&minted) } else { 0 };
        let place = Aws::place(aws.credentials[who].account, n % REGIONS.len());
        let (who, place, call) = match n % 100 {
            // Two of five sessions lie in another account: its copy joins.
            0 => {
                let account = if n / 100 % 5 < 2 { 1 } else { HOME };
                let into = aws.session("Worker", account, 0, at, &mut rng);
                if account != HOME {
                    acts.push(Act {
                        at,
                        place: Aws::place(account, 0),
                        who: 0,
                        call: Call::AssumeCopy(into),
                    });
                }
                if minted.len() < sessions {
                    minted.push(into);
                }
                (0, home, Call::Assume(into))
            }
            7 | 32 | 57 | 82 => (who, Aws::place(HOME, 0), Call::Run((n / 25) as u32)),
            // Ended long after, by whoever comes along.
            19 | 44 | 69 | 94 if n / 25 > 400 => {
                (who, Aws::place(HOME, 0), Call::Terminate((n / 25) as u32 - 400))
            }
            1 | 3 => (who, place, Call::Denied),
            k if k % 10 == 5 => (who, place, Call::OpenPort((n % 3000) as u32)),
            k if k % 5 == 3 => (who, place, Call::PutRolePolicy((n % 2000) as u32)),
            _ => (who, place, Call::Read(n)),
        };
        acts.push(Act { at, place, who, call });
    }
    debug_assert!(machines as usize >= records / 50);
    let all = acts.len() + acts.len() / 10;
    finish(aws, acts, 5000, all, (Sizes::Mixed, 0), dir, &mut rng)
}

/// Puts planted records into files by place and time, up to `most` a file, and fills up with noise.
fn finish(
    aws: Aws,
    acts: Vec<Act>,
    most: usize,
    records: usize,
    twice: (Sizes, usize),
    dir: &Path,
    rng: &mut Rng,
) -> (Truth, u64) {
    let base = aws.truth(&acts, Truth::default());
    let mut by_place: BTreeMap<usize, Vec<Act>> = BTreeMap::new();
    for act in acts {
        by_place.entry(act.place).or_default().push(act);
    }
    let mut files = Vec::new();
    for (place, acts) in by_place {
        let mut acts = acts.into_iter().peekable();
        while let Some(first) = acts.peek() {
            let from = first.at;
            let acts: Vec<Act> = acts.by_ref().take(most).collect();
            files.push(File { place, from, noise: if most > 100 { 10 } else { 20 }, acts, twice: false });
        }
    }
    let counted = fill(&mut files, aws.accounts.len() * REGIONS.len(), records, twice, rng);
    let truth = Truth { records: counted.records, duplicates: counted.duplicates, ..base };
    let bytes = write(&aws, dir, &files, rng.next());
    (truth, bytes)
}

/// The parts of a record that differ between planted and other ones.
struct Parts<'a> {
    identity: &'a str,
    at: i64,
    call: (&'a str, &'a str, bool),
    region: &'a str,
    address: &'a str,
    agent: &'a str,
    request: &'a str,
    response: &'a str,
    error: Option<&'a str>,
    account: &'a str,
    shared: &'a str,
}

fn record(parts: &Parts, rng: &mut Rng, out: &mut Vec<u8>) {
    let Parts { identity, at, call: (service, name, read_only), region, address, agent, .. } = parts;
    let Parts { request, response, account, .. } = parts;
    let error = parts.error.map_or(String::new(), |code| {
        format!(r#""errorCode":"{code}","errorMessage":"You are not authorized to perform: {service}:{name} because no identity-based policy allows it",""#)
    });
    let shared = if parts.shared.is_empty() {
        String::new()
    } else {
        format!(r#","sharedEventID":"{}""#, parts.shared)
    };
    let (request_id, event_id) = (rng.uuid(), rng.uuid());
    let error = error.trim_end_matches('"');
    write!(
        out,
        r#"{{"eventVersion":"1.11","userIdentity":{identity},"eventTime":"{}","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"{region}","sourceIPAddress":"{address}","userAgent":"{agent}",{error}"requestParameters":{request},"responseElements":{response},"requestID":"{request_id}","eventID":"{event_id}","readOnly":{read_only},"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{account}"{shared},"eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{service}.{region}.amazonaws.com"}}}}"#,
        rfc3339(*at)
    )
    .expect("a Vec takes everything");
}

impl Cloud for Aws {
    type Act = Act;

    fn frame(&self) -> (&'static str, &'static str, &'static str, bool) {
        (r#"{"Records":["#, ",", "]}", true)
    }

    fn path(&self, place: usize, from: i64, rng: &mut Rng) -> PathBuf {
        let account = &self.accounts[place / REGIONS.len()];
        let region = REGIONS[place % REGIONS.len()];
        let stamp: String = rfc3339(from + 300).chars().filter(|c| *c != '-' && *c != ':').take(13).collect();
        let day = format!("{}/{}/{}", &stamp[..4], &stamp[4..6], &stamp[6..8]);
        let unique: String = (0..16).map(|_| char::from(b'a' + rng.below(26) as u8)).collect();
        format!("AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{stamp}Z_{unique}.json.gz")
            .into()
    }

    fn noise(&self, place: usize, from: i64, rng: &mut Rng, out: &mut Vec<u8>) {
        let owner = &self.accounts[place / REGIONS.len()];
        let at = from + rng.below(300) as i64;
        let call = *rng.pick(&CALLS);
        let (identity, address, agent) = match rng.below(10) {
            0..4 => {
                let by = format!(
                    "{}.amazonaws.com",
                    rng.pick(&["autoscaling", "elasticloadbalancing", "config", "eks"])
                );
                (format!(r#"{{"type":"AWSService","invokedBy":"{by}"}}"#), by.clone(), by)
            }
            4..8 => {
                // A role's session works for an hour: its key repeats.
                let role = rng.pick(&["Deploy", "NodeGroup", "Reporting", "Backup", "Karpenter"]);
                let began = from / 3600 * 3600;
                let mut session = Rng(began as u64 ^ place as u64 ^ role.len() as u64 ^ rng.below(40) as u64);
                let key = self.key("ASIA", place / REGIONS.len(), &mut session);
                let name = format!("i-0{:016x}", session.next() >> 4);
                let address = format!("192.0.2.{}", 1 + session.below(254));
                (assumed(owner, role, &name, &key, began), address, (*rng.pick(&AGENTS)).to_owned())
            }
            _ => {
                let n = rng.below(30);
                let mut user = Rng(0xb01d ^ (n as u64) << 16 ^ (place as u64) << 32);
                let (key, id) =
                    (self.key("AKIA", place / REGIONS.len(), &mut user), self.key("AIDA", 1, &mut user));
                let identity = format!(
                    r#"{{"type":"IAMUser","principalId":"{id}","arn":"arn:aws:iam::{owner}:user/build-{n}","accountId":"{owner}","accessKeyId":"{key}","userName":"build-{n}"}}"#
                );
                (identity, format!("203.0.113.{}", 1 + n), (*rng.pick(&AGENTS)).to_owned())
            }
        };
        let filler = match rng.below(1000) {
            0 => 30_000,
            1..11 => 2500 + rng.below(2500),
            _ => (rng.log_normal(120.0, 0.9) as usize).min(1500),
        };
        let mut request = String::with_capacity(filler + 100);
        request.push_str(r#"{"filterSet":{"items":[{"name":"resource-id","valueSet":{"items":["#);
        while request.len() < filler {
            request.push_str(&format!(r#"{{"value":"eni-0{:016x}"}},"#, rng.next() >> 4));
        }
        request.push_str(r#"{"value":"*"}]}}]}}"#);
        let error = rng.chance(8).then_some("AccessDenied");
        let parts = Parts {
            identity: &identity,
            at,
            call,
            region: REGIONS[place % REGIONS.len()],
            address: &address,
            agent: &agent,
            request: if error.is_some() { "null" } else { &request },
            response: "null",
            error,
            account: owner,
            shared: "",
        };
        record(&parts, rng, out);
    }

    fn act(&self, act: &Act, rng: &mut Rng, out: &mut Vec<u8>) {
        let who = &self.credentials[act.who];
        let owner = &self.accounts[act.place / REGIONS.len()];
        let region = REGIONS[act.place % REGIONS.len()];
        let expires = rfc3339(act.at + 3600);
        let issued = |key: &str| {
            format!(
                r#""credentials":{{"accessKeyId":"{key}","sessionToken":"IQoJb3JpZ2luX2VjEXAMPLETOKEN{}","expiration":"{expires}"}}"#,
                rng_free_text(key)
            )
        };
        let mut parts = Parts {
            identity: &who.identity,
            at: act.at,
            call: ("ec2", "DescribeInstances", true),
            region,
            address: THIEF,
            agent: THIEFS_AGENT,
            request: "null",
            response: "null",
            error: None,
            account: owner,
            shared: "",
        };
        let identity;
        let (mut request, mut response) = (String::from("null"), String::from("null"));
        match act.call {
            Call::Read(n) => parts.call = CALLS[[0, 1, 3, 5, 6, 7, 10, 11][n % 8]],
            Call::Denied => {
                parts.call = ("iam", "ListUsers", true);
                parts.error = Some("AccessDenied");
            }
            Call::Run(n) => {
                parts.call = ("ec2", "RunInstances", false);
                request = r#"{"instancesSet":{"items":[{"imageId":"ami-0c07c5f4d4025e34b","minCount":1,"maxCount":1}]},"instanceType":"g5.2xlarge"}"#.into();
                response = format!(
                    r#"{{"reservationId":"r-0{:016x}","ownerId":"{owner}","instancesSet":{{"items":[{{"instanceId":"{}","imageId":"ami-0c07c5f4d4025e34b","instanceState":{{"code":0,"name":"pending"}},"instanceType":"g5.2xlarge"}}]}}}}"#,
                    rng.next() >> 4,
                    instance(n)
                );
            }
            Call::Terminate(n) => {
                parts.call = ("ec2", "TerminateInstances", false);
                let id = instance(n);
                request = format!(r#"{{"instancesSet":{{"items":[{{"instanceId":"{id}"}}]}}}}"#);
                response = format!(
                    r#"{{"instancesSet":{{"items":[{{"instanceId":"{id}","currentState":{{"code":32,"name":"shutting-down"}},"previousState":{{"code":16,"name":"running"}}}}]}}}}"#
                );
            }
            Call::OpenPort(n) => {
                parts.call = ("ec2", "AuthorizeSecurityGroupIngress", false);
                request = format!(
                    r#"{{"groupId":"sg-0{n:016x}","ipPermissions":{{"items":[{{"ipProtocol":"tcp","fromPort":22,"toPort":22,"groups":{{}},"ipRanges":{{"items":[{{"cidrIp":"0.0.0.0/0"}}]}},"ipv6Ranges":{{}},"prefixListIds":{{}}}}]}}}}"#
                );
                response = r#"{"_return":true}"#.into();
            }
            Call::PutRolePolicy(n) => {
                parts.call = ("iam", "PutRolePolicy", false);
                request = format!(
                    r#"{{"roleName":"worker-{n}","policyName":"all","policyDocument":"{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}]}}"}}"#
                );
            }
            Call::Assume(into) | Call::AssumeCopy(into) => {
                parts.call = ("sts", "AssumeRole", true);
                let to = &self.credentials[into];
                let path = to.arn.split(":assumed-role/").nth(1).unwrap_or_default();
                let (role, name) = path.split_once('/').unwrap_or_default();
                let to_account = &self.accounts[to.account];
                let id = format!("AROA{:0<17.17}", role.to_uppercase());
                request = format!(
                    r#"{{"roleArn":"arn:aws:iam::{to_account}:role/{role}","roleSessionName":"{name}","durationSeconds":3600}}"#
                );
                response = format!(
                    r#"{{{},"assumedRoleUser":{{"assumedRoleId":"{id}:{name}","arn":"{}"}}}}"#,
                    issued(&to.key),
                    to.arn
                );
                parts.shared = &to.shared;
                if let Call::AssumeCopy(_) = act.call {
                    let from = &self.accounts[who.account];
                    identity = format!(
                        r#"{{"type":"AWSAccount","principalId":"AIDAIOSFODNN7EXAMPLE1","accountId":"{from}"}}"#
                    );
                    parts.identity = &identity;
                }
            }
            Call::SessionToken(into) => {
                parts.call = ("sts", "GetSessionToken", true);
                response = format!("{{{}}}", issued(&self.credentials[into].key));
            }
            Call::Federate(into) => {
                parts.call = ("sts", "GetFederationToken", false);
                let to = &self.credentials[into];
                request = r#"{"name":"audit","durationSeconds":43200}"#.into();
                response = format!(
                    r#"{{{},"federatedUser":{{"federatedUserId":"{owner}:audit","arn":"{}"}}}}"#,
                    issued(&to.key),
                    to.arn
                );
            }
            Call::CreateUser(into) => {
                parts.call = ("iam", "CreateUser", false);
                let name = self.credentials[into].arn.rsplit('/').next().unwrap_or_default();
                request = format!(r#"{{"userName":"{name}"}}"#);
                response = format!(
                    r#"{{"user":{{"path":"/","userName":"{name}","userId":"AIDA{:0<17.17}","arn":"{}"}}}}"#,
                    "BACKDOOR", self.credentials[into].arn
                );
            }
            Call::CreateKey(into) => {
                parts.call = ("iam", "CreateAccessKey", false);
                let to = &self.credentials[into];
                let name = to.arn.rsplit('/').next().unwrap_or_default();
                request = format!(r#"{{"userName":"{name}"}}"#);
                response = format!(
                    r#"{{"accessKey":{{"accessKeyId":"{}","status":"Active","userName":"{name}"}}}}"#,
                    to.key
                );
            }
            Call::Mention(n) => {
                parts.call = ("iam", "GetAccessKeyLastUsed", true);
                parts.address = "203.0.113.200";
                parts.agent = AGENTS[3];
                identity = format!(
                    r#"{{"type":"IAMUser","principalId":"AIDAIOSFODNN7EXAMPLE2","arn":"arn:aws:iam::{owner}:user/auditor-{n}","accountId":"{owner}","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"auditor-{n}"}}"#
                );
                parts.identity = &identity;
                request = format!(r#"{{"accessKeyId":"{}"}}"#, self.credentials[0].key);
            }
            Call::Namesake(n) => {
                parts.address = "203.0.113.201";
                parts.agent = AGENTS[2];
                let key = self.key("ASIA", 1, &mut Rng(n as u64));
                identity = assumed(owner, "Deploy", SESSION, &key, BEGIN + n as i64);
                parts.identity = &identity;
            }
        }
        (parts.request, parts.response) = (&request, &response);
        record(&parts, rng, out);
    }
}

/// Something as long as a token that a compressor can't guess, the same for the same key.
fn rng_free_text(key: &str) -> String {
    let mut rng = Rng(key.bytes().fold(7, |hash, byte| hash * 31 + u64::from(byte)));
    (0..12).map(|_| format!("{:016x}", rng.next())).collect()
}
