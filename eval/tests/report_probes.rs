//! Probes and prejudice in the views: whole, safe, readable, whatever is in the data.

mod html_checks;

use std::collections::BTreeMap;
use std::error::Error;

use html_checks::{ATTACK, check_views};
use regard::actor::ActorType;
use regard_eval::Evaluation;
use regard_eval::probe::prejudice::{Figures, Row, Spread, Standing, Table};
use regard_eval::probe::{Flip, Outcome, Probe};
use regard_eval::report::{About, Report, html, markdown};

type Tested = Result<(), Box<dyn Error>>;

fn outcome(probe: Probe, question: &'static str) -> Outcome {
    Outcome {
        probe: probe.name(),
        question,
        expected: probe.expected(),
        n: 0,
        gold_n: 0,
        macro_f1_before: None,
        macro_f1_after: None,
        drop: None,
        flipped: None,
        flipped_interval: None,
        mean_shift: None,
        polar_n: 0,
        polar_kept: None,
        both_right_n: 0,
        both_right: None,
        note: Some("no example that the probe can change and the model answers".into()),
        examples: Vec::new(),
    }
}

fn report(probes: Vec<Outcome>, prejudice: Option<Table>) -> Report {
    let about = About { regard: "0.0.0", data: Vec::new(), draws: 0, seed: 0 };
    Report { system: "own".into(), about, evaluation: Evaluation::default(), mistakes: Vec::new(), probes, prejudice }
}

#[test]
fn probes_with_flips() -> Tested {
    let flip = Flip {
        id: format!("1\"{ATTACK}"),
        before: "الوزير انتقد روسيا أمس".into(),
        after: format!("الوزير انتقد {ATTACK} أمس"),
        target: Some("روسيا".into()),
        target_after: Some(ATTACK.into()),
        label_before: "against",
        label_after: "neutral",
    };
    let hidden = Flip { after: flip.before.clone(), target_after: None, ..flip.clone() };
    let other_actor = Outcome {
        n: 1200,
        gold_n: 40,
        macro_f1_before: Some(0.7),
        macro_f1_after: Some(0.8),
        drop: Some(-0.1),
        flipped: Some(0.25),
        flipped_interval: Some([0.2, 0.3]),
        polar_n: 9,
        polar_kept: Some(0.5),
        both_right_n: 24,
        both_right: Some(0.75),
        note: None,
        examples: vec![flip, hidden],
        ..outcome(Probe::OtherActor, "stance")
    };
    let report = report(vec![outcome(Probe::Noise, "sentiment"), other_actor], None);
    let (page, markdown) = (html(&report), markdown(&report));
    check_views(&page, &markdown)?;
    assert!(page.contains("<section id=\"probes\">") && page.contains("href=\"#probes\""));
    assert!(!page.contains("id=\"prejudice\""));
    assert!(
        page.find("Another actor: 2 clear flips") < page.find("Sentiment of whole texts, before"),
        "stance comes first"
    );
    assert_eq!(page.matches("<p dir=\"auto\">").count(), 3, "a text that did not change is shown once");
    assert!(page.contains("toward <bdi>روسيا</bdi>"));
    assert!(page.contains("−10.0") && page.contains("of 24") && page.contains("20.0–30.0"));
    assert!(page.contains("Misspelt: no example that the probe can change"));
    assert!(markdown.contains("| Another actor | stance | ") && markdown.contains(" | 75.0\u{202f}% of 24 |"));
    Ok(())
}

#[test]
fn probes_that_nothing_suits() -> Tested {
    let report = report(Probe::ALL.map(|probe| outcome(probe, "stance")).to_vec(), None);
    check_views(&html(&report), &markdown(&report))?;
    assert_eq!(html(&report).matches("<summary>").count(), 1, "nothing to unfold but the files");
    Ok(())
}

fn figures(balance: f64) -> Figures {
    Figures { n: 4, mean_balance: balance, mean_probabilities: [0.2, 0.6, 0.2], non_neutral: 0.25 }
}

/// An actor and its place.
fn actor(id: &str, name: &str, deviation: f64, languages: &[(&str, f64)]) -> (Row, Standing) {
    let by_language = languages.iter().map(|(language, balance)| ((*language).to_owned(), figures(*balance)));
    let interval = (deviation != 0.0).then_some([deviation - 0.1, deviation + 0.1]);
    let row = Row {
        id: id.into(),
        kind: ActorType::State,
        name: name.into(),
        deviation,
        interval,
        figures: figures(deviation),
        by_language: by_language.collect(),
    };
    (row, Standing { id: id.into(), deviation, interval, mean_balance: deviation })
}

#[test]
fn prejudice_by_type_and_language() -> Tested {
    let (kind, best) = actor("A", ATTACK, 0.2, &[("ar", 0.5), ("en", 0.1)]);
    let (harsh, worst) = actor("B", "O'Brien | روسيا", 0.0, &[("ar", 0.1)]);
    let spread = Spread {
        actors: 2,
        mean_balance: -0.01,
        mean_absolute_deviation: 0.1,
        most_favoured: vec![best.clone(), worst.clone()],
        least_favoured: vec![worst, best],
    };
    let by_type = BTreeMap::from([("state".to_owned(), spread)]);
    let table = Table { readings: 12, templates: 4, actors: vec![harsh, kind], by_type, note: None };
    let report = report(Vec::new(), Some(table));
    let (page, markdown) = (html(&report), markdown(&report));
    check_views(&page, &markdown)?;
    assert!(page.contains("<section id=\"prejudice\">") && page.contains("href=\"#prejudice\""));
    assert!(page.contains("+0.100 to +0.300") && page.contains("<bdi>O&#39;Brien | روسيا</bdi>"));
    assert!(page.contains("<text x=\"3.00%\" y=\"75%\" text-anchor=\"middle\">−0.3</text>"));
    // 0.5 in a language where the mean is 0.3; no reading of the other actor in the other language.
    assert!(page.contains("<div class=\"kinder\" style=\"--share:0.200\">+0.20</div>"));
    assert!(page.contains("<div class=\"harsher\" style=\"--share:0.200\">−0.20</div>"));
    assert!(markdown.contains("| States | &lt;script&gt;alert(1)&lt;/script&gt; +0.200, O'Brien \\| روسيا 0.000 |"));
    Ok(())
}

#[test]
fn no_reading_at_all() -> Tested {
    let note = Some(format!("no actor {ATTACK}"));
    let table = Table { readings: 0, templates: 0, actors: Vec::new(), by_type: BTreeMap::new(), note };
    let report = report(Vec::new(), Some(table));
    check_views(&html(&report), &markdown(&report))?;
    assert!(html(&report).contains("<li>no actor &lt;script"));
    assert!(!markdown(&report).contains("## Prejudice"));
    Ok(())
}
