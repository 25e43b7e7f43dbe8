//! Where something stands in a text.

use std::ops::Range;

/// A half-open byte range of a text, both ends on character boundaries.
///
/// **Invariant:** a `Span` is valid for the text it was made for: [`Span::of`] slices without a check that could fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// The span `start..end` of `text` in bytes, or `None` where that is not a range of whole characters of it.
    pub fn new(text: &str, start: usize, end: usize) -> Option<Self> {
        text.get(start..end)?;
        Some(Self { start, end })
    }

    /// The whole of `text`.
    pub fn whole(text: &str) -> Self {
        Self { start: 0, end: text.len() }
    }

    /// First byte.
    pub fn start(self) -> usize {
        self.start
    }

    /// One past the last byte.
    pub fn end(self) -> usize {
        self.end
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span covers nothing.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// As a range of bytes.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// The text that the span covers; the empty string where `text` is not the text that it was made for.
    pub fn of(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or_default()
    }

    /// Whether the two spans share a byte.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `inner` lies wholly inside.
    pub fn contains(self, inner: Self) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }

    /// From the start of this one to the end of `last`, which comes after it.
    pub fn through(self, last: Self) -> Self {
        Self { start: self.start, end: last.end.max(self.end) }
    }

    /// The same place counted from `origin`, for a span inside a slice that starts at byte `origin` of the whole.
    pub fn shifted(self, origin: usize) -> Self {
        Self { start: self.start + origin, end: self.end + origin }
    }

    /// The same place counted from the start of `outer`, where `outer` contains it.
    pub fn within(self, outer: Self) -> Option<Self> {
        outer.contains(self).then(|| Self { start: self.start - outer.start, end: self.end - outer.start })
    }
}

/// Code point offsets of one text: the only place where bytes and code points are converted.
#[derive(Debug)]
pub struct CodePoints<'a> {
    text: &'a str,
    /// Byte offset of every `STRIDE`th code point.
    marks: Vec<usize>,
}

const STRIDE: usize = 64;

impl<'a> CodePoints<'a> {
    /// Index `text`: one pass, one mark per 64 code points.
    pub fn new(text: &'a str) -> Self {
        let marks = text.char_indices().step_by(STRIDE).map(|(byte, _)| byte).collect();
        Self { text, marks }
    }

    /// The code points before byte `byte`, which must lie on a character boundary (as the ends of a [`Span`] do).
    pub fn at(&self, byte: usize) -> usize {
        let mark = self.marks.partition_point(|&mark| mark <= byte).saturating_sub(1);
        let start = self.marks.get(mark).copied().unwrap_or(0);
        mark * STRIDE + self.text.get(start..byte).map_or(0, |slice| slice.chars().count())
    }

    /// `span` as (start, end) in code points.
    pub fn of(&self, span: Span) -> (usize, usize) {
        (self.at(span.start), self.at(span.end))
    }

    /// The span between two code point offsets, or `None` where they lie outside the text or out of order.
    pub fn span(&self, start: usize, end: usize) -> Option<Span> {
        Span::new(self.text, self.byte(start)?, self.byte(end)?)
    }

    fn byte(&self, point: usize) -> Option<usize> {
        let Some(&mark) = self.marks.get(point / STRIDE) else {
            // One past the last code point, where the count is a multiple of the stride.
            return (point == self.marks.len() * STRIDE && self.at(self.text.len()) == point)
                .then_some(self.text.len());
        };
        let rest = self.text.get(mark..)?;
        let mut left = point % STRIDE;
        for (byte, _) in rest.char_indices() {
            if left == 0 {
                return Some(mark + byte);
            }
            left -= 1;
        }
        (left == 0).then_some(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn code_points_and_bytes_are_one_place(text in "(\\PC|é|👩‍👩‍👧|한|ا){0,200}", a in 0usize..220, b in 0usize..220) {
            let points: Vec<char> = text.chars().collect();
            let index = CodePoints::new(&text);
            match index.span(a, b) {
                Some(span) => {
                    prop_assert_eq!(span.of(&text), points[a..b].iter().collect::<String>());
                    prop_assert_eq!(index.of(span), (a, b));
                }
                None => prop_assert!(a > b || b > points.len()),
            }
        }
    }

    #[test]
    fn a_span_never_cuts_a_character() {
        assert_eq!(Span::new("한국", 0, 1), None);
        assert_eq!(Span::new("한국", 0, 3).map(|span| span.of("한국")), Some("한"));
        assert_eq!(Span::new("한국", 3, 9), None);
    }
}
