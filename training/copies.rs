//! Counterfactual copies: the same sentences about others.

use std::collections::HashMap;

use rand::Rng;
use regard::actor::{Catalogue, Matcher};
use regard_eval::Example;
use regard_eval::probe::{NO_MASK, Surroundings, copied};

use crate::Error;
use crate::config::Config;
use crate::corpus::Corpus;
use crate::data::asked;
use crate::sampler::{Purpose, random};

/// Add to each of `corpora` copies of its texts with other names of the catalogue for the targets', as the probe of names replaces them: of
/// the texts that can be copied so large a share as `config` says. A copy has the ids of its original.
///
/// # Errors
/// Where the shipped catalogue is not in order.
pub(crate) fn add(corpora: &mut [Corpus], config: &Config) -> Result<(), Error> {
    let catalogue = Catalogue::shipped()?;
    let matcher = Matcher::new(&catalogue)?;
    let surroundings = Surroundings { catalogue: &catalogue, matcher: &matcher, mask: NO_MASK, seed: config.seed };
    for (place, corpus) in corpora.iter_mut().enumerate() {
        let mut rng = random(config.seed, Purpose::Copies, place as u64);
        let mut texts = by_text(corpus.examples.iter().filter(|example| asked(example, config.target)));
        texts.retain(|_| rng.random_bool(config.data.replaced));
        let copies: Vec<Example> = texts
            .into_iter()
            .filter_map(|text| copied(&text.into_iter().cloned().collect::<Vec<_>>(), &surroundings))
            .flatten()
            .collect();
        corpus.examples.extend(copies);
    }
    Ok(())
}

/// The examples of each text, in the order of the texts.
fn by_text<'a>(examples: impl Iterator<Item = &'a Example>) -> Vec<Vec<&'a Example>> {
    let mut texts: Vec<Vec<&Example>> = Vec::new();
    let mut places = HashMap::new();
    for example in examples {
        let place = *places.entry(&example.text).or_insert_with(|| {
            texts.push(Vec::new());
            texts.len() - 1
        });
        texts[place].push(example);
    }
    texts
}

#[cfg(test)]
mod tests {
    use regard_eval::Gold;

    use super::*;
    use crate::config::{DataConfig, Source};

    fn line(id: usize, actor: &str, label: &str) -> String {
        let text = format!("{actor} was criticised on day {id}.");
        let end = actor.chars().count();
        format!(
            r#"{{"id":"{id}","dataset":"own","lang":"en","text":"{text}","target":"{actor}","target_start":0,"target_end":{end},"label":"{label}"}}"#
        )
    }

    #[test]
    fn so_large_a_share_of_what_can_be_copied_is_and_replays() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("train.jsonl");
        // Half of them name nobody whom the catalogue knows.
        let names = ["Iran", "The mayor"];
        let lines: Vec<String> = (0..400).map(|id| line(id, names[id % 2], ["against", "favor"][id / 2 % 2])).collect();
        std::fs::write(&path, lines.join("\n"))?;
        let copied = |share: f64, seed: u64| -> Result<Vec<Example>, Box<dyn std::error::Error>> {
            let mut corpora = crate::corpus::read(&[Source::new(&path)], &DataConfig::default())?;
            let mut config: Config =
                toml::from_str("base = 'a'\noutput = 'b'\nepochs = 1\ntrain = ['c']\ndev = ['d']")?;
            (config.data.replaced, config.seed) = (share, seed);
            add(&mut corpora, &config)?;
            Ok(corpora.remove(0).examples.split_off(lines.len()))
        };
        assert_eq!(copied(1.0, 1)?.len(), 200);
        let some = copied(0.3, 1)?;
        assert!((40..80).contains(&some.len()), "{}", some.len());
        assert_eq!(some, copied(0.3, 1)?);
        assert_ne!(some, copied(0.3, 2)?);
        for copy in some {
            let id: usize = copy.id.parse()?;
            let label = if (id / 2).is_multiple_of(2) { regard::Stance::Against } else { regard::Stance::Favor };
            assert_eq!(copy.gold, Gold::Stance(label));
            assert!(
                !copy.text.contains("Iran ") && copy.text.ends_with(&format!(" was criticised on day {id}.")),
                "{}",
                copy.text
            );
        }
        Ok(())
    }
}
