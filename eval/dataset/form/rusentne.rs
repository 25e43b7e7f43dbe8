//! RuSentNE-2023 (Golubev, Rusnachenko and Loukachevitch, Dialogue 2023):
//! <https://github.com/dialogue-evaluation/RuSentNE-evaluation>.
//!
//! Tabs under the name .csv, quoted; offsets are code points of the sentence without its quotes. There is no id: a
//! record's is the file and the line.

use super::{Field, HOUSE, Published};
use crate::dataset::container::Container;

pub(super) const FORM: Published = Published {
    container: Container::Tsv,
    required: &[
        (Field::Text, "sentence"),
        (Field::Target, "entity"),
        (Field::Start, "entity_pos_start_rel"),
        (Field::End, "entity_pos_end_rel"),
        (Field::Label, "label"),
    ],
    optional: &[(Field::TargetType, "entity_tag")],
    labels: &[("-1", 0), ("0", 1), ("1", 2)],
    language: Some("ru"),
    dataset: Some("rusentne2023"),
    ..HOUSE
};
