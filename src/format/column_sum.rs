//! Formulas that add up, count or compare cells of a column: what stands in their rows are totals.

use super::column_letters::column_number;

/// Functions whose results are totals.
const FUNCTIONS: [&str; 8] = ["SUM", "SUBTOTAL", "AGGREGATE", "AVERAGE", "COUNT", "COUNTA", "MAX", "MIN"];

/// The column, counted from 0, of which a formula takes several rows together by one of these functions: `SUM(C2:C10)`, and
/// `of:=SUM([.C2:.C10])` as OpenDocument writes it. What stands on another sheet may be anything.
pub(super) fn summed_column(formula: &str) -> Option<usize> {
    let own = formula.trim_start_matches("of:").trim_start_matches('=');
    let function = own.split('(').next().unwrap_or_default().trim().to_ascii_uppercase();
    let is_of_sheet = !own.contains('!') && own.matches('[').count() == own.matches("[.").count();
    if !is_of_sheet || !FUNCTIONS.contains(&function.as_str()) {
        return None;
    }
    let plain: String = own.chars().filter(|c| !matches!(c, '$' | '[' | ']' | '.')).collect();
    plain.match_indices(':').find_map(|(at, _)| {
        let ((first, top), (last, bottom)) = (cell_at_end(&plain[..at])?, cell_at_start(&plain[at + 1..])?);
        (first.eq_ignore_ascii_case(last) && top != bottom).then(|| column_number(&first.to_ascii_uppercase()))?
    })
}

/// Column and row of the reference that a text ends in.
fn cell_at_end(text: &str) -> Option<(&str, &str)> {
    let start = text.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    column_and_row(text.get(start..)?)
}

/// Column and row of the reference that a text begins with.
fn cell_at_start(text: &str) -> Option<(&str, &str)> {
    column_and_row(&text[..text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len())])
}

fn column_and_row(reference: &str) -> Option<(&str, &str)> {
    let (column, row) = reference.split_at(reference.find(|c: char| c.is_ascii_digit())?);
    let is_cell = !column.is_empty() && row.bytes().all(|byte| byte.is_ascii_digit());
    is_cell.then_some((column, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_of_several_rows_of_one_column_of_the_same_sheet() {
        for formula in [
            "SUM(C2:C10)",
            "=sum($C$2:$C$10)",
            "SUBTOTAL(9,C2:C3)",
            "AVERAGE( C2:C3 )",
            "SUM(C2:C3,C5:C6)",
            "of:=SUM([.C2:.C10])",
            "of:=COUNTA([.$A$2:.$A$9])",
        ] {
            assert!(summed_column(formula).is_some(), "{formula}");
        }
        for formula in [
            "SUM(C2:F2)",
            "SUM(订单!C2:C10)",
            "SUMIF(A2:A10,A2,C2:C10)",
            "VLOOKUP(A2,B2:B10,1,0)",
            "SUM(C2,D2)",
            "C2*D2",
            "of:=SUM([$订单.C2:.C10])",
            "of:=SUM([.C2:.F2])",
            "",
            ":",
        ] {
            assert_eq!(summed_column(formula), None, "{formula}");
        }
    }
}
