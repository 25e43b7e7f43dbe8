//! `regard quantize` on tiny checkpoints: what comes out is smaller, opens and answers.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../inference/tests/reference").join(name)
}

/// Exit code, stdout and stderr.
fn regard(arguments: &[&str]) -> Result<(i32, String, String)> {
    let output = Command::cargo_bin("regard")?.args(arguments).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().ok_or("killed by a signal")?, text(&output.stdout), text(&output.stderr)))
}

#[test]
fn every_type_is_written_opened_and_compared() -> Result {
    let directory = tempfile::tempdir()?;
    let labelled = directory.path().join("labelled.jsonl");
    let line = r#"{"id":"1","dataset":"own","lang":"en","text":"aaaa 1","target":"aaaa","target_start":0,"target_end":4,"label":"favor"}"#;
    fs::write(&labelled, line)?;
    let (span, labelled) = (reference("span"), labelled.display().to_string());
    let mut sizes = Vec::new();
    for dtype in ["f32", "f16", "bf16", "int8"] {
        let place = directory.path().join(dtype);
        let (from, to) = (span.display().to_string(), place.display().to_string());
        let (code, out, err) = regard(&["quantize", &from, &to, "--dtype", dtype, "--compare", &labelled])?;
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("labelled.jsonl") && out.contains("100.0%"), "{out}");
        let (code, out, err) = regard(&["info", &to])?;
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("span"), "{out}");
        sizes.push(fs::metadata(place.join("model.safetensors"))?.len());
    }
    let [f32, f16, bf16, int8] = sizes[..] else { return Err("four sizes".into()) };
    assert!(10 * f16 < 6 * f32 && 10 * bf16 < 6 * f32 && int8 < f16, "{sizes:?}");
    Ok(())
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_written() -> Result {
    let directory = tempfile::tempdir()?;
    let place = directory.path().join("out");
    let (to, span) = (place.display().to_string(), reference("span").display().to_string());
    for (arguments, expected) in [
        (vec!["quantize", &span, &to, "--dtype", "int4"], "int4"),
        (vec!["quantize", &span, &to], "--dtype"),
        (vec!["quantize", "nowhere", &to, "--dtype", "int8"], "nowhere"),
        (vec!["quantize", &span, &to, "--dtype", "int8", "--compare", "missing.jsonl"], "missing.jsonl"),
    ] {
        let (code, _, err) = regard(&arguments)?;
        assert!(code != 0 && err.contains(expected), "{code}: {err}");
        assert!(!place.exists());
    }
    Ok(())
}
