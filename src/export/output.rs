//! Where an export goes: the file, its format, and the staging directory it is written in until it is whole.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::civil::Date;

use super::period::Bounds;
use crate::error::{Context, Error, Result};
use crate::files::{Destination, StagingDirectory, cut_name, folder_of};
use crate::format::{FileFormat, of_extension};
use crate::message;

/// Where the output goes.
#[derive(Debug, Clone)]
pub struct Output {
    /// The file; none is standard output.
    pub file: Option<PathBuf>,
    /// Its format.
    pub format: &'static FileFormat,
    /// Its encoding, when it is text.
    pub encoding: TextEncoding,
    /// It begins with a sheet that sums it up.
    pub has_summary: bool,
}

/// The encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TextEncoding {
    /// UTF-8 with a byte order mark.
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    /// GB18030, for programs that know nothing else.
    #[value(name = "gb18030", aliases = ["gbk", "gb2312"])]
    Gb18030,
}

/// What the name of a manifest has beyond that of the file it belongs to.
const MANIFEST_ENDING: &str = ".manifest.json";

/// Other names of standard output.
const STANDARD_OUTPUT: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

impl Output {
    /// The output of this name, `-` for standard output. `{period}` in it becomes the span, `{date}` becomes today; where
    /// no format is given the extension tells it.
    ///
    /// # Errors
    /// A name that does not tell the format, holds another placeholder, or is no place for a file.
    pub fn new(
        name: &str,
        format: Option<&'static FileFormat>,
        encoding: TextEncoding,
        bounds: Bounds,
        today: Date,
    ) -> Result<Output> {
        let unknown =
            || Error::usage(message!("export.which_format", file = name)).hint(message!("export.which_format_hint"));
        let output =
            |file, format: &'static FileFormat| Output { file, format, encoding, has_summary: format.has_sheets };
        if name == "-" || STANDARD_OUTPUT.contains(&name) {
            return Ok(output(None, format.ok_or_else(unknown)?));
        }
        let filled = name.replace("{period}", &bounds.name()).replace("{date}", &today.to_string());
        if let Some(open) = filled.find('{').filter(|open| filled[*open..].contains('}')) {
            return Err(Error::usage(message!("export.unknown_placeholder", placeholder = filled[open..].to_owned()))
                .hint(message!("export.unknown_placeholder_hint")));
        }
        let file = PathBuf::from(&filled);
        let by_extension = file.extension().and_then(|extension| of_extension(&extension.to_string_lossy()));
        let format = format.or(by_extension).ok_or_else(unknown)?;
        if file.is_dir() {
            return Err(Error::usage(message!("export.is_folder", file = file.display()))
                .hint(message!("export.is_folder_hint")));
        }
        // Where it is a link that leads nowhere, the folder it leads to is the one that counts.
        let place = match Destination::of(&file) {
            Ok(Destination::File(place)) => place,
            // Before all pages are read for a file that cannot be.
            Err(why) if why.kind() == ErrorKind::InvalidFilename => {
                return Err(why).context(|| message!("csv.cannot_write", file = file.display()));
            }
            Ok(Destination::Stream(_)) | Err(_) => file.clone(),
        };
        let folder = folder_of(&place);
        if folder.is_file() {
            return Err(
                Error::usage(message!("export.no_file", file = folder.display())).hint(message!("system.is_file_hint"))
            );
        }
        if !folder.is_dir() {
            return Err(Error::usage(message!("export.no_folder", folder = folder.display()))
                .hint(message!("export.no_folder_hint")));
        }
        Ok(output(Some(file), format))
    }

    /// The file of a further table: `chats.xlsx` has its messages in `chats-messages.xlsx`.
    pub fn file_of(&self, suffix: &str) -> Option<PathBuf> {
        self.file.as_deref().map(|file| with_suffix(file, suffix))
    }

    /// What the file of a table is called until it is in place.
    pub fn staged_name(&self, suffix: &str) -> PathBuf {
        let file = self.file.as_deref().unwrap_or(Path::new("-"));
        with_suffix(file, suffix).file_name().map_or_else(|| "table".into(), Into::into)
    }

    /// A directory for files that are not whole yet, on the disk they are meant for.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn stage(&self) -> Result<StagingDirectory> {
        let cannot_write = |file: &Path| message!("export.cannot_write", file = file.display());
        let folder = match &self.file {
            Some(file) => match Destination::of(file).context(|| cannot_write(file))? {
                Destination::File(file) => folder_of(&file).to_owned(),
                Destination::Stream(_) => std::env::temp_dir(),
            },
            None => std::env::temp_dir(),
        };
        StagingDirectory::new_in(&folder).context(|| cannot_write(&folder))
    }
}

/// Where what proves a file stands: `weekly.xlsx` has `weekly.xlsx.manifest.json`.
pub(super) fn manifest_beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{}{MANIFEST_ENDING}", cut_name(&name, MANIFEST_ENDING.len())))
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    match file.extension() {
        _ if suffix.is_empty() => file.to_owned(),
        Some(extension) => file.with_file_name(format!("{stem}{suffix}.{}", extension.to_string_lossy())),
        None => file.with_file_name(format!("{stem}{suffix}")),
    }
}
