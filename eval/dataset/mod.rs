//! Labelled data sets: read in the forms they are published in, checked, split, counted.
//!
//! **Invariant:** whatever comes in, what goes out is an [`Example`](crate::Example) or an error that names file, line,
//! field, expected and found.

mod container;
mod convert;
mod form;
mod label;
pub mod leakage;
mod locate;
mod row;
pub mod split;
pub mod stats;
pub mod validate;

pub use convert::{Converted, Reading, convert};
pub use form::{Column, Field, Form};
pub use label::{LabelName, Labels};
