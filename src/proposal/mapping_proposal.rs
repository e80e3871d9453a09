//! What each column of a file may mean.

use super::nearness::nearness;
use super::value_fit::{ValueFit, is_understood, value_fit};
use crate::entity::{AccountMode, Entity, Field, Kind, Requirement, fold};
use crate::format::Headings;
use crate::mapping::{KnownHeadings, is_result_column, unsendable};
use crate::survey::{ColumnSurvey, FileSurvey, Look};

/// From this confidence on, in percent, a meaning is certain when the values speak for it, too.
const CERTAIN: u8 = 85;
/// Below this confidence nothing is proposed.
const LEAST: u8 = 45;
/// The share of mobile numbers, in percent, that makes a column of telephones one of mobile numbers. Where there are others,
/// each number goes to its field row by row.
const MOBILES: u64 = 100;
/// How near a heading is that says a telephone is meant, and one that says nothing.
const OF_TELEPHONE: f64 = 0.8;
const OF_VALUES_ALONE: f64 = 0.5;
/// What headings of telephones hold, folded.
const TELEPHONE_WORDS: [&str; 8] = ["电话", "联系方式", "手机", "号码", "phone", "tel", "mobile", "contactnumber"];

/// What a column may mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A field, by its heading.
    Known {
        /// The field's index.
        field: usize,
    },
    /// The field that another column means by its heading, too.
    Twice {
        /// The field's index.
        field: usize,
        /// The other column's index.
        first: usize,
    },
    /// A key of another system, which is none of this service's ids and is remembered where that system is named.
    OtherSystem,
    /// Nothing that is sent, for a reason; none for a result of an earlier import.
    NotSent {
        /// Why.
        reason: Option<String>,
    },
    /// A field that is proposed.
    Proposed {
        /// The field's index.
        field: usize,
        /// How sure it is, in percent.
        confidence: u8,
        /// Whether heading and values speak for it, so that it is applied unless a person takes it out.
        is_certain: bool,
    },
    /// Nothing is proposed.
    Nothing,
}

/// A column, and what it may mean.
#[derive(Debug)]
pub struct ColumnProposal<'a> {
    /// The column as it was looked over.
    pub survey: &'a ColumnSurvey,
    /// How a mapping file names it: by its heading, or by its number where that is nothing to name it by.
    pub name: String,
    /// What it may mean.
    pub meaning: Meaning,
}

/// Words of a column that its field does not take.
#[derive(Debug)]
pub struct FieldWords {
    /// The field's index.
    pub field: usize,
    /// Whether the column feeds the field without anybody saying so.
    pub is_fed: bool,
    /// The words, the commonest first, each with its count.
    pub words: Vec<(String, u64)>,
}

/// What the columns of a file may mean for an entity.
#[derive(Debug)]
pub struct MappingProposal<'a> {
    /// The entity, with what tells which record its references mean among its fields.
    pub entity: Entity,
    /// The columns, in their order.
    pub columns: Vec<ColumnProposal<'a>>,
    /// Words of choices that are not understood.
    pub words: Vec<FieldWords>,
    /// Fields that every record needs and no column certainly means, by index.
    pub missing: Vec<usize>,
    /// The same of rules "one of these".
    pub missing_one_of: Vec<Vec<usize>>,
    /// Account mode the fields are for.
    mode: AccountMode,
    headings: KnownHeadings,
}

impl<'a> MappingProposal<'a> {
    /// The headings of the file, without blank ones and those of columns in which a loader says what became of a row.
    pub(super) fn header(&self) -> impl Iterator<Item = &str> {
        let is_of_file = |column: &&ColumnProposal<'_>| !matches!(column.meaning, Meaning::NotSent { reason: None });
        let headings = self.columns.iter().filter(is_of_file).map(|column| column.survey.heading.trim());
        headings.filter(|heading| !heading.is_empty())
    }

    /// Looks what the columns of a file may mean.
    pub fn new(entity: &Entity, survey: &'a FileSurvey, mode: AccountMode) -> MappingProposal<'a> {
        let columns = survey.columns.iter().enumerate().map(|(index, column)| ColumnProposal {
            survey: column,
            name: name_of(survey, index),
            meaning: Meaning::Nothing,
        });
        let mut proposal = MappingProposal {
            entity: entity.with_clues(),
            columns: columns.collect(),
            words: Vec::new(),
            missing: Vec::new(),
            missing_one_of: Vec::new(),
            mode,
            headings: KnownHeadings::new(entity, None),
        };
        proposal.know_headings();
        proposal.route_telephones();
        proposal.propose();
        proposal.gather_words();
        proposal.find_missing();
        proposal
    }

    /// A field by its index.
    pub fn field(&self, index: usize) -> &Field {
        &self.entity.fields[index]
    }

    /// What a mapping calls a field.
    pub fn word_for(&self, index: usize) -> &str {
        self.headings.word_for(index, self.field(index))
    }

    /// What a column can be said to mean, by index: the fields that can be sent, and what tells which record their references mean.
    pub fn choosable(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.entity.fields.len()).filter(|index| self.unsendable(*index).is_none())
    }

    /// The fields that can be sent, by index.
    pub fn sendable(&self) -> impl Iterator<Item = usize> + '_ {
        self.choosable().filter(|index| self.field(*index).clue.is_none())
    }

    fn unsendable(&self, index: usize) -> Option<String> {
        unsendable(&self.entity, self.field(index), self.mode)
    }

    /// What the headings say by themselves, as the mapping of an import has it.
    fn know_headings(&mut self) {
        for index in 0..self.columns.len() {
            let heading = &self.columns[index].survey.heading;
            self.columns[index].meaning = match self.headings.field(heading) {
                None if is_result_column(&fold(heading)) => Meaning::NotSent { reason: None },
                None if self.headings.find(heading).is_some() => Meaning::OtherSystem,
                None => Meaning::Nothing,
                Some(field) => match (self.unsendable(field), self.known_column(field)) {
                    (Some(reason), _) => Meaning::NotSent { reason: Some(reason) },
                    (None, Some(first)) => Meaning::Twice { field, first },
                    (None, None) => Meaning::Known { field },
                },
            };
        }
    }

    /// A column of telephones that holds mobile numbers feeds the field for them, when no other column does.
    fn route_telephones(&mut self) {
        let Some(mobile) = self.sendable().find(|index| self.field(*index).kind == Kind::Mobile) else { return };
        for index in 0..self.columns.len() {
            let Meaning::Known { field } = self.columns[index].meaning else { continue };
            let share = self.columns[index].survey.share(&[Look::Mobile]);
            if self.field(field).kind == Kind::Phone && share >= MOBILES && self.known_column(mobile).is_none() {
                let confidence = u8::try_from(share).unwrap_or(100).min(99);
                self.columns[index].meaning =
                    Meaning::Proposed { field: mobile, confidence, is_certain: confidence >= CERTAIN };
                return;
            }
        }
    }

    /// The field that mobile numbers go to, row by row, from a column of any telephone numbers: no column feeds it.
    pub fn routed(&self, column: &ColumnProposal<'_>) -> Option<&Field> {
        let is_phone = column.meaning.field().is_some_and(|field| self.field(field).kind == Kind::Phone);
        let has_mobiles = is_phone && column.survey.share(&[Look::Mobile]) > 0 && !self.entity.may_change;
        let mobile = self.sendable().find(|index| self.field(*index).kind == Kind::Mobile).filter(|_| has_mobiles)?;
        (!self.is_fed(mobile)).then(|| self.field(mobile))
    }

    /// Proposes fields that no column means for columns that mean nothing, the surest pair first.
    fn propose(&mut self) {
        let mut pairs: Vec<(u8, bool, usize, usize)> = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            if column.meaning != Meaning::Nothing
                || column.survey.heading.trim().is_empty() && column.survey.filled == 0
            {
                continue;
            }
            for field in self.sendable().filter(|field| !self.is_taken(*field)) {
                let (confidence, is_certain) = confidence(column.survey, self.field(field));
                if confidence >= LEAST {
                    pairs.push((confidence, is_certain, index, field));
                }
            }
        }
        pairs.sort_by_key(|(confidence, _, index, field)| (std::cmp::Reverse(*confidence), *index, *field));
        for (confidence, is_certain, index, field) in pairs {
            if self.columns[index].meaning == Meaning::Nothing && !self.is_taken(field) {
                self.columns[index].meaning = Meaning::Proposed { field, confidence, is_certain };
            }
        }
    }

    /// The column that means a field by its heading.
    fn known_column(&self, field: usize) -> Option<usize> {
        self.columns.iter().position(|column| column.meaning == Meaning::Known { field })
    }

    /// Whether a column means a field or is proposed for it.
    fn is_taken(&self, field: usize) -> bool {
        self.columns.iter().any(|column| match column.meaning {
            Meaning::Known { field: taken } | Meaning::Proposed { field: taken, .. } => taken == field,
            _ => false,
        })
    }

    /// Whether a column feeds a field without anybody saying so.
    fn is_fed(&self, field: usize) -> bool {
        self.columns.iter().any(|column| column.meaning.fed() == Some(field))
    }

    /// Whether a column tells which record a field means without anybody saying so.
    fn is_told(&self, field: &Field) -> bool {
        let tells = |index: usize| {
            self.field(index).clue.as_ref().is_some_and(|clue| clue.reference == field.name) && self.is_fed(index)
        };
        field.is_looked_up && (0..self.entity.fields.len()).any(tells)
    }

    fn gather_words(&mut self) {
        for column in &self.columns {
            let Some(index) = column.meaning.field() else { continue };
            let field = self.field(index);
            let (Kind::Choice, Some(words)) = (field.kind, column.survey.words.counted()) else { continue };
            let mut unknown: Vec<(String, u64)> = words
                .iter()
                .filter(|(word, _)| !is_understood(field, word))
                .map(|(word, count)| (word.clone(), *count))
                .collect();
            unknown.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            if !unknown.is_empty() {
                let is_fed = column.meaning.fed().is_some();
                self.words.push(FieldWords { field: index, is_fed, words: unknown });
            }
        }
    }

    fn find_missing(&mut self) {
        let is_missing = |index: &usize| {
            let field = self.field(*index);
            let requirement = self.entity.requirement(field, self.mode);
            matches!(requirement, Requirement::Always(_)) && !self.is_fed(*index) && !self.is_told(field)
        };
        let missing = self.sendable().filter(is_missing).collect();
        let rules = self.entity.rules.iter().filter(|rule| !rule.one_of.is_empty() && rule.holds_in(self.mode));
        let positions = rules.map(|rule| {
            let position = |name: &String| self.entity.fields.iter().position(|field| field.name == *name);
            rule.one_of.iter().filter_map(position).collect::<Vec<_>>()
        });
        let missing_one_of = positions.filter(|fields| !fields.iter().any(|field| self.is_fed(*field))).collect();
        (self.missing, self.missing_one_of) = (missing, missing_one_of);
    }
}

impl Meaning {
    /// The field that is meant or proposed.
    pub fn field(&self) -> Option<usize> {
        match self {
            Meaning::Known { field } | Meaning::Proposed { field, .. } => Some(*field),
            _ => None,
        }
    }

    /// The field that is fed without anybody saying so.
    pub fn fed(&self) -> Option<usize> {
        match self {
            Meaning::Proposed { is_certain: false, .. } => None,
            meaning => meaning.field(),
        }
    }
}

/// How sure it is that a column means a field, in percent, and whether heading and values both say so.
fn confidence(column: &ColumnSurvey, field: &Field) -> (u8, bool) {
    let near = nearness(&column.heading, field);
    let fit = value_fit(column, field);
    let near = match (field.kind, fit) {
        (Kind::Mobile | Kind::Phone, ValueFit::For) if names_telephone(&column.heading) => near.max(OF_TELEPHONE),
        (Kind::Mobile | Kind::Email, ValueFit::For) => near.max(OF_VALUES_ALONE),
        _ => near,
    };
    let share = match fit {
        ValueFit::For if near > 0.0 => 1.0 - (1.0 - near) * 0.35,
        ValueFit::For | ValueFit::Neutral => near * 0.85,
        ValueFit::Against => near * 0.4,
    };
    // Between 0 and 100.
    let percent = (share * 100.0).round() as u8;
    let percent = percent.min(99);
    (percent, fit == ValueFit::For && percent >= CERTAIN)
}

fn names_telephone(heading: &str) -> bool {
    let heading = fold(heading);
    TELEPHONE_WORDS.iter().any(|word| heading.contains(word))
}

/// How a mapping file names a column.
fn name_of(survey: &FileSurvey, index: usize) -> String {
    let heading = survey.columns[index].heading.trim();
    let same = survey.columns.iter().filter(|column| fold(&column.heading) == fold(heading)).count();
    let is_telling = !heading.is_empty() && same == 1 && !heading.starts_with('#');
    if is_telling { heading.to_owned() } else { format!("#{}", index + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;
    use crate::format::Input;

    /// `heading → field confidence!` of what is proposed, with ! where it is certain.
    fn proposed(text: &str) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let entity = Catalog::embedded().get("customers").unwrap();
        let input = Input { path: file.path().to_owned(), shown: "a.csv".into(), ..Input::default() };
        let survey = FileSurvey::read(&input).unwrap();
        let proposal = MappingProposal::new(entity, &survey, AccountMode::Business);
        let line = |column: &ColumnProposal<'_>| match column.meaning {
            Meaning::Proposed { field, is_certain, .. } => {
                let sign = if is_certain { "!" } else { "?" };
                Some(format!("{} {}{sign}", column.name, proposal.field(field).name))
            }
            _ => None,
        };
        proposal.columns.iter().filter_map(line).collect()
    }

    #[test]
    fn heading_and_values_together_are_certain_and_one_of_them_is_not() {
        assert_eq!(proposed("客户手机号,公司编号\n13100000001,20001\n"), ["客户手机号 mobile!"]);
        assert_eq!(proposed("客户手机号,公司编号\n示例,20001\n"), Vec::<String>::new());
        assert_eq!(proposed("甲,公司编号\n13100000001,20001\n"), ["甲 mobile?"]);
        assert_eq!(proposed("客户姓名全称,手机\n示例,13100000001\n"), ["客户姓名全称 name?"]);
    }

    #[test]
    fn telephones_go_where_their_values_say() {
        assert_eq!(proposed("电话,公司编号\n13100000001,20001\n"), ["电话 mobile!"]);
        assert_eq!(proposed("电话,公司编号\n010-00000001,20001\n"), Vec::<String>::new());
        assert_eq!(proposed("电话,手机\n13100000001,13100000002\n"), Vec::<String>::new());
        assert_eq!(proposed("业务电话1,公司编号\n010-00000001,20001\n"), ["业务电话1 fixnumber!"]);
    }

    #[test]
    fn a_column_that_no_heading_names_is_named_by_its_number() {
        assert_eq!(proposed("甲,甲\n13100000001,\n"), ["#1 mobile?"]);
    }
}
