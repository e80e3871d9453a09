//! Whether a text looks like what its field holds, where the kind of the field takes any text: what does not is mostly that of
//! a column beside it.

use super::digits::all_digits;
use super::half_width::half_width;
use super::null_word::is_no_name;
use super::{date, email, phone};
use crate::entity::Form;

/// What the full name of an organisation ends in.
const ORGANIZATIONS: [&str; 4] = ["有限公司", "责任公司", "股份公司", "責任公司"];
/// What a part of an address ends in, and no province and no city does.
const STREET_ENDINGS: [char; 15] =
    ['路', '街', '号', '號', '楼', '樓', '室', '层', '層', '栋', '棟', '座', '厦', '弄', '巷'];
/// What stands in an address, and in the name of an organisation only besides.
const ADDRESS_SIGNS: &str = "省市区區县縣镇鎮乡鄉村路街道巷弄号號楼樓室层層栋棟座园園院厦寓";

/// Why a text is hardly of this form; none when it is, or says that there is nothing.
pub(super) fn unlike(form: Form, text: &str) -> Option<&'static str> {
    let is_usual = match form {
        Form::Name => !is_no_name_of_anything(text),
        Form::Organization => {
            let is_address = || text.contains(['@', '＠']) && email::looks_like_address(text);
            !is_no_name_of_anything(text) && !phone::is_mainland_mobile(text) && !is_address()
        }
        Form::Account => {
            let text = half_width(text);
            let is_short = all_digits(&text) && (text.len() < 5 || text.bytes().all(|byte| byte == b'0'));
            let has_fraction =
                || text.split_once('.').is_some_and(|(whole, rest)| all_digits(whole) && all_digits(rest));
            !is_short
                && !has_fraction()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        }
        Form::Web => {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'/'));
            text.contains('.') && !text.contains('@') && !is_number
        }
        Form::Address => {
            let is_text = !is_reached_at(text) && !is_no_name_of_anything(text);
            is_text && (!names_organization(text) || text.contains(is_address_sign))
        }
        Form::Province | Form::City => {
            !is_reached_at(text) && !is_no_name_of_anything(text) && !is_no_place(form, text)
        }
        Form::Position => !is_reached_at(text) && !names_organization(text) && !is_no_name_of_anything(text),
    };
    let code = match form {
        Form::Name | Form::Organization => "not_a_name",
        Form::Account => "not_an_account",
        Form::Web => "not_a_web_address",
        Form::Address | Form::Province | Form::City | Form::Position => "unlike_its_column",
    };
    (!is_usual && !is_no_name(text)).then_some(code)
}

/// Whether a text is a day, nothing as a number, or a truth: none of these is what somebody is called.
fn is_no_name_of_anything(text: &str) -> bool {
    // Nearly every name ends here.
    let is_first = |byte: &u8| byte.is_ascii_digit() || b"tTfF-".contains(byte);
    let may_be = text.len() <= 24 && text.as_bytes().first().is_some_and(is_first);
    let is_zero = || text.parse::<f64>().is_ok_and(|number| number == 0.0);
    may_be
        && (is_zero()
            || text.eq_ignore_ascii_case("true")
            || text.eq_ignore_ascii_case("false")
            || date::looks_like_short_date(text)
            || date::looks_like_whole_date(text))
}

/// Whether a text is where somebody is reached and no place: a mobile number, a mail address, the first page of a site.
fn is_reached_at(text: &str) -> bool {
    // Nearly every text ends here.
    text.is_ascii()
        && (phone::is_mainland_mobile(text) || (text.contains('@') && email::looks_like_address(text)) || is_site(text))
}

/// Whether a text is the address of a site. One with a path may be a map.
fn is_site(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let host = ["https://", "http://"].iter().find_map(|scheme| lower.strip_prefix(scheme));
    let bare = host.or_else(|| lower.starts_with("www.").then_some(&lower)).unwrap_or_default();
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    bare.contains('.') && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'))
}

/// Whether a text is the full name of an organisation.
fn names_organization(text: &str) -> bool {
    ORGANIZATIONS.iter().any(|end| text.ends_with(end))
}

fn is_address_sign(c: char) -> bool {
    c.is_ascii_digit() || ADDRESS_SIGNS.contains(c)
}

/// Whether a text is a part of an address, or of a name, that is no province or no city.
fn is_no_place(form: Form, text: &str) -> bool {
    // `St. Louis 2` may be anything.
    let has_number = text.bytes().any(|byte| byte.is_ascii_digit()) && (!text.is_ascii() || all_digits(text));
    has_number
        || text.ends_with(STREET_ENDINGS)
        || text.ends_with("公司")
        || (form == Form::City && text.ends_with('省') && text.chars().count() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_another_column_is_seen() {
        for (form, text) in [
            (Form::Address, "www.example.com"),
            (Form::Address, "http://www.example.com/"),
            (Form::Address, "a@example.com"),
            (Form::Address, "13000000001"),
            (Form::Address, "示例贸易有限公司"),
            (Form::Address, "2026-01-05"),
            (Form::Province, "2楼"),
            (Form::Province, "乙路"),
            (Form::Province, "示例公司"),
            (Form::Province, "100000"),
            (Form::City, "广东省"),
            (Form::City, "A座"),
            (Form::Position, "示例科技有限公司"),
            (Form::Position, "13000000001"),
            (Form::Position, "2026-01-05"),
            (Form::Position, "www.example.com"),
        ] {
            assert_eq!(unlike(form, text), Some("unlike_its_column"), "{text}");
        }
        for (form, text) in [
            (Form::Address, "甲路1号示例贸易有限公司"),
            (Form::Address, "示例大厦示例有限公司"),
            (Form::Address, "线上"),
            (Form::Address, "https://map.example.com/p/甲"),
            (Form::Address, "https://map.example.com/p/1"),
            (Form::Address, "1 Example Street, Example"),
            (Form::Province, "广东"),
            (Form::Province, "内蒙古自治区"),
            (Form::Province, "California"),
            (Form::Province, "海外"),
            (Form::Province, "北海道"),
            (Form::City, "北京市"),
            (Form::City, "示例镇"),
            (Form::City, "St. Louis 2"),
            (Form::City, "无"),
            (Form::Position, "分公司经理"),
            (Form::Position, "CEO"),
            (Form::Position, "3D设计师"),
            (Form::Position, "A/B"),
        ] {
            assert_eq!(unlike(form, text), None, "{text}");
        }
    }
}
