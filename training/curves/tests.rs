use regard_eval::metrics::Figure;

use super::svg;
use crate::metrics::Record;

fn step(step: u64, loss: f64) -> Record {
    Record::Step { step, epoch: 1, loss, lr: 1e-5, norm: 1.0, tokens: 100, seconds: 1.0 }
}

fn dev(step: u64, score: f64, best: bool) -> Record {
    Record::Dev { step, epoch: 1, score, best, dev: serde_json::Value::Null }
}

/// Elements begin and end in pairs, attributes stand in quotes, no number is none.
fn check(svg: &str) -> Result<(), String> {
    let mut open = Vec::new();
    let (_, body) = svg.split_once("</style>").ok_or("no style sheet")?;
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').ok_or_else(|| format!("no end of {piece}"))?;
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        match tag.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return Err(format!("{name} ends what it is not")),
            None if !tag.ends_with('/') => open.push(name),
            _ => {}
        }
        if tag.matches('"').count() != 2 * tag.matches('=').count()
            || text.contains('"') && open.last() != Some(&"style")
        {
            return Err(format!("quotes in {piece}"));
        }
    }
    match ["NaN", "inf", "href", "script", "url("].iter().find(|word| body.contains(**word)) {
        Some(word) => Err(format!("{word} in the drawing")),
        None if !open.is_empty() => Err(format!("not ended: {open:?}")),
        None => Ok(()),
    }
}

#[test]
fn the_last_best_is_marked() -> Result<(), String> {
    let records = [
        step(1, 1.1),
        step(1000, f64::NAN),
        step(2000, 0.7),
        dev(1000, 0.55, true),
        dev(2000, 0.612, true),
        step(3000, f64::INFINITY),
        dev(3000, f64::NAN, false),
        dev(4000, 0.60, false),
    ];
    let svg = svg(&records, Figure::MacroF1);
    check(&svg)?;
    assert_eq!(svg.matches("class=\"best\"").count(), 1);
    assert_eq!(svg.matches("class=\"point\"").count(), 3);
    assert!(svg.contains("<title>best: 61.2\u{202f}%, step 2\u{202f}000, epoch 1</title>"));
    assert!(svg.contains("macro_f1 on dev, %"));
    assert!(svg.contains(">4\u{202f}000</text>"), "both panels end at the last step");
    Ok(())
}

#[test]
fn a_loss_is_no_share() -> Result<(), String> {
    let svg = svg(&[dev(10, 0.9, true), dev(20, 0.8125, true)], Figure::Nll);
    check(&svg)?;
    assert!(svg.contains("<title>best: 0.812, step 20, epoch 1</title>") && svg.contains("nll on dev<"));
    assert!(svg.contains("Best nll on dev: 0.812, step 20, epoch 1</text>"));
    Ok(())
}

#[test]
fn a_run_that_has_hardly_begun_is_drawn() -> Result<(), String> {
    let empty = svg(&[], Figure::MacroF1);
    check(&empty)?;
    assert!(
        empty.contains("no step yet") && empty.contains("no evaluation yet") && empty.contains("Not evaluated yet")
    );
    for records in [vec![step(10, 0.5)], vec![dev(0, 0.0, true)], vec![step(1, 0.0), dev(1, 0.5, false)]] {
        let svg = svg(&records, Figure::MacroF1);
        check(&svg)?;
        assert_eq!(svg.matches("<circle").count(), records.len() + svg.matches("class=\"best\"").count());
    }
    Ok(())
}
