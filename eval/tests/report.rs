//! The views of a report: whole, safe, readable, whatever is in the data.

mod html_checks;

use std::error::Error;

use html_checks::{ATTACK, check_views};
use regard::{CodePoints, Label, Sentiment, Stance};
use regard_eval::report::{About, DataFile, Report, html, markdown, write};
use regard_eval::{Answer, Answered, Bootstrap, Breakdown, Example, Gold, Settings, evaluate, mistakes};

type Tested = Result<(), Box<dyn Error>>;

/// Language, text, target.
const SENTENCES: [(&str, &str, &str); 6] = [
    ("ar", "قال الوزير إن روسيا تهدد أوكرانيا اليوم", "روسيا"),
    ("he", "הממשלה תומכת באוקראינה נגד רוסיה", "אוקראינה"),
    ("ko", "정부는 러시아의 침공을 비난했다", "러시아"),
    ("en", "\"Peace & quiet\" <b>for</b> O'Brien's | Ukraine", "O'Brien"),
    ("en", "Then <script>alert(1)</script> said: no", ATTACK),
    ("x\"><script>alert(1)</script>", "😀😀 Fuß & <i>Ball</i>", "Ball"),
];

/// `copies` of each sentence, with the mention where the target stands.
fn examples(copies: usize) -> Result<Vec<Example>, Box<dyn Error>> {
    let mut examples = Vec::new();
    for copy in 0..copies {
        for (place, (language, text, target)) in SENTENCES.into_iter().enumerate() {
            let text = format!("{text} {copy}");
            let start = text.find(target).ok_or("the sentence names its target")?;
            let points = CodePoints::new(&text);
            let mention = points.span(points.at(start), points.at(start + target.len()));
            examples.push(Example {
                id: format!("{copy}\"'><script>alert(1)</script>-{place}"),
                dataset: format!("set|{}&<b>", place % 2),
                language: language.to_owned(),
                target: Some(target.to_owned()),
                target_type: Some("<i>type</i>".to_owned()),
                mention,
                gold: Gold::Stance(Stance::ALL[(place + copy) % 3]),
                group: text.clone(),
                meta: Default::default(),
                text,
            });
        }
    }
    Ok(examples)
}

/// Answers that favor the first label, right or wrong.
fn scored(index: usize) -> Option<Answer> {
    let scores = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.25, 0.25, 0.5], [0.9, 0.1, 0.0]][index % 4];
    Some(Answer { label: [0, 1, 2, 0][index % 4], scores: Some(scores) })
}

fn report(
    examples: &[Example],
    draws: usize,
    answer: impl Fn(usize) -> Option<Answer>,
) -> Result<Report, Box<dyn Error>> {
    let answered: Vec<Answered<'_>> =
        examples.iter().enumerate().map(|(index, example)| Answered { example, answer: answer(index) }).collect();
    let breakdown =
        Breakdown::new(regard::actor::Catalogue::shipped()?)?.with_training(&examples[..examples.len().min(3)]);
    let settings = Settings { bootstrap: Bootstrap { draws, seed: 7 }, breakdown, ..Settings::default() };
    let data = vec![DataFile {
        path: format!("data/{ATTACK}|\n'x'.jsonl"),
        examples: examples.len(),
        sha256: "0123456789abcdef".repeat(4),
    }];
    let about = About { regard: "0.0.0", data, draws, seed: 7 };
    Ok(Report {
        system: format!("a | b & {ATTACK}\n\"c\""),
        about,
        evaluation: evaluate(&answered, &settings),
        mistakes: mistakes(&answered),
        probes: Vec::new(),
        prejudice: None,
    })
}

/// What holds for every report.
fn check(report: &Report) -> Tested {
    let page = html(report);
    check_views(&page, &markdown(report))?;
    assert!(!page.contains("<b>for") && !page.contains("<i>type"));
    Ok(())
}

#[test]
fn many_languages() -> Tested {
    let examples = examples(12)?;
    let report = report(&examples, 50, scored)?;
    check(&report)?;
    let page = html(&report);
    for id in ["in-short", "stance", "by-language", "by-dataset", "by-actor", "by-target_in_training", "mistakes"] {
        assert!(page.contains(&format!("<section id=\"{id}\">")), "{id}");
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
    }
    assert!(page.contains("<p dir=\"auto\" lang=\"ar\">قال الوزير إن <mark>روسيا</mark> تهدد أوكرانيا اليوم "));
    assert!(page.contains("<p dir=\"auto\" lang=\"he\">הממשלה תומכת ב<mark>אוקראינה</mark> נגד"));
    assert!(page.contains("<p dir=\"auto\" lang=\"ko\">정부는 <mark>러시아</mark>의 침공을"));
    // No such language; the mention lies behind two characters outside the basic plane.
    assert!(page.contains("<p dir=\"auto\">😀😀 Fuß &amp; &lt;i&gt;<mark>Ball</mark>&lt;/i&gt;"));
    assert!(page.contains("toward <bdi>O&#39;Brien</bdi>"));
    assert!(page.contains("bins of equal mass") && page.contains("bins of equal width"));
    assert!(page.contains("<path class=\"curve\""));
    let markdown = markdown(&report);
    assert!(markdown.contains("| set\\|0&amp;&lt;b&gt; | stance | 36 | 36 | "));
    assert!(markdown.contains("## Probabilities"));
    Ok(())
}

#[test]
fn one_example() -> Tested {
    let examples = examples(1)?;
    let report = report(&examples[..1], 20, scored)?;
    check(&report)?;
    let page = html(&report);
    assert!(page.contains("1 example in 1 file") && page.contains("too few to say"));
    assert!(page.contains("no gold neutral and favor"), "notes are shown");
    Ok(())
}

#[test]
fn one_class_rightly_answered() -> Tested {
    let mut examples = examples(4)?;
    for example in &mut examples {
        example.gold = Gold::Stance(Stance::Neutral);
    }
    let sure = Answer { label: 1, scores: Some([0.0, 1.0, 0.0]) };
    let report = report(&examples, 20, |_| Some(sure))?;
    check(&report)?;
    let page = html(&report);
    assert!(page.contains("None: no wrong answer has a probability."));
    assert!(page.contains("no gold<"), "rows of the confusion that hold nothing say so");
    assert!(page.contains("not defined here"), "kappa");
    Ok(())
}

#[test]
fn labels_without_probabilities() -> Tested {
    let examples = examples(4)?;
    let report = report(&examples, 20, |index| Some(Answer { label: index % 3, scores: None }))?;
    check(&report)?;
    assert!(html(&report).contains("needs probabilities"));
    assert!(!markdown(&report).contains("## Probabilities"));
    Ok(())
}

#[test]
fn no_draws_and_no_answers() -> Tested {
    let examples = examples(4)?;
    let without_draws = report(&examples, 0, scored)?;
    check(&without_draws)?;
    assert!(html(&without_draws).contains("not drawn"));
    let unanswered = report(&examples, 0, |_| None)?;
    check(&unanswered)?;
    assert!(html(&unanswered).contains("24 examples without an answer"));
    check(&report(&[], 20, scored)?)
}

#[test]
fn both_questions() -> Tested {
    let mut examples = examples(6)?;
    for example in examples.iter_mut().step_by(2) {
        (example.target, example.mention) = (None, None);
        example.gold = Gold::Sentiment(Sentiment::Negative);
    }
    let report = report(&examples, 20, scored)?;
    check(&report)?;
    let page = html(&report);
    let place = |id: &str| page.find(&format!("<section id=\"{id}\">"));
    assert!(place("stance") < place("sentiment") && place("sentiment") < place("by-language"));
    Ok(())
}

#[test]
fn files_are_written_whole() -> Tested {
    let directory = tempfile::tempdir()?;
    let report = report(&examples(2)?, 20, scored)?;
    let inside = directory.path().join("made");
    write(&report, &inside)?;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&inside)? {
        names.push(entry?.file_name().into_string().map_err(|_| "a name in ASCII")?);
    }
    names.sort();
    assert_eq!(names, ["evaluation.json", "report.html", "report.md"]);
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(inside.join("evaluation.json"))?)?;
    assert_eq!(json["stance"]["n"], 12);
    assert_eq!(std::fs::read_to_string(inside.join("report.html"))?, html(&report));

    let file = inside.join("report.md");
    let error = write(&report, &file).expect_err("a file is no directory");
    assert!(error.to_string().contains("report.md"), "{error}");
    Ok(())
}
