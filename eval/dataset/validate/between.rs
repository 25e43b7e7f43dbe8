//! What two splits share that they must not.

use std::collections::HashMap;

use super::{Finding, Kind, Placed};
use crate::dataset::leakage::{near_duplicates, normal};

pub(super) fn findings(placed: &[Placed<'_>]) -> Vec<Finding> {
    let splits: Vec<&Placed<'_>> = placed.iter().filter(|here| here.split.is_some()).collect();
    let mut findings = Vec::new();
    let by_group = |here: &Placed<'_>| (here.example.dataset.clone(), here.example.group.clone());
    for (here, first) in twice(&splits, by_group) {
        let message = format!("group: expected in one split, found {:?} in {} too", here.example.group, first.place());
        findings.push(here.finding(Kind::Group, message));
    }
    for (here, first) in twice(&splits, |here| normal(&here.example.text)) {
        let message = format!("text: expected in one split, found it in {} too", first.place());
        findings.push(here.finding(Kind::Text, message));
    }
    findings.extend(near(&splits));
    findings
}

/// The first in each later split of those that share a key with an earlier split, and the first in that.
fn twice<'a, 'b, K: std::hash::Hash + Eq>(
    splits: &[&'a Placed<'b>],
    key: impl Fn(&Placed<'b>) -> K,
) -> Vec<(&'a Placed<'b>, &'a Placed<'b>)> {
    let mut seen: HashMap<K, Vec<&'a Placed<'b>>> = HashMap::new();
    let mut pairs = Vec::new();
    for &here in splits {
        let firsts = seen.entry(key(here)).or_default();
        if firsts.iter().any(|first| first.split == here.split) {
            continue;
        }
        if let Some(first) = firsts.first() {
            pairs.push((here, *first));
        }
        firsts.push(here);
    }
    pairs
}

/// Each text's nearest near duplicate in another split, told once, at the later of the two.
fn near(splits: &[&Placed<'_>]) -> Vec<Finding> {
    let mut first_of: HashMap<(String, Option<&str>), &Placed<'_>> = HashMap::new();
    let mut texts = Vec::new();
    let mut places = Vec::new();
    for &here in splits {
        let text = normal(&here.example.text);
        first_of.entry((text.clone(), here.split)).or_insert_with(|| {
            texts.push(text);
            places.push(here);
            here
        });
    }
    // Exact duplicates are told of already.
    let pairs = near_duplicates(&texts, |a, b| places[a].split != places[b].split && texts[a] != texts[b]);
    let mut nearest: HashMap<usize, (usize, f64)> = HashMap::new();
    for pair in pairs {
        let known = nearest.entry(pair.second).or_insert((pair.first, pair.similarity));
        if pair.similarity > known.1 {
            *known = (pair.first, pair.similarity);
        }
    }
    let mut nearest: Vec<_> = nearest.into_iter().collect();
    nearest.sort_unstable_by_key(|(second, _)| *second);
    let told = |(second, (first, similarity)): (usize, (usize, f64))| {
        let message = format!(
            "text: expected in one split, found it in {} nearly the same (Jaccard similarity {similarity:.2})",
            places[first].place()
        );
        places[second].finding(Kind::NearText, message)
    };
    nearest.into_iter().map(told).collect()
}
