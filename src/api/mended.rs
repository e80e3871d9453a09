//! Counts what had to be mended of the answers to reads.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::mend::Mends;

/// Answers to reads that were not plain JSON, by what had to be done to read them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MendedAnswers {
    /// Answers that were mended in any way.
    pub answers: u64,
    /// Answers with notices of the service's program around them.
    pub with_notices: u64,
    /// Answers that began with a byte order mark.
    pub with_byte_order_mark: u64,
    /// Answers in GBK.
    pub in_gbk: u64,
    /// Control characters in texts, which were kept.
    pub control_characters: u64,
    /// Backslashes that begin no escape, which were kept.
    pub stray_backslashes: u64,
    /// Numbers that are none, as NaN, which were read as nothing.
    pub no_numbers: u64,
    /// Characters that could not be read.
    pub lost_characters: u64,
}

/// What is counted while several answers are read at a time.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<MendedAnswers>);

impl Tally {
    /// Counts an answer.
    pub(super) fn add(&self, mends: Mends) {
        if mends == Mends::default() {
            return;
        }
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.answers += 1;
        counted.with_notices += u64::from(mends.has_notice);
        counted.with_byte_order_mark += u64::from(mends.has_mark);
        counted.in_gbk += u64::from(mends.is_gbk);
        counted.control_characters += mends.controls;
        counted.stray_backslashes += mends.backslashes;
        counted.no_numbers += mends.no_numbers;
        counted.lost_characters += mends.lost;
    }

    /// What was counted.
    pub(super) fn so_far(&self) -> MendedAnswers {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
