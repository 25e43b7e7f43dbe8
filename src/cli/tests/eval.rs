//! `regard eval` on a handful of our own sentences.

use std::error::Error;
use std::fs;

use assert_cmd::Command;
use serde_json::Value;

#[test]
fn answers_are_counted_by_language_and_data_set() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("gold.jsonl");
    let stance = |id: u32, text: &str, target: &str, label: &str| {
        let start = text.find(target).unwrap_or_default();
        let end = start + target.len();
        format!(
            r#"{{"id":"{id}","dataset":"own","lang":"en","text":"{text}","target":"{target}","target_start":{start},"target_end":{end},"label":"{label}","group":"{id}"}}"#
        )
    };
    let lines = [
        stance(1, "Everyone admires Ms Lind for her courage and honesty.", "Ms Lind", "favor"),
        stance(2, "Mr Orr is a corrupt liar and a disgrace.", "Mr Orr", "against"),
        r#"{"id":"3","dataset":"own","lang":"en","text":"Taxes.","target":"taxes","label":"favor"}"#.to_owned(),
        r#"{"id":"4","dataset":"moods","lang":"de","text":"Was für ein wunderbarer Tag!","sentiment":"positive"}"#
            .to_owned(),
        "{broken".to_owned(),
    ];
    fs::write(&path, lines.join("\n"))?;
    let output = Command::cargo_bin("regard")?.arg("eval").arg("--data").arg(&path).output()?;
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("gold.jsonl:5: "));
    let found: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(found["stance"]["n"], 2);
    assert_eq!(found["stance"]["accuracy"], 1.0);
    assert_eq!(found["unanswered"], 1, "a topic without a mention cannot be pooled");
    assert_eq!(found["by"]["language"]["de"]["sentiment"]["n"], 1);
    assert_eq!(found["by"]["dataset"]["own"]["stance"]["confusion"][0][0], 1);
    Ok(())
}
