//! What to ask a cloud's event history, which can't be searched: one attribute and one value at a time (aws.md 1.4, 1.5).
//!
//! Pure, computed from the graph alone. Forward: what a credential signed, what a user or session is named as, who came in by
//! what the closure opened. Backward: what minted the seed, and what minted that. Never one question per resource that
//! was made: what became of those, the inventory says.

use super::graph::{self, Graph, role_in};
use super::root;
use crate::cloud::{Ask, By};
use crate::model::ids::account_of_id;
use crate::model::{Event, Fact, PrincipalKind, Provider, ResourceRef, Time};
use jiff::SignedDuration;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// GetRoleCredentials and the AssumeRoleWithSAML that it causes share no id, only time (aws.md 1.3).
const IDENTITY_CENTER_SLACK: SignedDuration = SignedDuration::from_secs(5);

/// Returns every question that the graph gives cause for.
pub fn asks(graph: &Graph) -> BTreeSet<Ask> {
    let mut asks = Asks::default();
    if graph.evidence.principal.provider != Provider::Aws {
        return asks.0;
    }
    asks.of_seed(graph);
    for node in graph.nodes.iter().skip(1) {
        let account = node.account.clone();
        asks.key(&node.id, account);
        // A key of a user that stood before is that user's in part only.
        if let Some(principal) = node.principal.as_ref().filter(|_| node.kind != "aws.access_key") {
            asks.named(principal);
        }
    }
    for made in &graph.made {
        asks.of_made(&made.resource);
    }
    for (event, _) in graph.owned().filter(|(event, owner)| owner.is_some() && event.outcome.is_success()) {
        for fact in &event.facts {
            match fact {
                Fact::SignedIn { principal, .. } => match principal.strip_suffix('*') {
                    None => asks.named(principal),
                    Some(prefix) => asks.entry_of_identity_center(prefix, event.at),
                },
                Fact::Granted { on, .. } if on.contains(":role/") => asks.about(on, account_in(on)),
                Fact::Carries { compute, .. } => asks.of_compute(compute),
                Fact::Granted { .. }
                | Fact::Created(_)
                | Fact::Deleted(_)
                | Fact::Touched { .. }
                | Fact::Issued(_)
                | Fact::Revoked { .. }
                | Fact::Restored { .. }
                | Fact::Withdrawn { .. }
                | Fact::Forwarded { .. }
                | Fact::Signal(_)
                | Fact::Leak { .. } => {}
            }
        }
    }
    asks.of_origins(graph);
    asks.0
}

/// Returns the accounts that the backward walk passed through, or ended at.
pub fn accounts_before(graph: &Graph) -> BTreeSet<Arc<str>> {
    let callers: BTreeSet<Arc<str>> = origins(graph).into_iter().filter_map(|(_, caller)| caller).collect();
    let hops = root::walk(graph).hops.into_iter().filter_map(|hop| hop.account);
    hops.chain(callers).filter(|account| is_account(account)).collect()
}

#[derive(Default)]
struct Asks(BTreeSet<Ask>);

impl Asks {
    fn put(&mut self, by: By, value: &str, account: Option<Arc<str>>, of: Option<Arc<str>>) {
        let account = account.filter(|account| is_account(account));
        self.0.insert(Ask { by, value: value.into(), account, of, within: None });
    }

    /// What this key signed, in its own account.
    fn key(&mut self, id: &str, account: Option<Arc<str>>) {
        if is_key(id) {
            self.put(By::AccessKeyId, id, account.or_else(|| account_of_id(id).map(Arc::from)), None);
        }
    }

    /// What was done to this, or came in by it.
    fn about(&mut self, name: &str, account: Option<Arc<str>>) {
        self.put(By::ResourceName, name, account, None);
    }

    /// What whoever bears this ARN did, also under keys that no record minted: services on their behalf, the console.
    fn named(&mut self, arn: &Arc<str>) {
        if let Some(name) = name_of(arn) {
            self.put(By::Username, name, account_in(arn), Some(arn.clone()));
        }
    }

    /// What made this principal or minted this credential.
    fn origin(&mut self, id: &Arc<str>, account: Option<Arc<str>>) {
        let account = account_in(id).or(account);
        match id.split_once(":user/") {
            Some((_, path)) => self.about(path.rsplit('/').next().unwrap_or(path), account),
            // A root user, or an account's id where its own record is out of reach: nothing made those.
            None if id.ends_with(":root") || is_account(id) => {}
            None => self.about(id, account),
        }
    }

    fn of_seed(&mut self, graph: &Graph) {
        let principal = graph.evidence.principal;
        let account = principal.account.clone();
        self.key(&principal.id, account.clone());
        let id = principal.arn.as_ref().unwrap_or(&principal.id);
        self.origin(id, account.clone());
        self.named(id);
        if let Some((role, session)) = id.split_once(':').filter(|_| !id.starts_with("arn:")) {
            // `AROA…:session`: the role's account is not always told by its id.
            let account = account.clone().or_else(|| account_of_id(role).map(Arc::from));
            self.put(By::Username, session, account, Some(id.clone()));
        }
        if let Some(user) = graph.seed_user() {
            self.origin(&user, None);
        }
        let actors: BTreeSet<&Arc<str>> =
            graph.seed_actors().filter_map(|who| who.principal.as_ref()).collect();
        for arn in actors {
            self.named(arn);
        }
        if principal.kind == PrincipalKind::Role {
            self.sessions_of_role(graph, id, account);
        }
    }

    /// A role signs through its sessions alone, whoever opened them.
    fn sessions_of_role(&mut self, graph: &Graph, role: &Arc<str>, account: Option<Arc<str>>) {
        if let Some(name) = role.rsplit('/').next().filter(|_| role.starts_with("arn:")) {
            self.about(name, account.clone());
        }
        let issued = graph.events().flat_map(graph::issued);
        for issued in issued.filter(|issued| {
            is_session_of(issued.principal.as_deref(), role, account.as_deref())
                || is_session_of_id(issued.principal_id.as_deref(), role)
        }) {
            self.key(&issued.id, issued.account.clone());
            issued.principal.iter().for_each(|arn| self.named(arn));
        }
    }

    /// A user that the closure made is the thief's whole; a role, provider or anchor is a way in for others.
    fn of_made(&mut self, made: &ResourceRef) {
        let arn = made.all_names().find(|name| name.starts_with("arn:"));
        match (made.kind, arn) {
            ("aws.iam.user", Some(arn)) => self.named(arn),
            ("aws.iam.user", None) => {
                self.put(By::Username, &made.id, Some(made.account.clone()), None);
            }
            (
                "aws.iam.role"
                | "aws.iam.saml_provider"
                | "aws.iam.oidc_provider"
                | "aws.rolesanywhere.trust_anchor",
                Some(arn),
            ) => self.about(arn, account_in(arn)),
            _ => {}
        }
    }

    /// Sessions of compute bear its id or name; compute without an identity has none.
    fn of_compute(&mut self, compute: &ResourceRef) {
        let last = |mark: &str| {
            let arn = compute.all_names().find(|name| name.starts_with("arn:") && name.contains(mark));
            let named = arn.and_then(|arn| arn.rsplit(mark).next()).or(Some(&*compute.id));
            named
                .and_then(|name| name.rsplit('/').next())
                .filter(|name| !name.contains(':'))
                .map(str::to_owned)
        };
        let name = match compute.kind {
            "aws.ec2.instance" => Some(compute.id.to_string()),
            "aws.lambda.function" => last(":function:"),
            "aws.ecs.task" => last(":task/"),
            _ => None,
        };
        if let Some(name) = name {
            self.put(By::Username, &name, Some(compute.account.clone()), Some(compute.id.clone()));
        }
    }

    /// The role's account logs an entry through Identity Center moments later, under names that are not known here.
    fn entry_of_identity_center(&mut self, prefix: &str, at: Time) {
        let within =
            at.checked_sub(IDENTITY_CENTER_SLACK).ok().zip(at.checked_add(IDENTITY_CENTER_SLACK).ok());
        let account = account_in(prefix).filter(|account| is_account(account));
        let (by, of) = (By::EventName, Some(prefix.into()));
        self.0.insert(Ask { by, value: "AssumeRoleWithSAML".into(), account, of, within });
    }

    /// Who made the seed, who made theirs, as far as the walk has come.
    fn of_origins(&mut self, graph: &Graph) {
        for ((from, to, account), caller) in origins(graph) {
            self.origin(&from, account);
            // This record is another account's copy, which does not name the key: the caller's own does.
            if let Some(caller) = caller {
                self.about(&to, Some(caller));
            }
        }
    }
}

type Origin = (Arc<str>, Arc<str>, Option<Arc<str>>);

/// Each hop of the backward walk: from, to and where `from` belongs, and the account to go on in when only that is known.
fn origins(graph: &Graph) -> Vec<(Origin, Option<Arc<str>>)> {
    let hops = root::walk(graph).hops;
    if hops.is_empty() {
        return Vec::new();
    }
    let by_id: HashMap<&str, &Event> = graph.events().map(|event| (&*event.id, event)).collect();
    let of_hop = |hop: crate::model::report::Hop| {
        let actor = by_id.get(&*hop.event).map(|event| &event.actor);
        let caller = actor.filter(|actor| actor.key.is_none()).and_then(|actor| actor.account.clone());
        let home = actor.and_then(|actor| actor.account.clone());
        let account = account_of_id(&hop.from).map(Arc::from).or(home).or(hop.account.clone());
        let caller = caller.filter(|caller| hop.account.as_ref() != Some(caller));
        ((hop.from, hop.to, account), caller)
    };
    hops.into_iter().map(of_hop).collect()
}

fn is_session_of(session: Option<&str>, role: &str, account: Option<&str>) -> bool {
    let Some(session) = session else { return false };
    let same_account = session.split(':').nth(4) == account;
    same_account && role_in(session).is_some() && role_in(session) == role.rsplit('/').next()
}

fn is_session_of_id(session: Option<&str>, role: &str) -> bool {
    session.and_then(|id| id.strip_prefix(role)).is_some_and(|rest| rest.starts_with(':'))
}

/// The name that LookupEvents knows the bearer of an ARN by (aws.md 2.1).
fn name_of(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (scheme, resource) = (parts.next()?, parts.nth(4)?);
    if scheme != "arn" {
        return None;
    }
    let name = match resource.split_once('/') {
        None if resource == "root" => "root",
        Some(("user", path)) => path.rsplit('/').next()?,
        Some(("assumed-role", rest)) => rest.split_once('/')?.1,
        Some(("federated-user", name)) => name,
        Some(_) | None => return None,
    };
    Some(name).filter(|name| !name.is_empty())
}

fn account_in(name: &str) -> Option<Arc<str>> {
    if !name.starts_with("arn:") {
        return None;
    }
    name.split(':').nth(4).filter(|account| is_account(account)).map(Arc::from)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_key(id: &str) -> bool {
    id.starts_with("AKIA") || id.starts_with("ASIA")
}
