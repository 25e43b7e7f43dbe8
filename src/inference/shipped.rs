//! The default checkpoint, compiled in, so that the binary works from any directory and offline.

use candle_core::Device;

use crate::Result;
use crate::checkpoint::Checkpoint;

/// The model card of the default checkpoint.
pub const CARD: &str = include_str!("../../models/default/MODEL_CARD.md");

const CONFIG: &[u8] = include_bytes!("../../models/default/config.json");
const TOKENIZER: &[u8] = include_bytes!("../../models/default/tokenizer.json");
/// Its weights, as a safetensors file.
pub const WEIGHTS: &[u8] = include_bytes!("../../models/default/model.safetensors");

impl Checkpoint {
    /// The checkpoint of `models/default`.
    ///
    /// # Errors
    /// Where a tensor cannot be put on `device`.
    pub fn shipped(device: &Device) -> Result<Self> {
        Self::parse("models/default", CONFIG, TOKENIZER, WEIGHTS, device)
    }
}
