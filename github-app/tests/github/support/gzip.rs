//! Much of nothing, packed.

/// At least so many zeros in gzip: one, then "the last byte 258 times" again and
/// again. The checksum is right for what is read to the end: up to a mebibyte.
pub(crate) fn zeros(size: usize) -> Vec<u8> {
    let repeats = size / 258 + 1;
    let mut bits = Bits::default();
    bits.lowest_first(0b011, 3); // The last block, with the codes that are fixed.
    bits.highest_first(0b0011_0000, 8); // Literally 0.
    for _ in 0..repeats {
        bits.highest_first(0b1100_0101, 8); // 258 bytes,
        bits.highest_first(0, 5); // from one byte back.
    }
    bits.highest_first(0, 7); // The end.
    let size = 1 + repeats * 258;
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    gzip.extend(bits.bytes);
    gzip.extend(crc_of_zeros(size.min(1024 * 1024)).to_le_bytes());
    gzip.extend(u32::try_from(size).unwrap().to_le_bytes());
    gzip
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u8,
}

impl Bits {
    fn lowest_first(&mut self, bits: u8, count: u8) {
        for bit in 0..count {
            self.push(bits >> bit & 1);
        }
    }

    fn highest_first(&mut self, bits: u8, count: u8) {
        for bit in (0..count).rev() {
            self.push(bits >> bit & 1);
        }
    }

    fn push(&mut self, bit: u8) {
        if self.used == 0 {
            self.bytes.push(0);
        }
        *self.bytes.last_mut().unwrap() |= bit << self.used;
        self.used = (self.used + 1) % 8;
    }
}

fn crc_of_zeros(size: usize) -> u32 {
    let mut crc = u32::MAX;
    for _ in 0..size * 8 {
        crc = (crc >> 1) ^ ((crc & 1) * 0xedb8_8320);
    }
    !crc
}
