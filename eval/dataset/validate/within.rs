//! What is wrong with examples wherever they stand.

use std::collections::HashMap;

use regard::Language;

use super::{Finding, Kind, Placed};
use crate::Gold;

pub(super) fn findings(placed: &[Placed<'_>]) -> Vec<Finding> {
    let mut ids = HashMap::new();
    let mut labels = HashMap::new();
    let mut findings = Vec::new();
    for here in placed {
        let example = &here.example;
        findings.extend(empty(here));
        if let Some(first) = ids.insert((&example.dataset, &example.id), here) {
            let message = format!(
                "id: expected one of its own in {}, found {:?} as in {}",
                example.dataset,
                example.id,
                first.place()
            );
            findings.push(here.finding(Kind::Id, message));
            // The first one stays the one that others are held against.
            ids.insert((&example.dataset, &example.id), first);
        }
        if let (Some(target), Some(mention)) = (&example.target, example.mention) {
            let found = mention.of(&example.text);
            if found != target {
                let message = format!("target_start, target_end: expected the target {target:?}, found {found:?}");
                findings.push(here.finding(Kind::Mention, message));
            }
        }
        let toward = matches!(example.gold, Gold::Stance(_));
        let question = (&example.text, &example.target, example.mention, toward);
        let first: &Placed<'_> = labels.entry(question).or_insert(here);
        if first.example.gold != example.gold {
            let (expected, found) = (first.example.gold.name(), example.gold.name());
            let message = format!(
                "label: expected {expected} as in {} for the same text, target and mention, found {found}",
                first.place()
            );
            findings.push(here.finding(Kind::Contradiction, message));
        }
    }
    findings
}

/// Fields that the schema asks for and that say nothing.
fn empty(here: &Placed<'_>) -> Vec<Finding> {
    let example = &here.example;
    let toward = matches!(example.gold, Gold::Stance(_));
    let none = |field: &str| format!("{field}: expected text, found none");
    let messages = [
        example.id.trim().is_empty().then(|| none("id")),
        example.dataset.trim().is_empty().then(|| none("dataset")),
        example.text.trim().is_empty().then(|| none("text")),
        (toward && example.target.as_deref().is_none_or(|target| target.trim().is_empty())).then(|| none("target")),
        Language::new(&example.language)
            .is_none()
            .then(|| format!("lang: expected a BCP 47 tag such as ar, found {:?}", example.language)),
    ];
    messages.into_iter().flatten().map(|message| here.finding(Kind::Record, message)).collect()
}
