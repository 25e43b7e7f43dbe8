//! The same sentence, asked about another of its actors.

use std::collections::HashMap;

use super::{Changed, Surroundings};
use crate::example::{Example, Gold};

/// Every stance example with another target of its text: a labelled one where there is one, of another label if possible, else
/// an actor of the catalogue.
pub(super) fn other_actors(examples: &[Example], surroundings: &Surroundings<'_>) -> Vec<Changed> {
    let mut together: HashMap<(&str, &str), Vec<&Example>> = HashMap::new();
    for example in examples.iter().filter(|example| matches!(example.gold, Gold::Stance(_))) {
        together.entry((&example.text, &example.group)).or_default().push(example);
    }
    let changed = examples.iter().enumerate().filter_map(|(original, example)| {
        let together = together.get(&(example.text.as_str(), example.group.as_str()))?;
        let mention = example.mention?;
        let apart = |other: &&&Example| other.mention.is_some_and(|other| !other.overlaps(mention));
        let labelled = together.iter().filter(apart).filter(|other| other.target != example.target);
        match labelled.min_by_key(|other| other.gold == example.gold) {
            Some(other) if matches!(example.gold, Gold::Stance(_)) => {
                let example = Example { id: example.id.clone(), ..(*other).clone() };
                Some(Changed { original, example, hidden: false, gold_known: true })
            }
            _ => catalogued(example, surroundings).map(|example| Changed {
                original,
                example,
                hidden: false,
                gold_known: false,
            }),
        }
    });
    changed.collect()
}

/// `example` with the first other actor of the catalogue that its text names.
fn catalogued(example: &Example, surroundings: &Surroundings<'_>) -> Option<Example> {
    let mention = example.mention?;
    let found = surroundings.matcher.find(&example.text, &example.language);
    let own = |actor: usize| found.iter().any(|found| found.actor == actor && found.span.overlaps(mention));
    let other = found.iter().find(|found| !found.span.overlaps(mention) && !own(found.actor))?;
    let target = Some(other.span.of(&example.text).to_owned());
    let target_type = surroundings.catalogue.actors().get(other.actor).map(|actor| actor.kind.to_string());
    Some(Example { target, target_type, mention: Some(other.span), ..example.clone() })
}
