//! Who issued a certificate: the one thing of it that people need to know and the libraries do not tell.

use crate::text::{clean, shorten};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const OBJECT: u8 = 0x06;
const WIDE_TEXT: u8 = 0x1e;
/// The common name, the organisation and its unit: the first that stands there is a name.
const NAMES: [&[u8]; 3] = [&[0x55, 4, 3], &[0x55, 4, 10], &[0x55, 4, 11]];
/// Characters of a name that are shown.
const LONGEST_NAME: usize = 80;

/// The name of who issued a certificate; none where it is not written as certificates are.
pub(super) fn issuer(certificate: &[u8]) -> Option<String> {
    let (certificate, _) = part(certificate, SEQUENCE)?;
    let (mut rest, _) = part(certificate, SEQUENCE)?;
    if let Some((_, after)) = part(rest, VERSION) {
        rest = after;
    }
    let (_, rest) = part(rest, INTEGER)?;
    let (_, rest) = part(rest, SEQUENCE)?;
    let (name, _) = part(rest, SEQUENCE)?;
    NAMES.iter().find_map(|wanted| named(name, wanted))
}

/// The value of one kind in a name.
fn named(mut name: &[u8], wanted: &[u8]) -> Option<String> {
    while let Some((set, rest)) = part(name, SET) {
        name = rest;
        let (pair, _) = part(set, SEQUENCE)?;
        let (kind, value) = part(pair, OBJECT)?;
        if kind == wanted {
            return text(value);
        }
    }
    None
}

fn text(value: &[u8]) -> Option<String> {
    let tag = *value.first()?;
    let (bytes, _) = part(value, tag)?;
    let text = match tag {
        WIDE_TEXT => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    let text = text.trim();
    (!text.is_empty()).then(|| shorten(&clean(text), LONGEST_NAME).into_owned())
}

/// The content of a part with this tag, and what follows it.
fn part(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    (first == tag).then(|| rest.split_at_checked(length)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_has_no_issuer() {
        for bytes in [&b""[..], b"0", b"0\x82", b"0\x84\xff\xff\xff\xff", b"abc", &[0x30, 0x03, 0x30, 0x01, 0x02]] {
            assert_eq!(issuer(bytes), None);
        }
    }
}
