//! A checkpoint is saved whole and opens as it was.

mod golden;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use golden::{Golden, Outcome, rows};
use regard::batch::Batch;
use regard::checkpoint::{Checkpoint, Files, LanguageTemperatures, Temperatures, pair_config, save, span_config};
use regard::encoder::Mode;
use regard::head::Question;
use regard::weights::{Storage, Weights};
use safetensors::SafeTensors;
use serde_json::json;

fn names(directory: &Path) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Shape and values by name.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn tensors(weights: &Weights) -> Outcome<Tensors> {
    let read = |entry: regard::Result<(&str, Tensor)>| -> Outcome<_> {
        let (name, tensor) = entry?;
        Ok((name.to_owned(), (tensor.dims().to_vec(), tensor.flatten_all()?.to_vec1()?)))
    };
    weights.iter().map(read).collect()
}

/// Write `checkpoint` with `storage`.
fn write(directory: &Path, checkpoint: &Checkpoint, storage: Storage) -> Outcome {
    let files = Files {
        config: &checkpoint.config,
        tokenizer_json: &checkpoint.tokenizer_json,
        tensors: checkpoint.weights.iter().collect::<Result<_, _>>()?,
        storage,
        card: "# A card",
        others: vec![("state.json", b"{}".to_vec())],
    };
    Ok(save(directory, &files)?)
}

/// Stance and sentiment logits of the golden inputs.
fn logits(golden: &Golden, checkpoint: Checkpoint) -> Outcome<[Vec<Vec<f32>>; 2]> {
    let (model, tokenizer, _) = checkpoint.into_model()?;
    let logits = model.forward(&Batch::pack(&golden.encodings(&tokenizer)?), Mode::Infer)?;
    Ok([rows(logits.stance.as_ref())?, rows(logits.sentiment.as_ref())?])
}

#[test]
fn f32_opens_as_it_was_saved() -> Outcome {
    // From f32, f16 and bf16 in shards: f32 holds all of them exactly.
    for name in ["bert", "xlm-roberta", "roberta", "span"] {
        let golden = Golden::open(name)?;
        let checkpoint = golden.checkpoint()?;
        let directory = tempfile::tempdir()?;
        // The parents are made too.
        let place = directory.path().join("runs/1/checkpoint");
        write(&place, &checkpoint, Storage::F32)?;
        let again = Checkpoint::open(&place, &Device::Cpu)?;
        assert_eq!(tensors(&again.weights)?, tensors(&checkpoint.weights)?, "{name}");
        assert_eq!(again.config, checkpoint.config, "{name}");
        assert_eq!(again.tokenizer_json, checkpoint.tokenizer_json, "{name}");
        assert_eq!(logits(&golden, again)?, logits(&golden, checkpoint)?, "{name}");
    }
    Ok(())
}

#[test]
fn half_precision_opens_nearly_as_it_was_saved() -> Outcome {
    let checkpoint = Golden::open("span")?.checkpoint()?;
    // Half of the last of eleven and of eight binary digits, and, in f16, of the smallest number.
    for (storage, relative, absolute) in
        [(Storage::F16, 2.0_f32.powi(-11), 3e-8), (Storage::Bf16, 2.0_f32.powi(-8), 0.0)]
    {
        let directory = tempfile::tempdir()?;
        let place = directory.path().join("checkpoint");
        write(&place, &checkpoint, storage)?;
        let again = tensors(&Checkpoint::open(&place, &Device::Cpu)?.weights)?;
        for (name, (shape, values)) in tensors(&checkpoint.weights)? {
            assert_eq!(again[&name].0, shape, "{name}");
            for (found, expected) in again[&name].1.iter().zip(values) {
                assert!(
                    (found - expected).abs() <= relative * expected.abs() + absolute,
                    "{name}: {found}, {expected}"
                );
            }
        }
    }
    Ok(())
}

#[test]
fn a_number_too_large_for_f16_is_named_and_nothing_written() -> Outcome {
    let mut checkpoint = Golden::open("span")?.checkpoint()?;
    let name = "embeddings.LayerNorm.bias";
    let bias = checkpoint.weights.get(name)?.ok_or("no such tensor")?;
    checkpoint.weights.insert(name, (bias + 70_000.0)?);
    let directory = tempfile::tempdir()?;
    let place = directory.path().join("checkpoint");
    let error = write(&place, &checkpoint, Storage::F16).err().ok_or("expected an error")?.to_string();
    assert!(error.contains(name) && error.contains("65504"), "{error}");
    assert!(!place.exists());
    Ok(())
}

#[test]
fn calibration_is_saved_with_the_config() -> Outcome {
    let mut checkpoint = Golden::open("span")?.checkpoint()?;
    assert_eq!(checkpoint.temperatures, Temperatures::default());
    let korean = LanguageTemperatures { stance: Some(1.5), sentiment: None };
    let languages = [("ko".to_owned(), korean)].into();
    let temperatures = Temperatures { stance: 1.5, sentiment: 0.75, languages };
    assert!(!checkpoint.half_masking);
    checkpoint.config = span_config(checkpoint.config, &temperatures, true);
    let expected = json!({"stance": 1.5, "sentiment": 0.75, "languages": {"ko": {"stance": 1.5}}});
    assert_eq!(checkpoint.config["regard"]["temperature"], expected);
    let directory = tempfile::tempdir()?;
    let place = directory.path().join("checkpoint");
    write(&place, &checkpoint, Storage::F32)?;
    let again = Checkpoint::open(&place, &Device::Cpu)?;
    assert_eq!(again.temperatures, temperatures);
    assert!(again.half_masking);
    assert_eq!(again.question, checkpoint.question);
    assert_eq!(again.encoder, checkpoint.encoder);
    Ok(())
}

/// The names of the tensors in the file, where [`Weights`] shows them without a prefix.
fn stored(place: &Path) -> Outcome<Vec<String>> {
    let bytes = fs::read(place.join("model.safetensors"))?;
    let mut names: Vec<String> = SafeTensors::deserialize(&bytes)?.names().into_iter().map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

/// The files under `reference` with a classifier were written by transformers itself.
#[test]
fn a_sequence_classifier_has_the_names_of_transformers() -> Outcome {
    for name in ["bert", "xlm-roberta", "span"] {
        let golden = Golden::open(name)?;
        let mut checkpoint = golden.checkpoint()?;
        if name == "xlm-roberta" {
            // Of a base model; transformers' class has no place for it.
            checkpoint.weights.insert("pooler.dense.weight", Tensor::zeros((32, 32), DType::F32, &Device::Cpu)?);
        }
        let directory = tempfile::tempdir()?;
        let place = directory.path().join("checkpoint");
        write(&place, &checkpoint, Storage::F32)?;
        assert_eq!(stored(&place)?, stored(&golden.directory)?, "{name}");
    }
    Ok(())
}

#[test]
fn a_pair_checkpoint_of_ours_is_a_sequence_classifier() -> Outcome {
    let kinds = [
        ("bert", "bert", "BertForSequenceClassification"),
        ("roberta", "roberta", "RobertaForSequenceClassification"),
        ("xlm-roberta", "xlm-roberta", "XLMRobertaForSequenceClassification"),
        ("xlm-roberta", "camembert", "CamembertForSequenceClassification"),
    ];
    let temperatures = Temperatures { stance: 1.5, ..Temperatures::default() };
    for (name, kind, architecture) in kinds {
        let mut checkpoint = Golden::open(name)?.checkpoint()?;
        checkpoint.config["model_type"] = json!(kind);
        checkpoint.config = pair_config(checkpoint.config, &temperatures)?;
        assert_eq!(checkpoint.config["architectures"], json!([architecture]));
        assert_eq!(checkpoint.config["id2label"], json!({"0": "against", "1": "neutral", "2": "favor"}));
        let directory = tempfile::tempdir()?;
        let place = directory.path().join("checkpoint");
        write(&place, &checkpoint, Storage::F32)?;
        let again = Checkpoint::open(&place, &Device::Cpu)?;
        assert_eq!(again.question, Some(Question::PairStance { order: [0, 1, 2] }));
        assert_eq!(again.temperatures, temperatures);
        again.into_model()?;
    }
    assert!(pair_config(json!({"model_type": "t5"}), &temperatures).is_err());
    Ok(())
}

#[test]
fn int8_is_within_half_a_step() -> Outcome {
    for name in ["bert", "span"] {
        let golden = Golden::open(name)?;
        let checkpoint = golden.checkpoint()?;
        let directory = tempfile::tempdir()?;
        let place = directory.path().join("small");
        write(&place, &checkpoint, Storage::Int8)?;
        let again = Checkpoint::open(&place, &Device::Cpu)?;
        let rounded = tensors(&again.weights)?;
        for (tensor, (shape, exact)) in tensors(&checkpoint.weights)? {
            let (found_shape, found) = rounded.get(&tensor).ok_or_else(|| format!("{name}: {tensor} is gone"))?;
            assert_eq!(*found_shape, shape, "{name}: {tensor}");
            let [_, width] = shape[..] else {
                assert_eq!(*found, exact, "{name}: {tensor}: vectors stay as they are");
                continue;
            };
            for (found, exact) in found.chunks(width).zip(exact.chunks(width)) {
                let largest = exact.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
                // Half a step, and what f32 loses in dividing by it and multiplying again.
                let most = largest / 127.0 / 2.0 + largest * 4.0 * f32::EPSILON;
                for (found, exact) in found.iter().zip(exact) {
                    assert!((found - exact).abs() <= most, "{name}: {tensor}: {found} is not {exact}");
                }
            }
        }
        let size = |directory: &Path| fs::metadata(directory.join("model.safetensors")).map(|file| file.len());
        assert!(2 * size(&place)? < size(&golden.directory)?, "{name}");
        // The random weights are large, and so is what rounding does to the logits, which go up to 4: measured, 0.19.
        let (small, large) = (logits(&golden, again)?, logits(&golden, checkpoint)?);
        for (small, large) in small.iter().flatten().flatten().zip(large.iter().flatten().flatten()) {
            assert!((small - large).abs() < 0.25, "{name}: {small} is not close to {large}");
        }
    }
    Ok(())
}

#[test]
fn a_saved_checkpoint_takes_the_place_of_the_old_one_whole() -> Outcome {
    let first = Golden::open("roberta")?.checkpoint()?;
    let second = Golden::open("span")?.checkpoint()?;
    let directory = tempfile::tempdir()?;
    let place = directory.path().join("checkpoint");
    fs::create_dir_all(place.join("notes"))?;
    fs::write(place.join("model.safetensors.index.json"), "{}")?;
    fs::write(place.join("config.json"), "{}")?;
    // What a save that was killed leaves.
    for stale in ["checkpoint.partial", "checkpoint.replaced"] {
        fs::create_dir(directory.path().join(stale))?;
        fs::write(directory.path().join(stale).join("config.json"), "{")?;
    }
    for (checkpoint, kind) in [(first, "roberta"), (second, "bert")] {
        write(&place, &checkpoint, Storage::F32)?;
        assert_eq!(names(directory.path())?, ["checkpoint"]);
        assert_eq!(
            names(&place)?,
            ["MODEL_CARD.md", "config.json", "model.safetensors", "state.json", "tokenizer.json"]
        );
        let again = Checkpoint::open(&place, &Device::Cpu)?;
        assert_eq!(again.config["model_type"], kind);
        assert_eq!(tensors(&again.weights)?, tensors(&checkpoint.weights)?);
    }
    assert_eq!(fs::read_to_string(place.join("MODEL_CARD.md"))?, "# A card");
    Ok(())
}

#[test]
fn a_directory_that_is_no_checkpoint_is_left_alone() -> Outcome {
    let checkpoint = Golden::open("span")?.checkpoint()?;
    let directory = tempfile::tempdir()?;
    let place = directory.path().join("thesis");
    fs::create_dir(&place)?;
    fs::write(place.join("chapter.txt"), "Years of work.")?;
    fs::create_dir(directory.path().join("thesis.partial"))?;
    assert!(write(&place, &checkpoint, Storage::F32).is_err_and(|error| error.to_string().contains("config.json")));
    assert_eq!(names(directory.path())?, ["thesis", "thesis.partial"]);
    assert_eq!(names(&place)?, ["chapter.txt"]);
    assert!(write(&place.join("chapter.txt"), &checkpoint, Storage::F32).is_err());
    Ok(())
}

#[test]
fn a_base_model_opens_but_does_not_answer() -> Outcome {
    let mut checkpoint = Golden::open("span")?.checkpoint()?;
    if let Some(fields) = checkpoint.config.as_object_mut() {
        fields.remove("regard");
    }
    checkpoint.weights.retain(|name| !name.contains("_head."));
    let directory = tempfile::tempdir()?;
    let place = directory.path().join("base");
    write(&place, &checkpoint, Storage::F32)?;
    let base = Checkpoint::open(&place, &Device::Cpu)?;
    assert_eq!(base.question, None);
    let message = base.into_model().err().ok_or("a base model has no answers")?.to_string();
    assert!(message.contains("base") && message.contains("without a head"), "{message}");
    Ok(())
}
