//! Calibration: what logits are divided by, of each head and language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Language;

/// What softmax divides logits by, so that probabilities come true (<https://arxiv.org/abs/1706.04599>); 1 changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Temperatures {
    /// Of the stance head.
    pub stance: f32,
    /// Of the sentiment head.
    pub sentiment: f32,
    /// By primary subtag (`zh`, not `zh-Hant`): languages in which a model is surer of itself, or less sure, than in the others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub languages: BTreeMap<String, LanguageTemperatures>,
}

/// A language's own [`Temperatures`]; where there is none, the head's serves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LanguageTemperatures {
    /// Of the stance head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stance: Option<f32>,
    /// Of the sentiment head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<f32>,
}

impl Default for Temperatures {
    fn default() -> Self {
        Self { stance: 1.0, sentiment: 1.0, languages: BTreeMap::new() }
    }
}

impl Temperatures {
    /// Of the stance head, for a text in `language`.
    pub fn stance_in(&self, language: Option<&Language>) -> f32 {
        self.own(language).and_then(|own| own.stance).unwrap_or(self.stance)
    }

    /// Of the sentiment head, for a text in `language`.
    pub fn sentiment_in(&self, language: Option<&Language>) -> f32 {
        self.own(language).and_then(|own| own.sentiment).unwrap_or(self.sentiment)
    }

    fn own(&self, language: Option<&Language>) -> Option<&LanguageTemperatures> {
        self.languages.get(language?.primary())
    }

    /// What is wrong with them, by key.
    pub(super) fn check(&self) -> Result<(), String> {
        let positive = |key: &str, value: f32| match value.is_finite() && value > 0.0 {
            true => Ok(()),
            false => Err(format!("{key}: expected a positive number, found {value}")),
        };
        positive("stance", self.stance)?;
        positive("sentiment", self.sentiment)?;
        for (language, own) in &self.languages {
            // Under any other key it would never be found.
            if Language::new(language).is_none_or(|tag| tag.primary() != language) {
                return Err(format!("languages: expected primary subtags such as \"zh\", found {language:?}"));
            }
            for (head, value) in [("stance", own.stance), ("sentiment", own.sentiment)] {
                value.map_or(Ok(()), |value| positive(&format!("languages.{language}.{head}"), value))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_without_its_own_takes_the_heads() {
        let own = LanguageTemperatures { stance: Some(1.4), sentiment: None };
        let languages = [("zh".to_owned(), own)].into();
        let temperatures = Temperatures { stance: 1.2, sentiment: 1.1, languages };
        for (tag, stance) in [("zh", 1.4), ("zh-Hant", 1.4), ("ZH_tw", 1.4), ("ko", 1.2), ("und", 1.2)] {
            let language = Language::new(tag);
            assert_eq!(temperatures.stance_in(language.as_ref()), stance, "{tag}");
            assert_eq!(temperatures.sentiment_in(language.as_ref()), 1.1, "{tag}");
        }
        assert_eq!(temperatures.stance_in(None), 1.2);
        assert_eq!(temperatures.check(), Ok(()));
    }
}
