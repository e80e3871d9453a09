//! Samples of a file without what they say of persons.

use std::borrow::Cow;

use super::cell_look::Look;
use crate::entity::fold;
use crate::format::{Cell, CellKind};
use crate::message::{Detail, Message};
use crate::text::clean;

/// Digits of a number that is no secret.
const SHORT_NUMBER: usize = 6;

/// Details of messages that say nothing of what cells hold.
const HARMLESS: [&str; 12] = [
    "encoding",
    "row",
    "sheets",
    "line",
    "first_line",
    "last_line",
    "cells",
    "columns",
    "column",
    "range",
    "count",
    "rows",
];

/// What headings hold, folded, of columns that say who or where a person is: nothing in them is harmless for being short.
const PERSONAL: [&str; 36] = [
    "qq",
    "微信",
    "wechat",
    "weixin",
    "openid",
    "unionid",
    "支付宝",
    "alipay",
    "钉钉",
    "抖音",
    "微博",
    "whatsapp",
    "telegram",
    "skype",
    "身份证",
    "证件",
    "护照",
    "驾照",
    "车牌",
    "社保",
    "银行",
    "卡号",
    "账号",
    "帐号",
    "idcard",
    "passport",
    "bankaccount",
    "iban",
    "地址",
    "住址",
    "address",
    "street",
    "门牌",
    "姓名",
    "生日",
    "密码",
];

/// A sample of the column with this heading as it may be shown to anybody: `示*`, `131****0001`, `a***@…`, the year of a date,
/// short numbers where they say nothing of a person.
pub fn masked(heading: &str, text: &str) -> String {
    let text = text.trim();
    let heading = fold(heading);
    if PERSONAL.iter().any(|word| heading.contains(word)) && !text.is_empty() {
        return match Look::of(Cell { text, kind: CellKind::Text }) {
            Look::Mail | Look::Mobile | Look::Landline => masked_alone(text),
            _ => clean(&format!("{}*", first(text))).into_owned(),
        };
    }
    masked_alone(text)
}

/// A text as it may be shown to anybody, whatever stands above it.
fn masked_alone(text: &str) -> String {
    let masked = match Look::of(Cell { text, kind: CellKind::Text }) {
        Look::Mail => format!("{}***@…", first(text)),
        Look::Date => digits_hidden(text, 4, 0),
        Look::Mobile | Look::Landline => digits_hidden(text, 3, 4),
        Look::Integer | Look::Decimal | Look::Code if is_short(text) => text.to_owned(),
        Look::Integer | Look::Decimal | Look::Code => ends_kept(text),
        Look::Text if text.chars().count() == 1 => text.to_owned(),
        Look::Text => format!("{}*", first(text)),
    };
    clean(&masked).into_owned()
}

/// A heading as it may be shown: one that is a telephone number or an address stands in a file without a header.
pub fn masked_heading(text: &str) -> String {
    let text = text.trim();
    match Look::of(Cell { text, kind: CellKind::Text }) {
        Look::Mail | Look::Mobile | Look::Landline => masked_alone(text),
        _ if text.bytes().filter(u8::is_ascii_digit).count() > SHORT_NUMBER => masked_alone(text),
        _ => clean(text).into_owned(),
    }
}

/// A sample as it stands there, its control characters made visible.
pub fn shown(text: &str) -> Cow<'_, str> {
    clean(text.trim())
}

/// What a reader says, without what it quotes of the file.
pub fn masked_message(message: &Message) -> Message {
    match message {
        Message::Verbatim(text) => Message::Verbatim(text.clone()),
        Message::Ours { code, details } => {
            let harmless = |name: &str| HARMLESS.contains(&name);
            let details = details.iter().map(|(name, detail)| match harmless(name) {
                true => (name.clone(), detail.clone()),
                false => (name.clone(), Detail::from("…")),
            });
            Message::Ours { code: code.clone(), details: details.collect() }
        }
    }
}

fn first(text: &str) -> String {
    text.chars().take(1).collect()
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= SHORT_NUMBER
}

/// All digits but so many at the beginning and at the end become stars.
fn digits_hidden(text: &str, from: usize, behind: usize) -> String {
    let count = text.chars().filter(char::is_ascii_digit).count();
    let behind = count.saturating_sub(behind).max(from);
    let mut number = 0;
    let hidden = |c: char| {
        if !c.is_ascii_digit() {
            return c;
        }
        number += 1;
        if number > from && number <= behind { '*' } else { c }
    };
    text.chars().map(hidden).collect()
}

/// Two characters of a long code at either end.
fn ends_kept(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let (begin, end) = (&characters[..2], &characters[characters.len() - 2..]);
    format!("{}****{}", begin.iter().collect::<String>(), end.iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_person_is_left() {
        for (text, expected) in [
            ("示例甲", "示*"),
            ("男", "男"),
            ("13100000001", "131****0001"),
            ("010-00000001", "010-****0001"),
            ("anna@example.com", "a***@…"),
            ("2026-01-05", "2026-**-**"),
            ("20001", "20001"),
            ("110101190001010000", "11****00"),
            ("\u{1b}[2J甲", "\\u{1b}*"),
            ("", ""),
        ] {
            assert_eq!(masked("甲", text), expected, "{text}");
        }
        for (heading, text, expected) in [
            ("QQ号", "10001", "1*"),
            ("微 信", "wxid1", "w*"),
            ("身份证号", "110101190001010000", "1*"),
            ("联系地址", "示例路", "示*"),
            ("Bank account", "0001", "0*"),
            ("联系人姓名", "甲", "甲*"),
            ("微信", "13100000001", "131****0001"),
            ("地址", "", ""),
        ] {
            assert_eq!(masked(heading, text), expected, "{heading}");
        }
        assert_eq!(masked_heading("手机"), "手机");
        assert_eq!(masked_heading("13100000001"), "131****0001");
    }
}
