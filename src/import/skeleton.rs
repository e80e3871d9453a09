//! What of a text is left whatever a service does to it: services cut texts, take out characters they cannot keep, escape marks
//! of HTML, star words and numbers.

/// What of a text is left whatever a service does to its marks: letters and digits, of those that an old database keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Skeleton(Vec<char>);

impl Skeleton {
    /// The skeleton of a text.
    pub(super) fn of(text: &str) -> Skeleton {
        let mut kept = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let mark = match c {
                '<' => tag(rest),
                '&' => reference(rest),
                _ => None,
            };
            rest = rest.get(mark.unwrap_or(c.len_utf8())..).unwrap_or_default();
            if mark.is_none() && c.is_alphanumeric() && c <= '\u{ffff}' {
                kept.extend(c.to_lowercase());
            }
        }
        Skeleton(kept)
    }

    /// Whether the text of a record may be what became of this one: some of its characters in their order, its beginning or at
    /// least half of them; or it with some more. Where nothing is left to compare it may be.
    pub(super) fn may_become(&self, got: &Skeleton) -> bool {
        let (sent, got) = (&self.0[..], &got.0[..]);
        if sent.is_empty() || got.is_empty() {
            return true;
        }
        let is_most = |less: &[char], more: &[char]| less.len() * 2 >= more.len() && is_within(less, more);
        sent.starts_with(got) || is_most(got, sent) || is_most(sent, got)
    }
}

/// Whether characters stand in others, in their order.
fn is_within(less: &[char], more: &[char]) -> bool {
    let mut more = more.iter();
    less.iter().all(|c| more.any(|other| other == c))
}

/// The length of a tag of HTML that a text begins with.
fn tag(text: &str) -> Option<usize> {
    let is_name = text[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
    is_name.then(|| text.find('>')).flatten().map(|end| end + 1)
}

/// The length of a character reference of HTML that a text begins with.
fn reference(text: &str) -> Option<usize> {
    let end = text.find(';').filter(|end| (2..=9).contains(end))?;
    let name = text.get(1..end)?;
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#').then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_services_do_to_texts_is_seen_through() {
        for (sent, got) in [
            ("打印机 & 扫描仪 <坏了>", "打印机 &amp; 扫描仪 &lt;坏了&gt;"),
            ("打印机坏了需要尽快派人来修理否则无法打印", "打印机坏了"),
            ("打印机坏了😀谢谢", "打印机坏了"),
            ("打印机坏了😀谢谢", "打印机坏了????谢谢"),
            ("打印赌机坏了", "打印*机坏了"),
            ("打印机坏了", "【工单】打印机坏了"),
            ("it's broken", r"it\'s broken"),
            ("it's broken", "it&#039;s Broken"),
            ("说明", "<p class=\"a\">说明</p>"),
            ("13000000001", "130****0001"),
            ("13000000001", "***********"),
            ("13000000001", "+86 130-0000-0001"),
            ("😀😀", "??"),
            ("a < b", "a &lt; b"),
            ("1 <b and 2", "1 <b and 2"),
        ] {
            assert!(Skeleton::of(sent).may_become(&Skeleton::of(got)), "{sent} {got}");
        }
        for (sent, got) in [
            ("打印机坏了", "网络不通"),
            ("13000000001", "13000000002"),
            ("13000000001", "130****0002"),
            ("打印机", "打印机坏了很久一直没有人来修"),
            ("示例 一", "示例 二"),
        ] {
            assert!(!Skeleton::of(sent).may_become(&Skeleton::of(got)), "{sent} {got}");
        }
    }
}
