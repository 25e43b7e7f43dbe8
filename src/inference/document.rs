//! What a user hands in.

use crate::{Language, Span};

/// One article.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its name in the output.
    pub id: String,
    /// The whole text.
    pub text: String,
    /// Its language, where that is known; it is detected otherwise.
    pub language: Option<Language>,
    /// Spans to be judged instead of the catalogue's actors, where they are given.
    pub targets: Option<Vec<Span>>,
}

impl Document {
    /// A document of which only the text is known.
    pub fn new(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { id: id.into(), text: text.into(), language: None, targets: None }
    }
}
