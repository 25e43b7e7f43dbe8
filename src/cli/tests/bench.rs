//! `regard bench`: figures are all there, two reports are compared, and what cannot be measured is refused. No test hangs on speed.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const TINY: [&str; 5] = ["bench", "--shape", "2,32,2,100", "--rounds", "2"];

/// Run `regard` in `directory` and give exit code, stdout and stderr.
fn regard(directory: &Path, arguments: &[&str]) -> Result<(i32, String, String)> {
    let output = Command::cargo_bin("regard")?.current_dir(directory).args(arguments).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().ok_or("killed by a signal")?, text(&output.stdout), text(&output.stderr)))
}

/// The tiny checkpoint of the library's tests that answers as `name` says.
fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../inference/tests/reference").join(name)
}

#[test]
fn a_tiny_model_gives_all_figures_in_all_that_a_cpu_computes_in() -> Result {
    ["f32", "bf16", "int8"].into_iter().try_for_each(a_tiny_model_gives_all_figures)
}

fn a_tiny_model_gives_all_figures(dtype: &str) -> Result {
    let directory = tempfile::tempdir()?;
    let options = ["--length", "8", "--sequences", "20", "--batch-tokens", "64", "--peak", "--json", "a.json"];
    let options = [&options[..], &["--dtype", dtype]].concat();
    let (code, out, messages) = regard(directory.path(), &[&TINY[..], &options].concat())?;
    assert_eq!(code, 0, "{messages}");
    let report: Value = serde_json::from_str(&out)?;
    assert_eq!(report, serde_json::from_slice::<Value>(&fs::read(directory.path().join("a.json"))?)?);
    for field in [
        "load_ms",
        "first_answer_ms",
        "sentences_per_s",
        "pairs_per_s",
        "tokens_per_s",
        "gflops",
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "batch_p50_ms",
        "batch_p95_ms",
        "batch_p99_ms",
        "peak_gflops",
        "share_of_peak",
    ] {
        assert!(report[field].as_f64().is_some_and(|value| value.is_finite() && value > 0.0), "{field}: {report}");
    }
    assert_eq!(report["work"], json!({"sequences": 20, "pairs": 20, "tokens": 160, "longest": 8, "batches": 3}));
    assert_eq!(report["settings"]["dtype"], dtype);
    assert_eq!(report["model"]["hidden"], 32);
    assert_eq!(["rounds", "loads"].map(|list| report[list].as_array().map(Vec::len)), [Some(2); 2]);
    for field in ["machine", "regard", "date"] {
        assert!(!report[field].is_null(), "{field}");
    }
    Ok(())
}

#[test]
fn equal_reports_say_nothing_and_others_say_what_moved() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    let options = ["--length", "4", "--sequences", "2", "--json", "a.json"];
    assert_eq!(regard(at, &[&TINY[..], &options].concat())?.0, 0);
    let (code, out, messages) = regard(at, &["bench", "compare", "a.json", "a.json"])?;
    assert_eq!(code, 0, "{messages}");
    let comparison: Value = serde_json::from_str(&out)?;
    assert_eq!((&comparison["changed"], &comparison["differs"]), (&json!([]), &json!([])));

    let mut moved: Value = serde_json::from_slice(&fs::read(at.join("a.json"))?)?;
    for round in moved["rounds"].as_array_mut().ok_or("rounds")? {
        round["tokens_per_s"] = json!(round["tokens_per_s"].as_f64().ok_or("a number")? * 1e6);
    }
    fs::write(at.join("moved.json"), moved.to_string())?;
    let (_, out, _) = regard(at, &["bench", "compare", "a.json", "moved.json"])?;
    assert_eq!(serde_json::from_str::<Value>(&out)?["changed"], json!(["tokens_per_s"]));

    moved["settings"]["threads"] = json!(99);
    fs::write(at.join("other.json"), moved.to_string())?;
    let (code, _, messages) = regard(at, &["bench", "compare", "a.json", "other.json"])?;
    assert_eq!(code, 1);
    assert!(messages.contains("settings.threads") && messages.contains("99"), "{messages}");
    let (code, _, messages) = regard(at, &["bench", "compare", "a.json", "other.json", "--anyway"])?;
    assert!(code == 0 && messages.contains("differs: settings.threads"), "{messages}");
    Ok(())
}

#[test]
fn a_sweep_is_drawn_and_not_compared() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    let options =
        ["--length", "2,8", "--batch-tokens", "16,32", "--sequences", "3", "--svg", "a.svg", "--json", "a.json"];
    let (code, out, messages) = regard(at, &[&TINY[..], &options].concat())?;
    assert_eq!(code, 0, "{messages}");
    assert_eq!(serde_json::from_str::<Value>(&out)?["sweep"].as_array().map(Vec::len), Some(4));
    let svg = fs::read_to_string(at.join("a.svg"))?;
    assert_eq!(svg.matches("<title>batches of").count(), 4);
    assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf\""));
    let (code, _, messages) = regard(at, &["bench", "compare", "a.json", "a.json"])?;
    assert!(code == 1 && messages.contains("expected one benchmark, found a sweep of 4"), "{messages}");
    Ok(())
}

#[test]
fn lines_are_read_as_ids_or_text() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    let line = |start: usize, end: usize| json!({"ids": [0, 5, 7, 2], "text": "Paris met Rome.", "target": "x", "target_start": start, "target_end": end});
    fs::write(at.join("data.jsonl"), format!("{}\n\n{}\n", line(0, 5), line(10, 14)))?;
    let span = reference("span");
    let span = ["bench", "--model", span.to_str().ok_or("path")?, "--data", "data.jsonl", "--rounds", "1"];

    let (code, out, messages) = regard(at, &span)?;
    assert_eq!(code, 0, "{messages}");
    let report: Value = serde_json::from_str(&out)?;
    // Two lines about one sentence are one reading.
    assert_eq!([&report["work"]["sequences"], &report["work"]["pairs"]], [1, 2]);
    assert_eq!(
        [&report["model"]["sha256"], &report["settings"]["data"]].map(|hash| hash.as_str().map(str::len)),
        [Some(64); 2]
    );

    let (code, out, messages) = regard(at, &[&span[..], &["--input", "ids", "--vectors", "v.npy"]].concat())?;
    assert_eq!(code, 0, "{messages}");
    let report: Value = serde_json::from_str(&out)?;
    assert_eq!([&report["work"]["sequences"], &report["work"]["tokens"]], [2, 8]);
    let (vectors, hidden) = (fs::read(at.join("v.npy"))?, report["model"]["hidden"].as_u64().ok_or("hidden")? as usize);
    let header = 10 + usize::from(vectors[8]) + 256 * usize::from(vectors[9]);
    assert_eq!((header % 64, vectors.len() - header), (0, 2 * hidden * 4));
    assert!(String::from_utf8_lossy(&vectors[10..header]).contains(&format!("'shape': (2, {hidden})")));
    assert_eq!(vectors[header..header + 4 * hidden], vectors[header + 4 * hidden..], "one sequence, one answer");

    let (code, _, messages) = regard(at, &[&span[..], &["--input", "pair"]].concat())?;
    assert!(code == 1 && messages.contains("pair expects a pair checkpoint, found span"), "{messages}");
    Ok(())
}

#[test]
fn what_cannot_be_measured_is_refused() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    for (file, text) in [
        ("empty.jsonl", "\n"),
        ("ids.jsonl", "{\"ids\":[1,2]}\n{\"ids\":[3,100]}\n"),
        ("none.jsonl", "{\"ids\":[]}\n"),
        ("text.jsonl", "{\"text\":\"Rome.\"}\n"),
        ("broken.jsonl", "{\"ids\":[1,\n"),
    ] {
        fs::write(at.join(file), text)?;
    }
    for (options, status, expected) in [
        (vec!["--shape", "2,33,2,100"], 2, "hidden_size: expected a multiple of 2 heads, found 33"),
        (vec!["--shape", "2,32,2"], 2, "expected four numbers layers,hidden,heads,vocabulary, found \"2,32,2\""),
        (vec!["--shape", "0,32,2,100"], 2, "num_hidden_layers: expected a positive number"),
        (vec!["--dtype", "f8"], 2, "f8"),
        (vec!["--batch-tokens", "0"], 2, "expected a positive whole number, found \"0\""),
        (vec!["--shape", "2,32,2,100", "--model", "x"], 2, "cannot be used with"),
        (vec!["--length", "100000"], 1, "--length: expected at most 512 tokens, found 100000"),
        (vec!["--device", "tpu"], 1, "expected auto, cpu or cuda:N"),
    ] {
        let (code, out, messages) = regard(at, &[&["bench"], &options[..]].concat())?;
        assert_eq!((code, out.as_str()), (status, ""), "{options:?}: {messages}");
        assert!(messages.contains(expected), "{expected:?} is not in\n{messages}");
    }
    for (file, input, expected) in [
        ("missing.jsonl", "ids", "missing.jsonl: No such file"),
        ("empty.jsonl", "ids", "empty.jsonl: expected lines, found none"),
        ("ids.jsonl", "ids", "ids.jsonl:2: ids[1]: expected an id below 100, found 100"),
        ("none.jsonl", "ids", "none.jsonl:1: ids: expected token ids, found none"),
        ("text.jsonl", "ids", "text.jsonl:1: ids: expected token ids, found none"),
        ("text.jsonl", "span", "expected ids, as there is no tokenizer"),
        ("broken.jsonl", "ids", "broken.jsonl:1: "),
    ] {
        let (code, out, messages) =
            regard(at, &[&TINY[..], &["--data", file, "--input", input, "--json", "a.json"]].concat())?;
        assert_eq!((code, out.as_str()), (1, ""), "{file}: {messages}");
        assert!(messages.contains(expected), "{expected:?} is not in\n{messages}");
    }
    assert!(!at.join("a.json").exists());
    Ok(())
}
