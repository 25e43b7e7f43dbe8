//! The name of a model on a hub.

use std::{fmt, str::FromStr};

use super::hash::is_hex;
use crate::{Error, Result};

/// `owner/name`, optionally `@revision`: a model on a hub at a branch, tag or commit (`main` where none is named).
///
/// What it may be made of is checked when it is parsed, so that it is safe as part of a URL and of a path.
///
/// ```
/// use regard::hub::HubId;
///
/// let id: HubId = "intfloat/multilingual-e5-small@main".parse()?;
/// assert_eq!(id.repo(), "intfloat/multilingual-e5-small");
/// assert_eq!(id.to_string(), "intfloat/multilingual-e5-small");
/// assert!("../checkpoint".parse::<HubId>().is_err());
/// # Ok::<(), regard::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HubId {
    repo: String,
    revision: String,
}

const MAIN: &str = "main";

impl HubId {
    /// `owner/name`.
    pub fn repo(&self) -> &str {
        &self.repo
    }

    /// A branch, tag or commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Whether the revision is a whole commit hash, which can never come to mean other files.
    pub fn is_commit(&self) -> bool {
        is_hex(&self.revision, 40)
    }
}

impl FromStr for HubId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (repo, revision) = text.split_once('@').unwrap_or((text, MAIN));
        let refuse = |message: &str| Err(Error::invalid(format!("model `{text}`"), message));
        let Some((owner, name)) = repo.split_once('/') else {
            return refuse("neither a directory nor `owner/name`, optionally `@revision`, on a hub");
        };
        if !is_name(owner) || !is_name(name) || repo.len() > 96 {
            return refuse(
                "no name that a hub allows: owner and name are of a-z A-Z 0-9 . _ -, neither begin nor end with . or \
                 -, hold no .. or --, and have 96 characters together",
            );
        }
        if !revision.split('/').all(is_reference) {
            return refuse("after @, expected a branch, tag or commit of a-z A-Z 0-9 . _ + - and /");
        }
        Ok(Self { repo: repo.to_owned(), revision: revision.to_owned() })
    }
}

impl fmt::Display for HubId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repo)?;
        if self.revision != MAIN { write!(f, "@{}", self.revision) } else { Ok(()) }
    }
}

/// The rule of huggingface_hub's `validate_repo_id` (`utils/_validators.py`); `--` also parts the names in the cache.
fn is_name(part: &str) -> bool {
    !part.is_empty()
        && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && !part.starts_with(['.', '-'])
        && !part.ends_with(['.', '-'])
        && !part.contains("..")
        && !part.contains("--")
}

/// Narrower than `git check-ref-format`: nothing that a URL or a path would read as more than a name.
fn is_reference(part: &str) -> bool {
    !part.is_empty()
        && part.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
        && !part.starts_with('.')
        && !part.contains("..")
}
