//! How many floating-point operations an answer takes.

use regard::batch::Batch;
use regard::encoder::EncoderConfig;

/// Multiplications and additions in the matrix products of all layers; what is small beside these (embeddings, norms, heads) is left
/// out. The last layer computes only what is read.
pub(super) fn operations(config: &EncoderConfig, batch: &Batch) -> f64 {
    let (hidden, inner) = (config.hidden as f64, config.intermediate as f64);
    let (tokens, read) = (batch.ids().len() as f64, batch.read().len() as f64);
    let (mut all_pairs, mut read_pairs) = (0.0, 0.0);
    for bounds in batch.offsets().windows(2) {
        let length = (bounds[1] - bounds[0]) as f64;
        let place = |row: usize| batch.read().partition_point(|read| (*read as usize) < row);
        all_pairs += length * length;
        read_pairs += length * (place(bounds[1]) - place(bounds[0])) as f64;
    }
    // Keys and values of a token; query, output and feed-forward block of one that goes on; two products of attention.
    let kept = 2.0 * 2.0 * hidden * hidden;
    let onward = 2.0 * (2.0 * hidden * hidden + 2.0 * hidden * inner);
    let full = tokens * (kept + onward) + 4.0 * hidden * all_pairs;
    let last = tokens * kept + read * onward + 4.0 * hidden * read_pairs;
    (config.layers - 1) as f64 * full + last
}
