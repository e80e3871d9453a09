//! The escapes that spreadsheet programs write for characters that XML does not hold: `_x000D_` is a carriage return, and
//! `_x005F_` the underscore of a text that only looks like one of them.

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

fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("_x")?.get(..5)?.strip_suffix('_')?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

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
