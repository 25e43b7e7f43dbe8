//! Splits share nothing and lose nothing.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use regard::{Label, Stance};
use regard_eval::Example;
use regard_eval::dataset::leakage::normal;
use regard_eval::dataset::split::{Shares, split};

use super::{Outcome, example};

fn examples(rows: &[(u8, u8, usize)]) -> Vec<Example> {
    let one = |(index, &(text, group, label)): (usize, &(u8, u8, usize))| {
        example(&index.to_string(), &format!("Sentence {text} of Ann"), "Ann", Stance::ALL[label], &format!("g{group}"))
    };
    rows.iter().enumerate().map(one).collect()
}

proptest! {
    #[test]
    fn no_group_and_no_text_stands_in_two_splits(
        rows in prop::collection::vec((0u8..60, 0u8..40, 0usize..3), 1..150),
        dev in 0.0..0.45f64,
        test in 0.0..0.45f64,
        seed in any::<u64>(),
    ) {
        let examples = examples(&rows);
        let splits = split(examples.clone(), Shares { dev, test }, seed)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, example) in splits.iter().enumerate().flat_map(|(place, split)| split.iter().map(move |e| (place, e))) {
            for key in [format!("group {}", example.group), format!("text {}", normal(&example.text))] {
                prop_assert_eq!(*places.entry(key).or_insert(place), place);
            }
        }
        let ids: HashSet<&str> = splits.iter().flatten().map(|example| example.id.as_str()).collect();
        prop_assert_eq!(ids.len(), examples.len());
        prop_assert_eq!(splits.iter().map(Vec::len).sum::<usize>(), examples.len());
        let again = split(examples, Shares { dev, test }, seed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(splits, again);
    }
}

#[test]
fn sizes_and_labels_come_near_to_what_was_asked() -> Outcome {
    let rows: Vec<(u8, u8, usize)> =
        (0..1000).map(|index| ((index % 250) as u8, (index % 250) as u8, [0, 1, 1, 1, 2][index / 5 % 5])).collect();
    let splits = split(examples(&rows), Shares { dev: 0.1, test: 0.2 }, 7)?;
    assert_eq!(splits.each_ref().map(Vec::len).map(|n| n.div_ceil(10)), [70, 10, 20]);
    for part in &splits {
        let neutral = part.iter().filter(|example| example.gold.name() == "neutral").count();
        let share = neutral as f64 / part.len() as f64;
        assert!((share - 0.6).abs() < 0.03, "{share}");
    }
    Ok(())
}

#[test]
fn shares_that_leave_nothing_to_train_on_are_refused() {
    for (dev, test) in [(0.5, 0.5), (-0.1, 0.2), (f64::NAN, 0.0)] {
        assert!(split(Vec::new(), Shares { dev, test }, 0).is_err());
    }
}
