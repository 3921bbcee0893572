//! What speaks for and against planning something: the report, sorted and joined once for both planners.

use super::advice;
use super::words::{count, list};
use crate::catalog::aws::arn::Arn;
use crate::model::plan::Target;
use crate::model::report::{Confidence, Credential, Finding, FindingKind, Report, Resource, Touched, Use};
use crate::model::{EventId, Provider};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

pub(super) struct Ground<'a> {
    pub report: &'a Report,
    /// By depth and id: the seed first.
    pub credentials: Vec<&'a Credential>,
    pub resources: Vec<&'a Resource>,
    /// Nothing in the report speaks against the principal.
    pub is_quiet: bool,
    uses: BTreeMap<&'a str, Vec<&'a Use>>,
    /// Standing findings about something, certain ones, oldest first; by subject and by event, too.
    standing: Vec<&'a Finding>,
    about: HashMap<&'a str, Vec<usize>>,
    alleging: HashMap<&'a str, Vec<usize>>,
    /// Sorted, and by event.
    touched: Vec<&'a Touched>,
    touching: HashMap<&'a str, Vec<usize>>,
    /// By id and name, and by launcher.
    named: HashMap<&'a str, Vec<usize>>,
    launched: HashMap<&'a str, Vec<usize>>,
    /// Every name of a credential that a finding may be about.
    identities: HashSet<&'a str>,
}

impl<'a> Ground<'a> {
    pub fn new(report: &'a Report) -> Ground<'a> {
        let mut credentials: Vec<&Credential> = report.credentials.iter().collect();
        credentials.sort_by_key(|one| (one.depth, &one.id, one.kind, &one.account, &one.event));
        let mut resources: Vec<&Resource> = report.resources.iter().collect();
        resources.sort_by_key(|one| (one.kind, &one.account, &one.region, &one.id, one.created_at));
        let mut uses: BTreeMap<&str, Vec<&Use>> = BTreeMap::new();
        for one in &report.uses {
            uses.entry(&one.credential).or_default().push(one);
        }
        let is_new = |one: &Use| {
            one.new && one.confidence == Confidence::Confirmed && report.window.leaked_at.is_some()
        };
        let is_quiet = report.findings.is_empty()
            && report.resources.is_empty()
            && report.grants.is_empty()
            && !report.uses.iter().any(is_new);
        let is_certain = |one: &&Finding| one.standing && one.confidence == Confidence::Confirmed;
        let mut standing: Vec<&Finding> = report.findings.iter().filter(is_certain).collect();
        standing.sort_by_key(|one| (one.at, one.kind, &one.subject, &one.note));
        let mut touched: Vec<&Touched> = report.touched.iter().collect();
        touched.sort();
        let mut ground = Ground {
            report,
            credentials,
            resources,
            is_quiet,
            uses,
            standing,
            about: HashMap::new(),
            alleging: HashMap::new(),
            touched,
            touching: HashMap::new(),
            named: HashMap::new(),
            launched: HashMap::new(),
            identities: HashSet::new(),
        };
        ground.join();
        ground
    }

    /// Files everything by what it is asked for: reports have tens of thousands of rows.
    fn join(&mut self) {
        for (place, one) in self.standing.iter().copied().enumerate() {
            self.about.entry(&one.subject).or_default().push(place);
            for event in &one.events {
                self.alleging.entry(event).or_default().push(place);
            }
        }
        for (place, one) in self.touched.iter().copied().enumerate() {
            for event in &one.events {
                self.touching.entry(event).or_default().push(place);
            }
        }
        for (place, one) in self.resources.iter().copied().enumerate() {
            self.named.entry(&one.id).or_default().push(place);
            if let Some(name) = one.name.as_ref().filter(|name| **name != one.id) {
                self.named.entry(name).or_default().push(place);
            }
            if let Some(launcher) = &one.launched_by {
                self.launched.entry(launcher).or_default().push(place);
            }
        }
        for one in self.credentials.iter().copied() {
            self.identities.insert(&one.id);
            let Some(principal) = one.principal.as_deref() else { continue };
            self.identities.insert(principal);
            // `…user/NAME`: a finding calls a user by name alone.
            let names = principal.match_indices("user/").map(|(at, user)| &principal[at + user.len()..]);
            self.identities.extend(names);
        }
    }

    /// Returns the partition that an account of AWS lies in, as the ARNs of who signs in there tell it; one of which none is
    /// known lies where the principal does.
    pub fn partition(&self, account: &str) -> &'a str {
        let arns = || {
            let of = self.report.credentials.iter().filter_map(|one| one.principal.as_deref());
            of.chain(self.report.principal.arn.as_deref()).filter_map(Arn::parse)
        };
        let own = arns().find(|arn| arn.account == account);
        own.or_else(|| arns().next()).map_or("aws", |arn| arn.partition)
    }

    pub fn uses_of(&self, credential: &str) -> &[&'a Use] {
        self.uses.get(credential).map_or(&[], Vec::as_slice)
    }

    /// Why a derived credential is not planned, where something speaks for it.
    pub fn spares_credential(&self, credential: &Credential) -> Option<String> {
        if credential.depth == 0 {
            return None;
        }
        if let Some(why) = unsure(credential.confidence) {
            return Some(why.to_owned());
        }
        // A role that was taken with a leaked AWS credential may have been taken by whoever has it, and its sessions can be ended
        // one by one. An impersonated Google account could only be switched off for everybody.
        if self.is_quiet && self.report.principal.provider == Provider::Gcp {
            return Some(
                "Nothing in what was looked at speaks against the principal: what it became at work is left to its work."
                    .to_owned(),
            );
        }
        None
    }

    /// Why a resource is not planned, where something speaks for it.
    pub fn spares_resource(&self, resource: &Resource) -> Option<&'static str> {
        unsure(resource.confidence)
    }

    pub fn resource_named(&self, name: &str, account: &str) -> Option<&'a Resource> {
        let mut found = self.resources_named(name);
        found.find(|one| &*one.account == account)
    }

    /// Resources whose id or name this is, in order.
    pub fn resources_named(&self, name: &str) -> impl Iterator<Item = &'a Resource> {
        self.named.get(name).into_iter().flatten().map(|place| self.resources[*place])
    }

    /// Resources that something launched, as their records call it.
    pub fn launched_by(&self, launcher: &str) -> impl Iterator<Item = &'a Resource> {
        self.launched.get(launcher).into_iter().flatten().map(|place| self.resources[*place])
    }

    /// Standing findings about something, certain ones, oldest first.
    pub fn findings_about(&self, names: &[&str], account: &str) -> Vec<&'a Finding> {
        let found: BTreeSet<usize> =
            names.iter().filter_map(|name| self.about.get(name)).flatten().copied().collect();
        let found = found.into_iter().map(|place| self.standing[place]);
        found.filter(|one| one.account.as_deref().is_none_or(|of| of == account)).collect()
    }

    pub fn standing(&self) -> &[&'a Finding] {
        &self.standing
    }

    /// Standing findings that rest on an event, among others.
    pub fn findings_from(&self, event: &str) -> impl Iterator<Item = &'a Finding> {
        self.alleging.get(event).into_iter().flatten().map(|place| self.standing[*place])
    }

    /// Everything that was touched, sorted.
    pub fn touched(&self) -> &[&'a Touched] {
        &self.touched
    }

    /// What an event touched, the subject itself where it is among it.
    pub fn touched_by(&self, events: &[EventId], subject: &str) -> Option<&'a Touched> {
        let found = || events.iter().filter_map(|event| self.touching.get(&**event)).flatten().copied();
        let itself = found().filter(|place| *self.touched[*place].id == *subject).min();
        itself.or_else(|| found().min()).map(|place| self.touched[place])
    }

    /// Names of the inline policies that the principal wrote for a user or role.
    pub fn policies_written_for(&self, name: &str, account: &str) -> Vec<Arc<str>> {
        let of = self.touched.iter().filter(|one| {
            one.kind == "aws.iam.inline_policy"
                && *one.id == *name
                && *one.account == *account
                && one.confidence == Confidence::Confirmed
        });
        of.filter_map(|one| one.how.strip_prefix("given inline policy ")).map(Arc::from).collect()
    }

    /// Whether a finding is about a credential or resource, which has its own step or reason.
    pub fn is_told(&self, finding: &Finding) -> bool {
        let subject = &*finding.subject;
        self.identities.contains(subject) || self.named.contains_key(subject)
    }

    /// Returns what a finding is about, as the record says, and what is advised for that.
    pub fn place_of(&self, finding: &Finding) -> (Target, String) {
        let touched = self.touched_by(&finding.events, &finding.subject);
        let account = finding.account.as_deref().or(touched.map(|one| &*one.account)).unwrap_or_default();
        let kind = touched.map_or("finding", |one| one.kind);
        let mut place = target(kind, &finding.subject, None, account);
        place.region = finding.region.clone().unwrap_or_default();
        (place, touched.map(|one| advice::after(one.kind, &one.how)).unwrap_or_default())
    }

    /// Whether any log of an account was seen.
    pub fn has_seen(&self, account: &str) -> bool {
        self.report.coverage.scopes.iter().any(|scope| scope.account == account && scope.seen)
    }

    /// The events that speak of the principal itself: its provider's notice, its first use by a stranger or its making; else
    /// the first thing that it issued.
    pub fn about_seed(&self) -> BTreeSet<EventId> {
        let leaks = self.report.findings.iter().filter(|one| one.kind == FindingKind::Leak);
        let mut events: BTreeSet<EventId> = leaks.flat_map(|one| one.events.iter().cloned()).collect();
        events.extend(self.report.root.as_ref().and_then(|root| root.event.clone()));
        if events.is_empty() {
            let mut issued: Vec<&Credential> =
                self.credentials.iter().copied().filter(|one| one.depth > 0).collect();
            issued.sort_by_key(|one| (one.issued_at, &one.id));
            events.extend(issued.first().and_then(|one| one.event.clone()));
        }
        events
    }

    /// Why what came of the principal's credential ends with it, where nothing else speaks for that.
    pub fn why_derived(&self) -> Option<&'static str> {
        self.is_quiet.then_some(
            "Nothing in what was looked at speaks against the principal; it ends all the same, because whoever has the credential that \
             leaked may have taken it. Its owners take the role again with a credential of their own.",
        )
    }

    /// Why the principal's own credentials are planned at all.
    pub fn why_seed(&self) -> String {
        let mut why = "It is the principal that was asked about.".to_owned();
        if self.report.findings.iter().any(|one| one.kind == FindingKind::Leak) {
            why += " Its provider says that it leaked.";
        }
        if self.is_quiet && self.report.counts.records_read == 0 {
            why += " No log is read yet: it is closed because it may be known to others.";
        } else if self.is_quiet {
            why += " Nothing in what was looked at speaks against it: it is closed because it may be known to others, not for \
                    what it did.";
        }
        let strange = self.credentials.first().map_or(&[][..], |seed| self.uses_of(&seed.id));
        let strange: BTreeSet<&str> = strange
            .iter()
            .filter(|one| one.new && one.confidence == Confidence::Confirmed && !self.is_quiet)
            .filter_map(|one| one.address.as_deref())
            .collect();
        if !strange.is_empty() {
            let since =
                if self.report.window.leaked_at.is_some() { "after the leak" } else { "in the window" };
            why += &format!(" It was used from {}, new {since}.", list(strange));
        }
        why
    }
}

/// What stops with an identity: its work that looks legitimate, all of it where nothing speaks against it.
pub(super) fn honest_work<'a>(
    ground: &Ground,
    credentials: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let is_honest = |one: &&&Use| ground.is_quiet || one.confidence == Confidence::LikelyLegitimate;
    let is_work = |one: &&&Use| is_honest(one) && one.events > one.failed;
    let uses = credentials.into_iter().flat_map(|credential| ground.uses_of(credential));
    let honest: Vec<&&Use> = uses.filter(is_work).collect();
    if honest.is_empty() {
        return None;
    }
    let from: BTreeSet<&str> = honest.iter().filter_map(|one| one.address.as_deref()).collect();
    let events: u64 = honest.iter().map(|one| one.events).sum();
    Some(format!(
        "STOPS HONEST WORK: {events} events of it from {} ({}) look legitimate, and what runs there stops at once.",
        count(from.len(), "address", "addresses"),
        list(from)
    ))
}

/// Returns what the record last showed, for what may still be there.
pub(super) fn alive(resource: &Resource) -> Option<&'static str> {
    match resource.state {
        "deleted" | "gone" | "stopped" => None,
        state => Some(state),
    }
}

pub(super) fn target_of(resource: &Resource) -> Target {
    Target {
        kind: resource.kind,
        id: resource.id.clone(),
        name: resource.name.clone(),
        account: resource.account.clone(),
        region: resource.region.clone(),
        zone: resource.zone.clone(),
    }
}

pub(super) fn target(kind: &'static str, id: &Arc<str>, name: Option<Arc<str>>, account: &str) -> Target {
    let name = name.filter(|name| name != id);
    Target { kind, id: id.clone(), name, account: account.into(), region: "".into(), zone: None }
}

/// Why something uncertain is not planned.
pub(super) fn unsure(confidence: Confidence) -> Option<&'static str> {
    match confidence {
        Confidence::Confirmed => None,
        Confidence::Suspect => {
            Some("It is only suspected: the same principal did it, but nothing ties it to the leak.")
        }
        Confidence::LikelyLegitimate => {
            Some("It looks legitimate: nothing ties it to the leak, and it fits how its owners work.")
        }
    }
}

/// Kinds that are identities or let somebody sign in: the revoke plan's, the others are the contain plan's.
pub(super) fn is_identity(kind: &str) -> bool {
    [
        "aws.iam.",
        "aws.rolesanywhere.",
        "aws.sso.",
        "aws.identitystore.",
        "aws.cognito_idp.",
        "gcp.iam.",
        "gcp.apikeys.",
    ]
    .iter()
    .any(|prefix| kind.starts_with(prefix))
}
