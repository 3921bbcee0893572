//! Taint classes: a leaked identity goes on working for its owners, so its events are told apart.
//!
//! On AWS only time and address can tell, and only when the operator says when it leaked.
//!
//! Rules of gcp.md 3.2: the leaked key, a key that it made or a delegation from a tainted identity confirm; an address
//! that only the key is seen from confirms too (Compute entries carry no key name); a metadata-server or service-agent
//! token looks legitimate; the rest is suspect.

use crate::model::report::Confidence;
use crate::model::{Actor, Time};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the events taught about the seed's users.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taint {
    /// The leaked keys, where known: from the key file, or the provider's own leak notice.
    pub leaked_keys: BTreeSet<Arc<str>>,
    /// Addresses that the leaked key or a key made by it was used from.
    pub attacker: BTreeSet<Arc<str>>,
    /// Addresses that the seed was used from before the leak, or through a token that no key could have made.
    pub owners: BTreeSet<Arc<str>>,
    pub leaked_at: Option<Time>,
    /// Whether use of the seed's keys tells the thief apart. A person and an AWS key have no such mark: there everything
    /// is the thief's that time and address do not give to the owners.
    pub has_keys: bool,
}

impl Taint {
    /// Returns the class of an event that the seed itself signed.
    pub fn class(&self, actor: &Actor, at: Time, address: Option<&Arc<str>>) -> Confidence {
        if self.leaked_at.is_some_and(|leak| at < leak) {
            return Confidence::LikelyLegitimate;
        }
        if !self.has_keys {
            return self.by_address(address, Confidence::Confirmed);
        }
        if let Some(key) = &actor.key {
            return if self.is_leaked(key) {
                Confidence::Confirmed
            } else {
                self.by_address(address, Confidence::LikelyLegitimate)
            };
        }
        // A token of the metadata server or of a Google service needs no key; but from where the leaked key is used, it is
        // the thief's (a token taken from a machine).
        if actor.delegation.iter().any(|hop| is_service_agent(hop)) {
            return self.by_address(address, Confidence::LikelyLegitimate);
        }
        self.by_address(address, Confidence::Suspect)
    }

    /// Returns the class of an impersonation whose origin is the seed: confirmed unless it came from an owner's address.
    pub fn class_of_delegation(&self, at: Time, address: Option<&Arc<str>>) -> Confidence {
        if self.leaked_at.is_some_and(|leak| at < leak) {
            return Confidence::LikelyLegitimate;
        }
        self.by_address(address, Confidence::Confirmed)
    }

    /// Whether use of this key is use of the leak. Nobody said which key leaked: then every exported key of the
    /// principal counts, because an exported key is what leaks.
    pub fn is_leaked(&self, key: &Arc<str>) -> bool {
        self.leaked_keys.is_empty() || self.leaked_keys.contains(key)
    }

    fn by_address(&self, address: Option<&Arc<str>>, otherwise: Confidence) -> Confidence {
        match address {
            Some(address) if self.attacker.contains(address) => Confidence::Confirmed,
            Some(address) if self.owners.contains(address) => Confidence::LikelyLegitimate,
            Some(_) | None => otherwise,
        }
    }
}

/// Whether an e-mail is one of Google's own agents (`service-NNN@…`, `NNN@cloudservices…`, system accounts).
pub fn is_service_agent(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else {
        return email.starts_with("system:");
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    domain == "cloudservices.gserviceaccount.com"
        || domain == "system.gserviceaccount.com"
        || domain == "google.com"
        || domain == "prod.google.com"
        || (domain.ends_with(".gserviceaccount.com")
            && (local.strip_prefix("service-").is_some_and(is_number)
                || (is_number(local) && domain == "cloudbuild.gserviceaccount.com")))
}

/// Whether an address can tell users apart: an IP address, not `private`, `gce-internal-ip` or a service's name.
pub fn is_public(address: &str) -> bool {
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => !ip.is_private() && !ip.is_loopback() && !ip.is_link_local(),
        Ok(std::net::IpAddr::V6(ip)) => !ip.is_loopback(),
        Err(_) => false,
    }
}
