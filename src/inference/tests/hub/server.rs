//! A model hub on this machine: what it holds, what it does wrong, and what it was asked.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, BufReader, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use regard::hub::Hub;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The one model that it has.
pub(crate) const ID: &str = "owner/name";
/// Where `main` is, unless a test moves it.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

#[derive(Clone, Default)]
pub(crate) struct Repository {
    /// Name, content, and whether it is kept as a large file.
    pub(crate) files: BTreeMap<String, (Vec<u8>, bool)>,
    pub(crate) commit: &'static str,
    /// Refuse whoever does not send it.
    pub(crate) token: Option<&'static str>,
    /// Send half of this large file and hang up, once.
    pub(crate) break_off: Option<&'static str>,
    /// Send this in place of the file's content.
    pub(crate) tamper: HashMap<&'static str, Vec<u8>>,
    /// Always send whole files, whatever range is asked for.
    pub(crate) ignore_ranges: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
}

#[derive(Default)]
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Hang up after so many bytes of the body.
    cut: Option<usize>,
}

pub(crate) struct Server {
    port: u16,
    /// Every request of hub and file server, in order.
    requests: Arc<Mutex<Vec<Request>>>,
    repository: Arc<Mutex<Repository>>,
}

impl Server {
    /// The hub, and the host that it redirects to for large files; they end with the test.
    pub(crate) fn new(repository: Repository) -> Self {
        let requests = Arc::default();
        let repository = Arc::new(Mutex::new(repository));
        let serve = |answer: Box<dyn Fn(&Request) -> Reply + Send>| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let requests: Arc<Mutex<Vec<Request>>> = Arc::clone(&requests);
            thread::spawn(move || {
                for stream in listener.incoming() {
                    exchange(stream.unwrap(), &requests, &answer);
                }
            });
            port
        };
        let large = Arc::clone(&repository);
        let large = serve(Box::new(move |request| content(&mut large.lock().unwrap(), request)));
        let small = Arc::clone(&repository);
        let port = serve(Box::new(move |request| hub(&mut small.lock().unwrap(), request, large)));
        Self { port, requests, repository }
    }

    pub(crate) fn hub(&self, cache: &Path) -> Hub {
        Hub {
            endpoint: format!("http://127.0.0.1:{}", self.port),
            cache: cache.to_owned(),
            token: None,
            offline: false,
        }
    }

    /// What was asked since the last call.
    pub(crate) fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Repository)) {
        change(&mut self.repository.lock().unwrap());
    }
}

fn exchange(mut stream: TcpStream, requests: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> Reply) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
        .collect();
    let request = Request { path: first.split(' ').nth(1).unwrap().to_owned(), headers };
    requests.lock().unwrap().push(request.clone());

    let Reply { status, headers, body, cut } = answer(&request);
    let mut head = format!("HTTP/1.1 {status} -\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let body = &body[..cut.unwrap_or(body.len())];
    // The client may hang up first: its test will say so.
    stream.write_all(&[head.as_bytes(), b"\r\n", body].concat()).ok();
    stream.shutdown(Shutdown::Both).ok();
}

/// `huggingface.co`: the listing, small files, and the way to large ones.
fn hub(repository: &mut Repository, request: &Request, large: u16) -> Reply {
    let sent = request.headers.get("authorization").map(String::as_str);
    if let Some(token) = repository.token
        && sent != Some(&format!("Bearer {token}"))
    {
        let code = if sent.is_some() { (403, "GatedRepo") } else { (401, "RepoNotFound") };
        return Reply { status: code.0, headers: vec![("X-Error-Code", code.1.into())], ..Reply::default() };
    }
    let not_found = |code: &str| Reply {
        status: 404,
        headers: vec![("X-Error-Code", code.into()), ("X-Error-Message", "Not here".into())],
        ..Reply::default()
    };
    if let Some(path) = request.path.strip_prefix("/api/models/") {
        let Some(revision) = path.strip_prefix(&format!("{ID}/revision/")) else { return not_found("RepoNotFound") };
        let Some(revision) = revision.strip_suffix("?blobs=true") else { panic!("no hashes asked for: {path}") };
        if !["main", "refs%2Fpr%2F1", repository.commit].contains(&revision) {
            return not_found("RevisionNotFound");
        }
        return Reply { status: 200, body: listing(repository).into_bytes(), ..Reply::default() };
    }
    let prefix = format!("/{ID}/resolve/{}/", repository.commit);
    let name = request.path.strip_prefix(&prefix).unwrap_or_default();
    let Some((bytes, is_large)) = repository.files.get(name) else { return not_found("EntryNotFound") };
    if *is_large {
        let headers = vec![
            ("X-Repo-Commit", repository.commit.into()),
            ("X-Linked-Etag", format!("\"{}\"", sha256(bytes))),
            ("X-Linked-Size", bytes.len().to_string()),
            // Another host: the same name would let a client keep the token.
            ("Location", format!("http://localhost:{large}/{name}")),
        ];
        return Reply { status: 302, headers, ..Reply::default() };
    }
    let body = repository.tamper.get(name).unwrap_or(bytes).clone();
    let headers = vec![("ETag", format!("\"{}\"", git_sha1(bytes))), ("X-Repo-Commit", repository.commit.into())];
    Reply { status: 200, headers, body, cut: None }
}

/// The file server behind it, which knows ranges.
fn content(repository: &mut Repository, request: &Request) -> Reply {
    let name = request.path.trim_start_matches('/');
    let body = repository.tamper.get(name).unwrap_or(&repository.files[name].0).clone();
    let range = request.headers.get("range").map(|range| range.trim_start_matches("bytes=").trim_end_matches('-'));
    let start = range.filter(|_| !repository.ignore_ranges).map(|start| start.parse::<usize>().unwrap());
    let cut = repository.break_off.take_if(|broken| *broken == name).map(|_| body.len() / 2);
    match start {
        None => Reply { status: 200, body, cut, ..Reply::default() },
        Some(start) => {
            let range = format!("bytes {start}-{}/{}", body.len() - 1, body.len());
            Reply { status: 206, headers: vec![("Content-Range", range)], body: body[start..].to_vec(), cut }
        }
    }
}

fn listing(repository: &Repository) -> String {
    let siblings = repository.files.iter().map(|(name, (bytes, is_large))| {
        let lfs = format!(r#","lfs":{{"sha256":"{}","size":{},"pointerSize":134}}"#, sha256(bytes), bytes.len());
        format!(
            r#"{{"rfilename":"{name}","size":{},"blobId":"{}"{}}}"#,
            bytes.len(),
            git_sha1(bytes),
            if *is_large { &lfs } else { "" }
        )
    });
    format!(r#"{{"id":"{ID}","sha":"{}","siblings":[{}]}}"#, repository.commit, siblings.collect::<Vec<_>>().join(","))
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn git_sha1(bytes: &[u8]) -> String {
    let digest = Sha1::new().chain_update(format!("blob {}\0", bytes.len())).chain_update(bytes).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Longer than any buffer on the way, and no part like another.
pub(crate) fn weights() -> Vec<u8> {
    (0..100_000_u32).flat_map(u32::to_le_bytes).collect()
}

pub(crate) fn repository() -> Repository {
    let files = [
        ("config.json", &b"{\"hidden_size\": 8}\n"[..], false),
        ("tokenizer.json", b"{}", true),
        ("special_tokens_map.json", b"", false),
        ("README.md", "# Haltung ü 立場".as_bytes(), false),
        ("model.safetensors", &weights(), true),
        ("pytorch_model.bin", b"pickle", true),
        ("onnx/model.onnx", b"onnx", true),
    ];
    let files = files.map(|(name, bytes, is_large)| (name.to_owned(), (bytes.to_vec(), is_large)));
    Repository { files: files.into(), commit: COMMIT, ..Repository::default() }
}
