//! What of an export's answers was not as it should be and was read all the same, told to the user and in the manifest.

use serde::Serialize;

use super::lost_characters::LostCharacters;
use super::stage::StagedFile;
use crate::api::MendedAnswers;
use crate::message;
use crate::t;

/// Records that a warning names.
const MOST_IN_WARNING: usize = 5;

/// What was mended.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Mended {
    /// Answers that were not plain JSON.
    pub answers: MendedAnswers,
    /// Characters that could not be read, in the records of the first file …
    pub records: LostCharacters,
    /// … and in the parts that belong to them.
    pub parts: LostCharacters,
}

impl Mended {
    /// What was mended of these answers and files.
    pub(super) fn new(answers: MendedAnswers, staged: &[StagedFile]) -> Self {
        let mut files = staged.iter().map(|file| file.lost.clone());
        let records = files.next().unwrap_or_default();
        let parts = files.fold(LostCharacters::default(), LostCharacters::and);
        Mended { answers, records, parts }
    }

    /// What the user should know of it.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let cells = self.records.cells + self.parts.cells;
        if cells > 0 {
            let mut ids = self.records.ids();
            ids.extend(self.parts.ids());
            let more = if ids.len() > MOST_IN_WARNING { " …" } else { "" };
            ids.truncate(MOST_IN_WARNING);
            let ids = format!("{}{more}", ids.join(", "));
            warnings.push(message!("export.lost_characters", cells = cells, ids = ids).to_string());
        }
        if self.answers.with_notices > 0 {
            warnings.push(t!("export.with_notices", answers = self.answers.with_notices).into_owned());
        }
        if self.answers.no_numbers > 0 {
            warnings.push(message!("export.no_numbers", values = self.answers.no_numbers).to_string());
        }
        if self.answers.in_gbk > 0 {
            warnings.push(t!("export.in_gbk", answers = self.answers.in_gbk).into_owned());
        }
        warnings
    }
}
