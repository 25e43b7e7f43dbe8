//! Checkpoints by name: `owner/name[@revision]` in, a directory in Hugging Face layout out.
//!
//! The directory lies in the cache that `huggingface_hub` and `transformers` use, so a model that they have fetched
//! is not fetched again, and the other way round:
//!
//! ```text
//! <cache>/models--owner--name/refs/main                    the commit that `main` was at when last fetched whole
//!                            /snapshots/<commit>/<file> -> ../../blobs/<hash>
//!                            /blobs/<hash>                 whole and verified;  <hash>.incomplete while it arrives
//! <cache>/.locks/models--owner--name/<hash>.lock           held by the one process that fetches the blob
//! ```
//!
//! **Invariant:** a blob has its final name only once its bytes have the hash that the hub lists, and a branch points
//! only at a whole snapshot. Whoever is cut off leaves an `.incomplete` file, which the next fetch continues.
//!
//! # Why hf-hub 0.5, and only a part of it
//! 1.0 is tokio, reqwest, hf-xet and aws-lc-sys (which wants cmake), 236 crates on Linux against 65 here, and neither
//! resumes a plain download nor checks its hash (`stream_response_to_file_with_progress`, `repository/download.rs`).
//! 0.5 with `ureq` blocks and brings rustls with ring. We take its cache layout, URLs, headers and HTTP agent, but not
//! its `download` (`api/sync.rs`): that sends the token to the host that a large file redirects to (`Api::metadata`),
//! appends to a partial file even where the server starts over, checks no hash and gives up on a lock after 5 s.

mod download;
mod hash;
mod id;
mod remote;

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    fmt,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use hf_hub::{Cache, CacheRepo, Repo, RepoType};
use serde::Deserialize;

pub use id::HubId;
use remote::Remote;

use crate::{Error, Result};

const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// Fetched where the repository has them; nothing else in a repository is.
const OPTIONAL: [&str; 4] = ["tokenizer_config.json", "special_tokens_map.json", "MODEL_CARD.md", "README.md"];

/// Where and how a hub is asked. [`Hub::from_environment`] reads the variables that Hugging Face's own tools read.
#[derive(Clone, PartialEq, Eq)]
pub struct Hub {
    /// `https://huggingface.co` or a mirror of it, without a slash at the end (`HF_ENDPOINT`).
    pub endpoint: String,
    /// The directory that holds `models--owner--name` (`HF_HUB_CACHE`, else `hub` in `HF_HOME`).
    pub cache: PathBuf,
    /// For private and gated models (`HF_TOKEN`, else the file `token` in `HF_HOME`); sent to the endpoint alone.
    pub token: Option<String>,
    /// Ask nobody; use what the cache has (`HF_HUB_OFFLINE`).
    pub offline: bool,
}

/// What [`Hub::fetch`] is doing. Files that the cache already has are not reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Another process is fetching `file`; its copy will be used.
    Waiting {
        /// Name in the repository.
        file: &'a str,
    },
    /// `file` begins to arrive.
    Started {
        /// Name in the repository.
        file: &'a str,
        /// Its whole length.
        bytes: u64,
        /// How much of it an earlier, interrupted fetch left here.
        present: u64,
    },
    /// This many more bytes are here.
    Advanced {
        /// Since the last report.
        bytes: u64,
    },
    /// The file is here and has the hash that the hub lists.
    Finished,
}

impl Hub {
    /// As `HF_ENDPOINT`, `HF_HUB_CACHE`, `HF_HOME`, `HF_TOKEN` and `HF_HUB_OFFLINE` say.
    pub fn from_environment() -> Result<Self> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// [`Hub::from_environment`] with the variables looked up in `variable`. An empty one counts as not set.
    ///
    /// Names, defaults and what counts as true: huggingface_hub `constants.py`.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let text = |name: &str| path(name).map(|value| value.to_string_lossy().trim().to_owned());
        let home = path("HF_HOME")
            .or_else(|| path("XDG_CACHE_HOME").map(|cache| cache.join("huggingface")))
            .or_else(|| Some(path("HOME").or_else(|| path("USERPROFILE"))?.join(".cache").join("huggingface")));
        let hub = home.map(|home| home.join("hub"));
        let Some(cache) = path("HF_HUB_CACHE").or_else(|| hub.clone()) else {
            return Err(Error::Hub("no home directory to cache models in: set HF_HOME or HF_HUB_CACHE".into()));
        };
        let endpoint = text("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".into());
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            cache,
            token: text("HF_TOKEN").or_else(|| Cache::new(hub?).token()),
            offline: text("HF_HUB_OFFLINE")
                .is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str())),
        })
    }

    /// The directory that holds the checkpoint `id`: `config.json`, `tokenizer.json`, `model.safetensors` (or its
    /// index and shards), and where the repository has them model card, `tokenizer_config.json` and
    /// `special_tokens_map.json`.
    ///
    /// A branch or tag costs one request to learn where it is now, a commit that the cache has costs none. Any number
    /// of processes may fetch into one cache.
    pub fn fetch(&self, id: &HubId, progress: &mut dyn FnMut(Progress<'_>)) -> Result<PathBuf> {
        let cached = self.cached(id);
        if self.offline {
            return cached.map_err(|lack| {
                Error::Hub(format!(
                    "{id}: {lack}, and {} was not asked because HF_HUB_OFFLINE is set: unset it to download, or set \
                     HF_HOME or HF_HUB_CACHE to where the copy lies",
                    self.endpoint
                ))
            });
        }
        if id.is_commit() && cached.is_ok() {
            return cached.map_err(Error::Hub);
        }

        let remote = Remote::new(self, id)?;
        let listing = remote.listing(cached.as_deref())?;
        let snapshot = remote.cache.pointer_path(&listing.commit);
        let mut fetch = |name: &str| download::into_cache(&remote, &listing, name, progress);

        let whole = listing.has(WEIGHTS);
        listing.require([CONFIG, TOKENIZER, if whole { WEIGHTS } else { INDEX }])?;
        fetch(CONFIG)?;
        fetch(TOKENIZER)?;
        for name in OPTIONAL.into_iter().filter(|name| listing.has(name)) {
            fetch(name)?;
        }
        if whole {
            fetch(WEIGHTS)?;
        } else {
            fetch(INDEX)?;
            let shards = shards(&snapshot.join(INDEX))?;
            listing.require(shards.iter().map(String::as_str))?;
            shards.iter().try_for_each(|shard| fetch(shard))?;
        }

        // A commit needs no name of its own, and a branch that has not moved none anew: the cache may be read-only.
        if !id.is_commit() && self.snapshot(id).as_ref() != Some(&snapshot) {
            remote.cache.create_ref(&listing.commit).map_err(Error::io(&self.cache))?;
        }
        Ok(snapshot)
    }

    /// The whole snapshot that the cache has of `id`, or what it lacks.
    fn cached(&self, id: &HubId) -> std::result::Result<PathBuf, String> {
        let Some(snapshot) = self.snapshot(id) else {
            return Err(format!("revision {} is not in the cache {}", id.revision(), self.cache.display()));
        };
        let lack = |name: &str| Err(format!("the cached copy {} has no {name}", snapshot.display()));
        for name in [CONFIG, TOKENIZER] {
            if !snapshot.join(name).exists() {
                return lack(name);
            }
        }
        if !snapshot.join(WEIGHTS).exists() {
            if !snapshot.join(INDEX).exists() {
                return lack(WEIGHTS);
            }
            let shards = shards(&snapshot.join(INDEX)).map_err(|error| error.to_string())?;
            if let Some(shard) = shards.iter().find(|shard| !snapshot.join(shard).exists()) {
                return lack(shard);
            }
        }
        Ok(snapshot)
    }

    /// Where the cache last saw the revision of `id`.
    fn snapshot(&self, id: &HubId) -> Option<PathBuf> {
        let repo = self.repo(id);
        if id.is_commit() {
            return Some(repo.pointer_path(id.revision())).filter(|snapshot| snapshot.exists());
        }
        repo.get(CONFIG)?.parent().map(Path::to_owned)
    }

    fn repo(&self, id: &HubId) -> CacheRepo {
        Cache::new(self.cache.clone()).repo(id.at(id.revision()))
    }
}

impl HubId {
    fn at(&self, revision: &str) -> Repo {
        Repo::with_revision(self.repo().to_owned(), RepoType::Model, revision.to_owned())
    }
}

/// Shows whether there is a token, never the token: what is debug-printed ends up in logs.
impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("offline", &self.offline)
            .finish()
    }
}

/// The files that the index of a sharded checkpoint names.
fn shards(index: &Path) -> Result<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: HashMap<String, String>,
    }
    let file = File::open(index).map_err(Error::io(index))?;
    let Index { weight_map } =
        serde_json::from_reader(BufReader::new(file)).map_err(|error| Error::invalid(index.display(), error))?;
    let shards: BTreeSet<_> = weight_map.into_values().collect();
    // The index is a stranger's file: a name that leads out of the snapshot must not become a path.
    let is_plain = |shard: &str| shard.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    match shards.iter().find(|shard| !is_plain(shard) || !shard.ends_with(".safetensors")) {
        Some(shard) => Err(Error::invalid(index.display(), format!("`{shard}` is not the name of a shard"))),
        None if shards.is_empty() => Err(Error::invalid(index.display(), "names no shard")),
        None => Ok(shards),
    }
}
