//! Which instructions the processor has.

use crate::kernels::wanted::wanted;

/// How products of 8-bit integers are computed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Instructions {
    /// AVX-512 VNNI: sixty-four products and their sums an instruction.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni(super::avx512_vnni::Token),
    /// AVX-VNNI: half as many.
    #[cfg(target_arch = "x86_64")]
    AvxVnni(super::avx_vnni::Token),
    /// AVX2: sixteen products of 16-bit integers, half of whose sums are left to another instruction.
    #[cfg(target_arch = "x86_64")]
    Avx2(super::avx2::Token),
    /// Arm's matrix products: thirty-two products and their sums an instruction.
    #[cfg(target_arch = "aarch64")]
    I8mm(super::i8mm::Token),
    /// Arm's dot products: sixteen products and their sums an instruction.
    #[cfg(target_arch = "aarch64")]
    Dotprod(super::dotprod::Token),
    /// Whatever the compiler makes of plain loops.
    Portable,
}

impl Instructions {
    /// The best that this processor has, or what a test [wants](wanted).
    pub(crate) fn best() -> Self {
        let is_wanted = |set: &Self| wanted().is_none_or(|name| name == set.name());
        Self::available().find(is_wanted).unwrap_or(Self::Portable)
    }

    /// All that this processor has, the best first.
    pub(super) fn available() -> impl Iterator<Item = Self> {
        let sets = [
            #[cfg(target_arch = "x86_64")]
            super::avx512_vnni::Token::new().map(Self::Avx512Vnni),
            #[cfg(target_arch = "x86_64")]
            super::avx_vnni::Token::new().map(Self::AvxVnni),
            #[cfg(target_arch = "x86_64")]
            super::avx2::Token::new().map(Self::Avx2),
            #[cfg(target_arch = "aarch64")]
            super::i8mm::Token::new().map(Self::I8mm),
            #[cfg(target_arch = "aarch64")]
            super::dotprod::Token::new().map(Self::Dotprod),
            Some(Self::Portable),
        ];
        sets.into_iter().flatten()
    }

    /// Steps of the depth that one of them takes.
    pub(super) fn group(self) -> usize {
        match self {
            #[cfg(target_arch = "aarch64")]
            Self::I8mm(_) => super::TWO_GROUPS,
            _ => super::GROUP,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni(_) => "avx512-vnni",
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni(_) => "avx-vnni",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Self::I8mm(_) => "i8mm",
            #[cfg(target_arch = "aarch64")]
            Self::Dotprod(_) => "dotprod",
            Self::Portable => "portable",
        }
    }
}
