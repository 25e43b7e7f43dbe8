//! As much of Protocol Buffers' wire format as an event needs.
//! <https://protobuf.dev/programming-guides/encoding/>

/// A message being written, field by field.
#[derive(Debug, Default)]
pub(super) struct Message(pub(super) Vec<u8>);

/// How a field's value is laid out; the low three bits of its tag.
#[derive(Debug, Clone, Copy)]
enum Layout {
    Varint = 0,
    EightBytes = 1,
    Length = 2,
    FourBytes = 5,
}

impl Message {
    /// A field of whole numbers, left out where it is 0, as proto3 does.
    pub(super) fn integer(mut self, field: u64, value: u64) -> Self {
        if value != 0 {
            self.tag(field, Layout::Varint);
            self.varint(value);
        }
        self
    }

    pub(super) fn double(mut self, field: u64, value: f64) -> Self {
        self.tag(field, Layout::EightBytes);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn float(mut self, field: u64, value: f32) -> Self {
        self.tag(field, Layout::FourBytes);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// A text, or another message.
    pub(super) fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.tag(field, Layout::Length);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    fn tag(&mut self, field: u64, layout: Layout) {
        self.varint(field << 3 | layout as u64);
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}
