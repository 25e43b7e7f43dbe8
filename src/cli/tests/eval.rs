//! `regard eval` on a handful of our own sentences.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

#[test]
fn answers_are_counted_by_language_and_data_set() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("gold.jsonl");
    let stance = |id: u32, text: &str, target: &str, label: &str| {
        let start = text.find(target).unwrap_or_default();
        let end = start + target.len();
        format!(
            r#"{{"id":"{id}","dataset":"own","lang":"en","text":"{text}","target":"{target}","target_start":{start},"target_end":{end},"label":"{label}","group":"{id}"}}"#
        )
    };
    let lines = [
        stance(1, "Everyone admires Ms Lind for her courage and honesty.", "Ms Lind", "favor"),
        stance(2, "Mr Orr is a corrupt liar and a disgrace.", "Mr Orr", "against"),
        r#"{"id":"3","dataset":"own","lang":"en","text":"Taxes.","target":"taxes","label":"favor"}"#.to_owned(),
        r#"{"id":"4","dataset":"moods","lang":"de","text":"Was für ein wunderbarer Tag!","sentiment":"positive"}"#
            .to_owned(),
        "{broken".to_owned(),
    ];
    fs::write(&path, lines.join("\n"))?;
    let output = Command::cargo_bin("regard")?.arg("eval").arg("--data").arg(&path).output()?;
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("gold.jsonl:5: "));
    let found: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(found["stance"]["n"], 2);
    assert_eq!(found["stance"]["accuracy"], 1.0);
    assert_eq!(found["unanswered"], 1, "a topic without a mention cannot be pooled");
    assert_eq!(found["by"]["language"]["de"]["sentiment"]["n"], 1);
    assert_eq!(found["by"]["dataset"]["own"]["stance"]["confusion"][0][0], 1);

    let output = Command::cargo_bin("regard")?.args(["eval", "--half-masking", "--data"]).arg(&path).output()?;
    let masked: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(masked["system"], "default, half-masked");
    assert_ne!(masked["stance"]["nll"], found["stance"]["nll"]);
    assert_eq!(masked["sentiment"]["nll"], found["sentiment"]["nll"]);
    Ok(())
}

/// Gold of our own: `n` sentences, labels in turn, two a group.
fn gold(directory: &Path, n: usize) -> Result<PathBuf, Box<dyn Error>> {
    let path = directory.join("gold.jsonl");
    let line = |index: usize| {
        let label = ["against", "neutral", "favor"][index % 3];
        let language = if index % 4 < 2 { "en" } else { "ar" };
        let group = index / 2;
        format!(
            r#"{{"id":"{index}","dataset":"own","lang":"{language}","text":"Sentence {index}.","target":"Peru","label":"{label}","group":"{group}"}}"#
        )
    };
    fs::write(&path, (0..n).map(line).collect::<Vec<_>>().join("\n"))?;
    Ok(path)
}

/// Predictions that are wrong for each `step`th example.
fn predictions(directory: &Path, name: &str, n: usize, step: usize) -> Result<PathBuf, Box<dyn Error>> {
    let path = directory.join(name);
    let line = |index: usize| {
        let answer = if index.is_multiple_of(step) { index + 1 } else { index } % 3;
        let mut scores = ["0.1"; 3];
        scores[answer] = "0.8";
        let [against, neutral, favor] = scores;
        format!(r#"{{"id":"{index}","scores":{{"against":{against},"neutral":{neutral},"favor":{favor}}}}}"#)
    };
    fs::write(&path, (0..n).map(line).collect::<Vec<_>>().join("\n"))?;
    Ok(path)
}

#[test]
fn predictions_of_others_stand_in_the_same_table() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let (gold, answers) = (gold(directory.path(), 120)?, predictions(directory.path(), "llm.jsonl", 120, 4)?);
    let report = directory.path().join("report");
    let mut command = Command::cargo_bin("regard")?;
    command.args(["eval", "--draws", "200", "--precision", "0.75"]).arg("--data").arg(&gold);
    let output = command.arg("--predictions").arg(&answers).arg("--report").arg(&report).output()?;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout)?;
    let stance = &found["stance"];
    assert_eq!(stance["accuracy"], 0.75);
    for name in [
        "macro_f1",
        "f1_pn",
        "accuracy",
        "balanced_accuracy",
        "mcc",
        "kappa",
        "qwk",
        "auroc",
        "auprc",
        "nll",
        "brier",
        "ece",
        "ece_mass",
    ] {
        let interval = stance[format!("{name}_interval")].as_array().ok_or(name)?;
        assert!(stance[name].is_f64() && interval.len() == 2, "{name}");
    }
    assert_eq!(found["by"]["language"]["ar"]["stance"]["n"], 60);
    assert_eq!(
        stance["abstention"]["thresholds"][0]["coverage"], 1.0,
        "three in four are right without leaving any out"
    );
    assert!(!found["mistakes"].as_array().ok_or("mistakes")?.is_empty());
    for file in ["evaluation.json", "report.html", "report.md"] {
        assert!(report.join(file).is_file(), "{file}");
    }
    let written: Value = serde_json::from_slice(&fs::read(report.join("evaluation.json"))?)?;
    assert_eq!(written, found, "the file is what was printed");
    Ok(())
}

#[test]
fn several_runs_have_a_mean_and_a_spread() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let gold = gold(directory.path(), 120)?;
    let runs = [predictions(directory.path(), "a.jsonl", 120, 4)?, predictions(directory.path(), "b.jsonl", 120, 6)?];
    let mut command = Command::cargo_bin("regard")?;
    command.args(["eval", "--draws", "200", "--data"]).arg(&gold).arg("--predictions").args(&runs);
    let found: Value = serde_json::from_slice(&command.output()?.stdout)?;
    assert_eq!(found["runs"].as_array().map(Vec::len), Some(2));
    let accuracy = &found["over_runs"]["stance"]["accuracy"];
    let mean = accuracy["mean"].as_f64().ok_or("mean")?;
    assert!((mean - (0.75 + 5.0 / 6.0) / 2.0).abs() < 1e-12);
    assert!(accuracy["deviation"].is_f64() && accuracy["interval"].is_array());
    Ok(())
}

#[test]
fn systems_are_compared() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let gold = gold(directory.path(), 600)?;
    let systems =
        [predictions(directory.path(), "good.jsonl", 600, 30)?, predictions(directory.path(), "bad.jsonl", 600, 3)?];
    let output = Command::cargo_bin("regard")?
        .args(["eval", "compare"])
        .args(&systems)
        .arg("--data")
        .arg(&gold)
        .args(["--draws", "500"])
        .output()?;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout)?;
    let pair = &found["questions"][0]["pairs"][0];
    let parts = pair["by"].as_array().map(Vec::len).ok_or("parts")?;
    assert!(parts >= 5, "languages, data set, number of targets, length, actor");
    assert_eq!((&pair["wins"], &pair["losses"]), (&Value::from(parts), &Value::from(0)), "better everywhere");
    for test in ["randomisation", "bootstrap", "mcnemar"] {
        assert!(pair["p_holm"][test].as_f64().is_some_and(|p| p < 0.01), "{test}: {}", pair["p_holm"]);
    }
    Ok(())
}

#[test]
fn predictions_that_do_not_fit_are_named_and_the_rest_counts() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let gold = gold(directory.path(), 6)?;
    let path = directory.path().join("answers.jsonl");
    let lines = [
        r#"{"id":"0","label":"against"}"#,
        r#"{"id":"0","label":"favor"}"#,
        r#"{"id":"99","label":"favor"}"#,
        r#"{"id":"1","label":"pro"}"#,
        r#"{"id":"2","scores":{"against":0.5,"neutral":0.9,"favor":0.1}}"#,
        r#"{"id":"3","scores":{"negative":0.5,"neutral":0.4,"positive":0.1}}"#,
        r#"{"id":"4"}"#,
        "nonsense",
    ];
    fs::write(&path, lines.join("\n"))?;
    let output =
        Command::cargo_bin("regard")?.args(["eval", "--data"]).arg(&gold).arg("--predictions").arg(&path).output()?;
    assert_eq!(output.status.code(), Some(3));
    let errors = String::from_utf8_lossy(&output.stderr);
    for expected in [
        ":2: id: expected one answer an example, found a second to \"0\"",
        ":3: id: expected one of the labelled examples, found \"99\"",
        ":4: label: expected one of against, neutral, favor, found \"pro\"",
        ":5: scores: expected probabilities of against, neutral, favor that sum to 1, found",
        ":6: scores: expected probabilities of against, neutral, favor",
        ":7: expected a field scores or label, found neither",
        ":8: ",
        "found none to 5: 1, 2, 3, 4, 5",
    ] {
        assert!(errors.contains(expected), "{expected} in {errors}");
    }
    let found: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!((&found["stance"]["n"], &found["unanswered"]), (&Value::from(1), &Value::from(5)));
    assert_eq!(found["stance"]["macro_f1_interval"], Value::Null);
    let notes = found["stance"]["notes"].to_string();
    for expected in ["n = 1 in 1 groups: too few to say", "one class only", "without probabilities"] {
        assert!(notes.contains(expected), "{expected} in {notes}");
    }
    Ok(())
}

#[test]
fn what_cannot_be_measured_is_refused_with_its_place() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let (gold, answers) = (gold(directory.path(), 30)?, predictions(directory.path(), "answers.jsonl", 30, 4)?);
    let run = |arguments: &[&str]| -> Result<(Option<i32>, String), Box<dyn Error>> {
        let mut command = Command::cargo_bin("regard")?;
        let output = command.current_dir(directory.path()).arg("eval").args(arguments).output()?;
        Ok((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()))
    };
    let cases: [(&[&str], i32, &str); 8] = [
        (&["--data", "gold.jsonl", "--predictions", "answers.jsonl", "--half-masking"], 2, "cannot be used with"),
        (
            &["--data", "gold.jsonl", "--predictions", "answers.jsonl", "--draws", "5"],
            2,
            "expected 0, or a number from 100",
        ),
        (
            &["--data", "gold.jsonl", "--predictions", "answers.jsonl", "--precision", "2"],
            2,
            "expected a number from 0 to 1",
        ),
        (&["--data", "gold.jsonl", "--predictions", "none.jsonl"], 1, "none.jsonl: No such file"),
        (&["compare", "answers.jsonl", "none.jsonl", "--data", "gold.jsonl"], 1, "none.jsonl: No such file"),
        (&["--data", "none.jsonl"], 1, "none.jsonl: No such file"),
        (
            &["--data", "gold.jsonl", "--predictions", "answers.jsonl", "answers.jsonl", "--report", "out"],
            1,
            "--report takes one",
        ),
        (
            &["--data", "gold.jsonl", "gold.jsonl", "--predictions", "answers.jsonl"],
            3,
            "expected each id once in a data set",
        ),
    ];
    for (arguments, code, message) in cases {
        let (found, errors) = run(arguments)?;
        assert_eq!(found, Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(message), "{arguments:?}: {errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
    let (_, errors) = run(&["--data", "none.jsonl"])?;
    assert_eq!(errors.matches("No such file").count(), 1, "said once: {errors}");
    assert!(gold.exists() && answers.exists());
    Ok(())
}
