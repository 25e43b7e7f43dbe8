//! The main job on the shipped model, from outside: what a user types and what comes back.

use std::error::Error;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

type Result = std::result::Result<(), Box<dyn Error>>;

fn regard() -> std::result::Result<Command, Box<dyn Error>> {
    let mut command = Command::cargo_bin("regard")?;
    // From any directory: the model is in the binary.
    command.current_dir(std::env::temp_dir());
    Ok(command)
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

fn lines(output: &[u8]) -> std::result::Result<Vec<Value>, Box<dyn Error>> {
    Ok(std::str::from_utf8(output)?.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?)
}

fn ids(sentence: &Value) -> Vec<&str> {
    sentence["actors"].as_array().into_iter().flatten().filter_map(|actor| actor["id"].as_str()).collect()
}

#[test]
fn an_arabic_article_comes_out_sentence_by_sentence() -> Result {
    let path = example("summit.ar.txt");
    let output = regard()?.arg("classify").arg(&path).arg("--summary").assert().success().get_output().stdout.clone();
    let lines = lines(&output)?;
    let text: Vec<char> = std::fs::read_to_string(path)?.chars().collect();
    let (summary, sentences) = lines.split_last().ok_or("no output")?;
    assert_eq!(sentences.len(), 9);
    for (index, sentence) in sentences.iter().enumerate() {
        assert_eq!(sentence["sentence"], index);
        assert_eq!(sentence["language"], "ar");
        assert_eq!(sentence["truncated_tokens"], 0);
        let places = sentence["actors"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|actor| actor["mentions"].as_array())
            .flatten();
        for place in places.chain([&serde_json::json!({"start": sentence["span"]["start"], "end": sentence["span"]["end"], "text": sentence["text"]})]) {
            let range = place["start"].as_u64().ok_or("start")? as usize..place["end"].as_u64().ok_or("end")? as usize;
            assert_eq!(place["text"], text[range].iter().collect::<String>());
        }
        for answer in sentence["actors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|actor| &actor["stance"])
            .chain([&sentence["sentiment"]])
        {
            let scores: Vec<f64> =
                answer["scores"].as_object().ok_or("scores")?.values().filter_map(Value::as_f64).collect();
            assert_eq!(scores.len(), 3);
            assert!((scores.iter().sum::<f64>() - 1.0).abs() < 1e-4);
            let best = answer["scores"][answer["label"].as_str().ok_or("label")?].as_f64().ok_or("score")?;
            assert!(scores.iter().all(|score| *score <= best));
        }
    }
    assert_eq!(ids(&sentences[1]), ["KP", "kim-jong-un", "RU", "vladimir-putin"]);
    let found: Vec<&str> =
        summary["summary"].as_array().into_iter().flatten().filter_map(|actor| actor["id"].as_str()).collect();
    for id in
        ["RU", "KP", "KR", "US", "CN", "JP", "UA", "EU", "NATO", "vladimir-putin", "kim-jong-un", "volodymyr-zelensky"]
    {
        assert!(found.contains(&id), "{id} is not in {found:?}");
    }
    Ok(())
}

#[test]
fn the_english_article_names_the_same_actors() -> Result {
    let summaries =
        ["summit.ar.txt", "summit.en.txt"].map(|name| -> std::result::Result<Vec<String>, Box<dyn Error>> {
            let output = regard()?
                .args(["classify", "--summary"])
                .arg(example(name))
                .assert()
                .success()
                .get_output()
                .stdout
                .clone();
            let lines = lines(&output)?;
            let summary = lines.last().ok_or("no summary")?;
            let mut ids: Vec<String> =
                summary["summary"].as_array().into_iter().flatten().map(|actor| actor["id"].to_string()).collect();
            ids.sort();
            Ok(ids)
        });
    let [arabic, english] = summaries;
    assert_eq!(arabic?, english?);
    Ok(())
}

#[test]
fn sentences_that_come_again_or_name_nobody() -> Result {
    let text = "Russia praised Japan. It rained all day in the capital. Russia praised Japan.";
    let judged = |arguments: &[&str]| -> std::result::Result<Vec<Value>, Box<dyn Error>> {
        let output =
            regard()?.args(["classify", "-"]).args(arguments).write_stdin(text).assert().success().get_output().clone();
        lines(&output.stdout)
    };
    let (all, named) = (judged(&[])?, judged(&["--actors-only"])?);
    assert_eq!((all.len(), named.len()), (3, 2));
    assert_eq!(all[0]["actors"][0]["stance"], all[2]["actors"][0]["stance"]);
    assert_eq!(all[0]["sentiment"], all[2]["sentiment"]);
    assert_eq!(named[1]["span"], all[2]["span"]);
    assert_eq!(named[1]["actors"], all[2]["actors"]);
    Ok(())
}

#[test]
fn praise_is_favor_and_blame_is_against() -> Result {
    let text = "The president thanked Japan for its generous help. The report condemned Russia for its brutal and criminal attack.";
    let output = regard()?.args(["classify", "-"]).write_stdin(text).assert().success().get_output().stdout.clone();
    let lines = lines(&output)?;
    assert_eq!(lines[0]["actors"][0]["stance"]["label"], "favor");
    assert_eq!(lines[1]["actors"][0]["stance"]["label"], "against");
    assert_eq!(lines[0]["sentiment"]["label"], "positive");
    assert_eq!(lines[1]["sentiment"]["label"], "negative");
    Ok(())
}

#[test]
fn records_with_targets_are_judged_toward_these() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("articles.jsonl");
    std::fs::write(
        &path,
        concat!(
            r#"{"id":"a","text":"Mayor Kang saved the harbour. Critics loathe Kang.","targets":[{"start":6,"end":10},{"start":45,"end":49}]}"#,
            "\n",
            r#"{"id":"b","text":"한국은 워싱턴의 결정을 환영했다."}"#,
            "\n"
        ),
    )?;
    let output = regard()?.arg("classify").arg(&path).assert().success().get_output().stdout.clone();
    let lines = lines(&output)?;
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["actors"][0]["name"], "Kang");
    assert!(lines[0]["actors"][0]["id"].is_null());
    assert_eq!(lines[1]["actors"][0]["mentions"][0]["start"], 45);
    assert_eq!((&lines[2]["document"], &lines[2]["language"]), (&"b".into(), &"ko".into()));
    assert_eq!(ids(&lines[2]), ["KR", "US"]);
    Ok(())
}

#[test]
fn answers_that_are_not_sure_enough_are_uncertain() -> Result {
    let run = |least: &str| -> std::result::Result<Vec<Value>, Box<dyn Error>> {
        let output = regard()?
            .args(["classify", "--format", "jsonl", "--summary", "--min-confidence", least])
            .arg(example("summit.en.txt"))
            .output()?;
        assert_eq!(output.status.code(), Some(0));
        lines(&output.stdout)
    };
    let (all, sure) = (run("0")?, run("0.7")?);
    let mut uncertain = 0;
    for (all, sure) in all.iter().zip(&sure).filter(|(all, _)| all["summary"].is_null()) {
        let actors = |line: &Value| line["actors"].as_array().cloned().unwrap_or_default();
        for (all, sure) in actors(all).iter().zip(&actors(sure)) {
            let scores = &all["stance"]["scores"];
            assert_eq!(scores, &sure["stance"]["scores"], "the probabilities stay");
            let best =
                ["against", "neutral", "favor"].iter().filter_map(|name| scores[*name].as_f64()).fold(0.0, f64::max);
            let expected = if best < 0.7 { "uncertain".into() } else { all["stance"]["label"].clone() };
            assert_eq!(sure["stance"]["label"], expected);
            uncertain += u64::from(best < 0.7);
        }
    }
    assert!(uncertain > 0);
    let summary = sure.last().and_then(|line| line["summary"].as_array()).ok_or("summary")?;
    assert_eq!(summary.iter().filter_map(|actor| actor["uncertain"].as_u64()).sum::<u64>(), uncertain);
    Ok(())
}

#[test]
fn half_masking_changes_the_stance_and_not_the_sentiment() -> Result {
    let run = |options: &[&str]| -> std::result::Result<Value, Box<dyn Error>> {
        let mut command = regard()?;
        let output = command.args(["classify", "-"]).args(options).write_stdin("Seoul thanked Tokyo.").output()?;
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(lines(&output.stdout)?.remove(0))
    };
    let (plain, masked) = (run(&[])?, run(&["--half-masking"])?);
    assert_eq!(plain["sentiment"], masked["sentiment"]);
    assert_eq!(ids(&plain), ids(&masked));
    assert_ne!(plain["actors"][0]["stance"], masked["actors"][0]["stance"]);
    Ok(())
}

#[test]
fn csv_has_a_row_for_every_sentence_and_actor() -> Result {
    let text = "Seoul thanked Tokyo. It rained.";
    let output = regard()?
        .args(["classify", "-", "--format", "csv"])
        .write_stdin(text)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let text = String::from_utf8(output)?;
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 4, "{text}");
    let width = rows[0].split(',').count();
    assert!(rows.iter().all(|row| row.split(',').count() == width));
    Ok(())
}

#[test]
fn a_table_is_for_people() -> Result {
    let output = regard()?
        .args(["classify", "--format", "table"])
        .arg(example("summit.ar.txt"))
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let text = String::from_utf8(output)?;
    assert!(text.contains("North Korea") && text.contains("كيم جونغ أون") && text.contains("sentences"));
    assert!(!text.contains('\u{1b}'), "no colours where there is no terminal");
    Ok(())
}

#[test]
fn what_an_article_holds_comes_out_whole_but_never_steers_a_terminal() -> Result {
    let text = "\u{feff}Seoul \u{1b}]0;x thanked\u{7f} Tokyo.";
    for format in ["jsonl", "csv"] {
        let output = regard()?.args(["classify", "-", "--format", format]).write_stdin(text).output()?.stdout;
        let output = String::from_utf8(output)?.replace("\\u001b", "\u{1b}");
        assert!(output.contains(&text[3..]), "{format}: {output:?}");
    }
    let table = regard()?.args(["classify", "-", "--format", "table"]).write_stdin(text).output()?.stdout;
    let table = String::from_utf8(table)?;
    assert!(table.contains("thanked") && !table.contains(['\u{1b}', '\u{7f}']), "{table:?}");
    Ok(())
}
