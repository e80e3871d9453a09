//! Times as OpenDocument keeps them: `PT08H30M00S`.

/// The seconds of a span of time; none when it is none.
pub(super) fn seconds(span: &str) -> Option<f64> {
    let (sign, span) = match span.strip_prefix('-') {
        Some(span) => (-1.0, span),
        None => (1.0, span),
    };
    let span = span.strip_prefix('P')?;
    let (days, time) = span.split_once('T').unwrap_or((span, ""));
    let mut total = 0.0;
    for (part, units) in [(days, &[('D', 86_400.0)][..]), (time, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)][..])] {
        let mut rest = part;
        for (unit, size) in units {
            if let Some((count, behind)) = rest.split_once(*unit) {
                total += count.replace(',', ".").parse::<f64>().ok()? * size;
                rest = behind;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(sign * total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_counted_in_seconds() {
        for (span, expected) in [
            ("PT08H30M00S", Some(30_600.0)),
            ("PT36H", Some(129_600.0)),
            ("P1DT1M", Some(86_460.0)),
            ("-PT0.5S", Some(-0.5)),
            ("P1Y", None),
            ("8:30", None),
        ] {
            assert_eq!(seconds(span), expected, "{span}");
        }
    }
}
