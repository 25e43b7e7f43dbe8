//! What users get wrong: one clear message with its place, the right exit code, and the rest of the work done.

use std::error::Error;
use std::fs;
use std::path::Path;

use assert_cmd::Command;

type Result = std::result::Result<(), Box<dyn Error>>;

/// Run `regard` in `directory` and give exit code, stdout and stderr.
fn regard(directory: &Path, arguments: &[&str]) -> std::result::Result<(i32, String, String), Box<dyn Error>> {
    let output = Command::cargo_bin("regard")?.current_dir(directory).args(arguments).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().ok_or("killed by a signal")?, text(&output.stdout), text(&output.stderr)))
}

#[test]
fn inputs_that_cannot_be_read_are_named_and_left_out() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    fs::write(at.join("empty.txt"), "")?;
    fs::write(at.join("blank.txt"), " \n\n\t")?;
    fs::write(at.join("latin1.txt"), b"Le pr\xe9sident")?;
    fs::write(at.join("none.jsonl"), "\n")?;
    fs::write(at.join("good.txt"), "Paris welcomed the news.")?;
    let inputs = ["classify", "empty.txt", "blank.txt", "latin1.txt", "missing.txt", ".", "none.jsonl", "good.txt"];
    let (code, out, messages) = regard(at, &inputs)?;
    assert_eq!(code, 3, "{messages}");
    assert_eq!(out.lines().count(), 1);
    for expected in [
        "empty.txt: expected text, found none",
        "blank.txt: expected text, found none",
        "latin1.txt: expected UTF-8, found another byte at offset 5",
        "missing.txt: No such file",
        ".: is a directory",
        "none.jsonl: expected records, found none",
    ] {
        assert!(messages.contains(expected), "{expected:?} is not in\n{messages}");
    }
    assert_eq!(messages.lines().count(), 6, "one message each:\n{messages}");
    Ok(())
}

#[test]
fn broken_records_are_named_and_the_others_come_out() -> Result {
    let directory = tempfile::tempdir()?;
    let records = [
        "\u{feff}{\"id\":\"1\",\"text\":\"Berlin agreed.\"}",
        r#"{"id":"2","text":"Berlin agr"#,
        r#"{"id":"3"}"#,
        r#"{"id":"4","text":"한국","targets":[{"start":1,"end":3}]}"#,
        r#"{"id":"5","text":"ab","targets":[{"start":1,"end":1}]}"#,
        r#"{"id":"6","text":"ab","language":"not a tag"}"#,
        r#"{"id":["7"],"text":"ab"}"#,
        r#"{"id":"8","text":""}"#,
        "\u{fffd}\u{0}",
        r#"{"text":"Rome agreed."}"#,
    ];
    fs::write(directory.path().join("in.jsonl"), records.join("\n"))?;
    let (code, out, messages) = regard(directory.path(), &["classify", "in.jsonl"])?;
    assert_eq!(code, 3);
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(out.contains(r#""document":"1""#) && out.contains(r#""document":"in.jsonl:10""#));
    for expected in [
        "in.jsonl:2: EOF",
        "in.jsonl:3: missing field `text`",
        "in.jsonl:4: targets[0]: expected a range of text within 2 code points, found 1..3",
        "in.jsonl:5: targets[0]",
        "in.jsonl:6: language: expected a BCP 47 tag",
        "in.jsonl:7: id: expected a string",
        "in.jsonl:8: expected text, found none",
        "in.jsonl:9: ",
    ] {
        assert!(messages.contains(expected), "{expected:?} is not in\n{messages}");
    }
    assert_eq!(messages.lines().count(), 8);
    Ok(())
}

#[test]
fn a_line_of_a_megabyte_is_read() -> Result {
    let directory = tempfile::tempdir()?;
    // No full stop, no space: the worst that a file can hold. Letters that the vocabulary lacks make few tokens, so the test is fast.
    let mut text = "Москва ".to_owned();
    text.push_str(&"ა".repeat(350_000));
    fs::write(directory.path().join("long.txt"), format!("{text}\n"))?;
    assert!(text.len() > 1_000_000);
    let (code, out, messages) = regard(directory.path(), &["classify", "long.txt"])?;
    assert_eq!(code, 0, "{messages}");
    let spans: Vec<serde_json::Value> = out.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
    assert!(spans.len() > 150);
    assert_eq!(spans.last().map(|line| line["span"]["end"].clone()), Some(text.chars().count().into()));
    Ok(())
}

#[test]
fn a_model_that_does_not_hold_together_is_refused_with_the_reason() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    fs::write(at.join("a.txt"), "Paris agreed.")?;
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/default");
    let broken = |name: &str, change: &dyn Fn(&Path) -> std::io::Result<()>| -> std::io::Result<()> {
        fs::create_dir(at.join(name))?;
        for file in ["config.json", "tokenizer.json", "model.safetensors"] {
            fs::copy(shipped.join(file), at.join(name).join(file))?;
        }
        change(&at.join(name))
    };
    broken("missing", &|model| fs::remove_file(model.join("tokenizer.json")))?;
    broken("truncated", &|model| {
        let weights = fs::read(model.join("model.safetensors"))?;
        fs::write(model.join("model.safetensors"), &weights[..weights.len() / 2])
    })?;
    broken("foreign", &|model| fs::write(model.join("model.safetensors"), b"\x89PNG\r\n\x1a\n"))?;
    broken("t5", &|model| {
        let config = fs::read_to_string(model.join("config.json"))?;
        fs::write(model.join("config.json"), config.replace("\"bert\"", "\"t5\""))
    })?;
    for (model, expected) in [
        ("missing", "tokenizer.json"),
        ("truncated", "expected a whole safetensors file"),
        ("foreign", "expected a whole safetensors file"),
        ("t5", "model_type: expected bert"),
        ("nowhere", "nowhere"),
    ] {
        let (code, out, messages) = regard(at, &["classify", "a.txt", "--model", model])?;
        assert_eq!((code, out.as_str()), (1, ""), "{model}: {messages}");
        assert!(messages.contains(expected), "{model}: {messages}");
        assert!(!messages.contains("panicked"));
    }
    Ok(())
}

#[test]
fn a_wrong_actor_file_is_refused_with_its_line() -> Result {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    let actor = |id: &str, alias: &str| {
        format!(
            "[[actor]]\nid = \"{id}\"\ntype = \"organisation\"\nname = \"{id}\"\n[actor.names]\nen = [\"{alias}\"]\n"
        )
    };
    fs::write(at.join("id.toml"), actor("ACME", "Acme") + &actor("ACME", "Acme Works"))?;
    fs::write(at.join("alias.toml"), actor("ACME", "Acme") + &actor("OTHER", "Acme"))?;
    fs::write(at.join("key.toml"), "[[actor]]\nid = \"ACME\"\nkind = \"organisation\"\n")?;
    fs::write(at.join("good.toml"), actor("ACME", "Acme Works"))?;
    for (file, expected) in
        [("id.toml", "id.toml:8: id"), ("alias.toml", "alias.toml:8: names.en"), ("key.toml", "key.toml:3")]
    {
        let (code, _, messages) = regard(at, &["actors", "--actors", file])?;
        assert_eq!(code, 1, "{file}");
        assert!(messages.contains(expected), "{file}: {messages}");
    }
    let (code, out, _) = regard(at, &["actors", "find", "Acme Works thanked Seoul.", "--actors", "good.toml"])?;
    assert_eq!(code, 0);
    assert!(out.contains("\"ACME\"") && out.contains("\"KR\""), "{out}");
    Ok(())
}

#[test]
fn wrong_usage_says_so() -> Result {
    let directory = tempfile::tempdir()?;
    for arguments in [
        vec![],
        vec!["classify"],
        vec!["classify", "a.txt", "--format", "xml"],
        vec!["guess"],
        vec!["classify", "-", "--format", "csv", "--summary"],
    ] {
        assert_eq!(regard(directory.path(), &arguments)?.0, 2, "{arguments:?}");
    }
    let (code, _, messages) = regard(directory.path(), &["classify", "-", "--device", "tpu"])?;
    assert_eq!(code, 1);
    assert!(messages.contains("expected auto, cpu or cuda:N, found \"tpu\""));
    Ok(())
}
