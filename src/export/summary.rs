//! What the first sheet of a workbook says: what was exported, when, which part, how many, from where, and counts.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::entity::{Entity, Field, Kind, Service};
use crate::error::Result;
use crate::format::{Counts, Fact, SummarySheet};
use crate::language::Language;
use crate::projection::{Names, moment, text_of, told};
use crate::t;

/// Days a chart shows one by one; a longer span is counted by month.
const MOST_DAYS: usize = 92;
/// Values of one field that are listed; the rest is one line.
const MOST_VALUES: usize = 200;

/// Counts records by the fields the catalog names.
#[derive(Debug)]
pub(super) struct SummaryCounter<'a> {
    counted: Vec<(&'a Field, BTreeMap<String, u64>)>,
    title: String,
    service: &'a Service,
    language: Language,
}

impl<'a> SummaryCounter<'a> {
    /// Counts an entity's records.
    pub(super) fn new(entity: &'a Entity, service: &'a Service, language: Language) -> Self {
        let fields = entity.summary.iter().filter_map(|name| entity.field(name));
        let counted = fields.map(|field| (field, BTreeMap::new())).collect();
        let title = t!("export.summary_title", locale = locale(language), entity = entity.label(language));
        SummaryCounter { counted, title: title.into_owned(), service, language }
    }

    /// Counts a record, with its own page where there is one.
    pub(super) fn add(&mut self, record: &Value, detail: Option<&Value>) {
        for (field, counts) in &mut self.counted {
            let text = told(record, detail, &field.name).map(text_of).unwrap_or_default();
            let value = match field.kind {
                Kind::Date | Kind::DateTime => {
                    moment::read(&text, self.service).map(|moment| moment.day().to_string()).unwrap_or_default()
                }
                _ => text.into_owned(),
            };
            match counts.get_mut(&value) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(value, 1);
                }
            }
        }
    }

    /// The first sheet, with these facts above the counts.
    ///
    /// # Errors
    /// A name that cannot be looked up.
    pub(super) fn sheet(
        &self,
        facts: Vec<(String, String)>,
        records: u64,
        names: &mut Names<'_>,
    ) -> Result<SummarySheet> {
        let locale = locale(self.language);
        let mut facts: Vec<(String, Fact)> = facts.into_iter().map(|(name, text)| (name, text.into())).collect();
        facts.push((t!("export.summary_records", locale = locale).into_owned(), records.into()));
        let mut sheet = SummarySheet { title: self.title.clone(), facts, counts: Vec::new() };
        for (field, counts) in &self.counted {
            let is_time = matches!(field.kind, Kind::Date | Kind::DateTime);
            let mut rows = match is_time {
                true => self.by_day(counts),
                false => self.by_value(field, counts, names)?,
            };
            if !is_time && rows.len() > MOST_VALUES {
                let rest = rows.split_off(MOST_VALUES);
                let others = t!("export.summary_others", locale = locale, count = rest.len()).into_owned();
                rows.push((others, rest.iter().map(|(_, count)| count).sum()));
            }
            sheet.counts.push(Counts {
                title: self.title_of(field, is_time, names),
                unit: t!("export.summary_unit", locale = locale).into_owned(),
                rows,
                is_charted: is_time,
            });
        }
        Ok(sheet)
    }

    fn title_of(&self, field: &Field, is_time: bool, names: &Names<'_>) -> String {
        let label = field.label(self.language);
        let is_named = field.reference.as_deref().is_some_and(|entity| names.knows(entity));
        let label = if is_named { label.trim_end_matches("编号").trim_end_matches(" ID") } else { label };
        let key = if is_time { "export.summary_by_day" } else { "export.summary_by" };
        t!(key, locale = locale(self.language), field = label).into_owned()
    }

    /// By day, or by month when there are too many days for a chart; last those that tell none.
    fn by_day(&self, counts: &BTreeMap<String, u64>) -> Vec<(String, u64)> {
        let days = counts.iter().filter(|(day, _)| !day.is_empty());
        let mut rows: Vec<(String, u64)> = days.map(|(day, count)| (day.clone(), *count)).collect();
        if rows.len() > MOST_DAYS {
            let mut months: BTreeMap<String, u64> = BTreeMap::new();
            for (day, count) in rows {
                *months.entry(day[..day.len() - 3].to_owned()).or_default() += count;
            }
            rows = months.into_iter().collect();
        }
        let undated = counts
            .get("")
            .map(|count| (t!("export.summary_none", locale = locale(self.language)).into_owned(), *count));
        rows.into_iter().chain(undated).collect()
    }

    /// The most frequent first; choices in the catalog's order.
    fn by_value(
        &self,
        field: &Field,
        counts: &BTreeMap<String, u64>,
        names: &mut Names<'_>,
    ) -> Result<Vec<(String, u64)>> {
        let mut counts: Vec<_> = counts.iter().collect();
        let choice_index =
            |value: &str| field.choices.iter().position(|choice| choice.value == value).unwrap_or(usize::MAX);
        counts
            .sort_by(|(a, one), (b, other)| choice_index(a).cmp(&choice_index(b)).then(other.cmp(one)).then(a.cmp(b)));
        let mut rows = Vec::with_capacity(counts.len());
        for (value, count) in counts {
            let choice = field.choices.iter().find(|choice| choice.value == *value);
            let mut word = choice.map(|choice| choice.label(self.language).to_owned()).unwrap_or_default();
            if word.is_empty()
                && let Some(entity) = field.reference.as_deref()
            {
                names.of(entity, value, &mut word)?;
            }
            if word.is_empty() {
                word = match value.as_str() {
                    "" | "0" => t!("export.summary_none", locale = locale(self.language)).into_owned(),
                    value => value.to_owned(),
                };
            }
            rows.push((word, *count));
        }
        Ok(rows)
    }
}

fn locale(language: Language) -> &'static str {
    language.pick("zh", "en")
}
