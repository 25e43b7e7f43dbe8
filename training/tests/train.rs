//! The whole loop on a tiny model: it learns, it keeps the best, and it replays.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::Device;
use regard::checkpoint::Checkpoint;
use regard::predict::{Predictor, Query, Target};
use regard::{Span, Stance};
use regard_training::{Config, Event};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn base() -> Result<Checkpoint> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/inference/tests/reference/xlm-roberta");
    Ok(Checkpoint::open(&directory, &Device::Cpu)?)
}

/// Sentences whose stance hangs on one word, and moods that hang on another.
fn data(directory: &Path) -> Result<PathBuf> {
    let mut lines = String::new();
    for index in 0..24 {
        let (word, label, mood) =
            [("aa", "against", "negative"), ("oo", "neutral", "neutral"), ("ee", "favor", "positive")][index % 3];
        let text = format!("{word}{word} {index}");
        let end = word.len() * 2;
        lines += &format!(
            "{{\"id\":\"s{index}\",\"dataset\":\"own\",\"lang\":\"en\",\"text\":\"{text}\",\"target\":\"{word}\",\"target_start\":0,\"target_end\":{end},\"label\":\"{label}\"}}\n"
        );
        lines += &format!(
            "{{\"id\":\"m{index}\",\"dataset\":\"own\",\"lang\":\"en\",\"text\":\"{text}\",\"sentiment\":\"{mood}\"}}\n"
        );
    }
    let path = directory.join("own.jsonl");
    fs::write(&path, lines)?;
    Ok(path)
}

fn config(directory: &Path, output: &str) -> Result<Config> {
    let path = data(directory)?;
    let file = directory.join("experiment.toml");
    let output = directory.join(output);
    fs::write(
        &file,
        format!(
            "base = 'tiny'\noutput = '{}'\nseed = 7\nepochs = 20\nbatch = 6\ndev = ['{}']\n[optimizer]\nrate = 5e-3\nfreeze_embeddings = false\n[[train]]\npath = '{}'\n",
            output.display(),
            path.display(),
            path.display()
        ),
    )?;
    Ok(Config::open(&file)?)
}

#[test]
fn a_run_learns_keeps_its_best_and_replays() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut weights = Vec::new();
    for output in ["first", "second"] {
        let config = config(directory.path(), output)?;
        let mut losses = Vec::new();
        let outcome = regard_training::train(&config, base()?, |event| {
            if let Event::Step { loss, .. } = event {
                losses.push(loss);
            }
        })?;
        assert!(losses[losses.len() - 1] < 0.6 * losses[0], "{losses:?}");
        assert!(outcome.score > 0.9, "{outcome:?}");
        assert!(directory.path().join(output).join("config.toml").exists());
        let metrics = fs::read_to_string(directory.path().join(output).join("metrics.jsonl"))?;
        assert_eq!(metrics.lines().filter(|line| line.contains("\"epoch\"")).count(), 20);
        weights.push(fs::read(outcome.checkpoint.join("model.safetensors"))?);
    }
    assert!(weights[0] == weights[1], "one seed, one result");

    // A span checkpoint as base is trained on: its heads know already.
    let best = directory.path().join("first/best");
    let again = Config { output: directory.path().join("again"), epochs: 1, ..config(directory.path(), "first")? };
    let mut first_loss = None;
    regard_training::train(&again, Checkpoint::open(&best, &Device::Cpu)?, |event| {
        if let Event::Step { loss, .. } = event {
            first_loss.get_or_insert(loss);
        }
    })?;
    assert!(first_loss.is_some_and(|loss| loss < 0.8), "three ways to guess lose 1.1: {first_loss:?}");

    let best = Predictor::new(Checkpoint::open(&directory.path().join("first/best"), &Device::Cpu)?)?;
    let text = "eeee 3";
    let mention = Span::new(text, 0, 4).ok_or("span")?;
    let query = Query { text, targets: vec![Target { name: "ee".into(), mentions: vec![mention] }] };
    let prediction = &best.predict(&[query])?[0];
    assert_eq!(prediction.stance[0].map(|scores| scores.label()), Some(Stance::Favor));
    Ok(())
}

#[test]
fn a_wrong_experiment_is_refused_before_it_starts() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("wrong.toml");
    let good = "base = 'b'\noutput = 'o'\nepochs = 1\ndev = ['d']\n[optimizer]\nrate = 1e-4\n[[train]]\npath = 't'\n";
    for (change, expected) in [
        (good.replace("epochs", "epoch"), "unknown field `epoch`"),
        (good.replace("1e-4", "-1.0"), "optimizer.rate: expected a positive number, found -1"),
        (good.replace("epochs = 1", "epochs = 0"), "expected at least one of each"),
        (good.replace("path = 't'", "path = 't'\nshare = 2.0"), "train.share: expected 0 to 1, found 2"),
    ] {
        fs::write(&file, change)?;
        let Err(error) = Config::open(&file) else { return Err(expected.into()) };
        assert!(error.to_string().contains(expected) && error.to_string().contains("wrong.toml"), "{error}");
    }
    fs::write(&file, good)?;
    let config = Config::open(&file)?;
    let missing = regard_training::train(&Config { output: directory.path().join("o"), ..config }, base()?, |_| ());
    assert!(missing.is_err_and(|error| error.to_string().contains("t: No such file")));
    Ok(())
}
