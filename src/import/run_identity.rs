//! What makes the run that a command means the same run as another.

use super::options::ImportOptions;
use super::preflight::Preflight;
use super::resume;
use crate::error::{Context, Result};
use crate::journal::RunIdentity;
use crate::mapping::MappingFile;

/// What makes the run the command means the same run as another.
///
/// # Errors
/// A working folder that is gone.
pub(super) fn identity(options: &ImportOptions<'_>, preflight: &Preflight) -> Result<RunIdentity> {
    let input_path =
        std::path::absolute(&options.preflight.input.path).context(|| options.preflight.input.shown.clone())?;
    Ok(RunIdentity {
        run: resume::new_run_id(),
        entity: options.entity().name.clone(),
        mode: options.preflight.mode.as_str().to_owned(),
        key: options.preflight.key.clone(),
        target: options.account.identity(),
        host: options.account.host(),
        input: preflight.fingerprint.clone(),
        mapping: preflight.mapping.fingerprint(),
        catalog: options.entity().fingerprint(),
        input_path,
        input_shown: options.preflight.input.shown.clone(),
        sheet: preflight.sheet.name.clone(),
        header_row: options.preflight.input.header_row,
        encoding: options.preflight.input.encoding.clone(),
        mapping_text: MappingFile::text_with(options.preflight.mapping_file.as_ref(), options.preflight.values),
        account_mode: options.preflight.account_mode,
        rows: preflight.rows,
        parent: options.parent.clone(),
        started: jiff::Timestamp::now().as_millisecond(),
    })
}
