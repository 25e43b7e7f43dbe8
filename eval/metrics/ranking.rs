//! Areas under curves: how well the probabilities of one class rank its members above the others.

use multiversion::multiversion;

use super::sample::Judged;

/// The examples from the most to the least probable for one class.
#[derive(Debug, Default)]
pub(crate) struct Ranking(Vec<Ranked>);

/// A place in a ranking: the group, with two flags in its low bits so that a ranking stays small.
#[derive(Debug, Clone, Copy)]
struct Ranked(u32);

impl Ranked {
    fn new(group: u32, is_member: bool, ends_tie: bool) -> Self {
        Self(group << 2 | u32::from(ends_tie) << 1 | u32::from(is_member))
    }

    fn group(self) -> usize {
        (self.0 >> 2) as usize
    }

    /// Whether gold is the class of the ranking.
    fn is_member(self) -> bool {
        self.0 & 1 == 1
    }

    /// Whether the next one is less probable.
    fn ends_tie(self) -> bool {
        self.0 & 2 == 2
    }
}

/// Area under the ROC curve (Mann and Whitney's statistic, a tie counts half) and average precision (the mean over members of the
/// precision at their score), of `L` resamples; NaN where members or others are missing.
pub(crate) struct Areas<const L: usize> {
    pub(crate) roc: [f64; L],
    pub(crate) precision: [f64; L],
}

impl Ranking {
    /// The ranking, and the indices of `judged` in its order.
    pub(crate) fn new(judged: &[Judged], class: usize) -> (Self, Vec<usize>) {
        let score = |index: usize| judged[index].scores.map_or(0.0, |scores| scores[class]);
        let mut order: Vec<usize> = (0..judged.len()).collect();
        order.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
        let ends_tie = |at: usize| order.get(at + 1).is_none_or(|&next| score(next) < score(order[at]));
        let ranked = order
            .iter()
            .enumerate()
            .map(|(at, &index)| Ranked::new(judged[index].group, judged[index].gold == class, ends_tie(at)));
        (Self(ranked.collect()), order)
    }

    /// The areas where each group weighs as `weights` say.
    pub(crate) fn areas<const L: usize>(&self, weights: &[[u8; L]]) -> Areas<L> {
        areas(&self.0, weights)
    }

    /// How much each example, in the order of the ranking, moves the two areas when it weighs more: their derivatives by its weight
    /// at weights of one, which sum to zero. The ranking must have members and others.
    pub(crate) fn influences(&self) -> Vec<[f64; 2]> {
        let ties: Vec<&[Ranked]> = self.0.chunk_by(|ranked, _| !ranked.ends_tie()).collect();
        let counts = |tie: &[Ranked]| {
            let members = tie.iter().filter(|ranked| ranked.is_member()).count() as f64;
            (members, tie.len() as f64 - members)
        };
        let members: f64 = ties.iter().map(|tie| counts(tie).0).sum();
        let others = self.0.len() as f64 - members;
        let Areas { roc: [roc], precision: [precision] } = self.areas(&self.ones());
        // From the least probable up: members at or above a tie, others below it, and what its members' precision would lose to one
        // more example above.
        let (mut at_or_above, mut below, mut lost, mut gained) = (members, 0.0, 0.0, 0.0);
        let mut influences = Vec::with_capacity(self.0.len());
        for tie in ties.iter().rev() {
            let (tied_members, tied_others) = counts(tie);
            let all_at_or_above = at_or_above + others - below;
            let precision_here = at_or_above / all_at_or_above;
            lost += tied_members * precision_here / all_at_or_above;
            gained += tied_members / all_at_or_above;
            let of_member = [
                (below + tied_others / 2.0) / (members * others) - roc / members,
                (precision_here + gained - lost - precision) / members,
            ];
            let of_other = [(at_or_above - tied_members / 2.0) / (members * others) - roc / others, -lost / members];
            influences.extend(tie.iter().rev().map(|ranked| if ranked.is_member() { of_member } else { of_other }));
            at_or_above -= tied_members;
            below += tied_others;
        }
        influences.reverse();
        influences
    }

    /// Weights of one.
    pub(crate) fn ones(&self) -> Vec<[u8; 1]> {
        vec![[1]; self.0.iter().map(|ranked| ranked.group() + 1).max().unwrap_or(0)]
    }
}

#[multiversion(targets = "simd")]
fn areas<const L: usize>(ranking: &[Ranked], weights: &[[u8; L]]) -> Areas<L> {
    let (mut members, mut others) = ([0.0; L], [0.0; L]);
    let (mut above, mut precision) = ([0.0; L], [0.0; L]);
    for tie in ranking.chunk_by(|ranked, _| !ranked.ends_tie()) {
        let (mut tied_members, mut tied_others) = ([0.0; L], [0.0; L]);
        for ranked in tie {
            let tied = if ranked.is_member() { &mut tied_members } else { &mut tied_others };
            for (sum, weight) in tied.iter_mut().zip(weights[ranked.group()]) {
                *sum += f64::from(weight);
            }
        }
        for lane in 0..L {
            above[lane] += tied_others[lane] * (members[lane] + 0.5 * tied_members[lane]);
            members[lane] += tied_members[lane];
            others[lane] += tied_others[lane];
            // Nothing drawn so far: nothing to add either.
            precision[lane] += tied_members[lane] * members[lane] / (members[lane] + others[lane]).max(1.0);
        }
    }
    Areas {
        roc: std::array::from_fn(|lane| above[lane] / (members[lane] * others[lane])),
        precision: std::array::from_fn(|lane| precision[lane] / members[lane]),
    }
}
