//! Comparisons in the views: whole, safe, readable, whatever is in the data.

mod html_checks;

use std::error::Error;

use html_checks::{ATTACK, check_views};
use regard::{Label, Stance};
use regard_eval::compare::{System, compare};
use regard_eval::report::{About, ComparisonReport, DataFile, comparison_html, comparison_markdown, write_comparison};
use regard_eval::{Answer, Answered, Bootstrap, Example, Gold, Settings};

type Tested = Result<(), Box<dyn Error>>;

/// Gold labels in turn, in two languages, the mention in front.
fn examples(n: usize) -> Vec<Example> {
    let example = |index: usize| Example {
        id: format!("{index}{ATTACK}"),
        dataset: format!("own|{ATTACK}"),
        language: if index.is_multiple_of(2) { "ar" } else { "en" }.into(),
        text: format!("روسيا {ATTACK} {index}"),
        target: Some("روسيا".into()),
        target_type: None,
        mention: regard::Span::new("روسيا", 0, "روسيا".len()),
        gold: Gold::Stance(Stance::ALL[index % 3]),
        group: index.to_string(),
        meta: Default::default(),
    };
    (0..n).map(example).collect()
}

/// Right but for each `step`th example.
fn system<'a>(name: &str, examples: &'a [Example], step: usize, scored: bool) -> System<'a> {
    let answer = |(index, example): (usize, &'a Example)| {
        let label = if index % step == 0 { (example.gold.index() + 1) % 3 } else { example.gold.index() };
        let mut scores = [0.1; 3];
        scores[label] = 0.8;
        Answered { example, answer: Some(Answer { label, scores: scored.then_some(scores) }) }
    };
    System { name: format!("{name} | {ATTACK}"), answered: examples.iter().enumerate().map(answer).collect() }
}

fn compared(systems: &[System<'_>], draws: usize) -> ComparisonReport {
    let settings = Settings { bootstrap: Bootstrap { draws, seed: 1 }, ..Settings::default() };
    let data = vec![DataFile { path: ATTACK.into(), examples: 1, sha256: "0123456789abcdef".repeat(4) }];
    let about = About { regard: "0.0.0", data, draws, seed: 1 };
    ComparisonReport { about, comparison: compare(systems, &settings) }
}

/// The checked page and its short form.
fn views(systems: &[System<'_>], draws: usize) -> Result<[String; 2], Box<dyn Error>> {
    let report = compared(systems, draws);
    let views = [comparison_html(&report), comparison_markdown(&report)];
    check_views(&views[0], &views[1])?;
    Ok(views)
}

#[test]
fn a_better_system_is_called_better() -> Tested {
    let examples = examples(240);
    let mut systems = [
        system("good", &examples, 20, true),
        system("bad", &examples, 3, true),
        system("as good", &examples, 20, true),
    ];
    systems[0].answered[1].answer = None;
    let [page, markdown] = views(&systems, 300)?;
    for id in ["systems", "differences", "parts", "disagreements"] {
        assert!(page.contains(&format!("<section id=\"{id}\">")) && page.contains(&format!("href=\"#{id}\"")), "{id}");
    }
    assert!(page.contains("<strong><bdi>good | &lt;script&gt;alert(1)&lt;/script&gt;</bdi> better</strong>"));
    assert!(page.contains("no difference shown") && !page.contains("equally"));
    assert!(page.contains("▲ win") && page.contains("▼ loss"));
    assert!(page.contains("<p dir=\"auto\" lang=\"ar\"><mark>روسيا</mark> &lt;script"));
    assert!(page.contains("1 example left out") && markdown.contains("1 example left out"));
    assert!(markdown.contains(" better |") && markdown.contains("| no difference shown |"));
    Ok(())
}

#[test]
fn little_to_compare() -> Tested {
    let examples = examples(6);
    let labels = [system("a", &examples, 2, false), system("b", &examples, 3, true)];
    let [page, markdown] = views(&labels, 0)?;
    assert!(page.contains("not tested") && page.contains("too few to say") && page.contains("needs probabilities"));
    assert!(markdown.contains("| not tested |"));
    assert!(views(&labels[..1], 20)?[0].contains("id=\"systems\""));
    let same = [system("a", &examples, 2, true), system("a", &examples, 2, true)];
    assert!(views(&same, 20)?[0].contains("None."), "no disagreement");
    let unanswered = [system("a", &examples, 2, true), System { name: "none".into(), answered: Vec::new() }];
    assert!(views(&unanswered, 20)?[0].contains("There is no example that all systems answer."));
    views(&[], 20)?;
    Ok(())
}

#[test]
fn comparisons_are_written_whole() -> Tested {
    let directory = tempfile::tempdir()?;
    let examples = examples(30);
    let report = compared(&[system("a", &examples, 2, true), system("b", &examples, 3, true)], 20);
    write_comparison(&report, directory.path())?;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory.path())? {
        names.push(entry?.file_name().into_string().map_err(|_| "a name in ASCII")?);
    }
    names.sort();
    assert_eq!(names, ["comparison.html", "comparison.json", "comparison.md"]);
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(directory.path().join("comparison.json"))?)?;
    assert_eq!((json["about"]["seed"].as_u64(), json["questions"][0]["metrics"][0]["n"].as_u64()), (Some(1), Some(30)));
    Ok(())
}
