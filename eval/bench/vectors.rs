//! What the encoder makes of the work, for others to compare with: NumPy's own format.

use rayon::prelude::*;
use regard::Result;
use regard::batch::{Batch, groups};
use regard::encode::Encoding;

use super::load::Bench;
use super::work::Work;

impl Bench {
    /// The last hidden state of each sequence's first token, in the order of `work`: rows of H.
    ///
    /// # Errors
    /// Where the model cannot read the work.
    pub fn vectors(&self, work: &Work, batch_tokens: usize) -> Result<Vec<Vec<f32>>> {
        let mut encodings: Vec<Encoding> = Vec::new();
        for sequence in &work.sequences {
            encodings.push(Encoding { targets: Vec::new(), ..self.reader.encode(sequence)?.into_owned() });
        }
        let lengths: Vec<usize> = encodings.iter().map(|encoding| encoding.ids.len()).collect();
        let groups = groups(&lengths, batch_tokens);
        let rows: Result<Vec<_>> = groups
            .par_iter()
            .map(|group| {
                let batch = Batch::pack(group.iter().map(|&index| &encodings[index]));
                Ok(self.reader.hidden(&batch)?.to_vec2::<f32>()?)
            })
            .collect();
        let mut vectors = vec![Vec::new(); encodings.len()];
        for (index, row) in groups.concat().into_iter().zip(rows?.into_iter().flatten()) {
            vectors[index] = row;
        }
        Ok(vectors)
    }
}

/// `rows`, which are of one length, as an `.npy` file of little-endian f32
/// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
pub fn npy(rows: &[Vec<f32>]) -> Vec<u8> {
    let width = rows.first().map_or(0, Vec::len);
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {width}), }}", rows.len());
    // Magic, version and length take ten bytes; the numbers begin at a multiple of 64, after a line's end.
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    file
}
