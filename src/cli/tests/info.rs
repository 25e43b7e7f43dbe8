//! `regard info` on a tiny checkpoint with all that its config can say.

use std::error::Error;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};

#[test]
fn calibration_and_half_masking_are_told() -> Result<(), Box<dyn Error>> {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inference/tests/reference/span");
    let directory = tempfile::tempdir()?;
    for file in ["tokenizer.json", "model.safetensors"] {
        fs::write(directory.path().join(file), fs::read(reference.join(file))?)?;
    }
    let mut config: Value = serde_json::from_slice(&fs::read(reference.join("config.json"))?)?;
    let languages = json!({"ar": {"stance": 1.4}, "en": {"stance": 1.1, "sentiment": 1.0}});
    let temperature = json!({"stance": 1.2, "sentiment": 0.9, "languages": languages});
    config["regard"] = json!({"target": "span", "temperature": temperature, "half_masking": true});
    fs::write(directory.path().join("config.json"), config.to_string())?;
    let output = Command::cargo_bin("regard")?.arg("info").arg(directory.path()).output()?;
    let text = String::from_utf8(output.stdout)?;
    for line in [
        "temperatures  stance 1.200, sentiment 0.900",
        "  ar          stance 1.400",
        "  en          stance 1.100, sentiment 1.000",
        "half-masking  each sentence is read twice, once with the actors' names masked",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    Ok(())
}
