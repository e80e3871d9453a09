//! What the builder decided, as a mapping and as a report.

use super::builder::MappingBuilder;
use super::report::{MappingReport, Matched, Missing, Unused};
use super::sources::{FieldSource, KeySources, LeftOutColumn, Mapping, RowRule, ValueSource};
use super::word_answers::WordAnswers;
use crate::entity::{Field, Instead, Kind};
use crate::format::column_letters;
use crate::language::Language;
use crate::message::Detail;
use crate::t;

impl MappingBuilder<'_> {
    /// The mapping, once everything is decided.
    pub(super) fn finish(self) -> Mapping {
        let report = self.report();
        let mut sources: Vec<FieldSource> = self
            .entity
            .fields
            .iter()
            .enumerate()
            .filter_map(|(index, field)| Some(self.field_source(index, field, self.sources[index].clone()?)))
            .collect();
        // Members of one parent stand together in a request.
        sources.sort_by(|one, other| one.json_parent.cmp(&other.json_parent));
        let position = |name: &String| sources.iter().position(|source| source.field.name == *name);
        let mut rules: Vec<RowRule> = self
            .alternatives()
            .map(|rule| RowRule::OneOf {
                sources: rule.one_of.iter().filter_map(position).collect(),
                labels: Detail::List(self.fields_of(&rule.one_of).map(Field::labels).collect()),
            })
            .collect();
        rules.extend(self.told_references().map(|names| RowRule::OneOf {
            sources: names.iter().filter_map(position).collect(),
            labels: Detail::List(self.fields_of(&names).map(Field::labels).collect()),
        }));
        let wished = self.wished().filter_map(|name| self.entity.field(name));
        rules.extend(wished.map(|field| {
            let told = self.clues_of(field).map(|index| &self.entity.fields[index].name);
            let sources = std::iter::once(&field.name).chain(told).filter_map(position).collect();
            RowRule::Wished { sources, label: field.labels() }
        }));
        if let Some(edits) = &self.entity.edits
            && let Some(source) = position(&edits.set)
        {
            let others = [&edits.add, &edits.remove].into_iter().filter_map(position).collect();
            rules.push(RowRule::Excludes { source, others });
        }
        let is_by_id_alone = self.is_by_id_alone();
        // What tells which record a reference means, where rows are looked up once that is known.
        let told_by = |name: &String| {
            let field = self.entity.field(name).filter(|_| self.entity.is_looked_up)?;
            self.clues_of(field).map(|clue| &self.entity.fields[clue].name).find_map(position)
        };
        let keys = (0u8..)
            .zip(&self.entity.keys)
            .filter(|_| !is_by_id_alone)
            .filter_map(|(number, fields)| {
                let sources = fields.iter().map(|name| position(name).or_else(|| told_by(name)));
                let sources = sources.collect::<Option<Vec<_>>>()?;
                Some(KeySources { number, fields: fields.clone(), sources })
            })
            .collect();
        Mapping {
            entity: self.entity.clone(),
            mode: self.mode,
            options: self.options,
            header: self.sheet.header.clone(),
            own: self.own.clone(),
            header_row: self.sheet.header_row,
            lone_cells_are_rare: self.sheet.lone_cells_are_rare,
            phones: self.phones(&sources),
            lone_phone: self.lone_phone(&sources),
            parted: parted(&sources),
            skip: self.skip.clone(),
            has_custom: sources.iter().any(|source| source.field.custom),
            custom_json_prefix: format!("{}:[", json_text(&self.custom.member)).into_bytes(),
            sources,
            rules,
            keys,
            old_id: self.old_id.clone(),
            old_references: self.old_references(),
            system: self.system(),
            said_source: self
                .source
                .clone()
                .filter(|said| self.recognised.as_ref().is_none_or(|seen| seen.source != *said)),
            left_out: self.left_out(&report),
            words: WordAnswers::default(),
            report,
        }
    }

    /// Columns that nothing takes, and those that mean what the service sets.
    fn left_out(&self, report: &MappingReport) -> Vec<LeftOutColumn> {
        // Who uses a mapping that is shipped has not said so.
        let dropped = t!("mapping.dropped");
        let is_dropped =
            |column: usize| self.file.optional && self.reasons.get(&column).is_some_and(|why| *why == dropped);
        let set_by_service = |column: usize| {
            let field = &self.entity.fields[self.means(column)?];
            let is_left = self.is_left_for_that(column) || is_dropped(column);
            (field.read_only && self.unsendable(field).is_some() && is_left).then_some(field)
        };
        // Who stands there then is told by a login, which is no number.
        let label = |field: &Field| match field.instead {
            Some(Instead::Importer | Instead::Owner) => field.record_labels(),
            _ => field.labels(),
        };
        let columns = self.sheet.header.iter().enumerate().filter_map(|(index, header)| {
            let letters = column_letters(index);
            let is_unmatched = report.unmatched.iter().any(|unused| unused.column == letters);
            let field = set_by_service(index);
            let is_dropped = is_dropped(index);
            (is_unmatched || is_dropped || field.is_some()).then(|| LeftOutColumn {
                is_dropped,
                index,
                column: letters,
                header: header.trim().to_owned(),
                field: field.map(|field| field.name.clone()),
                label: field.map_or_else(|| Detail::Text(String::new()), label),
                instead: field.and_then(|field| field.instead),
            })
        });
        columns.collect()
    }

    /// The references that have to be filled in and are told by more than one source: the names of these.
    fn told_references(&self) -> impl Iterator<Item = Vec<String>> {
        let fields = self.entity.fields.iter().enumerate().filter(|(_, field)| self.is_required(field));
        let sources = fields.map(|(index, field)| {
            let own = self.sources[index].is_some().then(|| field.name.clone());
            own.into_iter().chain(self.clues_of(field).map(|clue| self.entity.fields[clue].name.clone())).collect()
        });
        sources.filter(|names: &Vec<String>| names.len() > 1)
    }

    /// Whether every row has to fill in a field of this mapping.
    fn is_required_source(&self, field: &Field) -> bool {
        match &field.clue {
            None => self.is_required(field) && !self.has_clue(field),
            // The only one that tells which record is meant stands for the reference.
            Some(clue) => self.entity.field(&clue.reference).is_some_and(|reference| {
                let is_alone = self.clues_of(reference).count() == 1 && !self.has_source(&reference.name);
                is_alone && self.is_required(reference)
            }),
        }
    }

    /// Where a number may be moved that stands in the wrong column: in new records, whose empty fields hold nothing.
    fn phones(&self, sources: &[FieldSource]) -> Option<(usize, usize)> {
        if self.entity.may_change {
            return None;
        }
        let of = |kind: Kind| {
            sources.iter().position(|source| {
                source.field.kind == kind && source.sent && !source.field.custom && source.field.clue.is_none()
            })
        };
        of(Kind::Mobile).zip(of(Kind::Phone))
    }

    /// The source of any numbers, where nothing feeds the field for mobile numbers.
    fn lone_phone(&self, sources: &[FieldSource]) -> Option<usize> {
        let is_plain = |field: &Field, kind: Kind| field.kind == kind && !field.custom && field.clue.is_none();
        let has_mobile =
            self.entity.fields.iter().any(|field| is_plain(field, Kind::Mobile) && self.unsendable(field).is_none());
        let is_fed = sources.iter().any(|source| is_plain(&source.field, Kind::Mobile));
        let phone = sources.iter().position(|source| is_plain(&source.field, Kind::Phone) && source.sent)?;
        (has_mobile && !is_fed).then_some(phone)
    }

    fn field_source(&self, field_index: usize, field: &Field, source: ValueSource) -> FieldSource {
        let name = json_text(&field.name);
        let json_prefix = match field.custom {
            true => format!("{{{}:{name},{}:", json_text(&self.custom.key), json_text(&self.custom.value)),
            false => format!("{}:", field.nested().map_or(name, |(_, member)| json_text(member))),
        };
        let json_parent = field.nested().map(|(parent, _)| format!("{}:{{", json_text(parent)).into_bytes());
        let mut field = field.clone();
        // Whatever its heading says, a column of ids may hold what the records are known by.
        field.takes_words |= field.is_looked_up;
        let field = &field;
        FieldSource {
            required: self.is_required_source(field),
            field: field.clone(),
            sent: !field.read_only,
            foreign: matches!(field.kind, Kind::Id | Kind::Ids)
                && match &source {
                    ValueSource::Column(column) => self.foreign.contains(column),
                    ValueSource::Template(template) => template.columns().any(|column| self.foreign.contains(&column)),
                    ValueSource::OldId(_) | ValueSource::Routed(_) | ValueSource::Constant(_) => false,
                },
            source,
            overwrite: self.overwrites.get(&field_index).copied().unwrap_or_default(),
            clears: self.clears.contains(&field_index),
            default: self.defaults.get(&field_index).cloned(),
            values: self.values.get(&field_index).cloned().unwrap_or_default(),
            json_prefix: json_prefix.into_bytes(),
            json_parent,
        }
    }

    fn report(&self) -> MappingReport {
        let language = Language::current();
        let mut report = MappingReport {
            recognised: self.recognised.clone().or_else(|| self.own_template()),
            words: self.shared_labels(),
            proposes: self.proposes(),
            ..MappingReport::default()
        };
        let mut by_column: Vec<(usize, Matched)> = Vec::new();
        for (field, source) in self.entity.fields.iter().zip(&self.sources) {
            let (field_name, label) = (field.name.clone(), field.label(language).to_owned());
            match source {
                Some(ValueSource::Column(column)) => by_column.push((
                    *column,
                    Matched {
                        column: Some(column_letters(*column)),
                        source: self.sheet.header[*column].trim().to_owned(),
                        field: field_name,
                        label,
                    },
                )),
                Some(ValueSource::Constant(text)) => {
                    let shown = if field.secret { "•••" } else { text };
                    by_column.push((
                        usize::MAX,
                        Matched { column: None, source: format!("\"{shown}\""), field: field_name, label },
                    ));
                }
                Some(ValueSource::Template(template)) => by_column.push((
                    usize::MAX,
                    Matched { column: None, source: template.source.clone(), field: field_name, label },
                )),
                // Its column is that of another field.
                Some(ValueSource::Routed(_)) => {}
                Some(ValueSource::OldId(_)) => report.missing.push(Missing { field: field_name, label }),
                None if field.read_only || self.unsendable(field).is_some() => {}
                None if field.clue.is_some() || self.has_clue(field) => {}
                None => report.missing.push(Missing { field: field_name, label }),
            }
        }
        by_column.sort_by_key(|(column, _)| *column);
        for (column, header) in self.sheet.header.iter().enumerate() {
            if by_column.iter().any(|(matched, _)| *matched == column) {
                continue;
            }
            let in_template =
                || self.read_by_template.contains(&column).then(|| t!("mapping.in_template").into_owned());
            let skips =
                || self.skip.iter().any(|(skip, _)| *skip == column).then(|| t!("mapping.used_by_skip").into_owned());
            let reason = in_template().or_else(|| self.reasons.get(&column).cloned()).or_else(skips);
            let unused = Unused { column: column_letters(column), header: header.trim().to_owned(), reason };
            if unused.reason.is_some() { report.not_sent.push(unused) } else { report.unmatched.push(unused) }
        }
        report.matched = by_column.into_iter().map(|(_, matched)| matched).collect();
        report
    }
}

/// Columns of which nothing but parts is taken, and the last part of each.
fn parted(sources: &[FieldSource]) -> Vec<(usize, usize)> {
    let mut parted: Vec<(usize, usize)> = Vec::new();
    let mut whole = Vec::new();
    for source in sources {
        match &source.source {
            ValueSource::Column(column) | ValueSource::OldId(column) => whole.push(*column),
            ValueSource::Constant(_) | ValueSource::Routed(_) => {}
            ValueSource::Template(template) => match template.last_part {
                None => whole.extend(template.columns()),
                Some(last) => parted.extend(template.columns().map(|column| (column, last))),
            },
        }
    }
    parted.retain(|(column, _)| !whole.contains(column));
    parted.sort_unstable_by(|a, b| b.cmp(a));
    parted.dedup_by_key(|(column, _)| *column);
    parted
}

/// A text as JSON has it.
fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
