//! What stands changed though it is nothing that the principal made: trails that see less, buckets that are open, what it
//! runs on the owners' machines. And the exact way by hand where no change of ours takes it back.
//!
//! A finding is told by a row of the catalog; the row says what takes it back.

use super::super::Proposal;
use super::super::ground::{Ground, target};
use super::{After, Draft, LETS_IN, RUNS, SEES};
use crate::catalog::{self, Row};
use crate::model::EventId;
use crate::model::change::{Change, CloudTrailChange, S3Change, SUSPICIOUS_DAYS, SsmChange, TrailPart};
use crate::model::report::Finding;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a finding is known by: its subject and its words.
pub(super) type Told<'a> = BTreeSet<(&'a str, &'a str)>;

pub(super) fn told_by(finding: &Finding) -> (&str, &str) {
    (&finding.subject, &finding.note)
}

/// Plans what takes standing findings back; returns those that are dealt with.
pub(super) fn standing<'a>(ground: &Ground<'a>, proposal: &mut Proposal) -> Told<'a> {
    let mut told = Told::new();
    // Everybody whom the policies of one bucket let in goes in one step: its state is the whole policy.
    let mut strangers: BTreeMap<(Arc<str>, Arc<str>), Strangers<'a>> = BTreeMap::new();
    for finding in ground.standing().iter().copied() {
        let Some((row, before, rank, doing)) = row_of(ground, finding).and_then(|row| doing(row, finding))
        else {
            continue;
        };
        // A trail that the principal made itself is stopped, not started.
        if row.kind.starts_with("aws.cloudtrail.") && ground.is_told(finding) {
            continue;
        }
        match doing {
            Doing::One(change) => {
                told.insert(told_by(finding));
                take(ground, row, finding, before, rank, change, proposal);
            }
            Doing::ShutOut => {
                let members = ground
                    .report
                    .grants
                    .iter()
                    .filter(|grant| grant.on == finding.subject && finding.events.contains(&grant.event));
                let members: BTreeSet<Arc<str>> = members.map(|grant| grant.member.clone()).collect();
                if members.is_empty() {
                    continue;
                }
                told.insert(told_by(finding));
                if members.iter().any(|member| is_everybody(member)) {
                    let block = S3Change::BlockPublicBucket { bucket: finding.subject.clone() };
                    take(ground, row, finding, before, rank, block.into(), proposal);
                }
                let account = finding.account.clone().unwrap_or_default();
                let of = strangers.entry((account, finding.subject.clone())).or_default();
                of.members.extend(members.into_iter().filter(|member| !is_everybody(member)));
                of.findings.push((row, finding));
            }
        }
    }
    for ((_, bucket), Strangers { members, findings }) in strangers {
        if members.is_empty() {
            continue;
        }
        let change = S3Change::ShutOutOfBucket { bucket, members: members.into_iter().collect() };
        let change = Change::from(change);
        for (row, finding) in findings {
            take(ground, row, finding, "open", LETS_IN, change.clone(), proposal);
        }
    }
    told
}

#[derive(Default)]
struct Strangers<'a> {
    members: BTreeSet<Arc<str>>,
    findings: Vec<(&'static Row, &'a Finding)>,
}

fn is_everybody(member: &str) -> bool {
    member == "*" || member.contains("/groups/global/")
}

/// What takes back what a row tells.
enum Doing {
    One(Change),
    /// Whoever the policy of the bucket lets in, by the report's grants.
    ShutOut,
}

fn doing(row: &'static Row, finding: &Finding) -> Option<(&'static Row, &'static str, u32, Doing)> {
    let id = || finding.subject.clone();
    // Braces in a pair tell regions and members apart, not what it is about.
    let pair = row.pair.split(' ').next().unwrap_or_default();
    if row.undoes {
        return None;
    }
    let one = |change: Change| Doing::One(change);
    let widen = |what| one(CloudTrailChange::WidenTrail { name: id(), what }.into());
    let (before, rank, doing) = match (pair, row.kind, row.events) {
        ("cloudtrail:logging", _, "StopLogging") => {
            ("stopped", SEES, one(CloudTrailChange::StartTrail { name: id() }.into()))
        }
        ("cloudtrail:regions", ..) => ("narrowed", SEES, widen(TrailPart::Regions)),
        ("cloudtrail:global", ..) => ("narrowed", SEES, widen(TrailPart::GlobalServices)),
        ("cloudtrail:validation", ..) => ("narrowed", SEES, widen(TrailPart::FileValidation)),
        ("cloudtrail:selectors", ..) => {
            ("narrowed", SEES, one(CloudTrailChange::RecordManagementEvents { name: id() }.into()))
        }
        ("cloudtrail:store", ..) => {
            ("deleted", SEES, one(CloudTrailChange::RestoreEventDataStore { store: id() }.into()))
        }
        ("cloudtrail:ingestion", ..) => {
            ("stopped", SEES, one(CloudTrailChange::StartStoreIngestion { store: id() }.into()))
        }
        // Rules of a lifecycle run once a day: what they would delete may be the logs.
        ("s3:lifecycle", ..) => {
            let change = S3Change::DisableExpiryRules { bucket: id(), days: SUSPICIOUS_DAYS };
            ("expiring", SEES, one(change.into()))
        }
        ("s3:versioning", ..) => ("suspended", SEES, one(S3Change::EnableVersioning { bucket: id() }.into())),
        ("s3:replication", ..) => {
            ("replicating", LETS_IN, one(S3Change::DisableReplication { bucket: id() }.into()))
        }
        ("s3:public-access-block", "aws.s3.public_access_block", _) | ("s3:acl", ..) => {
            ("open", LETS_IN, one(S3Change::BlockPublicBucket { bucket: id() }.into()))
        }
        ("s3:policy", ..) => ("open", LETS_IN, Doing::ShutOut),
        ("ssm:command", ..) => ("sent", RUNS, one(SsmChange::CancelCommand { id: id() }.into())),
        ("ssm:automation", ..) => ("started", RUNS, one(SsmChange::StopAutomation { id: id() }.into())),
        ("ssm:session", ..) => ("opened", RUNS, one(SsmChange::TerminateSession { id: id() }.into())),
        _ => return None,
    };
    Some((row, before, rank, doing))
}

/// What an operator must know of a step that the finding's own words do not say.
fn caution(change: &Change) -> Option<&'static str> {
    match change {
        Change::Aws(crate::model::change::AwsChange::S3(S3Change::ShutOutOfBucket { .. })) => Some(
            "The record shows whom the policy lets in now, not whom the one before it did: somebody who belonged there is shut out too, \
             until this is undone.",
        ),
        Change::Aws(_) | Change::Gcp(_) => None,
    }
}

fn take(
    ground: &Ground,
    row: &'static Row,
    finding: &Finding,
    before: &'static str,
    rank: u32,
    change: Change,
    proposal: &mut Proposal,
) {
    let touched = ground.touched_by(&finding.events, &finding.subject);
    let account = finding.account.as_deref().or(touched.map(|one| &*one.account)).unwrap_or_default();
    let mut place = target(row.kind, &finding.subject, None, account);
    place.region =
        touched.map(|one| one.region.clone()).or_else(|| finding.region.clone()).unwrap_or_default();
    let because: BTreeSet<EventId> = finding.events.iter().cloned().collect();
    let mut why = vec![finding.note.clone()];
    why.extend(caution(&change).map(str::to_owned));
    let draft = Draft {
        target: place,
        because,
        why,
        before,
        change,
        rank,
        after: After::Nothing,
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, []);
}

/// Returns the row that told a finding: the one whose words it bears, else the one that says so of what it touched.
pub(super) fn row_of(ground: &Ground, finding: &Finding) -> Option<&'static Row> {
    let rows = || catalog::aws::SERVICES.iter().flat_map(|service| service.rows);
    let is_finding = |row: &&Row| row.finding.is_some_and(|(kind, _)| kind == finding.kind);
    let by_words = rows().find(|row| is_finding(row) && bears(row.note, &finding.note, &finding.subject));
    by_words.or_else(|| {
        let touched = ground.touched_by(&finding.events, &finding.subject)?;
        let is_it = |row: &&Row| row.finding.is_some() && row.kind == touched.kind && row.how == touched.how;
        rows().find(is_it).filter(|_| touched.id == finding.subject)
    })
}

/// Whether `words` are `note` with its braces filled, and `{id}` with `id`.
fn bears(note: &str, words: &str, id: &str) -> bool {
    let Some((start, rest)) = note.split_once('{') else { return note == words };
    let Some(left) = words.strip_prefix(start) else { return false };
    let Some((hole, rest)) = rest.split_once('}') else { return false };
    if hole == "id" {
        return left.strip_prefix(id).is_some_and(|left| bears(rest, left, id));
    }
    // What fills a hole may hold anything: any place where the rest fits will do.
    let next = rest.split('{').next().unwrap_or_default();
    match next.is_empty() {
        true => rest.is_empty(),
        false => left.match_indices(next).any(|(at, _)| bears(rest, &left[at..], id)),
    }
}

/// Returns the exact way by hand where no change of ours and no call of the catalog's says it.
pub(super) fn by_hand(row: &Row, finding: &Finding) -> Option<String> {
    let region = finding.region.as_deref().unwrap_or("REGION");
    let id = plain(&finding.subject);
    let words = match (row.kind, row.events) {
        ("aws.guardduty.detector", "DeleteDetector") => format!(
            "aws guardduty create-detector --enable --region {region}; what it had found is lost, and trusted lists, filters and members \
             must be set anew"
        ),
        ("aws.guardduty.detector", "UpdateDetector") => {
            format!("aws guardduty update-detector --detector-id {id} --enable --region {region}")
        }
        ("aws.guardduty.filter", _) => format!(
            "aws guardduty list-detectors --region {region}, then aws guardduty update-filter --detector-id DETECTOR --filter-name {id} \
             --action NOOP --region {region}"
        ),
        ("aws.guardduty.ip_set", _) => format!(
            "aws guardduty list-detectors --region {region}, then aws guardduty update-ip-set --detector-id DETECTOR --ip-set-id {id} \
             --no-activate --region {region}"
        ),
        ("aws.config.recorder", "StopConfigurationRecorder") => format!(
            "aws configservice start-configuration-recorder --configuration-recorder-name {id} --region {region}"
        ),
        ("aws.config.recorder", _) => format!(
            "aws configservice put-configuration-recorder with the role that it had, then aws configservice \
             start-configuration-recorder --configuration-recorder-name {id} --region {region}"
        ),
        ("aws.bedrock.invocation_logging", _) => format!(
            "aws bedrock put-model-invocation-logging-configuration --region {region} --logging-config with the bucket or log group that it \
             had: the last record of PutModelInvocationLoggingConfiguration shows them"
        ),
        ("aws.s3.account_public_access_block", _) => format!(
            "aws s3control put-public-access-block --account-id {id} --public-access-block-configuration \
             BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
        ),
        ("aws.ses.account_sending" | "aws.ses.production_access" | "aws.ses.send", _) => format!(
            "ask first, for it stops everybody's mail of the region: aws sesv2 put-account-sending-attributes --no-sending-enabled \
             --region {region}; back with --sending-enabled"
        ),
        ("aws.cloudtrail.trail", "DeleteTrail") => format!(
            "aws cloudtrail create-trail --name {id} --s3-bucket-name BUCKET --is-multi-region-trail --enable-log-file-validation --region \
             {region}, then aws cloudtrail start-logging --name {id} --region {region}; its bucket, if it was left, shows which it was"
        ),
        ("aws.cloudtrail.trail", "UpdateTrail") => format!(
            "aws cloudtrail update-trail --name {id} --s3-bucket-name BUCKET --region {region}, BUCKET being the one before: AWS Config or \
             an earlier record of UpdateTrail or CreateTrail shows it"
        ),
        ("aws.cloudtrail.event_data_store", "UpdateEventDataStore") => format!(
            "aws cloudtrail update-event-data-store --event-data-store {id} --termination-protection-enabled --region {region}"
        ),
        _ => return None,
    };
    Some(words)
}

/// A name as it may stand in a command line: what a shell would take as its own is left out.
fn plain(name: &str) -> String {
    name.chars().filter(|one| one.is_ascii_alphanumeric() || "-_.:/@+=,".contains(*one)).collect()
}

#[cfg(test)]
mod tests {
    use super::{bears, plain};

    #[test]
    fn findings_are_known_by_the_words_of_their_row() {
        let note = "Document {requestParameters.documentName} was run on {requestParameters.targets[]} (command {id}).";
        for (words, id, expect) in [
            ("Document AWS-RunShellScript was run on i-1, i-2 (command c-1).", "c-1", true),
            ("Document x was run on  was run on (command c-1). (command c-1).", "c-1", true),
            ("Document AWS-RunShellScript was run on i-1, i-2 (command c-1).", "c-2", false),
            ("Document AWS-RunShellScript was shared with 111122223333.", "c-1", false),
            ("", "c-1", false),
        ] {
            assert_eq!(bears(note, words, id), expect, "{words}");
        }
        assert!(bears("Trail {id} was stopped.", "Trail a was stopped.", "a"));
        assert!(!bears("Trail {id} was stopped.", "Trail b was stopped.", "a"));
    }

    #[test]
    fn commands_hold_nothing_that_a_shell_takes_as_its_own() {
        assert_eq!(plain("arn:aws:x:y/z"), "arn:aws:x:y/z");
        assert_eq!(plain("a;$(rm)\n|b' \"c`"), "armbc");
    }
}
