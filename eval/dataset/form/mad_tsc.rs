//! MAD-TSC (Dufraisse et al., ACL 2023): <https://github.com/EvanDufraisse/MAD_TSC>.
//!
//! NewsMTSC's nested form in eight languages. The language is in the directory: `original/fr`, `deepl/from_en_to_fr`,
//! `MAD_TSC_fr`.

use std::path::Path;

use super::{Published, newsmtsc};

pub(super) const FORM: Published =
    Published { language: None, dataset: Some("mad_tsc"), language_of, ..newsmtsc::FORM };

fn language_of(path: &Path) -> Option<String> {
    let directory = path.parent()?.file_name()?.to_str()?;
    let last = directory.rsplit('_').next()?;
    (last.len() == 2 && last.bytes().all(|byte| byte.is_ascii_lowercase())).then(|| last.to_owned())
}
