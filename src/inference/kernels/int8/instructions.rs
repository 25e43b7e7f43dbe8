//! Which instructions the processor has.

/// How products of 8-bit integers are computed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Instructions {
    /// AVX-512 VNNI: sixty-four products and their sums an instruction.
    #[cfg(target_arch = "x86_64")]
    Vnni(super::vnni::Token),
    /// Whatever the compiler makes of plain loops.
    Portable,
}

impl Instructions {
    /// The best that this processor has. `REGARD_INSTRUCTIONS=portable` is for tests.
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = super::vnni::Token::new()
            && std::env::var_os("REGARD_INSTRUCTIONS").is_none_or(|name| name != "portable")
        {
            return Self::Vnni(token);
        }
        Self::Portable
    }
}
