//! What proves an export: counts, queries, checksums, warnings, in a small JSON file beside it.

use std::path::Path;

use serde::Serialize;
use uuid::Uuid;

use super::facts;
use super::gather::{FailedPages, Gathered};
use super::mended::Mended;
use super::output::manifest_beside;
use super::plan::ExportPlan;
use super::publish::{FileSum, Published};
use super::stage::StagedFile;
use super::unknown_members::{self, UnknownMember};
use crate::error::{Context, Result};
use crate::files::{self, Access};
use crate::message;
use crate::refresh::{ListReport, ReadingReport};
use crate::text::clean_document;

/// Version of the manifest.
const VERSION: u32 = 1;

/// What was exported, and how it is known to be all.
#[derive(Debug, Serialize)]
pub(super) struct Manifest {
    /// Version of this format.
    pub version: u32,
    /// The entity.
    pub entity: String,
    /// The program that wrote it.
    pub program: String,
    /// When, in the service's time zone.
    pub exported: String,
    /// The export, by which its file is known again when it is handed back; none where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<Uuid>,
    /// The host and the account.
    pub account: String,
    /// The filters as typed.
    pub filter: Vec<String>,
    /// Everything asked for is in the files.
    pub complete: bool,
    /// Records written.
    pub records: u64,
    /// The service's total of what was asked for.
    pub server_count: Option<u64>,
    /// Deleted records that were left out.
    pub deleted_left_out: u64,
    /// What was asked and what came.
    #[serde(rename = "windows")]
    pub lists: Vec<ListReport>,
    /// How each list was brought up to date.
    pub readings: Vec<ReadingReport>,
    /// The files.
    pub files: Vec<FileSum>,
    /// Records whose own page failed.
    pub failed_pages: FailedPages,
    /// Members of the records that the catalog does not know.
    pub unknown_members: Vec<UnknownMember>,
    /// What was not as it should be in the answers and was read all the same.
    pub mended: Mended,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl Manifest {
    /// The manifest of files that are in place.
    pub(super) fn new(
        plan: &ExportPlan<'_>,
        account: &str,
        gathered: &Gathered,
        staged: &[StagedFile],
        published: &Published,
        mended: Mended,
    ) -> Self {
        let options = plan.options;
        let unknown_members: Vec<UnknownMember> = staged.iter().flat_map(|file| file.unknown.clone()).collect();
        let warnings = gathered.warnings.iter().chain(&published.warnings).cloned();
        let warnings = warnings.chain(mended.warnings()).chain(unknown_members::warning(options, &unknown_members));
        let warnings = warnings.collect();
        Manifest {
            version: VERSION,
            entity: options.entity.name.clone(),
            program: concat!("bw8 ", env!("CARGO_PKG_VERSION")).to_owned(),
            exported: options.now.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            export: None,
            account: account.to_owned(),
            filter: facts::filters(plan),
            complete: !gathered.is_incomplete,
            records: staged.first().map_or(0, |file| file.rows),
            server_count: gathered.server_count,
            deleted_left_out: staged.first().map_or(0, |file| file.deleted_left_out),
            lists: gathered.reports.clone(),
            readings: gathered.readings.clone(),
            files: published.sums.clone(),
            failed_pages: gathered.failed_pages.clone(),
            unknown_members,
            warnings,
            mended,
        }
    }

    /// Writes it beside an export's file, whole or not at all.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn write_beside(&self, file: &Path) -> Result<()> {
        let path = manifest_beside(file);
        let cannot_write = || message!("export.cannot_write", file = path.display());
        // What the service says is in it, too.
        let document = clean_document(&serde_json::to_value(self).context(cannot_write)?);
        files::whole(&path, Access::Usual, |file| {
            serde_json::to_writer_pretty(file, &document).map_err(std::io::Error::from).context(cannot_write)
        })
    }
}
