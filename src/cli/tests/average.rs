//! `regard average` on tiny checkpoints.

use std::error::Error;
use std::path::Path;

use assert_cmd::Command;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[test]
fn the_mean_of_equals_opens_and_unlike_ones_are_refused() -> Result {
    let directory = tempfile::tempdir()?;
    let output = directory.path().join("mean");
    let reference = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../inference/tests/reference").join(name);
    let run = |checkpoints: &[&str]| {
        let mut command = Command::cargo_bin("regard")?;
        command.arg("average").args(checkpoints.iter().map(|name| reference(name))).arg("--output").arg(&output);
        Ok::<_, Box<dyn Error>>(command.assert())
    };
    for unlike in [["span", "xlm-roberta"].as_slice(), &["span"]] {
        assert!(!run(unlike)?.get_output().status.success(), "{unlike:?}");
        assert!(!output.exists());
    }
    run(&["span", "span", "span"])?.success();
    Command::cargo_bin("regard")?
        .args(["classify", "-"])
        .arg("--model")
        .arg(&output)
        .write_stdin("aaaa 1")
        .assert()
        .success();
    Ok(())
}
