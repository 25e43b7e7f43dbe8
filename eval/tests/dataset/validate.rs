//! What is wrong with files of the schema.

use regard_eval::dataset::validate::{Kind, validate};

use super::Outcome;

#[test]
fn every_fault_is_found_where_it_is() -> Outcome {
    let long =
        "The mayor of the small town opened the new bridge on Sunday and thanked the engineers for their patience";
    let line = |id: &str, text: &str, target: &str, place: (usize, usize), label: &str, group: &str| {
        format!(
            r#"{{"id":"{id}","dataset":"d","lang":"en","text":"{text}","target":"{target}","target_start":{},"target_end":{},"label":"{label}","group":"{group}"}}"#,
            place.0, place.1
        )
    };
    let train = [
        line("1", "Ann left", "Ann", (0, 3), "favor", "a"),
        line("1", "Bob left", "Bob", (0, 3), "favor", "b"),
        "{".to_owned(),
        line("2", "Ann left", "Ann", (0, 3), "against", "a"),
        line("3", "Anns Hut", "Ann", (0, 4), "favor", "c"),
        line("4", &format!("{long}."), "mayor", (4, 9), "favor", "e"),
        line("5", "Cid ran", "Cid", (0, 3), "favor", "f").replace("\"en\"", "\"!\""),
    ];
    let test = [
        line("6", "bob left!", "bob", (0, 3), "favor", "z"),
        line("7", "Eve ran", "Eve", (0, 3), "favor", "c"),
        line("8", &long.replace("Sunday", "Monday"), "mayor", (4, 9), "favor", "y"),
    ];
    let directory = tempfile::tempdir()?;
    let paths = [directory.path().join("d-train.jsonl"), directory.path().join("d-test.jsonl")];
    std::fs::write(&paths[0], train.join("\n"))?;
    std::fs::write(&paths[1], test.join("\n"))?;
    let report = validate(&paths)?;
    let expected = [
        (Kind::Record, "train.jsonl:3: EOF"),
        (Kind::Id, "train.jsonl:2: id: expected one of its own in d, found \"1\" as in"),
        (Kind::Contradiction, "train.jsonl:4: label: expected favor as in"),
        (Kind::Mention, "train.jsonl:5: target_start, target_end: expected the target \"Ann\", found \"Anns\""),
        (Kind::Record, "train.jsonl:7: lang: expected a BCP 47 tag such as ar, found \"!\""),
        (Kind::Group, "test.jsonl:2: group: expected in one split, found \"c\" in"),
        (Kind::Text, "test.jsonl:1: text: expected in one split, found it in"),
        (Kind::NearText, "test.jsonl:3: text: expected in one split, found it in"),
    ];
    for (finding, (kind, message)) in report.findings.iter().zip(expected) {
        assert_eq!(finding.kind, kind, "{finding}");
        assert!(finding.message.contains(message), "{finding}");
    }
    assert_eq!((report.findings.len(), report.wrong()), (expected.len(), expected.len() - 1));
    assert_eq!((report.files[0].split, report.files[1].split), (Some("train"), Some("test")));
    assert_eq!((report.files[0].examples, report.files[1].examples), (6, 3));
    Ok(())
}
