//! A tiny experiment: a random model of two layers, and sentences whose stance hangs on one word.

use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use candle_core::Device;
use regard::checkpoint::Checkpoint;
use regard_training::{Config, Event, Models, Options, Outcome};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A base model of the reference checkpoints.
pub(crate) fn base(name: &str) -> Result<Checkpoint> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/inference/tests/reference").join(name);
    Ok(Checkpoint::open(&directory, &Device::Cpu)?)
}

/// Sentences whose stance hangs on one word, and moods that hang on another; every fourth names an actor of the catalogue.
pub(crate) fn data(directory: &Path) -> Result<PathBuf> {
    let mut lines = String::new();
    for index in 0..24 {
        let (word, label, mood) =
            [("aa", "against", "negative"), ("oo", "neutral", "neutral"), ("ee", "favor", "positive")][index % 3];
        let target = if index % 4 == 3 { "Iran" } else { word };
        let text =
            if target == word { format!("{word}{word} {index}") } else { format!("{target} {word}{word} {index}") };
        let end = if target == word { word.len() * 2 } else { target.len() };
        lines += &format!(
            "{{\"id\":\"s{index}\",\"dataset\":\"own\",\"lang\":\"en\",\"text\":\"{text}\",\"target\":\"{target}\",\"target_start\":0,\"target_end\":{end},\"label\":\"{label}\"}}\n"
        );
        lines += &format!(
            "{{\"id\":\"m{index}\",\"dataset\":\"own\",\"lang\":\"en\",\"text\":\"{text}\",\"sentiment\":\"{mood}\"}}\n"
        );
    }
    let path = directory.join("own.jsonl");
    fs::write(&path, lines)?;
    Ok(path)
}

/// The experiment, with `overrides`, which will run in `directory/output`.
pub(crate) fn config(directory: &Path, output: &str, overrides: &[&str]) -> Result<Config> {
    let path = data(directory)?;
    let text = format!(
        "base = 'tiny'\noutput = '{}'\nseed = 7\nepochs = 20\nbatch = 6\ntrain = ['{1}']\ndev = ['{1}']\n\
         [optimizer]\nlr = 5e-3\n[trained]\nembeddings = 'full'\n[compute]\nthreads = 2\n",
        directory.join(output).display(),
        path.display()
    );
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    Ok(Config::parse(&text, Path::new("experiment.toml"), &overrides)?)
}

/// Run it on `base`, and give the losses of its steps too.
pub(crate) fn run(config: &Config, base: Checkpoint, options: Options) -> Result<(Outcome, Vec<f64>)> {
    let mut losses = Vec::new();
    let models = Models { base, teachers: Vec::new() };
    let outcome = regard_training::train(config, models, options, &mut |event| {
        if let Event::Step { loss, .. } = event {
            losses.push(loss);
        }
        ControlFlow::Continue(())
    })?;
    Ok((outcome, losses))
}

/// The bytes of a run's weights: `best` or `last`.
pub(crate) fn weights(config: &Config, which: &str) -> Result<Vec<u8>> {
    Ok(fs::read(config.output.join(which).join("model.safetensors"))?)
}
