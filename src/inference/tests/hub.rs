//! The model hub, against a server on this machine that speaks its protocol: nothing here leaves 127.0.0.1.

#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking

#[path = "hub/server.rs"]
mod server;

use std::{
    cell::Cell,
    fs::{self, File},
    path::{Path, PathBuf},
    thread,
};

use regard::hub::{Hub, HubId, Progress};
use server::{COMMIT, ID, Repository, Server, git_sha1, repository, sha256, weights};

const NEXT_COMMIT: &str = "76543210fedcba9876543210fedcba9876543210";
const TOKEN: &str = "hf_secret";

fn fetch(hub: &Hub, id: &str) -> Result<PathBuf, String> {
    hub.fetch(&id.parse::<HubId>().unwrap(), &mut |_| {}).map_err(|error| error.to_string())
}

/// Every part of a message that tells its reader what, where, or what to do.
fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is not said in: {message}");
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.collect();
    names.sort();
    names
}

fn blobs(cache: &Path) -> Vec<String> {
    names(&cache.join("models--owner--name/blobs"))
}

// What is fetched, and what is asked.

#[test]
fn a_checkpoint_is_fetched_once_and_only_what_it_needs() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(repository());
    let hub = server.hub(cache.path());

    let snapshot = fetch(&hub, ID).unwrap();
    assert_eq!(snapshot, cache.path().join("models--owner--name/snapshots").join(COMMIT));
    let expected = ["README.md", "config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json"];
    assert_eq!(names(&snapshot), expected);
    for name in expected {
        assert_eq!(fs::read(snapshot.join(name)).unwrap(), repository().files[name].0, "{name}");
    }
    assert_eq!(fs::read_to_string(cache.path().join("models--owner--name/refs/main")).unwrap(), COMMIT);
    assert!(blobs(cache.path()).contains(&sha256(&weights())));
    assert!(blobs(cache.path()).iter().all(|name| !name.contains('.')), "nothing partial is left");

    server.asked();
    assert_eq!(fetch(&hub, ID).unwrap(), snapshot);
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "a branch costs the question where it is: {asked:?}");
    assert_eq!(fetch(&hub, &format!("{ID}@{COMMIT}")).unwrap(), snapshot);
    assert!(server.asked().is_empty(), "a commit that is here costs nothing");
}

#[test]
fn a_branch_that_moved_shares_what_did_not_change() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(repository());
    let hub = server.hub(cache.path());
    let before = fetch(&hub, ID).unwrap();
    server.change(|repository| {
        repository.commit = NEXT_COMMIT;
        repository.files.get_mut("config.json").unwrap().0 = b"{}\n".to_vec();
    });
    server.asked();
    let after = fetch(&hub, ID).unwrap();
    assert_eq!(server.asked().len(), 2, "the listing and config.json");
    assert_eq!(fs::read(after.join("config.json")).unwrap(), b"{}\n");
    assert_ne!(fs::read(before.join("config.json")).unwrap(), b"{}\n");
}

#[test]
fn a_revision_with_slashes_is_escaped() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(repository());
    fetch(&server.hub(cache.path()), &format!("{ID}@refs/pr/1")).unwrap();
    let reference = cache.path().join("models--owner--name/refs/refs/pr/1");
    assert_eq!(fs::read_to_string(reference).unwrap(), COMMIT);
}

#[test]
fn shards_are_those_that_the_index_names() {
    let cache = tempfile::tempdir().unwrap();
    let index = br#"{"metadata": {"total_size": 6}, "weight_map": {
        "a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors", "c": "model-1-of-2.safetensors"}}"#;
    let mut sharded = repository();
    sharded.files.remove("model.safetensors");
    for (name, bytes) in [
        ("model.safetensors.index.json", &index[..]),
        ("model-1-of-2.safetensors", b"one"),
        ("model-2-of-2.safetensors", b"two"),
        ("model-9-of-9.safetensors", b"a stray"),
    ] {
        sharded.files.insert(name.into(), (bytes.to_vec(), true));
    }
    let server = Server::new(sharded);
    let hub = server.hub(cache.path());
    let snapshot = fetch(&hub, ID).unwrap();
    assert_eq!(fs::read(snapshot.join("model-1-of-2.safetensors")).unwrap(), b"one");
    assert_eq!(fs::read(snapshot.join("model-2-of-2.safetensors")).unwrap(), b"two");
    assert!(!snapshot.join("model-9-of-9.safetensors").exists());

    let offline = Hub { offline: true, ..hub.clone() };
    assert_eq!(fetch(&offline, ID).unwrap(), snapshot);
    fs::remove_file(snapshot.join("model-2-of-2.safetensors")).unwrap();
    assert_says(&fetch(&offline, ID).unwrap_err(), &["has no model-2-of-2.safetensors", "HF_HUB_OFFLINE"]);
}

#[test]
fn an_index_cannot_lead_out_of_the_snapshot() {
    let cache = tempfile::tempdir().unwrap();
    let mut hostile = repository();
    hostile.files.remove("model.safetensors");
    for (name, bytes) in
        [("model.safetensors.index.json", &br#"{"weight_map": {"a": "../../escape"}}"#[..]), ("../../escape", b"")]
    {
        hostile.files.insert(name.into(), (bytes.to_vec(), false));
    }
    let message = fetch(&Server::new(hostile).hub(cache.path()), ID).unwrap_err();
    assert_says(&message, &["model.safetensors.index.json", "`../../escape` is not the name of a shard"]);
}

// What goes wrong on the way.

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(Repository { break_off: Some("model.safetensors"), ..repository() });
    let hub = server.hub(cache.path());
    let half = weights().len() / 2;

    let message = fetch(&hub, ID).unwrap_err();
    let said = format!("after {half} of {} bytes", weights().len());
    assert_says(&message, &[ID, "model.safetensors", "http://127.0.0.1", &said, "run again"]);
    assert!(!blobs(cache.path()).contains(&sha256(&weights())), "half a file has no final name");
    let offline = Hub { offline: true, ..hub.clone() };
    assert!(fetch(&offline, ID).is_err(), "half a checkpoint is none");

    server.asked();
    let mut seen = Vec::new();
    let id: HubId = ID.parse().unwrap();
    let snapshot = hub
        .fetch(&id, &mut |progress| match progress {
            Progress::Started { file, bytes, present } => seen.push(format!("{file} {present} of {bytes}")),
            Progress::Advanced { .. } => {}
            Progress::Finished => seen.push("finished".into()),
            Progress::Waiting { file } => panic!("nobody else fetches {file}"),
        })
        .unwrap();
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
    assert_eq!(seen, [format!("model.safetensors {half} of {}", weights().len()), "finished".into()]);
    let ranges: Vec<_> =
        server.asked().into_iter().filter_map(|request| request.headers.get("range").cloned()).collect();
    assert_eq!(ranges, [format!("bytes={half}-"), format!("bytes={half}-")], "to the hub, and where it redirects");
}

#[test]
fn a_server_that_starts_over_is_not_appended() {
    let cache = tempfile::tempdir().unwrap();
    let broken = Repository { break_off: Some("model.safetensors"), ignore_ranges: true, ..repository() };
    let server = Server::new(broken);
    let hub = server.hub(cache.path());
    fetch(&hub, ID).unwrap_err();
    let snapshot = fetch(&hub, ID).unwrap();
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn a_file_with_another_hash_is_removed() {
    let longer = [weights(), b"more".to_vec()].concat();
    for (name, content) in [
        ("config.json", b"{\"hidden_size\": 9}\n".to_vec()),
        ("model.safetensors", weights().into_iter().rev().collect()),
        ("model.safetensors", longer),
    ] {
        let cache = tempfile::tempdir().unwrap();
        let server = Server::new(Repository { tamper: [(name, content.clone())].into(), ..repository() });
        let hub = server.hub(cache.path());
        let (expected, found) = match name {
            "config.json" => (git_sha1(&repository().files[name].0), git_sha1(&content)),
            _ => (sha256(&weights()), sha256(&content[..content.len().min(weights().len() + 1)])),
        };
        let message = fetch(&hub, ID).unwrap_err();
        assert_says(&message, &[ID, name, "http://127.0.0.1", &expected, &found, "removed", "HF_ENDPOINT"]);
        assert!(blobs(cache.path()).iter().all(|blob| !blob.starts_with(&expected)), "{:?}", blobs(cache.path()));

        server.change(|repository| repository.tamper.clear());
        let snapshot = fetch(&hub, ID).unwrap();
        assert_eq!(fs::read(snapshot.join(name)).unwrap(), repository().files[name].0);
    }
}

#[test]
fn a_blob_that_was_cut_later_is_fetched_anew() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(repository());
    let hub = server.hub(cache.path());
    let snapshot = fetch(&hub, ID).unwrap();
    fs::write(cache.path().join("models--owner--name/blobs").join(sha256(&weights())), b"cut").unwrap();
    fetch(&hub, ID).unwrap();
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn processes_that_fetch_the_same_take_turns() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(repository());
    let hub = server.hub(cache.path());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| fetch(&hub, ID).unwrap());
        }
    });
    let mut asked: Vec<_> = server.asked().into_iter().map(|request| request.path).collect();
    asked.retain(|path| !path.starts_with("/api/"));
    let total = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), total, "no file is asked for twice");
    assert_eq!(fs::read(fetch(&hub, ID).unwrap().join("model.safetensors")).unwrap(), weights());
}

#[test]
fn a_lock_that_is_held_is_reported_and_waited_for() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(repository());
    let locks = cache.path().join(".locks/models--owner--name");
    fs::create_dir_all(&locks).unwrap();
    let other = File::create(locks.join(format!("{}.lock", sha256(&weights())))).unwrap();
    other.lock().unwrap();
    let (other, waited) = (Cell::new(Some(other)), Cell::new(String::new()));
    let id: HubId = ID.parse().unwrap();
    server
        .hub(cache.path())
        .fetch(&id, &mut |progress| {
            if let Progress::Waiting { file } = progress {
                waited.set(file.to_owned());
                drop(other.take());
            }
        })
        .unwrap();
    assert_eq!(waited.take(), "model.safetensors");
}

// Who is asked, and with what.

#[test]
fn the_token_goes_to_the_hub_and_nowhere_else() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(Repository { token: Some(TOKEN), ..repository() });
    let hub = Hub { token: Some(TOKEN.into()), ..server.hub(cache.path()) };
    fetch(&hub, ID).unwrap();
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|request| request.headers["host"].starts_with("localhost")).count(), 2);
    for request in asked {
        let sent = request.headers.get("authorization").map(String::as_str);
        let expected = request.headers["host"].starts_with("127.0.0.1").then_some("Bearer hf_secret");
        assert_eq!(sent, expected, "{request:?}");
    }
    assert!(!format!("{hub:?}").contains(TOKEN));
}

#[test]
fn a_closed_model_says_how_to_open_it() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(Repository { token: Some(TOKEN), ..repository() });
    let hub = server.hub(cache.path());
    let message = fetch(&hub, ID).unwrap_err();
    assert_says(&message, &[ID, "/api/models/owner/name", "401", "private, gated or misspelt", "HF_TOKEN"]);
    let message = fetch(&Hub { token: Some("hf_other".into()), ..hub }, ID).unwrap_err();
    assert_says(&message, &[ID, "403", "token that was sent does not open it", "HF_TOKEN"]);
    assert!(!message.contains("hf_other"), "a message is no place for a token: {message}");
}

#[test]
fn what_the_hub_does_not_have_is_named() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(repository());
    let hub = server.hub(cache.path());
    let message = fetch(&hub, "owner/other").unwrap_err();
    assert_says(&message, &["owner/other", "404", "Not here", "no such model", "/owner/other exists"]);
    assert_says(&fetch(&hub, "owner/name@v9").unwrap_err(), &["owner/name@v9", "404", "no revision v9"]);
    assert!(!cache.path().join("models--owner--other").exists());
}

#[test]
fn a_repository_that_is_no_checkpoint_says_what_to_do() {
    let cases: [(&str, &[&str], &[&str]); 4] = [
        ("tokenizer.json", &[], &["no tokenizer.json", "AutoTokenizer", "save_pretrained"]),
        ("model.safetensors", &[], &["pytorch_model.bin", "refused", "AutoModel", "safetensors", "save_pretrained"]),
        ("model.safetensors", &["pytorch_model.bin"], &["no model.safetensors"]),
        ("config.json", &[], &["no config.json"]),
    ];
    for (missing, also, said) in cases {
        let cache = tempfile::tempdir().unwrap();
        let mut lacking = repository();
        lacking.files.retain(|name, _| name != missing && !also.contains(&name.as_str()));
        let server = Server::new(lacking);
        assert_says(&fetch(&server.hub(cache.path()), ID).unwrap_err(), &[&[ID], said].concat());
        assert_eq!(server.asked().len(), 1, "found out before anything is fetched");
    }
}

#[test]
fn offline_asks_nobody() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(repository());
    let hub = server.hub(cache.path());
    let offline = Hub { offline: true, ..hub.clone() };

    let place = cache.path().display().to_string();
    assert_says(&fetch(&offline, ID).unwrap_err(), &[ID, "HF_HUB_OFFLINE", "HF_HOME", &place, &hub.endpoint]);
    assert!(server.asked().is_empty());

    let snapshot = fetch(&hub, ID).unwrap();
    server.asked();
    assert_eq!(fetch(&offline, ID).unwrap(), snapshot);
    assert_eq!(fetch(&offline, &format!("{ID}@{COMMIT}")).unwrap(), snapshot);
    assert!(fetch(&offline, &format!("{ID}@v9")).is_err());
    assert!(server.asked().is_empty());
}

#[test]
fn an_unreachable_hub_names_the_copy_that_there_is() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::new(repository());
    let hub = server.hub(cache.path());
    // Nobody may listen on port 1 but root, and root does not.
    let unreachable = Hub { endpoint: "http://127.0.0.1:1".into(), ..hub.clone() };
    let message = fetch(&unreachable, ID).unwrap_err();
    assert_says(&message, &[ID, "cannot reach http://127.0.0.1:1/api/", "HF_ENDPOINT", "no earlier copy"]);
    let snapshot = fetch(&hub, ID).unwrap();
    let message = fetch(&unreachable, ID).unwrap_err();
    assert_says(&message, &["cannot reach", "HF_HUB_OFFLINE=1", &snapshot.display().to_string()]);
}

#[test]
fn an_endpoint_that_is_no_hub_is_refused() {
    let cache = tempfile::tempdir().unwrap();
    let mut bad = repository();
    bad.commit = "../../elsewhere";
    let server = Server::new(bad);
    let hub = server.hub(cache.path());
    assert_says(&fetch(&hub, ID).unwrap_err(), &["/api/models/owner/name", "expected a commit", "../../elsewhere"]);
}

// Names and settings.

#[test]
fn names_are_checked() {
    let long = format!("owner/{}", "n".repeat(91));
    for bad in [
        "",
        "name",
        "/name",
        "owner/",
        "a/b/c",
        "../name",
        "owner/..",
        "-a/b",
        "a/b-",
        "a--b/c",
        "a/b c",
        "a/b@",
        "a/b@..",
        "a/b@x/../y",
        "a/b@/x",
        "a/b@x?y",
        "a/b@x#y",
        "a/b@a@b",
        "ö/b",
        &long,
    ] {
        let message = bad.parse::<HubId>().unwrap_err().to_string();
        assert_says(&message, &[&format!("model `{bad}`")]);
    }
    for good in ["intfloat/multilingual-e5-small", "a/b@v1.0", "a/b@refs/pr/1", "A_b/c.d-e"] {
        assert_eq!(good.parse::<HubId>().unwrap().to_string(), good);
    }
    assert!(format!("a/b@{COMMIT}").parse::<HubId>().unwrap().is_commit());
}

#[test]
fn settings_come_from_the_variables_that_hugging_face_reads() {
    let home = tempfile::tempdir().unwrap();
    let from = |variables: &[(&str, &str)]| {
        Hub::from_variables(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    };
    let place = home.path().to_str().unwrap();

    let hub = from(&[("HOME", place)]).unwrap();
    assert_eq!(hub.cache, home.path().join(".cache/huggingface/hub"));
    assert_eq!((hub.endpoint.as_str(), hub.token, hub.offline), ("https://huggingface.co", None, false));
    let hub = from(&[("HOME", "/nowhere"), ("XDG_CACHE_HOME", place)]).unwrap();
    assert_eq!(hub.cache, home.path().join("huggingface/hub"));

    fs::write(home.path().join("token"), "hf_file\n").unwrap();
    let hub = from(&[("HF_HOME", place), ("HF_HUB_CACHE", "/models"), ("HF_TOKEN", "")]).unwrap();
    assert_eq!((hub.cache.to_str(), hub.token.as_deref()), (Some("/models"), Some("hf_file")));
    let hub = from(&[
        ("HF_HOME", place),
        ("HF_TOKEN", " hf_variable\n"),
        ("HF_ENDPOINT", "https://mirror.example/"),
        ("HF_HUB_OFFLINE", "true"),
    ])
    .unwrap();
    assert_eq!(hub.cache, home.path().join("hub"));
    assert_eq!((hub.token.as_deref(), hub.endpoint.as_str()), (Some("hf_variable"), "https://mirror.example"));
    assert!(hub.offline);
    assert!(!from(&[("HF_HOME", place), ("HF_HUB_OFFLINE", "0")]).unwrap().offline);

    assert_says(&from(&[]).unwrap_err().to_string(), &["HF_HOME", "HF_HUB_CACHE"]);
}
