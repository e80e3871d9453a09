//! Whether the values of a column are what a field takes.

use crate::entity::{Field, Kind};
use crate::format::{Cell, CellKind};
use crate::survey::{ColumnKind, ColumnSurvey, Look};
use crate::value::{self, ValueOptions};

/// The share of values, in percent, that speaks for a field; below half of them it speaks against it.
const FOR: u64 = 80;
const AGAINST: u64 = 50;

/// What the values of a column say of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueFit {
    /// They are what the field takes.
    For,
    /// They say nothing.
    Neutral,
    /// They are something else.
    Against,
}

/// What the values of a column say of a field.
pub(super) fn value_fit(column: &ColumnSurvey, field: &Field) -> ValueFit {
    if column.filled == 0 {
        return ValueFit::Neutral;
    }
    let by_share = |share: u64| match share {
        FOR.. => ValueFit::For,
        AGAINST.. => ValueFit::Neutral,
        _ => ValueFit::Against,
    };
    match field.kind {
        Kind::Mobile => by_share(column.share(&[Look::Mobile])),
        Kind::Phone if column.share(&[Look::Mobile]) >= FOR => ValueFit::Neutral,
        Kind::Phone => by_share(column.share(&[Look::Mobile, Look::Landline])),
        Kind::Email => by_share(column.share(&[Look::Mail])),
        Kind::Date | Kind::DateTime => by_share(column.share(&[Look::Date])),
        Kind::Integer | Kind::Id => by_share(column.share(&[Look::Integer])),
        Kind::Decimal => by_share(column.share(&[Look::Integer, Look::Decimal])),
        Kind::Choice => choice(column, field),
        Kind::Text | Kind::Html | Kind::Tags | Kind::Ids => match column.kind() {
            ColumnKind::Phone | ColumnKind::Mail => ValueFit::Against,
            _ => ValueFit::Neutral,
        },
    }
}

fn choice(column: &ColumnSurvey, field: &Field) -> ValueFit {
    let Some(words) = column.words.counted() else { return ValueFit::Against };
    let understood: u64 = words.iter().filter(|(word, _)| is_understood(field, word)).map(|(_, count)| count).sum();
    match understood * 100 / column.filled {
        FOR.. => ValueFit::For,
        _ => ValueFit::Neutral,
    }
}

/// Whether a field takes a word as it stands.
pub(super) fn is_understood(field: &Field, word: &str) -> bool {
    let cell = Cell { text: word, kind: CellKind::Text };
    value::clean(field, cell, &ValueOptions::default(), &mut String::new(), &mut Vec::new()).is_ok()
}
