//! MAD-TSC (Dufraisse et al., ACL 2023): <https://github.com/EvanDufraisse/MAD_TSC>.
//!
//! NewsMTSC's nested form in eight languages. The language is in the directory: `original/fr`, `deepl/from_en_to_fr`,
//! `MAD_TSC_fr`.

use std::path::Path;

use serde_json::Value;

use super::{Published, newsmtsc};
use crate::dataset::container::Table;

pub(super) const FORM: Published =
    Published { language: None, dataset: Some("mad_tsc"), flatten, language_of, ..newsmtsc::FORM };

fn language_of(path: &Path) -> Option<String> {
    let directory = path.parent()?.file_name()?.to_str()?;
    let last = directory.rsplit('_').next()?;
    (last.len() == 2 && last.bytes().all(|byte| byte.is_ascii_lowercase())).then(|| last.to_owned())
}

/// As NewsMTSC, with the language in the id: translations have one id.
fn flatten(table: Table, path: &Path) -> Table {
    let mut table = newsmtsc::flatten(table, path);
    if let Some(language) = language_of(path) {
        for row in table.rows.iter_mut().flatten() {
            if let Some(Value::String(id)) = row.values.get_mut("id") {
                *id = format!("{id}-{language}");
            }
        }
    }
    table
}
