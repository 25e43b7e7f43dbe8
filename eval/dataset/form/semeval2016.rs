//! SemEval-2016 task 6 (Mohammad et al., <https://aclanthology.org/S16-1003/>): `ID Target Tweet Stance`, and in the
//! files with all annotations `Opinion towards` and `Sentiment`.
//!
//! Tabs without quoting, in UTF-8 or Windows-1252. The label of unlabelled files, UNKNOWN, is refused.

use super::{Field, HOUSE, Published};
use crate::dataset::container::Container;

pub(super) const FORM: Published = Published {
    container: Container::PlainTsv,
    required: &[(Field::Id, "ID"), (Field::Target, "Target"), (Field::Text, "Tweet"), (Field::Label, "Stance")],
    optional: &[(Field::Meta, "Opinion towards"), (Field::Meta, "Sentiment")],
    labels: &[("against", 0), ("none", 1), ("favor", 2)],
    language: Some("en"),
    dataset: Some("semeval2016_t6"),
    ..HOUSE
};
