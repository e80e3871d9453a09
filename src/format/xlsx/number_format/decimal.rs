//! A number as its decimal digits.

/// A number as its decimal digits, so that rounding is what a person would do.
#[derive(Debug, Clone)]
pub(super) struct Decimal {
    pub is_negative: bool,
    /// Without zeros at its ends; empty for 0.
    pub digits: String,
    /// How many digits stand before the decimal point; it may be less than none or more than all.
    pub point: i32,
}

impl Decimal {
    pub(super) fn of_text(text: &str) -> Option<Decimal> {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let zeros = all.len() - all.trim_start_matches('0').len();
        let point = i32::try_from(whole.len()).ok()? - i32::try_from(zeros).ok()?;
        Some(Decimal { is_negative, digits: all.trim_matches('0').to_owned(), point })
    }

    /// The digits before and behind the decimal point, rounded to so many behind it, half away from zero. None stand before
    /// it for a number below 1.
    pub(super) fn rounded(&self, decimals: usize) -> (String, String) {
        let point = self.point;
        let digit = |at: i32| -> u8 {
            usize::try_from(at).ok().and_then(|at| self.digits.as_bytes().get(at)).map_or(0, |digit| digit - b'0')
        };
        let end = point.saturating_add(i32::try_from(decimals).unwrap_or(i32::MAX));
        let start = point.min(0).min(end);
        // A zero in front takes what is carried over.
        let mut digits: Vec<u8> = std::iter::once(0).chain((start..end).map(digit)).collect();
        if digit(end) >= 5 {
            for digit in digits.iter_mut().rev() {
                *digit = (*digit + 1) % 10;
                if *digit > 0 {
                    break;
                }
            }
        }
        let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        let (whole, fraction) = text.split_at(text.len() - decimals.min(text.len()));
        (whole.trim_start_matches('0').to_owned(), fraction.to_owned())
    }

    pub(super) fn text(&self) -> String {
        let count = usize::try_from(i32::try_from(self.digits.len()).unwrap_or(0) - self.point).unwrap_or(0);
        let (whole, fraction) = self.rounded(count);
        let whole = if whole.is_empty() { "0" } else { &whole };
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}
