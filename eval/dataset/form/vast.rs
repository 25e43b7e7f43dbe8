//! VAST (Allaway and McKeown, EMNLP 2020): <https://github.com/emilyallaway/zero-shot-stance>.
//!
//! CSV; labels 0 con, 1 pro, 2 neutral.

use super::{Field, HOUSE, Published};
use crate::dataset::container::Container;

pub(super) const FORM: Published = Published {
    container: Container::Csv,
    required: &[(Field::Id, "new_id"), (Field::Text, "post"), (Field::Target, "new_topic"), (Field::Label, "label")],
    optional: &[(Field::Meta, "type_idx"), (Field::Meta, "arc_id"), (Field::Meta, "seen?")],
    labels: &[("0", 0), ("1", 2), ("2", 1)],
    language: Some("en"),
    dataset: Some("vast"),
    target_type: Some("topic"),
    ..HOUSE
};
