//! One file into the cache: locked, resumed, verified, then named.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
};

use ureq::http::{HeaderMap, StatusCode};

use super::{
    Progress,
    remote::{Blob, Listing, Remote},
};
use crate::{Error, Result};

/// Make `name` part of the snapshot of `listing`, fetching it unless the cache has it.
pub(super) fn into_cache(
    remote: &Remote<'_>,
    listing: &Listing,
    name: &str,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<()> {
    let blob = listing.blob(name)?;
    let place = remote.cache.blob_path(blob.hash.as_hex());
    let pointer = remote.cache.pointer_path(&listing.commit).join(name);
    if is_whole(&pointer, &blob) {
        return Ok(());
    }
    let folder = remote.id.at(remote.id.revision()).folder_name();
    let lock = remote.hub.cache.join(".locks").join(folder).join(format!("{}.lock", blob.hash.as_hex()));
    let _held = hold(&lock, name, progress)?;
    if !is_whole(&place, &blob) {
        let fetch = Fetch { remote, name, url: remote.url(&listing.commit, name), blob };
        fetch.run(&place, progress)?;
    }
    point(&pointer, &place)
}

/// Its name says that it was verified; its length, that nothing has cut it since.
fn is_whole(path: &Path, blob: &Blob) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() == blob.bytes)
}

/// The lock that huggingface_hub takes too (`file_download.py`); given back when the file is dropped, or the process
/// ends.
fn hold(lock: &Path, name: &str, progress: &mut dyn FnMut(Progress<'_>)) -> Result<File> {
    create_parent(lock)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(lock).map_err(Error::io(lock))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress(Progress::Waiting { file: name });
            file.lock().map_err(Error::io(lock))?;
        }
        Err(TryLockError::Error(source)) => return Err(Error::io(lock)(source)),
    }
    Ok(file)
}

struct Fetch<'a> {
    remote: &'a Remote<'a>,
    name: &'a str,
    url: String,
    blob: Blob,
}

impl Fetch<'_> {
    fn run(&self, place: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<()> {
        create_parent(place)?;
        let partial = place.with_extension("incomplete");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&partial)
            .map_err(Error::io(&partial))?;
        self.receive(&mut file, &partial, progress)?;
        self.verify(&mut file, &partial)?;
        file.sync_all().map_err(Error::io(&partial))?;
        drop(file);
        fs::rename(&partial, place).map_err(Error::io(place))?;
        progress(Progress::Finished);
        Ok(())
    }

    /// Bring `file` to its full length, from where an earlier fetch stopped.
    fn receive(&self, file: &mut File, partial: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<()> {
        let bytes = self.blob.bytes;
        let mut present = file.seek(io::SeekFrom::End(0)).map_err(Error::io(partial))?;
        if present >= bytes {
            progress(Progress::Started { file: self.name, bytes, present });
            return Ok(());
        }
        let response = self.remote.open(&self.url, present)?;
        if present > 0 && !continues_at(present, response.status(), response.headers()) {
            // A server that does not skip sends everything: begin again.
            file.set_len(0).and_then(|()| file.rewind()).map_err(Error::io(partial))?;
            present = 0;
        }
        progress(Progress::Started { file: self.name, bytes, present });

        // One byte more than there should be, so that a longer answer is found out, and an endless one ends.
        let mut body = response.into_body().into_reader().take(bytes - present + 1);
        let mut chunk = vec![0; 1 << 16];
        loop {
            let count = match body.read(&mut chunk) {
                Ok(0) if present < bytes => return Err(self.interrupted(present, "the server ended the answer")),
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.interrupted(present, error)),
            };
            file.write_all(&chunk[..count]).map_err(Error::io(partial))?;
            present += count as u64;
            progress(Progress::Advanced { bytes: count as u64 });
        }
    }

    /// Hash what lies on the disk, however it came there; what is not the file that the hub lists is removed.
    fn verify(&self, file: &mut File, partial: &Path) -> Result<()> {
        file.rewind().map_err(Error::io(partial))?;
        let found = self.blob.hash.again(file).map_err(Error::io(partial))?;
        if found == self.blob.hash {
            return Ok(());
        }
        fs::remove_file(partial).map_err(Error::io(partial))?;
        Err(Error::Hub(format!(
            "{}: {} from {} is corrupt: expected {}, found {}; it was removed: run again, and if that does not help, \
             look for what alters files on the way (a proxy, or the mirror in HF_ENDPOINT)",
            self.remote.id, self.name, self.url, self.blob.hash, found
        )))
    }

    fn interrupted(&self, present: u64, cause: impl std::fmt::Display) -> Error {
        Error::Hub(format!(
            "{}: {} from {} broke off after {present} of {} bytes: {cause}: run again, it goes on from there",
            self.remote.id, self.name, self.url, self.blob.bytes
        ))
    }
}

/// Whether the answer begins at byte `start` of the file: 206, with a `Content-Range` that says so.
fn continues_at(start: u64, status: StatusCode, headers: &HeaderMap) -> bool {
    let range = headers.get("content-range").and_then(|value| value.to_str().ok());
    status == StatusCode::PARTIAL_CONTENT && range.is_some_and(|range| range.starts_with(&format!("bytes {start}-")))
}

/// Point `snapshots/<commit>/<file>` at its blob: relatively, so that the cache can be moved and mounted elsewhere.
#[cfg(unix)]
fn point(pointer: &Path, place: &Path) -> Result<()> {
    create_parent(pointer)?;
    let target = Path::new("../../blobs").join(place.file_name().unwrap_or_default());
    let link = || std::os::unix::fs::symlink(&target, pointer);
    match link() {
        // To a blob that is gone or was cut.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(pointer).and_then(|()| link()),
        outcome => outcome,
    }
    .map_err(Error::io(pointer))
}

/// Symbolic links need a privilege on Windows, hard links none; where there are neither, a copy does.
#[cfg(not(unix))]
fn point(pointer: &Path, place: &Path) -> Result<()> {
    create_parent(pointer)?;
    match fs::remove_file(pointer) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::hard_link(place, pointer).or_else(|_| fs::copy(place, pointer).map(drop)),
    }
    .map_err(Error::io(pointer))
}

fn create_parent(path: &Path) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(Error::io(parent))
}
