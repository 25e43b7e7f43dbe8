//! Tells the program which commit it was built from, for the provenance of runs.

use std::path::Path;
use std::process::Command;

/// All that the program is built from; the script runs again where any of it changes, and at no other time.
const CODE: [&str; 5] = [".", "../eval", "../src", "../Cargo.toml", "../Cargo.lock"];

fn main() {
    let moves = ["HEAD", "logs/HEAD"].map(|name| git(&["rev-parse", "--git-path", name]));
    // The log of HEAD grows with every commit, also where the branch's own file is packed away or in another directory.
    for path in moves.iter().flatten().map(String::as_str).chain(CODE) {
        // What is not there would be taken for changed at every build.
        if Path::new(path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    if let Some(commit) = commit() {
        println!("cargo::rustc-env=REGARD_COMMIT={commit}");
    }
}

/// The commit, marked where the code is not what was committed; `None` where git or the repository is missing.
fn commit() -> Option<String> {
    // Sources unpacked inside a repository of something else are not at its commit.
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    // Without the lock, looking does not change the index.
    let mut status = vec!["--no-optional-locks", "status", "--porcelain", "--untracked-files=no", "--"];
    status.extend(CODE);
    let dirty = if git(&status)?.is_empty() { "" } else { "-dirty" };
    Some(commit + dirty)
}

/// What git says, without the line's end.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
}
