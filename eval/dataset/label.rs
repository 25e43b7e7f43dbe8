//! What a source calls its labels.

use std::str::FromStr;

use regard::{Label, Sentiment, Stance};

/// The values of a label column that mean something, beside the house's own names, which are always known. Where it is
/// empty, -1, 0 and 1 are known too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(pub Vec<LabelName>);

/// One value of a label column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelName {
    /// As the file has it, in lower case.
    pub value: String,
    /// 0 against or negative, 1 neutral, 2 favor or positive.
    pub index: usize,
}

/// What numeric labels mean where nobody says otherwise.
const SIGNS: [&str; 3] = ["-1", "0", "1"];

impl Labels {
    /// The table `pairs` of values and indices.
    pub(super) fn new(pairs: &[(&str, usize)]) -> Self {
        Self(pairs.iter().map(|&(value, index)| LabelName { value: value.to_lowercase(), index }).collect())
    }

    /// The index of `raw`, read without regard to case.
    ///
    /// # Errors
    /// What was expected and found.
    pub(super) fn index(&self, raw: &str) -> Result<usize, String> {
        let lower = raw.to_lowercase();
        let listed = self.0.iter().find(|label| label.value == lower).map(|label| label.index);
        let sign = || SIGNS.iter().position(|sign| self.0.is_empty() && *sign == lower);
        listed.or_else(|| house(&lower)).or_else(sign).ok_or_else(|| {
            let listed = self.0.iter().map(|label| label.value.as_str());
            let signs = SIGNS.iter().copied().filter(|_| self.0.is_empty());
            let known: Vec<&str> = listed.chain(signs).chain(Stance::NAMES).collect();
            format!("expected one of {}, found {raw:?}", known.join(", "))
        })
    }
}

/// The index of a label of the house.
fn house(name: &str) -> Option<usize> {
    Stance::named(name).map(|label| label as usize).or_else(|| Sentiment::named(name).map(|label| label as usize))
}

impl FromStr for LabelName {
    type Err = String;

    /// Reads `VALUE=NAME`, NAME being a label of the house.
    fn from_str(text: &str) -> Result<Self, String> {
        let (value, name) = text.rsplit_once('=').ok_or_else(|| format!("expected VALUE=LABEL, found {text:?}"))?;
        let index = house(&name.trim().to_lowercase())
            .ok_or_else(|| format!("expected one of against, neutral, favor behind the =, found {name:?}"))?;
        Ok(Self { value: value.trim().to_lowercase(), index })
    }
}
