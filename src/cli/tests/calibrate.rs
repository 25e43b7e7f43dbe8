//! `regard calibrate` on a tiny checkpoint: probabilities change, labels do not, and nothing is written in vain.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Exit code, stdout and stderr.
fn regard(arguments: &[&str]) -> Result<(i32, String, String)> {
    let output = Command::cargo_bin("regard")?.args(arguments).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().ok_or("killed by a signal")?, text(&output.stdout), text(&output.stderr)))
}

/// A copy of the reference checkpoint that can be written to.
fn checkpoint(directory: &Path) -> Result<PathBuf> {
    let place = directory.join("own");
    fs::create_dir(&place)?;
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inference/tests/reference/span");
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(reference.join(name), place.join(name))?;
    }
    Ok(place)
}

/// What a labelled file and a checkpoint make: the label of each of its examples and the negative log-likelihood of all.
fn figures(model: &str, data: &str) -> Result<(Value, f64)> {
    let (code, out, err) = regard(&["eval", "--model", model, "--data", data, "--draws", "0"])?;
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out)?;
    Ok((report["stance"]["confusion"].clone(), report["stance"]["nll"].as_f64().ok_or("no nll")?))
}

#[test]
fn probabilities_come_closer_and_labels_stay() -> Result {
    let directory = tempfile::tempdir()?;
    let place = checkpoint(directory.path())?;
    let data = directory.path().join("labelled.jsonl");
    let labels = ["favor", "against", "neutral", "favor", "against"];
    let line = |(index, label): (usize, &&str)| {
        let text = format!("aaaa {index}");
        format!(
            r#"{{"id":"{index}","dataset":"own","lang":"en","text":"{text}","target":"aaaa","target_start":0,"target_end":4,"label":"{label}"}}"#
        )
    };
    let lines: Vec<String> = labels.iter().enumerate().map(line).collect();
    fs::write(&data, lines.join("\n"))?;
    let (model, data) = (place.display().to_string(), data.display().to_string());
    let (labels_before, before) = figures(&model, &data)?;
    let weights = fs::read(place.join("model.safetensors"))?;
    let (code, out, err) = regard(&["calibrate", &model, "--data", &data])?;
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("stance: fitted to 5 answers"), "{err}");
    let said: Value = serde_json::from_str(&out)?;
    let config: Value = serde_json::from_slice(&fs::read(place.join("config.json"))?)?;
    assert_eq!(config["regard"]["temperature"], said["after"]);
    assert_eq!(said["after"]["sentiment"], said["before"]["sentiment"], "nobody was asked");
    let (labels_after, after) = figures(&model, &data)?;
    assert_eq!(labels_before, labels_after);
    assert!(after < before, "{before} {after}");
    assert_eq!(fs::read(place.join("model.safetensors"))?, weights);
    Ok(())
}

#[test]
fn nothing_is_written_in_vain() -> Result {
    let directory = tempfile::tempdir()?;
    let place = checkpoint(directory.path())?;
    let before = fs::read(place.join("config.json"))?;
    let broken = directory.path().join("broken.jsonl");
    fs::write(&broken, "{\"id\":\n")?;
    let (model, broken) = (place.display().to_string(), broken.display().to_string());
    for (arguments, expected) in [
        (vec!["calibrate", &model], "--data"),
        (vec!["calibrate", &model, "--data", "missing.jsonl"], "missing.jsonl"),
        (vec!["calibrate", &model, "--data", &broken], "broken.jsonl:1"),
        (vec!["calibrate", "nowhere", "--data", &broken], "nowhere"),
    ] {
        let (code, _, err) = regard(&arguments)?;
        assert!(code != 0 && err.contains(expected), "{code}: {err}");
    }
    assert_eq!(fs::read(place.join("config.json"))?, before);
    Ok(())
}
