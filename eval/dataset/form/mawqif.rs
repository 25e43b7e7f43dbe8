//! Mawqif (Alturayeif, Luqman and Ahmed, WANLP 2022): <https://github.com/NoraAlt/Mawqif-Arabic-Stance>.
//!
//! CSV; targets are named in English, so that tweets hardly ever name them as they are written.

use super::{Field, HOUSE, Published};
use crate::dataset::container::Container;

pub(super) const FORM: Published = Published {
    container: Container::Csv,
    required: &[(Field::Id, "ID"), (Field::Text, "text"), (Field::Target, "target"), (Field::Label, "stance")],
    optional: &[(Field::Meta, "stance:confidence"), (Field::Meta, "sarcasm"), (Field::Meta, "sentiment")],
    labels: &[("against", 0), ("none", 1), ("favor", 2)],
    language: Some("ar"),
    dataset: Some("mawqif"),
    ..HOUSE
};
