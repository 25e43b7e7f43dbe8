//! `regard train` on a tiny base: what is wrong is named before anything starts, what is asked for is done.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Run `regard train` in `directory` and give exit code, stdout and stderr.
fn train(directory: &Path, arguments: &[&str]) -> Result<(i32, String, String)> {
    let output = Command::cargo_bin("regard")?.current_dir(directory).arg("train").args(arguments).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().ok_or("killed by a signal")?, text(&output.stdout), text(&output.stderr)))
}

/// A stance example whose target is the first word.
fn stance(id: usize, label: &str) -> String {
    let word = ["aaaa", "oooo", "eeee"][id % 3];
    format!(
        r#"{{"id":"s{id}","dataset":"own","lang":"en","text":"{word} {id}","target":"{word}","target_start":0,"target_end":4,"label":"{label}"}}"#
    )
}

fn lines(classes: &[&str]) -> Vec<String> {
    (0..24).map(|id| stance(id, classes[id % classes.len()])).collect()
}

const CLASSES: [&str; 3] = ["against", "neutral", "favor"];

/// An experiment on sentences of our own, `own.toml`, in a directory of its own.
fn experiment() -> Result<tempfile::TempDir> {
    let directory = tempfile::tempdir()?;
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inference/tests/reference/xlm-roberta");
    let text = format!(
        "base = '{}'\noutput = 'run'\nepochs = 1\nbatch = 6\ntrain = ['train.jsonl']\ndev = ['dev.jsonl']\n[optimizer]\nlr = 5e-3\n",
        base.display()
    );
    fs::write(directory.path().join("own.toml"), text)?;
    for name in ["train.jsonl", "dev.jsonl"] {
        fs::write(directory.path().join(name), lines(&CLASSES).join("\n"))?;
    }
    Ok(directory)
}

/// All files below `directory`.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

#[test]
fn a_wrong_experiment_is_refused_with_its_place() -> Result {
    let directory = experiment()?;
    let at = directory.path();
    let good = fs::read_to_string(at.join("own.toml"))?;
    let own = ["--config", "own.toml"];
    let set = |said| ["--config", "own.toml", "--set", said];
    let cases: [(&str, &str, &[&str], &str); 5] = [
        ("lr = 5e-3", "lrr = 5e-3", &own, "regard: own.toml:8: optimizer.lrr: unknown key, did you mean lr?"),
        ("lr = 5e-3", "lr = 'high'", &own, "own.toml:8: optimizer.lr: expected a number, found string \"high\""),
        ("epochs = 1", "epochs = 0", &own, "own.toml:3: epochs: expected a whole number from 1, found 0"),
        ("", "", &set("optimizer.lrr=1"), "regard: --set optimizer.lrr=1: unknown key, did you mean lr?"),
        ("['dev.jsonl']", "[]", &own, "own.toml:6: dev: expected at least one file, found none"),
    ];
    for (from, to, arguments, expected) in cases {
        fs::write(at.join("own.toml"), good.replacen(from, to, 1))?;
        let (code, out, messages) = train(at, arguments)?;
        assert_eq!((code, out.as_str()), (1, ""), "{messages}");
        assert!(messages.contains(expected), "{expected:?} is not in\n{messages}");
        assert_eq!(messages.lines().count(), 1, "{messages}");
    }
    assert!(!at.join("run").exists());
    Ok(())
}

#[test]
fn data_that_cannot_be_learnt_from_is_refused_with_its_place() -> Result {
    let directory = experiment()?;
    let at = directory.path();
    let mut odd = lines(&CLASSES);
    odd[4] = stance(4, "good");
    let mut outside = lines(&CLASSES);
    outside[7] = outside[7].replace("\"target_end\":4", "\"target_end\":99");
    for (name, content, expected) in [
        (
            "train.jsonl",
            &odd,
            [
                "0.01 of the records to be unusable (data.broken), found 1 of 24:",
                "train.jsonl:5: label: expected one of",
            ],
        ),
        (
            "train.jsonl",
            &outside,
            ["found 1 of 24:", "train.jsonl:8: target_start, target_end: expected a range within"],
        ),
        (
            "train.jsonl",
            &lines(&["against", "neutral"]),
            ["train: expected at least one stance example", "none of favor"],
        ),
        ("dev.jsonl", &Vec::new(), ["dev.jsonl: expected at least one example", "found none"]),
    ] {
        let good = fs::read(at.join(name))?;
        fs::write(at.join(name), content.join("\n"))?;
        let (code, out, messages) = train(at, &["--config", "own.toml"])?;
        assert_eq!((code, out.as_str()), (1, ""), "{messages}");
        for expected in expected {
            assert!(messages.contains(expected), "{expected:?} is not in\n{messages}");
        }
        fs::write(at.join(name), good)?;
    }
    fs::write(at.join("own.csv"), "text,target,label\nIran spoke.,Iran,neg\nIran left.,Iran,odd\n")?;
    let table = "train=[{ path = 'own.csv', labels = { neg = 'against' }, language = 'en', dataset = 'own' }]";
    let (code, _, messages) = train(at, &["--config", "own.toml", "--set", table])?;
    assert_eq!(code, 1);
    assert!(
        messages.contains("own.csv:3: label: expected one of neg, against, neutral, favor, found \"odd\""),
        "{messages}"
    );
    assert!(!at.join("run").exists(), "nothing is written before the data are read");
    // Below the share, the record is named and left out.
    fs::write(at.join("train.jsonl"), odd.join("\n"))?;
    let (code, _, messages) = train(at, &["--config", "own.toml", "--set", "data.broken=0.1"])?;
    assert_eq!(code, 3, "{messages}");
    assert!(messages.contains("regard: skipped: train.jsonl:5: label: expected one of"), "{messages}");
    Ok(())
}

#[test]
fn a_run_is_not_written_over_but_taken_up_or_replaced() -> Result {
    let directory = experiment()?;
    let at = directory.path();
    let (code, out, messages) = train(at, &["--config", "own.toml", "--steps", "2"])?;
    assert_eq!((code, out.as_str()), (0, ""), "{messages}");
    assert!(messages.contains("stopped at step 2; go on with: regard train --resume run"), "{messages}");
    let (code, _, messages) = train(at, &["--config", "own.toml"])?;
    assert_eq!(code, 1);
    let expected = "run: expected no run, found one; go on with it: regard train --resume run; replace it: --overwrite";
    assert!(messages.contains(expected), "{messages}");
    let (code, _, messages) = train(at, &["--resume", "run"])?;
    assert_eq!(code, 0, "{messages}");
    assert!(messages.contains("best checkpoint: run/best (mean dev macro_f1 0."), "{messages}");
    let (code, _, messages) = train(at, &["--config", "own.toml", "--overwrite", "--steps", "1"])?;
    assert_eq!(code, 0, "{messages}");
    let (code, _, messages) = train(at, &["--resume", "nowhere"])?;
    assert_eq!(code, 1);
    assert!(messages.contains("nowhere: expected a run to go on with, found no config.toml"), "{messages}");
    Ok(())
}

#[test]
fn a_dry_run_tells_and_writes_nothing_but_the_batches() -> Result {
    let directory = experiment()?;
    let at = directory.path();
    let before = files(at)?;
    let (code, out, messages) = train(at, &["--config", "own.toml", "--dry-run"])?;
    assert_eq!(code, 0, "{messages}");
    let plan: Value = serde_json::from_str(&out)?;
    assert_eq!((&plan["sentences"], &plan["steps"], &plan["broken"]), (&24.into(), &4.into(), &0.into()));
    assert_eq!(plan["stance"], serde_json::json!([8, 8, 8]));
    for value in [&plan["tokens_per_epoch"], &plan["trained"], &plan["memory"]["activations"], &plan["seconds"]] {
        assert!(value.as_f64().is_some_and(|value| value > 0.0), "{out}");
    }
    assert_eq!(files(at)?, before);
    let (code, _, messages) = train(at, &["--config", "own.toml", "--dry-run", "--batches", "batches.jsonl"])?;
    assert_eq!(code, 0, "{messages}");
    assert_eq!(files(at)?.len(), before.len() + 1);
    let batches = fs::read_to_string(at.join("batches.jsonl"))?;
    assert_eq!(batches.lines().count(), 1 + 4, "the run's numbers, then a line a step");
    batches.lines().try_for_each(|line| serde_json::from_str::<Value>(line).map(|_| ()))?;
    Ok(())
}

#[test]
fn several_seeds_are_several_runs() -> Result {
    let directory = experiment()?;
    let at = directory.path();
    let (code, out, messages) = train(at, &["--config", "own.toml", "--seeds", "1,2"])?;
    assert_eq!(code, 0, "{messages}");
    let summary: Value = serde_json::from_str(&out)?;
    assert_eq!(summary["runs"][1]["seed"], 2);
    assert_eq!(summary["runs"][1]["checkpoint"], "run/seed-2/best");
    let spread = &summary["stance"]["macro_f1"];
    assert_eq!(spread["runs"], 2);
    assert!(spread["mean"].is_f64() && spread["deviation"].is_f64(), "{out}");
    for seed in [1, 2] {
        let config = fs::read_to_string(at.join(format!("run/seed-{seed}/config.toml")))?;
        assert!(config.contains(&format!("seed = {seed}\n")), "{config}");
    }
    let (code, _, messages) = train(at, &["--config", "own.toml", "--seeds", "3,1"])?;
    assert_eq!(code, 1);
    assert!(messages.contains("run/seed-1: expected no run, found one"), "{messages}");
    assert!(!at.join("run/seed-3").exists(), "all directories are looked at before the first run");
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_signal_ends_a_run_that_can_be_taken_up() -> Result {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let directory = experiment()?;
    let arguments = ["train", "--config", "own.toml", "--set", "epochs=5000"];
    let binary = assert_cmd::cargo::cargo_bin("regard");
    let mut running =
        Command::new(binary).current_dir(directory.path()).args(arguments).stderr(Stdio::piped()).spawn()?;
    let mut messages = BufReader::new(running.stderr.take().ok_or("stderr")?).lines();
    // The first line of the log is proof that steps are being taken.
    messages
        .by_ref()
        .find(|line| line.as_ref().is_ok_and(|line| line.starts_with("step 50: loss")))
        .ok_or("a line")??;
    Command::new("kill").args(["-TERM", &running.id().to_string()]).status()?;
    let rest = messages.collect::<std::result::Result<Vec<_>, _>>()?.join("\n");
    assert_eq!(running.wait()?.code(), Some(130), "{rest}");
    assert!(rest.contains("; go on with: regard train --resume run"), "{rest}");
    Ok(())
}

#[test]
fn wrong_usage_says_so() -> Result {
    let directory = experiment()?;
    for arguments in [
        vec![],
        vec!["--config", "own.toml", "--resume", "run"],
        vec!["--resume", "run", "--overwrite"],
        vec!["--resume", "run", "--seeds", "1"],
        vec!["--config", "own.toml", "--batches", "b.jsonl"],
        vec!["--config", "own.toml", "--seeds", "one"],
        vec!["--config", "own.toml", "--dry-run", "--steps", "3"],
    ] {
        assert_eq!(train(directory.path(), &arguments)?.0, 2, "{arguments:?}");
    }
    Ok(())
}
