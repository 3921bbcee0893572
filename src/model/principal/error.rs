//! Why a principal was refused. No variant holds what was given: it might be the secret itself.

use std::fmt;

/// Why a text is no principal: a lower-case fragment; [`accepted`](Self::accepted) says what would be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParsePrincipalError {
    Empty,
    TooLong,
    /// Control, bidirectional or invisible characters.
    Unprintable,
    /// Key material where an id belongs.
    Secret,
    /// A principal's form, misspelt: what it is and what is wrong with it.
    Malformed(&'static str, &'static str),
    /// Something else that has an id: what it is, and what to give instead.
    Not(&'static str, &'static str),
    Unknown,
}

impl ParsePrincipalError {
    /// What would be accepted, one form a line.
    pub fn accepted(&self) -> &'static str {
        ACCEPTED
    }

    /// What to give instead, where the form of what was given tells.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ParsePrincipalError::Not(_, hint) => Some(hint),
            ParsePrincipalError::Secret => Some(
                "give the key's id, or --key-file with the file that leaked; the secret itself is never needed",
            ),
            ParsePrincipalError::Empty
            | ParsePrincipalError::TooLong
            | ParsePrincipalError::Unprintable
            | ParsePrincipalError::Malformed(..)
            | ParsePrincipalError::Unknown => None,
        }
    }
}

/// No columns: what is told on stderr is shown as untrusted, which escapes runs of spaces.
const ACCEPTED: &str = "\
AKIA… or ASIA…: access key id
AIDA…, AROA… or AROA…:SESSION: unique id of a user, a role, a role's session
arn:aws:iam::ACCOUNT:user/NAME: user
arn:aws:iam::ACCOUNT:role/NAME: role: all its sessions
arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION: one session of a role
arn:aws:sts::ACCOUNT:federated-user/NAME: federated user
arn:aws:iam::ACCOUNT:root: root user
NAME@PROJECT: service account NAME@PROJECT.iam.gserviceaccount.com
NAME@PROJECT.iam.gserviceaccount.com: service account; so are …@appspot… and …@developer.gserviceaccount.com
15 to 22 digits: service account's unique id
NAME@DOMAIN.TLD: Google user
principal://iam.googleapis.com/…/subject/…: workload or workforce identity
--key-file FILE: leaked key file, credentials file or the provider's notice";

impl fmt::Display for ParsePrincipalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParsePrincipalError::Empty => f.write_str("the principal is empty"),
            ParsePrincipalError::TooLong => {
                write!(f, "the principal is longer than {} bytes", super::LONGEST)
            }
            ParsePrincipalError::Unprintable => {
                f.write_str("the principal holds control or invisible characters")
            }
            ParsePrincipalError::Secret => f.write_str("this looks like key material, not like an id"),
            ParsePrincipalError::Malformed(what, why) => write!(f, "this is no valid {what}: {why}"),
            ParsePrincipalError::Not(what, _) => write!(f, "this is {what}, not a principal"),
            ParsePrincipalError::Unknown => f.write_str("this has the form of no principal"),
        }
    }
}

impl std::error::Error for ParsePrincipalError {}

/// Why no single credential could be taken from a text. Holds ids alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFileError {
    TooLong,
    /// No id of a credential stands in it.
    NoKey,
    /// A Google credentials file of a type without a service-account key.
    NotAKey {
        kind: &'static str,
        hint: &'static str,
    },
    /// Several credentials, by id, sorted.
    Ambiguous(Vec<String>),
}

/// As many ids as a message names.
const NAMED: usize = 8;

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyFileError::TooLong => {
                write!(f, "the key file is longer than {} MiB", super::key_file::LONGEST >> 20)
            }
            KeyFileError::NoKey => {
                f.write_str("no access key id and no service account stand in the key file")
            }
            KeyFileError::NotAKey { kind, .. } => {
                write!(f, "the key file holds {kind}, not a service-account key")
            }
            KeyFileError::Ambiguous(ids) => {
                let more = ids.len().saturating_sub(NAMED);
                write!(
                    f,
                    "ambiguous: {} keys stand in the key file: {}",
                    ids.len(),
                    ids[..ids.len() - more].join(", ")
                )?;
                if more > 0 { write!(f, " and {more} more") } else { Ok(()) }
            }
        }
    }
}

impl KeyFileError {
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            KeyFileError::NotAKey { hint, .. } => Some(hint),
            KeyFileError::Ambiguous(_) => Some("run once for each, with --principal ID"),
            KeyFileError::NoKey => Some("give the id itself with --principal"),
            KeyFileError::TooLong => None,
        }
    }
}

impl std::error::Error for KeyFileError {}
