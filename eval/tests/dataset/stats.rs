//! What a data set holds.

use regard::Stance::{Against, Favor, Neutral};
use regard_eval::dataset::stats::stats;

use super::example;

#[test]
fn figures_are_those_counted_by_hand() {
    let examples = [
        example("1", "Ann met Bob", "Ann", Favor, "a"),
        example("2", "Ann met Bob", "Bob", Against, "a"),
        example("3", "Ann ran", "Ann", Favor, "b"),
        example("4", "Ann ate", "Ann", Favor, "c"),
        example("5", "Bob ate", "Bob", Neutral, "d"),
        example("6", "Nothing of it", "Cid", Favor, "e"),
    ];
    let [set] = stats(&examples).try_into().unwrap_or_else(|sets| unreachable!("one data set: {sets:?}"));
    assert_eq!((set.n, set.targets, set.groups, set.texts, set.multi_target), (6, 3, 5, 5, 1));
    assert_eq!((set.stance, set.sentiment), ([1, 1, 4], [0, 0, 0]));
    assert_eq!(set.mentioned, Some(5.0 / 6.0));
    assert_eq!((set.length.p5, set.length.median, set.length.max), (7, 7, 13));
    assert_eq!(set.majority, 4.0 / 6.0);
    // Ann is right three times; each Bob is judged by the other; Cid, alone, by all the others: favor.
    assert_eq!(set.prior, Some(4.0 / 6.0));
}
