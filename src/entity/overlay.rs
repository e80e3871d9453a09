//! A user's corrections to the catalog.

use std::path::Path;

use super::Catalog;
use crate::error::Result;

pub fn apply(catalog: Catalog, _file: &Path) -> Result<Catalog> {
    Ok(catalog)
}
