//! The escapes that spreadsheet programs write for characters that XML does not hold: `_x000D_` is a carriage return, and
//! `_x005F_` the underscore of a text that only looks like one of them.

use std::io::Write;

/// Undoes the escapes in a text from `start` on.
pub(super) fn unescape(text: &mut String, start: usize) {
    if !text[start..].contains("_x") {
        return;
    }
    let escaped = text.split_off(start);
    let mut rest = escaped.as_str();
    while let Some(at) = rest.find("_x") {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        match character(rest) {
            Some((c, length)) => {
                text.push(c);
                rest = &rest[length..];
            }
            None => {
                text.push('_');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
}

/// The character that an escape at the beginning of `text` means, and the bytes it takes. Two escapes may be one character.
fn character(text: &str) -> Option<(char, usize)> {
    const LENGTH: usize = 7;
    let unit = unit(text)?;
    if let Some(c) = char::from_u32(u32::from(unit)) {
        return Some((c, LENGTH));
    }
    let second = self::unit(text.get(LENGTH..)?)?;
    let c = char::decode_utf16([unit, second]).next()?.ok()?;
    Some((c, 2 * LENGTH))
}

/// Appends a text as a workbook has it: characters that XML does not hold are escaped, and so is what only looks like an escape.
pub(super) fn push_escaped(text: &str, out: &mut Vec<u8>) {
    // Nearly no text holds anything of the kind. All bytes are looked at, as many are looked at at a time.
    let is_plain = |byte: u8| (byte >= b' ' && !matches!(byte, b'&' | b'<' | b'>' | b'_' | 0xef)) || byte == b'\n';
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for (at, c) in text.char_indices() {
        match c {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '\t' | '\n' => out.push(c as u8),
            '_' if unit(&text[at..]).is_some() => out.extend_from_slice(b"_x005F_"),
            // Writing to memory cannot fail.
            '\0'..'\x20' | '\u{fffe}' | '\u{ffff}' => drop(write!(out, "_x{:04X}_", u32::from(c))),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("_x")?.get(..5)?.strip_suffix('_')?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_comes_back() {
        for (text, escaped) in [
            ("甲\r\n\t乙", "甲_x000D_\n\t乙"),
            ("_x000D_", "_x005F_x000D_"),
            ("max_x_y _x12_ _x _x00字_ ，。", "max_x_y _x12_ _x _x00字_ ，。"),
            ("\0\u{1f}\u{7f}\u{fffe}\u{fffd}", "_x0000__x001F_\u{7f}_xFFFE_\u{fffd}"),
        ] {
            let mut out = Vec::new();
            push_escaped(text, &mut out);
            let mut out = String::from_utf8(out).unwrap();
            assert_eq!(out, escaped);
            unescape(&mut out, 0);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn escapes_are_undone_and_what_only_looks_like_one_stays() {
        for (escaped, text) in [
            ("甲_x000D_\n乙", "甲\r\n乙"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDE00_", "😀"),
            ("_xD83D_", "_xD83D_"),
            ("max_x_y _x12_ _x", "max_x_y _x12_ _x"),
            ("__x0041_", "_A"),
            ("_x00字_", "_x00字_"),
        ] {
            let mut out = "_x0041_".to_owned() + escaped;
            unescape(&mut out, 7);
            assert_eq!(out, "_x0041_".to_owned() + text);
        }
    }
}
