//! The same text twice: exact duplicates after [`normal`], and near duplicates by the Jaccard similarity of their
//! [`grams`].
//!
//! Candidates come from MinHash signatures cut into bands (Broder 1997, <https://doi.org/10.1109/SEQUEN.1997.666900>;
//! Leskovec, Rajaraman and Ullman, *Mining of Massive Datasets*, chapter 3); every candidate pair is then measured
//! exactly, so that what is reported is never a guess, and what is missed is bounded: [`near_duplicates`].

mod minhash;
mod normal;

pub use minhash::{Near, THRESHOLD, grams, near_duplicates, similarity};
pub use normal::{fingerprint, normal};
