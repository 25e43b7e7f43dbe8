//! A checkpoint that is damaged or not for us is refused with the file and what is wrong with it, never with a panic.

mod golden;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use golden::{Golden, Outcome};
use half::f16;
use proptest::prelude::*;
use regard::batch::Batch;
use regard::checkpoint::Checkpoint;
use regard::encoder::Mode;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
const WORDS: &str = "embeddings.word_embeddings.weight";

/// A copy of the checkpoint `name`, to be damaged.
fn copy(name: &str) -> Outcome<TempDir> {
    let directory = tempfile::tempdir()?;
    for entry in fs::read_dir(Golden::open(name)?.directory)? {
        let entry = entry?;
        fs::write(directory.path().join(entry.file_name()), fs::read(entry.path())?)?;
    }
    Ok(directory)
}

/// Every part of what is said when `directory` is opened, which must fail.
fn assert_refused(directory: &Path, parts: &[&str]) {
    let opened = Checkpoint::open(directory, &Device::Cpu).and_then(Checkpoint::into_model);
    let message = opened.err().map(|error| error.to_string());
    assert!(message.is_some(), "opened, though it should say {parts:?}");
    for part in parts {
        assert!(message.as_ref().is_some_and(|message| message.contains(part)), "`{part}` is not in: {message:?}");
    }
}

/// Refused after `change` was made to the JSON file `file` of a copy of `name`.
fn edited(name: &str, file: &str, change: impl Fn(&mut Value), parts: &[&str]) -> Outcome {
    let directory = copy(name)?;
    let path = directory.path().join(file);
    let mut value = serde_json::from_slice(&fs::read(&path)?)?;
    change(&mut value);
    fs::write(&path, serde_json::to_vec(&value)?)?;
    assert_refused(directory.path(), &[&[file], parts].concat());
    Ok(())
}

/// Refused after `change` was made to the tensors of a copy of `span`.
fn reweighed(change: impl Fn(&mut HashMap<String, Tensor>) -> Outcome, parts: &[&str]) -> Outcome {
    let directory = copy("span")?;
    let path = directory.path().join(WEIGHTS);
    let mut tensors = candle_core::safetensors::load(&path, &Device::Cpu)?;
    change(&mut tensors)?;
    candle_core::safetensors::save(&tensors, &path)?;
    assert_refused(directory.path(), &[&[WEIGHTS], parts].concat());
    Ok(())
}

#[test]
fn a_missing_file_is_named() -> Outcome {
    let files = [
        ("span", "config.json"),
        ("span", "tokenizer.json"),
        ("span", WEIGHTS),
        ("roberta", "model-00002-of-00002.safetensors"),
    ];
    for (name, file) in files {
        let directory = copy(name)?;
        fs::remove_file(directory.path().join(file))?;
        assert_refused(directory.path(), &[file, "No such file"]);
    }
    assert_refused(&tempfile::tempdir()?.path().join("nowhere"), &["nowhere", "No such file"]);
    Ok(())
}

#[test]
fn a_file_of_another_kind_is_named() -> Outcome {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0".as_slice();
    let whole = "expected a whole safetensors file";
    let files = [
        (WEIGHTS, png, whole),
        (WEIGHTS, b"", whole),
        (WEIGHTS, b"version https://git-lfs.github.com/spec/v1\n", whole),
        ("tokenizer.json", b"this is not JSON", "expected a tokenizer"),
        ("tokenizer.json", b"{}", "expected a tokenizer"),
        ("tokenizer.json", png, "expected a tokenizer"),
        ("config.json", b"{\"model_type\": \"bert\",", "EOF"),
        ("config.json", b"[]", "expected struct"),
        ("config.json", png, "expected value"),
    ];
    for (file, bytes, part) in files {
        let directory = copy("span")?;
        fs::write(directory.path().join(file), bytes)?;
        assert_refused(directory.path(), &[file, part]);
    }
    Ok(())
}

#[test]
fn a_truncated_file_is_refused_wherever_it_ends() -> Outcome {
    let directory = copy("span")?;
    let path = directory.path().join(WEIGHTS);
    let bytes = fs::read(&path)?;
    for length in [1, 7, 8, 9, 1000, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..length])?;
        assert_refused(directory.path(), &[WEIGHTS, "expected a whole safetensors file"]);
    }
    Ok(())
}

#[test]
fn a_config_that_is_not_for_us_says_which_key() -> Outcome {
    let set = |key: &'static str, value: Value| move |config: &mut Value| config[key] = value.clone();
    let regard = |value: Value| move |config: &mut Value| config["regard"] = value.clone();
    let file = "config.json";
    edited("span", file, set("model_type", json!("t5")), &["model_type", "bert", "\"t5\""])?;
    edited("span", file, set("hidden_act", json!("gelu_new")), &["hidden_act", "\"gelu\"", "\"gelu_new\""])?;
    let kind = json!("relative_key");
    edited("span", file, set("position_embedding_type", kind), &["position_embedding_type", "relative_key"])?;
    edited("span", file, set("num_attention_heads", json!(5)), &["hidden_size", "multiple of 5", "32"])?;
    edited("span", file, set("num_attention_heads", json!(0)), &["num_attention_heads", "0"])?;
    edited("span", file, set("hidden_dropout_prob", json!(1.5)), &["dropout", "1.5"])?;
    edited("roberta", file, set("max_position_embeddings", json!(2)), &["max_position_embeddings"])?;
    edited("roberta", file, set("pad_token_id", json!(u64::MAX)), &["max_position_embeddings"])?;
    let labels = json!({"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"});
    for name in ["bert", "roberta", "span"] {
        edited(name, file, set("id2label", labels.clone()), &["id2label", "against", "label 0"])?;
    }
    let swapped = json!({"0": "favor", "1": "neutral", "2": "against"});
    edited("span", file, set("id2label", swapped), &["id2label", "favor"])?;
    edited("span", file, regard(json!({"target": "telepathy"})), &["regard.target", "telepathy"])?;
    let temperatures = [
        (json!({"stance": 0.0}), "regard.temperature.stance: expected a positive number, found 0"),
        (json!({"stance": -1}), "regard.temperature.stance"),
        (json!({"sentiment": 1e99}), "regard.temperature.sentiment: expected a positive number, found inf"),
        (json!({"senti": 1}), "regard.temperature: unknown field `senti`"),
        (json!(0), "regard.temperature"),
        (json!({"languages": {"ar": {"stance": 0}}}), "regard.temperature.languages.ar.stance"),
        (json!({"languages": {"ar": {"senti": 1}}}), "regard.temperature: unknown field `senti`"),
        (json!({"languages": {"zh-Hant": {}}}), "regard.temperature.languages: expected primary subtags"),
    ];
    for (temperature, part) in temperatures {
        edited("span", file, regard(json!({"target": "span", "temperature": temperature})), &[part])?;
    }
    let half_masking = json!({"target": "span", "half_masking": "yes"});
    edited("span", file, regard(half_masking), &["regard.half_masking", "expected a boolean"])?;
    // One row fewer than the tokenizer has pieces.
    edited("span", file, set("vocab_size", json!(60)), &["tokenizer.json", "at most 60 pieces", "61"])
}

/// The tokenizers library panics on these, the last two at every text.
#[test]
fn a_tokenizer_that_cannot_work_is_refused() -> Outcome {
    let file = "tokenizer.json";
    let map = |json: &mut Value| json["normalizer"] = json!({"type": "Precompiled", "precompiled_charsmap": "?"});
    edited("span", file, map, &["expected a tokenizer", "Precompiled"])?;
    let unknown = |json: &mut Value| json["post_processor"]["single"][0]["SpecialToken"]["id"] = json!("[BOS]");
    edited("span", file, unknown, &["expected a tokenizer"])?;
    let second = |json: &mut Value| json["post_processor"]["single"][1]["Sequence"]["id"] = json!("B");
    edited("span", file, second, &["expected a tokenizer"])?;
    let directory = copy("span")?;
    let text = fs::read_to_string(directory.path().join(file))?.replace("\"decoder\":null", "\"decoder\":");
    fs::write(directory.path().join(file), text)?;
    assert_refused(directory.path(), &[file, "expected a tokenizer", "expected value"]);
    Ok(())
}

#[test]
fn a_tensor_that_does_not_fit_is_named() -> Outcome {
    let device = &Device::Cpu;
    let removed = |tensors: &mut HashMap<String, Tensor>| {
        tensors.remove("stance_head.out.bias");
        Ok(())
    };
    reweighed(removed, &["stance_head.out.bias", "[3]", "missing"])?;
    let added = |tensors: &mut HashMap<String, Tensor>| {
        tensors.insert("encoder.layer.2.output.dense.bias".into(), Tensor::zeros(32, DType::F32, device)?);
        Ok(())
    };
    reweighed(added, &["no place for", "encoder.layer.2.output.dense.bias"])?;
    let scale = |tensors: &mut HashMap<String, Tensor>| {
        tensors.insert("stance_head.out.weight_scale".into(), Tensor::ones(3, DType::F32, device)?);
        Ok(())
    };
    reweighed(scale, &["no place for", "stance_head.out.weight_scale"])?;
    let turned = |tensors: &mut HashMap<String, Tensor>| {
        tensors.insert(WORDS.into(), tensors[WORDS].t()?.contiguous()?);
        Ok(())
    };
    reweighed(turned, &[WORDS, "expected [61, 32]", "found [32, 61]"])?;
    for value in [f32::NAN, f32::INFINITY] {
        let bad = |tensors: &mut HashMap<String, Tensor>| {
            let mut values: Vec<f32> = tensors[WORDS].flatten_all()?.to_vec1()?;
            values[17] = value;
            tensors.insert(WORDS.into(), Tensor::from_vec(values, (61, 32), device)?);
            Ok(())
        };
        reweighed(bad, &[WORDS, "finite", "NaN"])?;
    }
    let twice = |tensors: &mut HashMap<String, Tensor>| {
        tensors.insert(format!("bert.{WORDS}"), tensors[WORDS].clone());
        Ok(())
    };
    reweighed(twice, &[WORDS, "twice"])?;
    let whole = |tensors: &mut HashMap<String, Tensor>| {
        tensors.insert(WORDS.into(), tensors[WORDS].to_dtype(DType::U8)?);
        Ok(())
    };
    reweighed(whole, &[WORDS, "U8 without its", "_scale"])
}

#[test]
fn integers_that_do_not_fit_their_scales_are_refused() -> Outcome {
    let bytes = [1.0_f32, 1.0].map(f32::to_le_bytes);
    let infinite = f16::INFINITY.to_le_bytes().repeat(4);
    let integers = |dtype, shape: &[usize]| TensorView::new(dtype, shape.to_vec(), &[1; 64][..shape.iter().product()]);
    let rows = |shape: &[usize]| integers(Dtype::I8, shape);
    let halves = |shape: &[usize]| integers(Dtype::U8, shape);
    let scales = |count: usize| TensorView::new(Dtype::F32, vec![count], &bytes.as_flattened()[..4 * count]);
    let groups =
        |shape: &[usize]| TensorView::new(Dtype::F16, shape.to_vec(), &infinite[..2 * shape.iter().product::<usize>()]);
    let cases = [
        (vec![("w", rows(&[2, 2])?)], "w_scale"),
        (vec![("w", rows(&[2, 2])?), ("w_scale", scales(1)?)], "expected F32 [2]"),
        (vec![("w", rows(&[2, 0])?), ("w_scale", scales(2)?)], "expected rows of I8, found [2, 0]"),
        (vec![("w", rows(&[])?), ("w_scale", scales(1)?)], "expected rows of I8, found []"),
        (vec![("w", halves(&[2, 16])?)], "w_scale"),
        (vec![("w", halves(&[2, 8])?), ("w_scale", groups(&[2, 1])?)], "expected rows of U8, found [2, 8]"),
        (vec![("w", halves(&[16])?), ("w_scale", groups(&[1])?)], "expected rows of U8, found [16]"),
        (vec![("w", halves(&[2, 32])?), ("w_scale", groups(&[2])?)], "expected F16 [2, 2], found F16 [2]"),
        (vec![("w", halves(&[2, 16])?), ("w_scale", scales(2)?)], "expected F16 [2, 1], found F32 [2]"),
        (vec![("w", halves(&[2, 16])?), ("w_scale", groups(&[2, 1])?)], "finite"),
    ];
    for (views, part) in cases {
        let directory = copy("span")?;
        fs::write(directory.path().join(WEIGHTS), safetensors::serialize(views, None)?)?;
        assert_refused(directory.path(), &[WEIGHTS, part]);
    }
    Ok(())
}

#[test]
fn an_index_names_files_beside_it_that_hold_what_it_says() -> Outcome {
    let last = |index: &mut Value, shard: &str| index["weight_map"]["classifier.dense.bias"] = json!(shard);
    for outside in ["../x", "/etc/passwd", "..\\x"] {
        edited("roberta", INDEX, |index| last(index, outside), &["weight_map", "expected a file name"])?;
    }
    let promised =
        |index: &mut Value| index["weight_map"]["classifier.more"] = json!("model-00001-of-00002.safetensors");
    edited("roberta", INDEX, promised, &["classifier.more", "model-00001-of-00002.safetensors"])?;
    edited("roberta", INDEX, |index| index["weight_map"] = json!(7), &["expected a map", "line 1"])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a file has become, there is an answer or an error.
    #[test]
    fn changed_bytes_never_panic(file in 0..3_usize, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let golden = Golden::open("span").map_err(|error| TestCaseError::fail(error.to_string()))?;
        let names = ["config.json", "tokenizer.json", WEIGHTS];
        let mut files = names.map(|name| fs::read(golden.directory.join(name)).unwrap_or_default());
        let at = at.index(files[file].len());
        files[file][at] = byte;
        let [config, tokenizer, weights] = files;
        let opened = Checkpoint::parse("memory", &config, tokenizer, weights, &Device::Cpu);
        if let Ok((model, tokenizer, _)) = opened.and_then(Checkpoint::into_model)
            && let Ok(encodings) = golden.encodings(&tokenizer)
        {
            drop(model.forward(&Batch::pack(&encodings), Mode::Infer));
        }
    }
}
