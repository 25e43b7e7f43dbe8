//! The questions put to a hub, and what its refusals mean.

use std::{path::Path, time::Duration};

use hf_hub::{
    Cache, CacheRepo,
    api::sync::{Api, ApiBuilder},
};
use serde::Deserialize;
use ureq::{
    Body, RequestBuilder,
    http::{HeaderMap, Response, StatusCode},
    typestate::WithoutBody,
};

use super::{
    Hub, HubId,
    hash::{Hash, is_hex},
};
use crate::{Error, Result};

/// For a connection, and between two reads: the hub's own client waits 10 s (`constants.py`), slow proxies need more.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(30));

/// One model on one hub.
pub(super) struct Remote<'a> {
    pub(super) hub: &'a Hub,
    pub(super) id: &'a HubId,
    pub(super) cache: CacheRepo,
    api: Api,
}

/// The files of a repository at one commit.
pub(super) struct Listing {
    pub(super) commit: String,
    siblings: Vec<Sibling>,
    repo: String,
}

/// One file of a repository, and how to tell that it is whole.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) bytes: u64,
    pub(super) hash: Hash,
}

/// `GET /api/models/{id}/revision/{revision}?blobs=true`
#[derive(Deserialize)]
struct Info {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    blob_id: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: String,
    size: u64,
}

impl<'a> Remote<'a> {
    pub(super) fn new(hub: &'a Hub, id: &'a HubId) -> Result<Self> {
        // `ApiBuilder::new` would look for a home directory, and panic without one.
        let api = ApiBuilder::from_cache(Cache::new(hub.cache.clone()))
            .with_endpoint(hub.endpoint.clone())
            .with_token(hub.token.clone())
            .with_user_agent("regard", env!("CARGO_PKG_VERSION"))
            .build()
            .map_err(|error| Error::Hub(error.to_string()))?;
        Ok(Self { hub, id, cache: hub.repo(id), api })
    }

    /// Commit, files, lengths and hashes, in one request. `cached` is what to fall back on, for the message.
    pub(super) fn listing(&self, cached: std::result::Result<&Path, &String>) -> Result<Listing> {
        let request = self.api.repo(self.id.at(self.id.revision())).info_request().query("blobs", "true");
        let url = request.uri_ref().map(ToString::to_string).unwrap_or_default();
        let mut response = self.send(request, &url).map_err(|error| match error {
            Refusal::Answered(error) => error,
            Refusal::Unreachable(cause) => Error::Hub(format!(
                "{}: cannot reach {url}: {cause}: check the network, HTTPS_PROXY and HF_ENDPOINT ({}); {}",
                self.id,
                self.hub.endpoint,
                match cached {
                    Ok(copy) =>
                        format!("to use the copy of an earlier fetch, {}, set HF_HUB_OFFLINE=1", copy.display()),
                    Err(lack) => format!("there is no earlier copy to use: {lack}"),
                }
            )),
        })?;
        let text = response.body_mut().read_to_string().map_err(|error| Error::Hub(format!("{url}: {error}")))?;
        let Info { sha, siblings } = serde_json::from_str(&text)
            .map_err(|error| Error::invalid(&url, format!("not a hub's answer (is HF_ENDPOINT right?): {error}")))?;
        if !is_hex(&sha, 40) {
            return Err(Error::invalid(url, format!("expected a commit as `sha`, found `{sha}`")));
        }
        Ok(Listing { repo: self.id.repo().to_owned(), commit: sha, siblings })
    }

    /// The address of a file. It names the commit: a branch may move while its files are fetched.
    pub(super) fn url(&self, commit: &str, name: &str) -> String {
        self.api.repo(self.id.at(commit)).url(name)
    }

    /// The content at `url` from byte `start` on, if the server will skip what lies before.
    pub(super) fn open(&self, url: &str, start: u64) -> Result<Response<Body>> {
        let mut request = self.api.repo(self.id.at(self.id.revision())).info_request().uri(url);
        if start > 0 {
            request = request.header("Range", format!("bytes={start}-"));
        }
        self.send(request, url).map_err(|error| match error {
            Refusal::Answered(error) => error,
            Refusal::Unreachable(cause) => {
                Error::Hub(format!("{}: cannot reach {url}: {cause}: run again, it goes on where it stopped", self.id))
            }
        })
    }

    /// hf-hub's agent drops the token when it is redirected to another host; the file server must not see it.
    fn send(&self, request: RequestBuilder<WithoutBody>, url: &str) -> std::result::Result<Response<Body>, Refusal> {
        let response = request
            .config()
            .http_status_as_error(false)
            // Ranges and lengths are those of the file only where it is sent as it is.
            .accept_encoding("identity")
            .timeout_connect(PATIENCE)
            .timeout_per_read(PATIENCE)
            .build()
            .call()
            .map_err(|error| Refusal::Unreachable(error.to_string()))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(Refusal::Answered(self.refused(url, response.status(), response.headers())))
    }

    fn refused(&self, url: &str, status: StatusCode, headers: &HeaderMap) -> Error {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let page = format!("{}/{}", self.hub.endpoint, self.id.repo());
        let advice = match (status.as_u16(), header("x-error-code")) {
            // The hub answers alike to a private model and to one that is not there: huggingface_hub `_http.py`.
            (401 | 403, _) if self.hub.token.is_none() => format!(
                "private, gated or misspelt: look whether {page} exists, accept its terms there if it has some, and \
                 set HF_TOKEN to a token from {}/settings/tokens",
                self.hub.endpoint
            ),
            (401 | 403, _) => format!(
                "the token that was sent does not open it: accept the terms at {page} if it has some, or set HF_TOKEN \
                 to the token of an account that may read it"
            ),
            (404, Some("RevisionNotFound")) => format!("no revision {}: see {page}/tree/main", self.id.revision()),
            (404, Some("EntryNotFound")) => format!("the file is not there (any more): see {page}/tree/main"),
            (404, _) => format!("no such model or revision: see whether {page} exists and is spelt so"),
            (429, _) => "asked too often: wait some minutes, or set HF_TOKEN for a higher limit".into(),
            (500.., _) => "the server is in trouble: run again later".into(),
            _ => "is HF_ENDPOINT right?".into(),
        };
        let said = header("x-error-message").map(|message| format!(" ({message})")).unwrap_or_default();
        Error::Hub(format!("{}: {url} answered {status}{said}: {advice}", self.id))
    }
}

enum Refusal {
    Unreachable(String),
    Answered(Error),
}

impl Listing {
    pub(super) fn has(&self, name: &str) -> bool {
        self.siblings.iter().any(|sibling| sibling.rfilename == name)
    }

    /// The files that a checkpoint cannot be without; where one is missing, how to make it.
    pub(super) fn require<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<()> {
        let Some(name) = names.into_iter().find(|name| !self.has(name)) else { return Ok(()) };
        let convert = format!(
            "python -c \"from transformers import AutoModel as M, AutoTokenizer as T; \
             [c.from_pretrained('{}').save_pretrained('DIRECTORY') for c in (M, T)]\" writes a directory that can be \
             given instead (AutoModelForSequenceClassification for a classifier)",
            self.repo
        );
        let advice = match name {
            super::TOKENIZER => format!("no tokenizer.json: {convert}"),
            super::INDEX if self.has("pytorch_model.bin") || self.has("pytorch_model.bin.index.json") => format!(
                "weights only as pytorch_model.bin, a Python pickle, which can run code when it is read: refused. \
                 Convert it to safetensors: {convert}"
            ),
            super::INDEX => "no model.safetensors: not a checkpoint that transformers saved?".into(),
            _ => format!("no {name}: not a whole checkpoint"),
        };
        Err(self.error(advice))
    }

    pub(super) fn blob(&self, name: &str) -> Result<Blob> {
        let blob = self.siblings.iter().find(|sibling| sibling.rfilename == name).and_then(|sibling| {
            Some(match &sibling.lfs {
                Some(lfs) => Blob { bytes: lfs.size, hash: Hash::Sha256(lfs.sha256.clone()) },
                None => Blob { bytes: sibling.size?, hash: Hash::GitSha1(sibling.blob_id.clone()?) },
            })
        });
        blob.filter(|blob| blob.hash.is_sound()).ok_or_else(|| {
            self.error(format!("length and hash of {name} are not listed: is HF_ENDPOINT a full mirror?"))
        })
    }

    fn error(&self, message: String) -> Error {
        Error::Hub(format!("{} at {}: {message}", self.repo, self.commit))
    }
}
