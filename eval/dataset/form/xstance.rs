//! x-stance (Vamvas and Sennrich, SwissText 2020): <https://github.com/ZurichNLP/xstance>.
//!
//! JSONL; the target is a question put to a candidate, the text the comment. There is no neutral label.

use super::{Field, HOUSE, Published};

pub(super) const FORM: Published = Published {
    required: &[
        (Field::Id, "id"),
        (Field::Language, "language"),
        (Field::Target, "question"),
        (Field::Text, "comment"),
        (Field::Label, "label"),
    ],
    optional: &[
        (Field::Meta, "question_id"),
        (Field::Meta, "topic"),
        (Field::Meta, "numerical_label"),
        (Field::Meta, "author"),
        (Field::Meta, "test_set"),
    ],
    labels: &[("against", 0), ("favor", 2)],
    dataset: Some("x-stance"),
    target_type: Some("question"),
    ..HOUSE
};
