//! `regard data` on files of our own.

use std::error::Error;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

type Result = std::result::Result<(), Box<dyn Error>>;

/// Run `regard data` in `directory` and give exit code, stdout and stderr.
fn data(directory: &Path, arguments: &[&str]) -> std::result::Result<(i32, String, String), Box<dyn Error>> {
    let output = Command::cargo_bin("regard")?.current_dir(directory).arg("data").args(arguments).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().ok_or("killed by a signal")?, text(&output.stdout), text(&output.stderr)))
}

/// Files in `directory`, by name, whole and half written ones alike.
fn names(directory: &Path) -> std::result::Result<Vec<String>, std::io::Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

const RUSSIAN: &str = "sentence\tentity\tentity_tag\tentity_pos_start_rel\tentity_pos_end_rel\tlabel
Орлов спас мост.\tОрлов\tPERSON\t0\t5\t1
Орлов лжёт.\tОрлов\tPERSON\t0\t50\t-1
Мэр уехал.\tМэр\tPROFESSION\t0\t3\t0
";

#[test]
fn a_published_form_is_converted_checked_and_counted() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    fs::write(at.join("train_data.csv"), RUSSIAN)?;
    let (code, out, messages) =
        data(at, &["convert", "--from", "rusentne", "train_data.csv", "--output", "train.jsonl"])?;
    assert_eq!((code, out.as_str()), (3, ""), "{messages}");
    assert!(messages.contains(
        "skipped: train_data.csv:3: entity_pos_start_rel, entity_pos_end_rel: expected a range within 11 code points, found 0..50"
    ));
    assert!(messages.contains("train_data.csv: 2 examples"));
    assert_eq!(names(at)?, ["train.jsonl", "train_data.csv"]);
    let first: Value =
        serde_json::from_str(fs::read_to_string(at.join("train.jsonl"))?.lines().next().ok_or("a line")?)?;
    assert_eq!((&first["lang"], &first["label"], &first["target_end"]), (&"ru".into(), &"favor".into(), &5.into()));

    let (code, out, messages) = data(at, &["validate", "train.jsonl"])?;
    assert_eq!(code, 0, "{messages}");
    let report: Value = serde_json::from_str(&out)?;
    assert_eq!((&report["wrong"], &report["files"][0]["examples"]), (&0.into(), &2.into()));

    let (code, out, _) = data(at, &["stats", "train.jsonl"])?;
    assert_eq!(code, 0);
    let sets: Value = serde_json::from_str(&out)?;
    assert_eq!((&sets[0]["dataset"], &sets[0]["n"]), (&"rusentne2023".into(), &2.into()));
    Ok(())
}

#[test]
fn a_table_is_converted_by_its_column_map() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    fs::write(at.join("in.csv"), "satz,ziel,ton\nBonn lobt Bern.,Bern,pos\nBonn lobt Bonn.,Bonn,-1\n")?;
    let map = ["--columns", "text=satz,target=ziel,label=ton", "--labels", "-1=against,pos=favor"];
    let named = ["--language", "de", "--dataset", "own"];
    let (code, out, messages) = data(at, &[&["convert", "in.csv"], &map[..], &named[..]].concat())?;
    assert_eq!(code, 0, "{messages}");
    assert!(messages.contains("2 examples; 1 with a target that the text does not name exactly once"), "{messages}");
    let lines: Vec<Value> = out.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
    assert_eq!((&lines[0]["label"], &lines[0]["target_start"]), (&"favor".into(), &10.into()));
    assert_eq!((&lines[1]["label"], &lines[1]["target_start"]), (&"against".into(), &Value::Null));
    Ok(())
}

#[test]
fn bad_input_is_named_and_nothing_half_written_is_left() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    fs::write(at.join("a.csv"), "text,target,lable\nAnn left.,Ann,1\n")?;
    fs::write(at.join("b.parquet"), "no parquet")?;
    fs::write(at.join("c.txt"), "")?;
    fs::write(at.join("old.jsonl"), "old")?;
    let named = ["--language", "en", "--dataset", "own", "--output", "old.jsonl"];
    let (code, _, messages) = data(at, &[&["convert", "a.csv", "b.parquet", "none.csv"], &named[..]].concat())?;
    assert_eq!(code, 1);
    for expected in [
        "skipped: a.csv: expected a column \"label\" for label, found the columns text, target, lable (did you mean \"lable\"?)",
        "skipped: b.parquet: expected a Parquet file",
        "skipped: none.csv: No such file",
        "no example in",
    ] {
        assert!(messages.contains(expected), "{expected:?} is not in\n{messages}");
    }
    assert_eq!(fs::read_to_string(at.join("old.jsonl"))?, "old");
    assert_eq!(names(at)?, ["a.csv", "b.parquet", "c.txt", "old.jsonl"]);
    let (code, _, messages) = data(at, &["convert", "c.txt"])?;
    assert_eq!(code, 1);
    assert!(messages.contains("c.txt: expected --from with one of csv"), "{messages}");
    for wrong in [
        vec!["convert", "a.csv", "--columns", "words=text"],
        vec!["convert", "a.csv", "--labels", "1=good"],
        vec!["convert", "a.csv", "--from", "xml"],
        vec!["convert"],
        vec!["split", "a.csv"],
    ] {
        assert_eq!(data(at, &wrong)?.0, 2, "{wrong:?}");
    }
    Ok(())
}

#[test]
fn splits_share_nothing_and_are_checked() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    let line = |index: usize| {
        let label = ["against", "neutral", "favor"][index % 3];
        format!(
            r#"{{"id":"{index}","dataset":"own","lang":"en","text":"Ann praised plan {}.","target":"Ann","target_start":0,"target_end":3,"label":"{label}","group":"{}"}}"#,
            index / 2,
            index / 2
        )
    };
    let lines: Vec<String> = (0..200).map(line).collect();
    fs::write(at.join("all.jsonl"), lines.join("\n"))?;
    let split = ["split", "all.jsonl", "--output", "out", "--dev", "0.1", "--test", "0.2", "--seed", "3"];
    let (code, out, messages) = data(at, &split)?;
    assert_eq!(code, 0, "{messages}");
    let counts: Value = serde_json::from_str(&out)?;
    assert_eq!(counts["train"]["n"].as_u64().zip(counts["test"]["n"].as_u64()), Some((140, 40)));
    assert_eq!(names(&at.join("out"))?, ["dev.jsonl", "test.jsonl", "train.jsonl"]);
    let read = || fs::read(at.join("out/test.jsonl"));
    let before = read()?;
    assert_eq!((data(at, &split)?.0, read()?), (0, before), "one seed, one split");

    // Two labels a text, and templates near enough to one another: both are told.
    let (code, out, _) = data(at, &["validate", "out/train.jsonl", "out/dev.jsonl", "out/test.jsonl"])?;
    assert_eq!(code, 3);
    let report: Value = serde_json::from_str(&out)?;
    assert_eq!(report["files"][2]["findings"]["text"], Value::Null);
    assert_eq!(report["files"][2]["findings"]["group"], Value::Null);
    assert!(report["files"][0]["findings"]["contradiction"].as_u64() > Some(0));

    let (code, _, messages) = data(at, &["split", "all.jsonl", "--output", "out", "--dev", "0.6", "--test", "0.6"])?;
    assert_eq!(code, 1);
    assert!(messages.contains("expected shares from 0 that leave something to train on, found 0.6 and 0.6"));
    Ok(())
}
