//! Stance toward the actors in news sentences, in many languages: text in, predictions out.
//!
//! ```text
//! Document ── language ── segment ──> sentences ┐
//!                                               ├─> Query ── encode ── batch ──> encoder ── head ──> Scores ──> Report
//! Catalogue ── Matcher ──────────────> mentions ┘                                                             └─> summary
//! ```
//!
//! The encoder reads each sentence once; the head pools every actor's mention out of that one pass.
//!
//! In reading order: [`stance`](Stance) and [`span`](Span), the words that everything speaks; [`Document`], [`Language`],
//! [`sentences`], [`actor`], from text to questions; [`encode`], [`batch`], [`encoder`], [`head`], [`model`], from questions to
//! numbers; [`weights`], [`checkpoint`], [`hub`](https://huggingface.co/docs/hub), where models come from; [`predict`],
//! [`Classifier`], [`summary()`], what users touch.
//!
//! **Invariants:** no input panics; the answers to a sentence do not depend on what it is batched with; labels stand in one
//! order everywhere; this crate knows neither gold labels nor the command line.

pub mod actor;
mod document;
mod language;
mod segment;
mod span;
mod stance;

pub mod batch;
pub mod encode;
pub mod encoder;
pub mod engine;
pub mod head;
mod kernels;
pub mod model;

pub mod checkpoint;
#[cfg(feature = "hub")]
pub mod hub;
mod labels;
#[cfg(feature = "shipped")]
pub mod shipped;
pub mod weights;

mod classifier;
pub mod predict;
mod summary;

mod device;
mod error;
mod precision;

pub use classifier::{Classifier, Regarded, Report, Sentence};
pub use device::device;
pub use document::Document;
pub use error::{Error, Result};
#[cfg(feature = "bench")]
pub use kernels::workload;
pub use language::Language;
pub use precision::Precision;
pub use segment::{sentences, trimmed};
pub use span::{CodePoints, Span};
pub use stance::{Label, Scores, Sentiment, Stance};
pub use summary::{ActorSummary, summary};
