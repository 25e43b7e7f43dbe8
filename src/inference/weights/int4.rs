//! Numbers of 4 bits in groups of 32 with one f16 scale, as llama.cpp's Q4_0 has them.

use half::f16;

/// Numbers that share a scale.
pub(super) const GROUP: usize = 32;
/// Bytes of a group: byte i holds number i in its low half and number i + 16 in its high half, each more by 8 than what is scaled.
pub(super) const BYTES: usize = GROUP / 2;

/// Rows of `width` values, at least one (all of `values`), as 4-bit numbers and scales; nothing where that is further from a value than int8
/// rows may be. In practice it is so but for values that were of 4 bits once, as those of the base model's embeddings.
pub(super) fn quantize(values: &[f32], width: usize) -> Option<(Vec<u8>, Vec<f16>)> {
    if !width.is_multiple_of(GROUP) {
        return None;
    }
    let mut bytes = Vec::with_capacity(values.len() / 2);
    let mut scales = Vec::with_capacity(values.len() / GROUP);
    for row in values.chunks_exact(width) {
        let most = row.iter().fold(0.0_f32, |largest, value| largest.max(value.abs())) / 254.0;
        for group in row.as_chunks::<GROUP>().0 {
            // The largest is -8 steps: the side that has one more.
            let largest =
                group.iter().fold(0.0_f32, |most, value| if value.abs() > most.abs() { *value } else { most });
            let scale = f16::from_f32(-largest / 8.0);
            let per = if scale == f16::ZERO { 0.0 } else { scale.to_f32().recip() };
            let stored = group.map(|value| ((value * per).round().clamp(-8.0, 7.0) + 8.0) as u8);
            let mut packed = [0; BYTES];
            for (index, byte) in packed.iter_mut().enumerate() {
                *byte = stored[index] | stored[index + BYTES] << 4;
            }
            // An infinite scale is near to nothing.
            if !widened(&packed, scale).iter().zip(group).all(|(found, value)| (found - value).abs() <= most) {
                return None;
            }
            bytes.extend(packed);
            scales.push(scale);
        }
    }
    Some((bytes, scales))
}

/// The numbers of one group.
#[inline]
pub(super) fn widened(bytes: &[u8; BYTES], scale: f16) -> [f32; GROUP] {
    let scale = scale.to_f32();
    let mut values = [0.0; GROUP];
    for (index, byte) in bytes.iter().enumerate() {
        values[index] = (f32::from(byte & 15) - 8.0) * scale;
        values[index + BYTES] = (f32::from(byte >> 4) - 8.0) * scale;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_four_bits_come_back_and_others_are_refused() {
        // Rounded to f16, as the base model's are; each group with a scale of its own, of either sign, one of zeros.
        let scales = [0.013, -2.7, 0.0, 1e-4].map(f16::from_f32);
        let value = |group: usize, index: usize| {
            let stored = if index == 7 { -8.0 } else { (index % 16) as f32 - 8.0 };
            f16::from_f32(stored * scales[group].to_f32()).to_f32()
        };
        let mut values: Vec<f32> = (0..4).flat_map(|group| (0..GROUP).map(move |index| value(group, index))).collect();
        for width in [GROUP, 2 * GROUP] {
            let (bytes, found) = quantize(&values, width).expect("they are of 4 bits");
            assert_eq!(found, scales);
            let groups = bytes.as_chunks().0.iter().zip(found);
            let again: Vec<f32> = groups.flat_map(|(bytes, scale)| widened(bytes, scale)).collect();
            for (again, value) in again.iter().zip(&values) {
                assert!((again - value).abs() <= value.abs() / 2048.0, "{again} is not {value}");
            }
        }
        assert!(quantize(&values, 48).is_none(), "a row has whole groups");
        assert!(quantize(&[1e6; GROUP], GROUP).is_none(), "its scale is more than f16 holds");
        values[3] += 0.006;
        assert!(quantize(&values, GROUP).is_none(), "half a step off is more than int8 is");
    }
}
