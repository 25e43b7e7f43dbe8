//! The whole loop on a tiny model: it learns, keeps the best, replays, and goes on where it stopped.

mod experiment;

use std::fs;
use std::ops::ControlFlow;

use candle_core::Device;
use experiment::{Result, base, config, run, weights};
use regard::checkpoint::Checkpoint;
use regard::predict::{Predictor, Query, Target};
use regard::weights::Weights;
use regard::{Span, Stance};
use regard_training::{Error, Models, Options};

#[test]
fn a_run_learns_keeps_its_best_and_replays() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut found = Vec::new();
    for output in ["first", "second"] {
        let config = config(directory.path(), output, &[])?;
        let (outcome, losses) = run(&config, base("xlm-roberta")?, Options::default())?;
        assert!(outcome.finished && losses[losses.len() - 1] < 0.7 * losses[0], "{losses:?}");
        assert!(outcome.score.is_some_and(|score| score > 0.9), "{outcome:?}");
        let metrics = fs::read_to_string(config.output.join("metrics.jsonl"))?;
        assert_eq!(metrics.lines().filter(|line| line.contains("\"kind\":\"dev\"")).count(), 20);
        assert_eq!(metrics.lines().filter(|line| line.contains("\"kind\":\"step\"")).count(), 80);
        for file in ["config.toml", "run.json", "curves.svg", "best/MODEL_CARD.md", "last/state.safetensors"] {
            assert!(config.output.join(file).is_file(), "{file}");
        }
        found.push(weights(&config, "best")?);
    }
    assert!(found[0] == found[1], "one seed, one result");

    // A span checkpoint as base is trained on: its heads know already.
    let best = directory.path().join("first/best");
    let again = config(directory.path(), "again", &["epochs=1"])?;
    let (_, losses) = run(&again, Checkpoint::open(&best, &Device::Cpu)?, Options::default())?;
    assert!(losses[0] < 0.8, "three ways to guess lose 1.1: {losses:?}");

    let best = Predictor::new(Checkpoint::open(&best, &Device::Cpu)?)?;
    let text = "eeee 3";
    let mention = Span::new(text, 0, 4).ok_or("span")?;
    let targets = vec![Target { name: "ee".into(), mentions: vec![mention] }];
    let prediction = &best.predict(&[Query { text, language: None, targets }])?[0];
    assert_eq!(prediction.stance[0].map(|scores| scores.label()), Some(Stance::Favor));
    Ok(())
}

/// The ways to learn that keep a state of their own.
const WAYS: [&[&str]; 5] = [
    &["optimizer.average=0.9", "accumulation=2", "evaluation.every=3"],
    &["trained.embeddings=\"rows\"", "optimizer.average=0.5", "data.masked=0.5", "data.replaced=0.5"],
    &["trained.layers=\"lora\"", "trained.rank=2", "trained.embeddings=\"frozen\""],
    &["loss.adversarial=0.5", "loss.smoothing=0.1", "trained.embeddings=\"rows\""],
    &["target=\"pair\"", "optimizer.schedule=\"cosine\"", "optimizer.layer_decay=0.8"],
];

#[test]
fn a_run_interrupted_three_times_equals_one_that_was_not() -> Result<()> {
    for way in WAYS {
        let directory = tempfile::tempdir()?;
        let overrides = [way, &["epochs=3"]].concat();
        let whole = config(directory.path(), "whole", &overrides)?;
        let (_, losses) = run(&whole, base("xlm-roberta")?, Options::default())?;
        let steps = losses.len();

        let parts = config(directory.path(), "parts", &overrides)?;
        let mut parted = Vec::new();
        for (resume, stop) in [(false, Some(2)), (true, Some(steps / 2)), (true, Some(steps - 1)), (true, None)] {
            let options = Options { resume, steps: stop, ..Options::default() };
            let (outcome, losses) = run(&parts, base("xlm-roberta")?, options)?;
            assert_eq!(outcome.finished, stop.is_none());
            parted.extend(losses);
        }
        assert_eq!(losses, parted, "{way:?}");
        for which in ["best", "last"] {
            assert!(weights(&whole, which)? == weights(&parts, which)?, "{which} of {way:?}");
        }
        // What both wrote down is the same but for the time that it took.
        let records = |output: &str| -> Result<Vec<serde_json::Value>> {
            let text = fs::read_to_string(directory.path().join(output).join("metrics.jsonl"))?;
            let mut records: Vec<serde_json::Value> =
                text.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
            records
                .iter_mut()
                .filter_map(serde_json::Value::as_object_mut)
                .for_each(|record| drop(record.remove("seconds")));
            Ok(records)
        };
        assert_eq!(records("whole")?, records("parts")?, "{way:?}");
    }
    Ok(())
}

#[test]
fn only_what_is_to_learn_moves() -> Result<()> {
    let before = base("xlm-roberta")?.weights;
    type Way<'a> = (&'a [&'a str], fn(&str) -> bool);
    let ways: [Way<'_>; 4] = [
        (&["trained.layers=\"frozen\"", "trained.embeddings=\"frozen\""], |_| false),
        (&["trained.layers=\"lora\"", "trained.embeddings=\"frozen\""], |name| {
            name.starts_with("encoder.") && name.ends_with("weight") && !name.contains("LayerNorm")
        }),
        (&["trained.embeddings=\"frozen\""], |name| !name.contains("word_embeddings")),
        (&[], |_| true),
    ];
    for (way, moves) in ways {
        let directory = tempfile::tempdir()?;
        let config = config(directory.path(), "run", &[way, &["epochs=1"]].concat())?;
        run(&config, base("xlm-roberta")?, Options::default())?;
        let after = Weights::open(&config.output.join("last"), &Device::Cpu)?;
        let mut compared = 0;
        for entry in before.iter() {
            let (name, tensor) = entry?;
            // All sequences are short, and of one type: rows of positions that are never read do not move.
            if let Some(now) = after.get(name)? {
                let moved = (tensor - now)?.abs()?.max_all()?.to_scalar::<f32>()? > 0.0;
                assert_eq!(moved, moves(name), "{name} with {way:?}");
                compared += 1;
            }
        }
        assert!(compared > 30, "{compared}");
    }
    Ok(())
}

#[test]
fn computing_layers_twice_changes_nothing_but_the_memory() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut all = Vec::new();
    for (output, recompute) in [("kept", "compute.recompute=false"), ("twice", "compute.recompute=true")] {
        let config = config(
            directory.path(),
            output,
            &["epochs=2", "trained.embeddings=\"rows\"", "loss.adversarial=0.3", recompute],
        )?;
        all.push(run(&config, base("xlm-roberta")?, Options::default())?.1);
    }
    for (kept, twice) in all[0].iter().zip(&all[1]) {
        assert!((kept - twice).abs() < 1e-4, "{all:?}");
    }
    Ok(())
}

#[test]
fn a_pair_checkpoint_learns_and_is_one_of_transformers() -> Result<()> {
    for name in ["bert", "xlm-roberta"] {
        let directory = tempfile::tempdir()?;
        let config = config(directory.path(), "run", &["target=\"pair\"", "epochs=60"])?;
        let (outcome, losses) = run(&config, base(name)?, Options::default())?;
        assert!(losses[losses.len() - 1] < 0.7 * losses[0], "{losses:?}");
        let json: serde_json::Value = serde_json::from_slice(&fs::read(outcome.checkpoint.join("config.json"))?)?;
        assert_eq!(json["id2label"]["2"], "favor");
        let predictor = Predictor::new(Checkpoint::open(&outcome.checkpoint, &Device::Cpu)?)?;
        let targets = ["aa", "oo"].map(|name| Target { name: name.into(), mentions: Vec::new() }).to_vec();
        let prediction = &predictor.predict(&[Query { text: "aaaa 3", language: None, targets }])?[0];
        assert_eq!(prediction.stance[0].map(|scores| scores.label()), Some(Stance::Against));
    }
    Ok(())
}

#[test]
fn teachers_pass_on_what_they_know() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let texts = directory.path().join("texts.txt");
    fs::write(&texts, "Russia rejects it.\nNobody is named here.\nChina and Japan agree.\n")?;
    let teacher = config(directory.path(), "teacher", &["epochs=1"])?;
    let (taught, _) = run(&teacher, base("xlm-roberta")?, Options::default())?;
    let section = format!("teacher={{checkpoints=['a','b'],texts=['{}'],share=2.0}}", texts.display());
    let config = config(directory.path(), "pupil", &["epochs=2", &section])?;
    let teachers = [(); 2].map(|()| Checkpoint::open(&taught.checkpoint, &Device::Cpu));
    let teachers = teachers.into_iter().collect::<std::result::Result<_, _>>()?;
    let mut sentences = 0;
    regard_training::train(
        &config,
        Models { base: base("xlm-roberta")?, teachers },
        Options::default(),
        &mut |event| {
            if let regard_training::Event::Started { sentences: started, .. } = event {
                sentences = started;
            }
            ControlFlow::Continue(())
        },
    )?;
    // 24 of the labelled file, and the two that name someone, twice.
    assert_eq!(sentences, 28);
    let models = Models { base: base("xlm-roberta")?, teachers: vec![base("roberta")?] };
    let overwrite = Options { overwrite: true, ..Options::default() };
    let refused = regard_training::train(&config, models, overwrite, &mut |_| ControlFlow::Continue(()));
    let message = refused.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(message.starts_with("teacher "), "{message}");
    assert!(message.ends_with(": expected a checkpoint that answers stance, found a sentence classifier"), "{message}");
    Ok(())
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_and_loses_nothing() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let config = config(directory.path(), "run", &["optimizer.lr=1e30", "optimizer.warmup=0.0"])?;
    let error = match run(&config, base("xlm-roberta")?, Options::default()) {
        Err(error) => error,
        Ok(outcome) => return Err(format!("{outcome:?}").into()),
    };
    let Some(Error::Diverged { step, names, .. }) = error.downcast_ref() else { return Err(error) };
    assert!(*step > 1 && names.contains("own/"), "{error}");
    let progress: serde_json::Value = serde_json::from_slice(&fs::read(config.output.join("last/progress.json"))?)?;
    assert_eq!(progress["step"], *step - 1);
    Ok(())
}

#[test]
fn a_run_is_not_replaced_and_not_continued_on_other_data() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let config = config(directory.path(), "run", &["epochs=2"])?;
    run(&config, base("xlm-roberta")?, Options { steps: Some(3), ..Options::default() })?;
    let refused = run(&config, base("xlm-roberta")?, Options::default());
    assert!(refused.is_err_and(|error| error.to_string().contains("expected no run here, found one")));
    let overwrite = Options { overwrite: true, steps: Some(3), ..Options::default() };
    assert_eq!(run(&config, base("xlm-roberta")?, overwrite)?.0.step, 3);

    let path = directory.path().join("own.jsonl");
    fs::write(&path, fs::read_to_string(&path)?.replace("aaaa 3", "aaaa 33"))?;
    let resumed = run(&config, base("xlm-roberta")?, Options { resume: true, ..Options::default() });
    assert!(resumed.is_err_and(|error| error.to_string().contains("own.jsonl: expected sha256")));
    Ok(())
}

#[test]
fn a_run_is_taken_up_as_the_experiment_that_it_is() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let resume = Options { resume: true, ..Options::default() };
    let begun = config(directory.path(), "run", &["epochs=2", "compute.save_minutes=0"])?;
    run(&begun, base("xlm-roberta")?, Options { steps: Some(3), ..Options::default() })?;
    let other = config(directory.path(), "run", &["epochs=1", "batch=12"])?;
    let refused = run(&other, base("xlm-roberta")?, resume);
    assert!(refused.is_err_and(|error| error.to_string().contains("found another batch, epochs")));

    // A rate may change, and the run remembers it.
    let slower = config(directory.path(), "run", &["epochs=2", "optimizer.lr=1e-4"])?;
    run(&slower, base("xlm-roberta")?, Options { steps: Some(4), ..resume })?;
    assert!(fs::read_to_string(slower.output.join("config.toml"))?.contains("lr = 0.0001"));

    // Killed before the first save, it begins again.
    fs::remove_dir_all(begun.output.join("last"))?;
    assert!(run(&slower, base("xlm-roberta")?, resume)?.0.finished);
    // Finished, it is finished still.
    assert!(run(&slower, base("xlm-roberta")?, resume)?.1.is_empty());
    Ok(())
}

#[test]
fn nothing_to_learn_from_and_labels_that_count_nothing() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("own.jsonl");
    let silent = config(directory.path(), "silent", &["loss.sentiment_weight=0.0", "epochs=1"])?;
    let moods =
        fs::read_to_string(&path)?.lines().filter(|line| line.contains("sentiment")).collect::<Vec<_>>().join("\n");
    fs::write(&path, &moods)?;
    // Every batch holds labels, none of which counts: nothing moves, nothing is NaN.
    let (outcome, losses) = run(&silent, base("xlm-roberta")?, Options::default())?;
    assert!(outcome.finished && losses.iter().all(|loss| *loss == 0.0), "{losses:?}");

    let pair = config(directory.path(), "pair", &["target=\"pair\""])?;
    fs::write(&path, &moods)?;
    let refused = run(&pair, base("xlm-roberta")?, Options::default());
    assert!(refused.is_err_and(|error| error.to_string().contains("expected examples that the model can be asked")));
    Ok(())
}

#[test]
fn what_is_there_is_not_replaced_by_accident() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let config = config(directory.path(), "run", &["epochs=1"])?;
    fs::create_dir_all(config.output.join("best"))?;
    let refused = run(&config, base("xlm-roberta")?, Options::default());
    assert!(refused.is_err_and(|error| error.to_string().contains("expected no run here, found one")));
    assert!(config.output.join("best").is_dir() && !config.output.join("config.toml").exists());
    Ok(())
}
